"""Messages of partners, each once and in its turn: known, held, applied, refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace as changed
from itertools import groupby
from uuid import UUID

import structlog

from renkou_common.database import Transaction
from renkou_migrant.exchange import effects
from renkou_migrant.exchange import incoming_repository as incoming
from renkou_migrant.exchange import outgoing_repository as outgoing
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange.codes import Refused, Unreadable
from renkou_migrant.exchange.contracts import REPLIES, MessageKind
from renkou_migrant.exchange.domain import MessageState, accepts_reply, replied
from renkou_migrant.exchange.events import publish_changes
from renkou_migrant.exchange.incoming_repository import Known
from renkou_migrant.exchange.intake.batch import (
    Arrival,
    Batch,
    entry_of,
    item_of,
    letter_of,
    receipt_item,
    refused_item,
)
from renkou_migrant.exchange.intake.checks import check_all
from renkou_migrant.exchange.outgoing_repository import Outcome
from renkou_migrant.exchange.pair_repository import Pair
from renkou_migrant.exchange.protocol import reception
from renkou_migrant.exchange.protocol.reception import Reception
from renkou_migrant.exchange.wire import Opened
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)


async def take_messages(
    tx: Transaction, runtime: Runtime, pair: Pair, messages: Sequence[Arrival], batch: Batch
) -> bool:
    """Take in what a partner numbered; returns whether it used a number again, and so should hear what is held."""
    partner = pair.partner
    arrived = sorted(messages, key=lambda one: one.opened.envelope.pair_seq)
    numbers = [(one.opened.envelope.pair_seq, one.opened.digest) for one in arrived]
    stored = await incoming.known(tx, partner, [seq for seq, _ in numbers])
    gap = pair.highest_in >= pair.next_in
    held = await incoming.held(tx, partner, pair.next_in) if gap else {}
    known = {seq: one.digest for seq, one in stored.items()}
    taking = reception.take_in(pair.next_in, known, held, numbers)
    fresh: list[Opened] = []
    for one, decision in zip(arrived, taking.decisions, strict=True):
        if decision in (Reception.APPLY, Reception.HOLD):
            fresh.append(one.opened)
        elif decision is Reception.DUPLICATE:
            again = stored.get(one.opened.envelope.pair_seq)
            if again is not None:
                batch.receipts[partner].append(item_of(again))
        else:
            _note_conflict(one, decision, partner, batch, runtime.understood)
    checked = await check_all(tx, runtime, partner, fresh, batch)
    if checked:
        await incoming.insert(tx, checked, batch.now)
    turn = set(taking.turn)
    for new in checked:
        if new.pair_seq not in turn:
            sent_id = new.sent_as or new.id
            batch.receipts[partner].append(
                receipt_item(sent_id, new.digest, new.code, MessageState.DELIVERED)
            )
    await apply_turn(tx, runtime, partner, taking.turn, batch)
    if fresh:
        await pairs.set_taken(tx, partner, taking.next_in, taking.highest)
    decided = zip(numbers, taking.decisions, strict=True)
    return any(seq > 0 and decision is Reception.CONFLICT for (seq, _), decision in decided)


def _note_conflict(
    one: Arrival,
    decision: Reception,
    partner: str,
    batch: Batch,
    understood: Mapping[MessageKind, frozenset[int]],
) -> None:
    """A number used twice is refused and kept; one far ahead is only kept, it will be sent again.

    Without a number comes also what a newer partner does not number: it is refused as an unknown kind.
    """
    opened = one.opened
    conflict = decision is Reception.CONFLICT
    code = Unreadable.SEQUENCE_CONFLICT if conflict else Unreadable.TOO_FAR_AHEAD
    if opened.envelope.pair_seq == 0 and opened.envelope.kind not in understood:
        code = Unreadable.UNKNOWN_KIND
    _log.error("message refused", partner=partner, code=code, pair_seq=opened.envelope.pair_seq)
    batch.letters.append(letter_of(one, code, f"number {opened.envelope.pair_seq}"))
    if conflict:
        batch.receipts[partner].append(refused_item(opened.envelope.id, opened.digest, code))
        batch.entries.append(entry_of(opened, code, batch.now))


async def apply_turn(
    tx: Transaction, runtime: Runtime, partner: str, turn: Sequence[int], batch: Batch
) -> None:
    """Take in stored messages whose turn has come, in order, and note their receipts; of none: nothing."""
    if not turn:
        return
    stored = await incoming.known(tx, partner, turn)
    for amending, run in groupby((stored[seq] for seq in turn), key=_is_effective):
        if amending:
            await _take_effect(tx, runtime, partner, list(run), batch)
        else:
            await _take_run(tx, partner, list(run), batch)


def _is_effective(one: Known) -> bool:
    return one.code is None and one.kind in effects.EFFECTIVE


async def _take_effect(
    tx: Transaction, runtime: Runtime, partner: str, run: Sequence[Known], batch: Batch
) -> None:
    """Carry out corrections, withdrawals and reminders, each by itself."""
    await publish_changes(tx, runtime, batch.changes)
    batch.changes.clear()
    for one in run:
        code, area = await effects.apply(tx, runtime, partner, one.id)
        if code is None:
            await incoming.mark_read(tx, {one.id: area}, batch.now)
        else:
            await incoming.mark_refused(tx, [one.id], code)
        batch.receipts[partner].append(receipt_item(one.sent_id, one.digest, code, MessageState.READ))


async def _take_run(tx: Transaction, partner: str, ordered: Sequence[Known], batch: Batch) -> None:
    """Take in notices, inquiries and replies; what is refused already is only receipted."""
    targets = await outgoing.lock(
        tx, [one.in_reply_to for one in ordered if one.in_reply_to and one.kind in REPLIES and not one.code]
    )
    read: dict[UUID, int | None] = {}
    refused: list[UUID] = []
    outcomes: list[Outcome] = []
    for one in ordered:
        code = one.code
        if code is None and one.kind in REPLIES:
            target = targets.get(one.in_reply_to) if one.in_reply_to else None
            reply = MessageKind(one.kind)
            if (
                target is None
                or target.message.partner != partner
                or not accepts_reply(target.message, reply)
            ):
                code = Refused.REPLY_NOT_EXPECTED
                refused.append(one.id)
            else:
                sent_at = target.message.sent_at or batch.now
                after = changed(replied(target.message, reply, batch.now.date()), sent_at=sent_at)
                outcomes.append(Outcome(after.id, after.state, None, after.sent_at, True, True, True, True))
                batch.changes.append((target.message, after))
                targets[after.id] = changed(target, message=after)
                read[one.id] = after.area
        elif code is None:
            read[one.id] = None
            if one.kind == MessageKind.PING:
                batch.pings.append(one.id)
        batch.receipts[partner].append(receipt_item(one.sent_id, one.digest, code, MessageState.READ))
    if outcomes:
        await outgoing.record_outcomes(tx, outcomes, batch.now)
    if read:
        await incoming.mark_read(tx, read, batch.now)
        batch.changes += [(None, message) for message in await incoming.due_here(tx, list(read))]
    if refused:
        await incoming.mark_refused(tx, refused, Refused.REPLY_NOT_EXPECTED)
