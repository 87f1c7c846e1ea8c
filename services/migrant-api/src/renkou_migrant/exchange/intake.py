"""Taking in what the hub delivered, in one transaction: check, order, apply, and write the signed receipts.

Whatever comes is one of: a receipt (of ours sent before), a message in its turn (applied), one ahead of its
turn (held until the gap is filled), a known one (only the receipt is written again), a genuine one that may
not be taken (refused by a signed receipt), or nothing that can be attributed (kept as a dead letter).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.errors import Unavailable
from renkou_common.ids import new_id
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import Agreement, RefusalCode
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange import effects, pings
from renkou_migrant.exchange import transport_repository as transport
from renkou_migrant.exchange.agreed import content_refusal, standing_refusal
from renkou_migrant.exchange.contents import area_of, day_of, encrypt, reply_times
from renkou_migrant.exchange.contracts import (
    REPLIES,
    VERSIONS,
    MessageKind,
    Receipt,
    ReceiptItem,
    parse_content,
)
from renkou_migrant.exchange.domain import (
    MessageState,
    Reception,
    ReplyTimes,
    accepts_reply,
    receive,
    releasable,
    replied,
)
from renkou_migrant.exchange.events import Change, publish_changes
from renkou_migrant.exchange.receipts import outcome_of_receipt, write_receipts
from renkou_migrant.exchange.transport_repository import Incoming, Known, Letter, Outcome
from renkou_migrant.exchange.wire import Envelope, Opened, WireError, open_sealed, signature_text
from renkou_migrant.message_log import service as message_log
from renkou_migrant.message_log.domain import Entry
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes from the hub and the district that the hub let publish them."""

    sender: str
    data: bytes


@dataclass(slots=True)
class _Batch:
    """What becomes of one batch."""

    now: datetime
    letters: list[Letter] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    receipts: dict[str, list[ReceiptItem]] = field(default_factory=lambda: defaultdict(list))
    pings: list[UUID] = field(default_factory=list)
    renamed: dict[UUID, UUID] = field(default_factory=dict)

    def sent_as(self, local_id: UUID) -> UUID:
        """The sender's id of what is stored here: an id that was used twice is stored under another one."""
        return self.renamed.get(local_id, local_id)


async def take_in(tx: Transaction, runtime: Runtime, deliveries: Sequence[Delivery]) -> bool:
    """Take a batch in; returns whether receipts were written. The caller commits, then acknowledges.

    Raises Unavailable while there is no trust list to check anything with.
    """
    trust = await partners.trust_list(tx, runtime)
    if trust is None:
        raise Unavailable("trust_list_missing", "尚未导入信任名单", "No trust list has been accepted yet")
    batch = _Batch(runtime.clock.now())
    by_partner: dict[str, list[Opened]] = defaultdict(list)
    for delivery in deliveries:
        opened = _open(runtime, trust, delivery, batch)
        if opened is not None:
            by_partner[delivery.sender].append(opened)
    pairs = await transport.lock_pairs(tx, list(by_partner)) if by_partner else {}
    for partner in sorted(by_partner):
        receipts = [one for one in by_partner[partner] if one.envelope.kind == MessageKind.RECEIPT]
        ordered = [one for one in by_partner[partner] if one.envelope.kind != MessageKind.RECEIPT]
        if receipts:
            await _take_receipts(tx, partner, receipts, batch)
        if ordered:
            await _take_messages(tx, runtime, partner, pairs[partner][1], ordered, batch)
    await pings.answer(tx, runtime, batch.pings)
    if batch.letters:
        await transport.keep_letters(tx, batch.letters, batch.now)
    await publish_changes(tx, runtime, batch.changes)
    batch.entries += await write_receipts(tx, runtime, trust, batch.receipts, batch.now)
    await message_log.append(tx, batch.entries)
    return bool(batch.receipts or batch.pings)


def dead_letter(delivery: Delivery, code: str, detail: str, message_id: UUID | None = None) -> Letter:
    """Return what is kept of something that could not be taken."""
    fingerprint = sha256(delivery.sender.encode() + b"\n" + delivery.data).digest()
    return Letter(new_id(), fingerprint, delivery.sender, code, detail[:500], message_id, delivery.data)


def _open(runtime: Runtime, trust: TrustList, delivery: Delivery, batch: _Batch) -> Opened | None:
    try:
        return open_sealed(
            delivery.data,
            keys=runtime.exchange_keys,
            trust=trust,
            own=runtime.settings.district,
            sender=delivery.sender,
            now=batch.now,
            skew=timedelta(seconds=runtime.settings.clock_skew_seconds),
        )
    except WireError as error:
        _log.warning("dead letter", sender=delivery.sender, code=error.code)
        batch.letters.append(dead_letter(delivery, error.code, str(error)))
        return None


