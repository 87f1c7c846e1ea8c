"""What came in one batch, and what becomes of it: receipts, log entries, changes, dead letters."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.exchange import letters_repository as repository
from renkou_migrant.exchange.carried import ReceiptItem
from renkou_migrant.exchange.codes import Unreadable
from renkou_migrant.exchange.domain import MessageState
from renkou_migrant.exchange.events import Change
from renkou_migrant.exchange.incoming_repository import Known
from renkou_migrant.exchange.letters_repository import Letter
from renkou_migrant.exchange.wire import MAX_SEALED, Opened, signature_text
from renkou_migrant.message_log.domain import Entry, kind_of_message

REPEATED = "repeated"
"""Code of a message that has come before under another number; it is receipted as read and has no effect."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes from the hub and the district that the hub let publish them."""

    sender: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """A genuine message and what it came in."""

    opened: Opened
    delivery: Delivery


@dataclass(slots=True)
class Batch:
    """What becomes of one batch."""

    now: datetime
    letters: list[Letter] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    receipts: dict[str, list[ReceiptItem]] = field(default_factory=lambda: defaultdict(list))
    pings: list[UUID] = field(default_factory=list)
    answered: bool = False


def dead_letter(
    delivery: Delivery, code: Unreadable | Reason, detail: str, message_id: UUID | None = None
) -> Letter:
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
    crowded = await repository.crowded(tx, list({one.sender for one in letters}))
    if crowded:
        letters = [_counted(one) if one.sender in crowded else one for one in letters]
    await repository.keep(tx, letters, now)


def _counted(letter: Letter) -> Letter:
    fingerprint = sha256(f"{letter.sender}\ntoo_many".encode()).digest()
    return changed(letter, fingerprint=fingerprint, code=Unreadable.TOO_MANY, data=b"", whole=False)


def letter_of(one: Arrival, code: Unreadable, detail: str) -> Letter:
    return dead_letter(one.delivery, code, detail, one.opened.envelope.id)


def item_of(stored: Known) -> ReceiptItem:
    state = MessageState(stored.state)
    shown = state if state is MessageState.DELIVERED else MessageState.READ
    return receipt_item(stored.sent_id, stored.digest, stored.code, shown)


def receipt_item(message_id: UUID, digest: bytes, code: str | None, state: MessageState) -> ReceiptItem:
    if code is not None and code != REPEATED:
        return refused_item(message_id, digest, code)
    return ReceiptItem(
        id=message_id,
        digest=digest.hex(),
        state="delivered" if state is MessageState.DELIVERED else "read",
    )


def refused_item(message_id: UUID, digest: bytes, code: str) -> ReceiptItem:
    return ReceiptItem(id=message_id, digest=digest.hex(), state="refused", code=code)


def entry_of(opened: Opened, outcome: str, now: datetime) -> Entry:
    envelope = opened.envelope
    return Entry(
        at=now,
        direction="in",
        partner=envelope.sender,
        message_id=envelope.id,
        kind=kind_of_message(envelope.kind),
        pair_seq=envelope.pair_seq,
        outcome=outcome,
        digest=opened.digest.hex(),
        kid=opened.kid,
        signature=signature_text(opened.signature),
        text=opened.signed,
    )
