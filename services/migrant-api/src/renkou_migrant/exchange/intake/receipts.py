"""Receipts of partners: what became of messages of ours."""

from collections.abc import Sequence
from dataclasses import replace as changed
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import ValidationError

from renkou_common.database import Transaction
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import RefusalCode
from renkou_migrant.exchange import outgoing_repository as outgoing
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange.carried import Receipt, ReceiptItem
from renkou_migrant.exchange.codes import Unreadable
from renkou_migrant.exchange.domain import MessageState
from renkou_migrant.exchange.intake.batch import Arrival, Batch, entry_of, letter_of
from renkou_migrant.exchange.outgoing_repository import Outcome
from renkou_migrant.exchange.receipts import outcome_of_receipt
from renkou_migrant.exchange.resumption import draft_anew
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)


async def take_receipts(
    tx: Transaction, runtime: Runtime, partner: str, receipts: Sequence[Arrival], batch: Batch
) -> None:
    """Note what became of our messages; what was refused only by a suspension is drafted anew, to go after it."""
    items: list[ReceiptItem] = []
    said_at: dict[UUID, datetime] = {}
    for one in receipts:
        try:
            found = Receipt.model_validate(one.opened.envelope.payload).items
        except ValidationError:
            batch.letters.append(letter_of(one, Unreadable.BAD_RECEIPT, "not the members of a receipt"))
            continue
        items += found
        said_at |= {item.id: one.opened.envelope.created_at for item in found}
        batch.entries.append(entry_of(one.opened, "received", batch.now))
    outcomes = await _outcomes(tx, partner, items, batch)
    if outcomes:
        await outgoing.record_outcomes(tx, outcomes, batch.now)
    suspended = [
        one.id for one in outcomes if one.code == RefusalCode.SUSPENDED and one.state == MessageState.DEAD
    ]
    if suspended:
        concerned = await outgoing.agreements_of(tx, suspended)
        await agreements.note_suspension_by_partner(tx, concerned, max(said_at[one] for one in suspended))
        batch.changes += await draft_anew(tx, runtime, suspended)


async def _outcomes(
    tx: Transaction, partner: str, items: Sequence[ReceiptItem], batch: Batch
) -> list[Outcome]:
    """Return what the items do to messages of ours, one outcome for each message, and note the changes."""
    found = await outgoing.lock(tx, [item.id for item in items])
    outcomes: dict[UUID, Outcome] = {}
    for item in items:
        ours = found.get(item.id)
        if ours is None or ours.message.partner != partner or ours.digest != bytes.fromhex(item.digest):
            _log.warning("receipt for something that was not sent", partner=partner, message=str(item.id))
            continue
        outcome, after = outcome_of_receipt(ours.message, item, batch.now)
        if outcome.renumber and ours.pair_seq is not None:
            await pairs.cannot_replay(tx, partner, ours.pair_seq)
            del found[item.id]
        else:
            found[item.id] = changed(ours, message=after)
        before = outcomes.get(item.id)
        outcomes[item.id] = before.then(outcome) if before else outcome
        batch.changes.append((ours.message, after))
    return list(outcomes.values())
