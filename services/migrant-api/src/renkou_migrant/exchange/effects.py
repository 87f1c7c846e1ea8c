"""What a message does, when its turn has come, to the message that it speaks of.

A correction replaces what an earlier message of the same sender says and keeps what it said; a withdrawal takes
it back; a reminder is counted. None of them changes the state of a notice, which the replies alone decide, but
that a reply taken back lets its notice wait again. So both ends agree in whatever order things cross.
"""

from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel, ValidationError

from renkou_common.database import Transaction
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import AgreedDirection, RefusalCode
from renkou_migrant.exchange import amendments_repository as amendments
from renkou_migrant.exchange import overdue_repository
from renkou_migrant.exchange.carried import Correction, Withdrawal
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contents import area_of, day_of, decrypt, encrypt
from renkou_migrant.exchange.contracts import AGREED, AMENDMENTS, REPLIES, MessageKind, parse_content
from renkou_migrant.exchange.domain import (
    Direction,
    Message,
    MessageState,
    may_amend,
    reopened,
    taken_back,
)
from renkou_migrant.exchange.events import publish, publish_changes
from renkou_migrant.exchange.offices import is_local
from renkou_migrant.exchange.repository import StoredMessage, shanghai_day
from renkou_migrant.runtime import Runtime

EFFECTIVE = AMENDMENTS | {MessageKind.REMINDER}
"""Kinds whose coming changes another message."""


async def apply(tx: Transaction, runtime: Runtime, partner: str, message_id: UUID) -> tuple[str | None, int]:
    """Carry out a correction, withdrawal or reminder of ``partner`` that is stored here.

    Returns why it is refused (None where it was carried out) and the area of what it speaks of.
    """
    own = (await amendments.lock(tx, [message_id]))[message_id]
    kind = own.message.kind
    told = parse_content(kind, decrypt(runtime, own.content))
    of: UUID = getattr(told, "of")  # noqa: B009  every effective kind names it
    target = (await amendments.lock(tx, [of])).get(of)
    if target is None or not _speaks_of(own, target, partner):
        return Refused.AMENDMENT_NOT_EXPECTED, own.message.area
    if isinstance(told, Correction):
        return await _correct(tx, runtime, own, target, told)
    if isinstance(told, Withdrawal):
        return await _withdraw(tx, runtime, target, told)
    await overdue_repository.count_reminder(tx, of, runtime.clock.now())
    await publish(tx, runtime, target.message, target.message, reminded=True)
    return None, target.message.area


def _speaks_of(own: StoredMessage, target: StoredMessage, partner: str) -> bool:
    """Whether ``target`` came from the same partner and may still be changed or reminded of."""
    message = target.message
    if own.in_reply_to != message.id or message.partner != partner or message.direction is not Direction.IN:
        return False
    if own.message.kind in AMENDMENTS:
        return may_amend(message, own.message.kind)
    return message.state is not MessageState.DEAD


async def _correct(
    tx: Transaction, runtime: Runtime, own: StoredMessage, target: StoredMessage, told: Correction
) -> tuple[str | None, int]:
    before = target.message
    if not await _agreed(tx, own, target):
        return RefusalCode.NOT_AGREED, before.area
    try:
        content = parse_content(before.kind, told.content)
    except ValidationError:
        return Refused.BAD_CONTENT, before.area
    after = replace(
        before, occurred_on=day_of(content) or before.occurred_on, area=_area(runtime, before, content)
    )
    await amendments.replace_content(
        tx,
        before.id,
        encrypt(runtime, content),
        own.message.id,
        runtime.clock.now(),
        occurred_on=after.occurred_on,
        area=after.area,
        attention=True,
    )
    await publish(tx, runtime, before, after, corrected=True)
    return None, after.area


async def _agreed(tx: Transaction, own: StoredMessage, target: StoredMessage) -> bool:
    """Whether the agreement that a correction relies on covers the kind that it corrects."""
    kind = target.message.kind
    if is_local(target.message.partner) or kind not in AGREED:
        return True
    if own.agreement_id is None or own.created_at is None:
        return False
    agreement = await agreements.get(tx, own.agreement_id)
    signed_on = shanghai_day(own.created_at)
    assert signed_on is not None
    refusal = agreement.may_arrive(signed_on) or agreement.lets_go(kind, AgreedDirection.RECEIVE, None)
    return refusal is None


def _area(runtime: Runtime, message: Message, content: BaseModel) -> int:
    return message.area if getattr(content, "subject", None) is None else area_of(runtime, content)


async def _withdraw(
    tx: Transaction, runtime: Runtime, target: StoredMessage, told: Withdrawal
) -> tuple[str | None, int]:
    message = target.message
    await amendments.withdraw(tx, message.id, told.reason, runtime.clock.now(), attention=True)
    await publish_changes(tx, runtime, [(message, taken_back(message))])
    await reopen_replied(tx, runtime, target)
    return None, message.area


async def reopen_replied(tx: Transaction, runtime: Runtime, reply: StoredMessage) -> None:
    """Let what a reply had closed wait again, after the reply was taken back."""
    if reply.message.kind not in REPLIES or reply.in_reply_to is None:
        return
    closed = (await amendments.lock(tx, [reply.in_reply_to])).get(reply.in_reply_to)
    if closed is None:
        return
    after = reopened(closed.message, reply.message.kind)
    if after != closed.message:
        await amendments.reopen(tx, after.id)
        await publish_changes(tx, runtime, [(closed.message, after)])