async def _take_receipts(tx: Transaction, partner: str, receipts: Sequence[Opened], batch: _Batch) -> None:
    items: list[ReceiptItem] = []
    for opened in receipts:
        try:
            items += Receipt.model_validate(opened.envelope.payload).items
        except ValidationError:
            batch.letters.append(_letter_of(opened, "bad_receipt", "not the members of a receipt"))
            continue
        batch.entries.append(_entry(opened, "received", batch.now))
    found = await transport.lock_outgoing(tx, [item.id for item in items])
    outcomes: list[Outcome] = []
    for item in items:
        ours = found.get(item.id)
        if ours is None or ours.message.partner != partner or ours.digest != bytes.fromhex(item.digest):
            _log.warning("receipt for something that was not sent", partner=partner, message=str(item.id))
            continue
        outcome, after = outcome_of_receipt(ours.message, item, batch.now)
        outcomes.append(outcome)
        batch.changes.append((ours.message, after))
        found[item.id] = changed(ours, message=after)
    if outcomes:
        await transport.record_outcomes(tx, outcomes, batch.now)
    suspended = [one.id for one in outcomes if one.code == RefusalCode.SUSPENDED]
    if suspended:
        concerned = await transport.agreements_of(tx, suspended)
        await agreements.note_suspension_by_partner(tx, concerned, batch.now)


async def _take_messages(
    tx: Transaction, runtime: Runtime, partner: str, next_in: int, messages: Sequence[Opened], batch: _Batch
) -> None:
    seqs = [one.envelope.pair_seq for one in messages]
    before = await transport.known(tx, partner, seqs)
    held = await transport.held(tx, partner, next_in)
    fresh: list[Opened] = []
    for opened in sorted(messages, key=lambda one: one.envelope.pair_seq):
        envelope = opened.envelope
        stored = before.get(envelope.pair_seq)
        decision = receive(next_in, held, stored.digest if stored else None, envelope.pair_seq, opened.digest)
        if decision in (Reception.APPLY, Reception.HOLD):
            held[envelope.pair_seq] = opened.digest
            fresh.append(opened)
        elif decision is Reception.DUPLICATE:
            if stored is not None:
                batch.receipts[partner].append(_item_of(stored, envelope.id))
        else:
            _note_conflict(opened, decision, partner, batch)
    incoming = await _check_all(tx, runtime, partner, fresh, batch)
    if incoming:
        await transport.insert_incoming(tx, incoming, batch.now)
    turn = releasable(next_in, held)
    for one in incoming:
        if one.pair_seq not in turn:
            batch.receipts[partner].append(
                _receipt_item(batch.sent_as(one.id), one.digest, one.code, MessageState.DELIVERED)
            )
    if turn:
        await _apply(tx, runtime, partner, turn, batch)
        await transport.set_next_in(tx, partner, turn[-1] + 1)


def _note_conflict(opened: Opened, decision: Reception, partner: str, batch: _Batch) -> None:
    """A number used twice is refused and kept; one far ahead is only kept, it will be sent again."""
    code = "sequence_conflict" if decision is Reception.CONFLICT else "too_far_ahead"
    _log.error("message refused", partner=partner, code=code, pair_seq=opened.envelope.pair_seq)
    batch.letters.append(_letter_of(opened, code, f"number {opened.envelope.pair_seq}"))
    if decision is Reception.CONFLICT:
        batch.receipts[partner].append(_refused(opened.envelope.id, opened.digest, code))
        batch.entries.append(_entry(opened, code, batch.now))


async def _check_all(
    tx: Transaction, runtime: Runtime, partner: str, fresh: Sequence[Opened], batch: _Batch
) -> list[Incoming]:
    ids = [one.envelope.id for one in fresh]
    taken = await transport.taken_ids(tx, ids) if ids else set()
    relied_on = [one.envelope.agreement for one in fresh if one.envelope.agreement is not None]
    known = await agreements.get_many(tx, relied_on) if relied_on else {}
    times = await reply_times(tx, runtime)
    follow = (MessageKind.ANSWER, MessageKind.CORRECTION)
    targets = [one.envelope.in_reply_to for one in fresh if one.envelope.kind in follow]
    asked = await transport.kinds_of(tx, [one for one in targets if one]) if targets else {}
    incoming: list[Incoming] = []
    for opened in fresh:
        envelope = opened.envelope
        code, content = _check(envelope, partner, known, asked, batch.now)
        if envelope.id in taken:
            code, content = "id_conflict", None
        taken.add(envelope.id)
        local_id = new_id() if code == "id_conflict" else envelope.id
        batch.renamed[local_id] = envelope.id
        incoming.append(_incoming(runtime, opened, partner, local_id, code, content, times))
        batch.entries.append(_entry(opened, code or "accepted", batch.now))
    return incoming


