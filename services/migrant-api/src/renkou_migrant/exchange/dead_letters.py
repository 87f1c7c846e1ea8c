"""What could not be taken in from the hub: why, in words, and taking it in again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.exchange import transport_repository as transport
from renkou_migrant.exchange.intake import Delivery, take_in
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
TAKEN = "taken"
_EXPLANATIONS = {
    "undecryptable": (
        "内容被截断或改动, 或不是发给本区的密文; 对方会自动重发",
        "The bytes were cut or altered, or are not encrypted for us; the sender sends them again by itself",
    ),
    "unknown_encryption_key": (
        "用本区没有的密钥加密; 请核对信任名单中本区的公钥是否已更新",
        "Encrypted to a key that we don't have; check our keys in the trust list",
    ),
    "too_large": ("超过一百万字节的上限", "Larger than the limit of 1,000,000 bytes"),
    "malformed": ("签名内容不符合报文格式", "What was signed is not a message"),
    "wrong_sender": (
        "签名区与发布区不一致, 可能是冒名; 请联系发布区",
        "Signed by one district and published by another, perhaps a forgery; talk to who published it",
    ),
    "wrong_receiver": ("收件区不是本区", "Addressed to another district"),
    "from_the_future": (
        "签发时间晚于允许的时钟偏差; 请对方校准时钟后重新接收",
        "Signed later than the clocks may differ; take it in again once the clocks are right",
    ),
    "sequence_conflict": (
        "该序号已用于另一报文(对方可能恢复过备份); 已告知对方, 由其以新序号重发",
        "The number carries another message (the sender may have been restored); it was told, and will renumber",
    ),
    "too_far_ahead": (
        "缺少其前的太多报文; 对方会在缺口补齐后重发",
        "Too many messages before it are missing; the sender sends it again when they have come",
    ),
    "bad_receipt": ("回执内容不合规定", "A receipt without the members of one"),
    "bad_digest": ("对账摘要内容不合规定", "A digest without the members of one"),
    "too_many": (
        "该区无法接收的来件过多, 只计数不再留存; 请联系该区",
        "There are too many of this district, so these are only counted; talk to it",
    ),
    "internal": ("本区处理时出错; 修正后可重新接收", "An error of ours; take it in again after mending it"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A dead letter without its bytes, with its reason in words."""

    position: int
    members: dict[str, Any]


def explain(code: str) -> tuple[str, str]:
    """Return what a code means in Chinese and English."""
    if code in _EXPLANATIONS:
        return _EXPLANATIONS[code]
    try:
        reason = Reason(code)
    except ValueError:
        return ("原因代码 " + code, "Reason code " + code)
    return (reason.zh, reason.en)


def explained(row: dict[str, Any]) -> Explained:
    """Return a stored letter as it is shown."""
    zh, en = explain(row["code"])
    members = {name: value for name, value in row.items() if name not in ("position", "data", "whole")}
    shown = {"code_label": zh, "code_label_en": en, "replayable": row["whole"] and row["outcome"] != TAKEN}
    return Explained(row["position"], {**members, **shown})


async def page(tx: Transaction, before: int | None, limit: int) -> list[Explained]:
    """Return dead letters, the latest first."""
    return [explained(row) for row in await transport.dead_letters(tx, before, limit)]


async def replay(tx: Transaction, runtime: Runtime, letter_id: UUID, by: UUID, at: datetime) -> Explained:
    """Take a letter in again, with today's keys and clock; one that was taken is only returned.

    Raises NotFound, and Conflict where its bytes were not kept. What is refused or comes twice changes nothing, as
    with anything from the hub. ``tx`` has to see everything.
    """
    row = await transport.lock_letter(tx, letter_id)
    if row is None:
        raise NotFound.of("无法接收的来件", "dead letter")
    if row["outcome"] == TAKEN:
        return explained(row)
    if not row["whole"]:
        raise Conflict(
            "not_replayable",
            "未留存全文, 不能重新接收; 请对方重发",
            "Its bytes were not kept whole; only the sender can send it again",
        )
    await take_in(tx, runtime, [Delivery(row["sender"], row["data"])])
    after = await transport.lock_letter(tx, letter_id)
    assert after is not None
    outcome = TAKEN if after["times"] == row["times"] else str(after["code"])
    await transport.note_replay(tx, letter_id, outcome, by, at)
    _log.warning("dead letter taken in again", letter=str(letter_id), by=str(by), outcome=outcome)
    return explained({**after, "outcome": outcome, "replayed_at": at, "replayed_by": by})
