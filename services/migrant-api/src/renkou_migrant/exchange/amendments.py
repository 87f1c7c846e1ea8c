"""Correcting and taking back what this end has said: as the register was corrected, or by hand for replies.

A message that has no number yet is changed in place, and nobody is told. One that has is left as it was signed: a
correction or a withdrawal follows it, in its thread and behind it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_common.errors import NotFound, VersionMismatch
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.exchange import amendments_repository as amendments
from renkou_migrant.exchange import errors, repository
from renkou_migrant.exchange.carried import Correction, Withdrawal, WithdrawalReason
from renkou_migrant.exchange.contents import encrypt
from renkou_migrant.exchange.contracts import AGREED, CONTENTS, MessageKind
from renkou_migrant.exchange.domain import BY_HAND, Direction, MessageState, may_amend, taken_back
from renkou_migrant.exchange.effects import reopen_replied
from renkou_migrant.exchange.events import publish, publish_changes
from renkou_migrant.exchange.repository import Draft, StoredMessage
from renkou_migrant.exchange.service import covering, write
from renkou_migrant.runtime import Runtime


def is_unsent(told: StoredMessage) -> bool:
    """Whether a message of ours has not been signed yet, so that it can be changed without telling anybody."""
    return told.message.state is MessageState.DRAFTED and told.pair_seq is None


async def revise(tx: Transaction, runtime: Runtime, told: StoredMessage, source: Mapping[str, Any]) -> None:
    """Have a notice say what ``source`` and the register's facts say now; the worker fetches those.

    Where that turns out to be what it said already, nothing is sent. ``told`` is standing and locked.
    """
    if is_unsent(told):
        await amendments.make_anew(tx, told.message.id, dict(source))
        return
    await amendments.set_source(tx, told.message.id, dict(source))
    await write(tx, runtime, await _amendment(tx, runtime, told, MessageKind.CORRECTION, wanted={}))


async def take_back(tx: Transaction, runtime: Runtime, told: StoredMessage, reason: WithdrawalReason) -> None:
    """Take a message of ours back; ``told`` is standing and locked. A reply's notice waits for another."""
    before, now = told.message, runtime.clock.now()
    after = taken_back(before)
    await amendments.withdraw(tx, before.id, reason, now)
    if is_unsent(told):
        await amendments.drop(tx, before.id, now)
        after = replace(after, state=MessageState.DEAD)
    await publish_changes(tx, runtime, [(before, after)])
    await reopen_replied(tx, runtime, told)
    if not is_unsent(told):
        content = Withdrawal(of=before.id, reason=reason)
        await write(tx, runtime, await _amendment(tx, runtime, told, MessageKind.WITHDRAWAL, content=content))


async def _amendment(
    tx: Transaction,
    runtime: Runtime,
    told: StoredMessage,
    kind: MessageKind,
    *,
    amendment_id: UUID | None = None,
    content: BaseModel | None = None,
    wanted: dict[str, Any] | None = None,
) -> Draft:
    message = told.message
    agreement_id = told.agreement_id
    if message.kind in AGREED:
        agreement_id = await covering(tx, runtime, message.partner, message.kind) or agreement_id
    return Draft(
        id=amendment_id or new_id(),
        partner=message.partner,
        kind=kind,
        thread=message.thread,
        area=message.area,
        agreement_id=agreement_id,
        drafted_at=runtime.clock.now(),
        content=encrypt(runtime, content) if content else None,
        wanted=wanted,
        in_reply_to=message.id,
        person_ref=told.person_ref,
        arrival_id=told.arrival_id,
    )


async def own(
    tx: Transaction, areas: AreaScope, message_id: UUID, version: int, amendment: MessageKind
) -> StoredMessage:
    """Return a message of ours that staff may amend, locked; raises NotFound, VersionMismatch, Conflict."""
    told = await repository.get(tx, areas, message_id, lock=True)
    if told is None:
        raise NotFound.of("通报", "notice")
    message = told.message
    if message.revision != version:
        raise VersionMismatch(message.revision)
    if message.direction is Direction.OUT and message.kind not in BY_HAND:
        raise errors.follows_register()
    if message.direction is not Direction.OUT or not may_amend(message, amendment):
        raise errors.amendment_not_possible(message.kind, message.state)
    return told


async def take_back_by_hand(
    tx: Transaction,
    runtime: Runtime,
    areas: AreaScope,
    message_id: UUID,
    version: int,
    reason: WithdrawalReason,
) -> StoredMessage:
    """Take an inquiry or a reply of ours back; raises NotFound, VersionMismatch, Conflict."""
    await take_back(tx, runtime, await own(tx, areas, message_id, version, MessageKind.WITHDRAWAL), reason)
    return await _again(tx, areas, message_id)


async def correct_by_hand(
    tx: Transaction, runtime: Runtime, areas: AreaScope, message_id: UUID, version: int, content: BaseModel
) -> StoredMessage:
    """Correct an answer or a dispute of ours; raises NotFound, VersionMismatch, Conflict."""
    told = await own(tx, areas, message_id, version, MessageKind.CORRECTION)
    if type(content) is not CONTENTS[told.message.kind]:
        raise errors.other_kind(told.message.kind)
    if is_unsent(told):
        await amendments.set_draft_content(tx, message_id, encrypt(runtime, content), None)
        return await _again(tx, areas, message_id)
    correction_id = new_id()
    await say_instead(tx, runtime, told, content, correction_id, occurred_on=None)
    correction = Correction(of=message_id, content=content.model_dump(mode="json"))
    kind = MessageKind.CORRECTION
    draft = await _amendment(tx, runtime, told, kind, amendment_id=correction_id, content=correction)
    await write(tx, runtime, draft)
    return await _again(tx, areas, message_id)


async def say_instead(
    tx: Transaction,
    runtime: Runtime,
    told: StoredMessage,
    content: BaseModel | Mapping[str, Any],
    correction_id: UUID,
    *,
    occurred_on: date | None,
) -> None:
    """Put a content in place of what a message of ours said, at this end, and keep that."""
    sealed, now = encrypt(runtime, content), runtime.clock.now()
    await amendments.replace_content(tx, told.message.id, sealed, correction_id, now, occurred_on=occurred_on)
    after = replace(told.message, occurred_on=occurred_on)
    await publish(tx, runtime, told.message, after, corrected=True)


async def _again(tx: Transaction, areas: AreaScope, message_id: UUID) -> StoredMessage:
    found = await repository.get(tx, areas, message_id)
    assert found is not None
    return found


async def take_note(
    tx: Transaction,
    areas: AreaScope,
    message_id: UUID,
    version: int,
    correction_request_id: UUID | None = None,
) -> StoredMessage:
    """Note that somebody has seen what a partner changed, and what was asked for in the register after it.

    Raises NotFound, VersionMismatch, and Conflict where there is nothing to take note of.
    """
    found = await repository.get(tx, areas, message_id, lock=True)
    if found is None:
        raise NotFound.of("通报", "notice")
    if found.message.revision != version:
        raise VersionMismatch(found.message.revision)
    if found.attention is None:
        raise errors.nothing_to_note()
    await amendments.take_note(tx, message_id, correction_request_id)
    return await _again(tx, areas, message_id)
