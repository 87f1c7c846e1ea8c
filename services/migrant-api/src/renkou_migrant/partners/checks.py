"""The check with a partner: a conversation of test messages over the hub that tells of nobody.

Three messages go: one to answer, one that the partner's node has to refuse by a signed receipt, one more to
answer. How it went is read from these messages and from what came back for them; all are kept for good.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.ids import new_id
from renkou_migrant.agreements import service as agreements
from renkou_migrant.exchange import pings
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contents import decrypt
from renkou_migrant.exchange.contracts import VERSIONS, MessageKind
from renkou_migrant.exchange.domain import Direction, MessageState
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.partners import repository, service
from renkou_migrant.partners.repository import StoredCheck
from renkou_migrant.runtime import Runtime

PATIENCE = timedelta(days=1)
"""After this an answer that has not come is missing."""


class Verdict(StrEnum):
    """How a check, or a step of it, went."""

    WAITING = "waiting"  # 等待中
    PASSED = "passed"  # 通过
    FAILED = "failed"  # 未通过


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at, what is expected in words, and how it went."""

    code: str
    zh: str
    en: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """A check as it stands; ``seconds`` from its start to its last answer, None before that."""

    stored: StoredCheck
    steps: tuple[Step, ...]
    verdict: Verdict
    seconds: float | None


async def start(tx: Transaction, runtime: Runtime, partner: str, by: UUID) -> UUID:
    """Draft the messages of a check; raises NotFound for a district whose keys are not in the trust list."""
    trust = await service.trust_list(tx, runtime)
    if trust is None or partner not in trust.districts or partner == runtime.settings.district:
        raise NotFound.of("信任名单中的伙伴区", "district of the trust list")
    check_id = new_id()
    await repository.insert_check(tx, check_id, partner, runtime.clock.now(), by)
    await pings.send(tx, runtime, partner, check_id)
    return check_id


async def get(tx: Transaction, runtime: Runtime, partner: str, check_id: UUID) -> Check:
    """Return a check as it stands; raises NotFound."""
    stored = await repository.check(tx, partner, check_id)
    if stored is None:
        raise NotFound.of("检查", "check")
    return await _as_it_stands(tx, runtime, stored)


async def page(
    tx: Transaction, runtime: Runtime, partner: str, before: int | None, limit: int
) -> list[Check]:
    """Return checks of a partner as they stand, the latest first."""
    found = await repository.checks(tx, partner, before, limit)
    return [await _as_it_stands(tx, runtime, stored) for stored in found]


async def require_passed(tx: Transaction, runtime: Runtime, partner: str) -> None:
    """Raise Conflict unless the partner has passed the last check made with it."""
    last = await page(tx, runtime, partner, None, 1)
    if not last or last[0].verdict is not Verdict.PASSED:
        raise Conflict(
            "check_not_passed",
            "对方尚未通过联通检查: 先进行检查, 或在 without_check 中说明理由",
            "The partner has not passed a check: make one, or say why not in without_check",
        )


async def _as_it_stands(tx: Transaction, runtime: Runtime, stored: StoredCheck) -> Check:
    messages = await pings.of_check(tx, stored.id)
    listed = {
        grant.kind
        for agreement in await agreements.of_partner(tx, stored.partner)
        for grant in agreement.terms.grants
    }
    return judge(stored, messages, lambda one: decrypt(runtime, one.content), listed, runtime.clock.now())


def judge(
    stored: StoredCheck,
    messages: Sequence[StoredMessage],
    read: Callable[[StoredMessage], dict[str, Any] | None],
    listed: set[str],
    now: datetime,
) -> Check:
    """Return how a check went: its messages in the order they were written, ``listed`` the kinds agreed on."""
    ours = [one for one in messages if one.message.direction is Direction.OUT]
    pongs = {one.in_reply_to: one for one in messages if one.message.kind is MessageKind.PONG}
    late = now > stored.started_at + PATIENCE
    first, spoilt, last = ours[:3]
    steps = (
        _step("answered", _answered(first, pongs, read), late),
        _step("refused", _refused(spoilt), late),
        _step("in_order", _answered(last, pongs, read), late),
        _step("kinds", _kinds(pongs.get(first.message.id), read, listed), late),
    )
    verdicts = {one.verdict for one in steps}
    verdict = next((one for one in (Verdict.FAILED, Verdict.WAITING) if one in verdicts), Verdict.PASSED)
    ends = [one.read_at for one in pongs.values() if one.read_at is not None]
    seconds = (max(ends) - stored.started_at).total_seconds() if ends and verdict is Verdict.PASSED else None
    return Check(stored, steps, verdict, seconds)


def _answered(
    ping: StoredMessage,
    pongs: dict[UUID | None, StoredMessage],
    read: Callable[[StoredMessage], dict[str, Any] | None],
) -> bool | None:
    """Whether the partner's node has read a message, by signed receipt, and answered it with its nonce."""
    if ping.message.state in (MessageState.DEAD, MessageState.EXPIRED):
        return False
    pong = pongs.get(ping.message.id)
    if ping.message.state is not MessageState.READ or pong is None:
        return None
    said, asked = read(pong), read(ping)
    return said is not None and asked is not None and said.get("nonce") == asked.get("nonce")


def _refused(ping: StoredMessage) -> bool | None:
    if ping.message.state is MessageState.DEAD:
        return ping.code == Refused.BAD_CONTENT
    return False if ping.message.state is MessageState.READ else None


def _kinds(
    pong: StoredMessage | None, read: Callable[[StoredMessage], dict[str, Any] | None], listed: set[str]
) -> bool | None:
    said = read(pong) if pong else None
    if said is None:
        return None
    told: dict[str, list[int]] = said.get("kinds", {})
    return all(VERSIONS[MessageKind(kind)] & set(told.get(kind, [])) for kind in listed)


_WORDS = {
    "answered": ("对方解密、验签、回执并应答", "the partner decrypts, verifies, receipts and answers"),
    "refused": ("对方以签名回执拒收多余内容", "the partner refuses a member beyond the contract, signed"),
    "in_order": ("拒收之后继续按序接收", "after the refusal it goes on in order"),
    "kinds": ("对方能处理协议所列通报", "the partner understands the kinds that the agreements list"),
}


def _step(code: str, good: bool | None, late: bool) -> Step:
    zh, en = _WORDS[code]
    if good is None:
        return Step(code, zh, en, Verdict.FAILED if late else Verdict.WAITING)
    return Step(code, zh, en, Verdict.PASSED if good else Verdict.FAILED)
