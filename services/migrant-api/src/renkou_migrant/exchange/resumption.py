"""What a partner refused only because it had suspended the agreement (暂停期间被拒收的消息).

A number is used once, so the message itself stays refused. A new one with the same content is drafted in its place
at once: it waits as other drafts do while the agreement is suspended, follows the register like them, and leaves in
the turn of the refused one. The figures count what is owed once.
"""

from collections.abc import Sequence
from dataclasses import replace as changed
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.exchange import amendments_repository as amending
from renkou_migrant.exchange import repository
from renkou_migrant.exchange.contracts import AMENDMENTS, MessageKind
from renkou_migrant.exchange.domain import Message, MessageState
from renkou_migrant.exchange.events import Change
from renkou_migrant.exchange.repository import Draft, StoredMessage
from renkou_migrant.runtime import Runtime


async def draft_anew(tx: Transaction, runtime: Runtime, ids: Sequence[UUID]) -> list[Change]:
    """Draft in place of refused messages what still has to be told; returns the changes, for the figures."""
    refused = await amending.lock(tx, ids)
    changes: list[Change] = []
    for stored in sorted(refused.values(), key=lambda one: one.turn or one.position):
        if await _has_to_be_told(tx, stored):
            changes += await _again(tx, runtime, stored)
    return changes


async def _has_to_be_told(tx: Transaction, stored: StoredMessage) -> bool:
    """Nothing that was taken back since; no reminder, which comes again by itself; no change of something that was
    refused as well, as what takes that one's place says it changed."""
    message = stored.message
    if message.withdrawn or message.kind is MessageKind.REMINDER:
        return False
    if message.kind not in AMENDMENTS or stored.in_reply_to is None:
        return True
    told = (await amending.lock(tx, [stored.in_reply_to])).get(stored.in_reply_to)
    if told is None or told.message.state is MessageState.DEAD:
        return False
    return message.kind is MessageKind.WITHDRAWAL or not told.message.withdrawn


async def _again(tx: Transaction, runtime: Runtime, stored: StoredMessage) -> list[Change]:
    before = stored.message
    made_anew = await amending.forget_corrections(tx, before.id) and stored.source is not None
    draft = Draft(
        id=new_id(),
        partner=before.partner,
        kind=before.kind,
        thread=before.thread,
        area=before.area,
        agreement_id=stored.agreement_id,
        drafted_at=runtime.clock.now(),
        content=None if made_anew else stored.content,
        wanted=stored.source if made_anew else None,
        in_reply_to=stored.in_reply_to,
        person_ref=stored.person_ref,
        arrival_id=stored.arrival_id,
        occurred_on=before.occurred_on,
        source=stored.source,
        source_id=stored.source_id,
        turn=stored.turn or stored.position,
    )
    await repository.insert_draft(tx, draft)
    await repository.owe_no_more(tx, before.id)
    return [(before, changed(before, occurred_on=None)), (None, _drafted(before, draft))]


def _drafted(before: Message, draft: Draft) -> Message:
    return changed(
        before,
        id=draft.id,
        state=MessageState.DRAFTED,
        drafted_at=draft.drafted_at,
        sent_at=None,
        due_on=None,
        closed_on=None,
        revision=1,
    )
