"""Taking in what the hub delivered, in one transaction: check, order, apply, and write the signed receipts.

Whatever comes is one of: a receipt (of ours sent before), a digest (to be compared), a message in its turn
(applied), one ahead of its turn (held until the gap is filled), a known one (only the receipt is written again),
a genuine one that may not be taken (refused by a signed receipt), or nothing that can be attributed (kept as a
dead letter).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from renkou_migrant.exchange import comparison, effects, pings, versions
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange import transport_repository as transport
from renkou_migrant.exchange.agreed import content_refusal, standing_refusal
from renkou_migrant.exchange.contents import area_of, day_of, decrypt, encrypt, reply_times
from renkou_migrant.exchange.contracts import (
    REPLIES,
    UNNUMBERED,
    MessageKind,
    PairDigest,
    Receipt,
    ReceiptItem,
)
from renkou_migrant.exchange.domain import (
    MessageState,
    ReplyTimes,
    accepts_reply,
    replied,
)
from renkou_migrant.exchange.events import Change, publish_changes
from renkou_migrant.exchange.pair_repository import Pair
from renkou_migrant.exchange.protocol import reception
from renkou_migrant.exchange.protocol.reception import Reception
from renkou_migrant.exchange.protocol.sending import SEQUENCE_CONFLICT
from renkou_migrant.exchange.receipts import outcome_of_receipt, write_receipts
from renkou_migrant.exchange.transport_repository import Incoming, Known, Letter, Outcome
from renkou_migrant.exchange.wire import MAX_SEALED, Envelope, Opened, WireError, open_sealed, signature_text
from renkou_migrant.message_log import service as message_log
from renkou_migrant.message_log.domain import Entry
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
REPEATED = "repeated"
"""Code of a message that has come before under another number; it is receipted as read and has no effect."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes from the hub and the district that the hub let publish them."""

    sender: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A genuine message and what it came in."""

    opened: Opened
    delivery: Delivery


@dataclass(slots=True)
class _Batch:
    """What becomes of one batch."""

    now: datetime
    letters: list[Letter] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    receipts: dict[str, list[ReceiptItem]] = field(default_factory=lambda: defaultdict(list))
    pings: list[UUID] = field(default_factory=list)
    answered: bool = False


async def take_in(tx: Transaction, runtime: Runtime, deliveries: Sequence[Delivery]) -> bool:
    """Take a batch in; returns whether receipts were written. The caller commits, then acknowledges.

    Raises Unavailable while there is no trust list to check anything with.
    """
    trust = await partners.trust_list(tx, runtime)
    if trust is None:
        raise Unavailable("trust_list_missing", "尚未导入信任名单", "No trust list has been accepted yet")
    batch = _Batch(runtime.clock.now())
    by_partner: dict[str, list[_Arrival]] = defaultdict(list)
    for delivery in deliveries:
        opened = _open(runtime, trust, delivery, batch)
        if opened is not None:
            by_partner[delivery.sender].append(_Arrival(opened, delivery))
    counters = await pairs.lock(tx, list(by_partner)) if by_partner else {}
    for partner in sorted(by_partner):
        arrived = by_partner[partner]
        receipts = [one for one in arrived if one.opened.envelope.kind == MessageKind.RECEIPT]
        said = [one for one in arrived if one.opened.envelope.kind == MessageKind.DIGEST]
        ordered = [one for one in arrived if one.opened.envelope.kind not in UNNUMBERED]
        if receipts:
            await _take_receipts(tx, partner, receipts, batch)
        if ordered:
            await _take_messages(tx, runtime, counters[partner], ordered, batch)
        for one in said:
            await _take_digest(tx, runtime, trust, partner, one, batch)
    await pings.answer(tx, runtime, batch.pings)
    if batch.letters:
        await keep_letters(tx, batch.letters, batch.now)
    await publish_changes(tx, runtime, batch.changes)
    batch.entries += await write_receipts(tx, runtime, trust, batch.receipts, batch.now)
    await message_log.append(tx, runtime.cipher, batch.entries)
    return bool(batch.receipts or batch.pings) or batch.answered


def dead_letter(delivery: Delivery, code: str, detail: str, message_id: UUID | None = None) -> Letter:
    """Return what is kept of something that could not be taken; of what is far too large only the beginning."""
    data = delivery.data
    fingerprint = sha256(delivery.sender.encode() + b"\n" + data).digest()
    whole = len(data) <= MAX_SEALED
    kept = data if whole else data[:1_000]
    return Letter(
        new_id(), fingerprint, delivery.sender, code, detail[:500], message_id, len(data), kept, whole
    )


async def keep_letters(tx: Transaction, letters: Sequence[Letter], now: datetime) -> None:
    """Keep dead letters; of a sender with very many of them further ones are only counted, in one row."""
    crowded = await transport.crowded(tx, list({one.sender for one in letters}))
    if crowded:
        letters = [_counted(one) if one.sender in crowded else one for one in letters]
    await transport.keep_letters(tx, letters, now)


def _counted(letter: Letter) -> Letter:
    fingerprint = sha256(f"{letter.sender}\ntoo_many".encode()).digest()
    return changed(letter, fingerprint=fingerprint, code="too_many", data=b"", whole=False)


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


async def _take_receipts(tx: Transaction, partner: str, receipts: Sequence[_Arrival], batch: _Batch) -> None:
    items: list[ReceiptItem] = []
    for one in receipts:
        try:
            items += Receipt.model_validate(one.opened.envelope.payload).items
        except ValidationError:
            batch.letters.append(_letter_of(one, "bad_receipt", "not the members of a receipt"))
            continue
        batch.entries.append(_entry(one.opened, "received", batch.now))
    found = await transport.lock_outgoing(tx, [item.id for item in items])
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
    if outcomes:
        await transport.record_outcomes(tx, list(outcomes.values()), batch.now)
    suspended = [one.id for one in outcomes.values() if one.code == RefusalCode.SUSPENDED]
    if suspended:
        concerned = await transport.agreements_of(tx, suspended)
        await agreements.note_suspension_by_partner(tx, concerned, batch.now)


async def _take_messages(
    tx: Transaction, runtime: Runtime, pair: Pair, messages: Sequence[_Arrival], batch: _Batch
) -> None:
    partner = pair.partner
    arrived = sorted(messages, key=lambda one: one.opened.envelope.pair_seq)
    numbers = [(one.opened.envelope.pair_seq, one.opened.digest) for one in arrived]
    stored = await transport.known(tx, partner, [seq for seq, _ in numbers])
    gap = pair.highest_in >= pair.next_in
    held = await transport.held(tx, partner, pair.next_in) if gap else {}
    known = {seq: one.digest for seq, one in stored.items()}
    taking = reception.take_in(pair.next_in, known, held, numbers)
    fresh: list[Opened] = []
    for one, decision in zip(arrived, taking.decisions, strict=True):
        if decision in (Reception.APPLY, Reception.HOLD):
            fresh.append(one.opened)
        elif decision is Reception.DUPLICATE:
            again = stored.get(one.opened.envelope.pair_seq)
            if again is not None:
                batch.receipts[partner].append(_item_of(again))
        else:
            _note_conflict(one, decision, partner, batch, runtime.understood)
    incoming = await _check_all(tx, runtime, partner, fresh, batch)
    if incoming:
        await transport.insert_incoming(tx, incoming, batch.now)
    turn = set(taking.turn)
    for new in incoming:
        if new.pair_seq not in turn:
            sent_id = new.sent_as or new.id
            batch.receipts[partner].append(
                _receipt_item(sent_id, new.digest, new.code, MessageState.DELIVERED)
            )
    await _take_turn(tx, runtime, partner, taking.turn, batch)
    if fresh:
        await pairs.set_taken(tx, partner, taking.next_in, taking.highest)


async def _take_turn(
    tx: Transaction, runtime: Runtime, partner: str, turn: Sequence[int], batch: _Batch
) -> None:
    if turn:
        await _apply(tx, runtime, partner, turn, batch)


async def _take_digest(
    tx: Transaction, runtime: Runtime, trust: TrustList, partner: str, one: _Arrival, batch: _Batch
) -> None:
    """Compare, mend, and answer where that helps the partner; see :mod:`.comparison`."""
    envelope = one.opened.envelope
    try:
        said = PairDigest.model_validate(envelope.payload)
    except ValidationError:
        batch.letters.append(_letter_of(one, "bad_digest", "not the members of a digest"))
        return
    theirs = comparison.to_digest(said)
    batch.entries.append(_entry(one.opened, "received", batch.now))
    if said.head is not None:
        last = bytes.fromhex(said.head.hash)
        await message_log.take_statement(tx, partner, said.head.position, last, batch.now)
    healing = await comparison.read(tx, partner, theirs, envelope.created_at, batch.now)
    if healing is None:
        return
    if healing.pass_to is not None:
        await _pass_over(tx, runtime, partner, healing.pass_to, batch)
    if healing.answer or healing.tell or healing.ask:
        batch.entries += await comparison.write(
            tx,
            runtime,
            trust,
            partner,
            batch.now,
            to=theirs if healing.answer else None,
            asks=comparison.new_token() if healing.ask else None,
        )
        batch.answered = True


async def _pass_over(tx: Transaction, runtime: Runtime, partner: str, first: int, batch: _Batch) -> None:
    """Go on at ``first``: the partner has signed that nothing below it will come any more."""
    pair = (await pairs.lock(tx, [partner]))[partner]
    held = await transport.held(tx, partner, pair.next_in)
    passing = reception.pass_over(pair.next_in, held, first)
    await comparison.note_gone(tx, partner, passing.gone, batch.now)
    await _take_turn(tx, runtime, partner, passing.turn, batch)
    await pairs.set_taken(tx, partner, passing.next_in, max(pair.highest_in, passing.next_in - 1))


def _note_conflict(
    one: _Arrival,
    decision: Reception,
    partner: str,
    batch: _Batch,
    understood: Mapping[MessageKind, frozenset[int]],
) -> None:
    """A number used twice is refused and kept; one far ahead is only kept, it will be sent again.

    Without a number comes also what a newer partner does not number: it is refused as an unknown kind.
    """
    opened = one.opened
    code = SEQUENCE_CONFLICT if decision is Reception.CONFLICT else "too_far_ahead"
    if opened.envelope.pair_seq == 0 and opened.envelope.kind not in understood:
        code = "unknown_kind"
    _log.error("message refused", partner=partner, code=code, pair_seq=opened.envelope.pair_seq)
    batch.letters.append(_letter_of(one, code, f"number {opened.envelope.pair_seq}"))
    if decision is Reception.CONFLICT:
        batch.receipts[partner].append(_refused(opened.envelope.id, opened.digest, code))
        batch.entries.append(_entry(opened, code, batch.now))


async def _check_all(
    tx: Transaction, runtime: Runtime, partner: str, fresh: Sequence[Opened], batch: _Batch
) -> list[Incoming]:
    ids = [one.envelope.id for one in fresh]
    taken = await transport.taken_ids(tx, partner, ids) if ids else {}
    relied_on = [one.envelope.agreement for one in fresh if one.envelope.agreement is not None]
    known = await agreements.get_many(tx, relied_on) if relied_on else {}
    times = await reply_times(tx, runtime)
    follow = (MessageKind.ANSWER, MessageKind.CORRECTION)
    targets = [one.envelope.in_reply_to for one in fresh if one.envelope.kind in follow]
    asked = await transport.kinds_of(tx, [one for one in targets if one]) if targets else {}
    incoming: list[Incoming] = []
    for opened in fresh:
        envelope = opened.envelope
        code, content = _check(envelope, partner, known, asked, batch.now, runtime.understood)
        sent_as = envelope.id if envelope.id in taken else None
        if sent_as is not None:
            code, content = _code_of_repeated(runtime, taken[sent_as], content), None
        local_id = envelope.id if sent_as is None else new_id()
        new = _incoming(runtime, opened, partner, local_id, code, content, times)
        taken[envelope.id] = new.content
        incoming.append(changed(new, sent_as=sent_as))
        batch.entries.append(_entry(opened, code or "accepted", batch.now))
    return incoming


def _code_of_repeated(runtime: Runtime, before: bytes | None, content: BaseModel | None) -> str:
    """Return why a message is not taken whose id is known: it is the same again, or the id means another.

    A sender that was restored may number and sign again what it had sent already.
    """
    if (
        before is not None
        and content is not None
        and decrypt(runtime, before) == content.model_dump(mode="json")
    ):
        return REPEATED
    return "id_conflict"


def _check(
    envelope: Envelope,
    partner: str,
    known: dict[UUID, Agreement],
    asked: dict[UUID, str],
    now: datetime,
    understood: Mapping[MessageKind, frozenset[int]],
) -> tuple[str | None, BaseModel | None]:
    """Return why a genuine message may not be taken (None where it may) and its content."""
    kind = next((kind for kind in understood if kind == envelope.kind), None)
    if kind is None:
        return "unknown_kind", None
    if envelope.version not in understood[kind]:
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
        content = versions.read(kind, envelope.version, envelope.payload)
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
        sent_as=None,
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
        batch.receipts[partner].append(_receipt_item(one.sent_id, one.digest, code, MessageState.READ))


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
        batch.receipts[partner].append(_receipt_item(one.sent_id, one.digest, code, MessageState.READ))
    if outcomes:
        await transport.record_outcomes(tx, outcomes, batch.now)
    if read:
        await transport.mark_read(tx, read, batch.now)
        batch.changes += [(None, message) for message in await transport.due_here(tx, list(read))]
    if refused:
        await transport.mark_refused(tx, refused, "reply_not_expected")


def _item_of(stored: Known) -> ReceiptItem:
    state = MessageState(stored.state)
    shown = state if state is MessageState.DELIVERED else MessageState.READ
    return _receipt_item(stored.sent_id, stored.digest, stored.code, shown)


def _receipt_item(message_id: UUID, digest: bytes, code: str | None, state: MessageState) -> ReceiptItem:
    if code is not None and code != REPEATED:
        return _refused(message_id, digest, code)
    return ReceiptItem(
        id=message_id,
        digest=digest.hex(),
        state="delivered" if state is MessageState.DELIVERED else "read",
    )


def _refused(message_id: UUID, digest: bytes, code: str) -> ReceiptItem:
    return ReceiptItem(id=message_id, digest=digest.hex(), state="refused", code=code)


def _letter_of(one: _Arrival, code: str, detail: str) -> Letter:
    return dead_letter(one.delivery, code, detail, one.opened.envelope.id)


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
        text=opened.signed,
    )