def _check(
    envelope: Envelope, partner: str, known: dict[UUID, Agreement], asked: dict[UUID, str], now: datetime
) -> tuple[str | None, BaseModel | None]:
    """Return why a genuine message may not be taken (None where it may) and its content."""
    try:
        kind = MessageKind(envelope.kind)
    except ValueError:
        return "unknown_kind", None
    if envelope.version not in VERSIONS[kind]:
        return "unsupported_version", None
    if envelope.expires_at <= now:
        return "expired", None
    agreement = known.get(envelope.agreement) if envelope.agreement else None
    signed_on = envelope.created_at.astimezone(SHANGHAI).date()
    refusal = standing_refusal(kind, agreement, partner, signed_on)
    if refusal is not None:
        return str(refusal), None
    if kind in REPLIES | effects.EFFECTIVE and envelope.in_reply_to is None:
        return "bad_content", None
    try:
        content = parse_content(kind, envelope.payload, envelope.version)
    except ValidationError:
        return "bad_content", None
    question = asked.get(envelope.in_reply_to) if envelope.in_reply_to else None
    refusal = content_refusal(kind, agreement, envelope.payload, question)
    return (None, content) if refusal is None else (str(refusal), None)


def _incoming(
    runtime: Runtime,
    opened: Opened,
    partner: str,
    local_id: UUID,
    code: str | None,
    content: BaseModel | None,
    times: ReplyTimes,
) -> Incoming:
    envelope = opened.envelope
    created_at = envelope.created_at.astimezone(SHANGHAI)
    kind = MessageKind(envelope.kind) if content else None
    due_on = times.due_on(kind, created_at, envelope.payload) if kind else None
    return Incoming(
        id=local_id,
        partner=partner,
        kind=envelope.kind,
        version=envelope.version,
        pair_seq=envelope.pair_seq,
        thread=envelope.thread,
        in_reply_to=envelope.in_reply_to,
        agreement_id=envelope.agreement,
        area=area_of(runtime, content),
        occurred_on=day_of(content),
        created_at=created_at,
        expires_at=envelope.expires_at,
        due_on=due_on,
        digest=opened.digest,
        content=encrypt(runtime, content) if content else None,
        code=code,
    )


async def _apply(tx: Transaction, runtime: Runtime, partner: str, turn: Sequence[int], batch: _Batch) -> None:
    """Take in stored messages whose turn has come, in order, and note their receipts."""
    stored = await transport.known(tx, partner, turn)
    for amending, run in groupby((stored[seq] for seq in turn), key=_is_effective):
        if amending:
            await _take_effect(tx, runtime, partner, list(run), batch)
        else:
            await _take_run(tx, partner, list(run), batch)


def _is_effective(one: Known) -> bool:
    return one.code is None and one.kind in effects.EFFECTIVE


async def _take_effect(
    tx: Transaction, runtime: Runtime, partner: str, run: Sequence[Known], batch: _Batch
) -> None:
    """Carry out corrections, withdrawals and reminders, each by itself."""
    await publish_changes(tx, runtime, batch.changes)
    batch.changes.clear()
    for one in run:
        code, area = await effects.apply(tx, runtime, partner, one.id)
        if code is None:
            await transport.mark_read(tx, {one.id: area}, batch.now)
        else:
            await transport.mark_refused(tx, [one.id], code)
        batch.receipts[partner].append(
            _receipt_item(batch.sent_as(one.id), one.digest, code, MessageState.READ)
        )


async def _take_run(tx: Transaction, partner: str, ordered: Sequence[Known], batch: _Batch) -> None:
    """Take in notices, inquiries and replies; what is refused already is only receipted."""
    targets = await transport.lock_outgoing(
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
                code = "reply_not_expected"
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
        batch.receipts[partner].append(
            _receipt_item(batch.sent_as(one.id), one.digest, code, MessageState.READ)
        )
    if outcomes:
        await transport.record_outcomes(tx, outcomes, batch.now)
    if read:
        await transport.mark_read(tx, read, batch.now)
        batch.changes += [(None, message) for message in await transport.due_here(tx, list(read))]
    if refused:
        await transport.mark_refused(tx, refused, "reply_not_expected")


def _item_of(stored: Known, sent_as: UUID) -> ReceiptItem:
    state = MessageState(stored.state)
    shown = state if state is MessageState.DELIVERED else MessageState.READ
    return _receipt_item(sent_as, stored.digest, stored.code, shown)


def _receipt_item(message_id: UUID, digest: bytes, code: str | None, state: MessageState) -> ReceiptItem:
    if code is not None:
        return _refused(message_id, digest, code)
    return ReceiptItem(
        id=message_id,
        digest=digest.hex(),
        state="delivered" if state is MessageState.DELIVERED else "read",
    )


def _refused(message_id: UUID, digest: bytes, code: str) -> ReceiptItem:
    return ReceiptItem(id=message_id, digest=digest.hex(), state="refused", code=code)


def _letter_of(opened: Opened, code: str, detail: str) -> Letter:
    delivery = Delivery(opened.envelope.sender, opened.digest)
    return dead_letter(delivery, code, detail, opened.envelope.id)


def _entry(opened: Opened, outcome: str, now: datetime) -> Entry:
    envelope = opened.envelope
    return Entry(
        at=now,
        direction="in",
        partner=envelope.sender,
        message_id=envelope.id,
        kind=envelope.kind,
        pair_seq=envelope.pair_seq,
        outcome=outcome,
        digest=opened.digest.hex(),
        kid=opened.kid,
        signature=signature_text(opened.signature),
    )
