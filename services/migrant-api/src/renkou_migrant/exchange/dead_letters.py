"""What could not be taken in from the hub: why, in words, and taking it in again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.exchange import letters_repository as letters
from renkou_migrant.exchange.codes import Unreadable
from renkou_migrant.exchange.intake.batch import Delivery
from renkou_migrant.exchange.intake.taking import take_in
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
TAKEN = "taken"
_EXPLANATIONS: dict[Unreadable, tuple[str, str]] = {
    Unreadable.UNDECRYPTABLE: (
        "内容被截断或改动, 或不是发给本区的密文; 对方会自动重发",
        "The bytes were cut or altered, or are not encrypted for us; the sender sends them again by itself",
    ),
    Unreadable.UNKNOWN_ENCRYPTION_KEY: (
        "用本区没有的密钥加密; 请核对信任名单中本区的公钥是否已更新",
        "Encrypted to a key that we don't have; check our keys in the trust list",
    ),
    Unreadable.TOO_LARGE: ("超过一百万字节的上限", "Larger than the limit of 1,000,000 bytes"),
    Unreadable.MALFORMED: ("签名内容不符合报文格式", "What was signed is not a message"),
    Unreadable.WRONG_SENDER: (
        "签名区与发布区不一致, 可能是冒名; 请联系发布区",
        "Signed by one district and published by another, perhaps a forgery; talk to who published it",
    ),
    Unreadable.WRONG_RECEIVER: ("收件区不是本区", "Addressed to another district"),
    Unreadable.FROM_THE_FUTURE: (
        "签发时间晚于允许的时钟偏差; 请对方校准时钟后重新接收",
        "Signed later than the clocks may differ; take it in again once the clocks are right",
    ),
    Unreadable.SEQUENCE_CONFLICT: (
        "该序号已用于另一报文(对方可能恢复过备份); 已告知对方, 由其以新序号重发",
        "The number carries another message (the sender may have been restored); it was told, and will renumber",
    ),
    Unreadable.UNKNOWN_KIND: (
        "对方系统发来本区不认识的无编号来件; 其余不受影响",
        "Something without a number of a kind that is not known here; nothing else is held up",
    ),
    Unreadable.TOO_FAR_AHEAD: (
        "缺少其前的太多报文; 对方会在缺口补齐后重发",
        "Too many messages before it are missing; the sender sends it again when they have come",
    ),
    Unreadable.BAD_RECEIPT: ("回执内容不合规定", "A receipt without the members of one"),
    Unreadable.BAD_DIGEST: ("对账摘要内容不合规定", "A digest without the members of one"),
    Unreadable.TOO_MANY: (
        "该区无法接收的来件过多, 只计数不再留存; 请联系该区",
        "There are too many of this district, so these are only counted; talk to it",
    ),
    Unreadable.INTERNAL: (
        "本区处理时出错; 修正后可重新接收",
        "An error of ours; take it in again after mending it",
    ),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A dead letter without its bytes, with its reason in words."""

    position: int
    members: dict[str, Any]


def explain(code: str) -> tuple[str, str]:
    """Return what a code means in Chinese and English; one of an earlier version of this program is named."""
    if code in set(Unreadable):
        return _EXPLANATIONS[Unreadable(code)]
    if code in set(Reason):
        return (Reason(code).zh, Reason(code).en)
    return ("原因代码 " + code, "Reason code " + code)


def explained(row: dict[str, Any]) -> Explained:
    """Return a stored letter as it is shown."""
    zh, en = explain(row["code"])
    members = {name: value for name, value in row.items() if name not in ("position", "data", "whole")}
    shown = {"code_label": zh, "code_label_en": en, "replayable": row["whole"] and row["outcome"] != TAKEN}
    return Explained(row["position"], {**members, **shown})


async def page(tx: Transaction, before: int | None, limit: int) -> list[Explained]:
    """Return dead letters, the latest first."""
    return [explained(row) for row in await letters.page(tx, before, limit)]


async def replay(tx: Transaction, runtime: Runtime, letter_id: UUID, by: UUID, at: datetime) -> Explained:
    """Take a letter in again, with today's keys and clock; one that was taken is only returned.

    Raises NotFound, and Conflict where its bytes were not kept. What is refused or comes twice changes nothing, as
    with anything from the hub. ``tx`` has to see everything.
    """
    row = await letters.lock(tx, letter_id)
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
    after = await letters.lock(tx, letter_id)
    assert after is not None
    outcome = TAKEN if after["times"] == row["times"] else str(after["code"])
    await letters.note_replay(tx, letter_id, outcome, by, at)
    _log.warning("dead letter taken in again", letter=str(letter_id), by=str(by), outcome=outcome)
    return explained({**after, "outcome": outcome, "replayed_at": at, "replayed_by": by})
