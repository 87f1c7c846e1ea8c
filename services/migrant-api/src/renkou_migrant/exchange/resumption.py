"""Sending again what a partner refused only because it had suspended the agreement.

A number is used once, so the message itself stays refused; a new one with the same content takes its place, and
the figures count what is owed once.
"""

from dataclasses import replace as changed
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.agreements.domain import RefusalCode
from renkou_migrant.exchange import repository
from renkou_migrant.exchange.contracts import NOTICES
from renkou_migrant.exchange.domain import MessageState
from renkou_migrant.exchange.events import Change, publish_changes
from renkou_migrant.exchange.repository import Draft, StoredMessage
from renkou_migrant.runtime import Runtime


async def send_again(tx: Transaction, runtime: Runtime, agreement_id: UUID) -> int:
    """Draft anew the notices that were refused while the agreement was suspended; returns how many."""
    refused = await repository.refused_under(
        tx, agreement_id, RefusalCode.SUSPENDED.value, [kind.value for kind in NOTICES]
    )
    changes: list[Change] = []
    for stored in refused:
        changes += await _again(tx, runtime, stored)
    await publish_changes(tx, runtime, changes)
    return len(refused)


async def _again(tx: Transaction, runtime: Runtime, stored: StoredMessage) -> list[Change]:
    before = stored.message
    draft = Draft(
        id=new_id(),
        partner=before.partner,
        kind=before.kind,
        thread=before.thread,
        area=before.area,
        agreement_id=stored.agreement_id,
        drafted_at=runtime.clock.now(),
        content=stored.content,
        person_ref=stored.person_ref,
        arrival_id=stored.arrival_id,
        occurred_on=before.occurred_on,
        source=stored.source,
        source_id=stored.source_id,
    )
    await repository.insert_draft(tx, draft)
    await repository.take_over(tx, before.id, "sent_again")
    fresh = changed(
        before,
        id=draft.id,
        state=MessageState.DRAFTED,
        drafted_at=draft.drafted_at,
        sent_at=None,
        due_on=None,
        revision=1,
    )
    return [(before, changed(before, occurred_on=None)), (None, fresh)]
