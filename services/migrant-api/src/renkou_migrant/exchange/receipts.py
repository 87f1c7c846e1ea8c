"""Receipts: what those of partners mean for our messages, and writing our own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace as changed
from datetime import datetime, timedelta

import structlog

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange import transport_repository as transport
from renkou_migrant.exchange.contracts import MessageKind, Receipt, ReceiptItem
from renkou_migrant.exchange.domain import CLOSED, Message, MessageState, advance
from renkou_migrant.exchange.sender import log_entry
from renkou_migrant.exchange.transport_repository import Outcome
from renkou_migrant.exchange.wire import Envelope, seal
from renkou_migrant.message_log.domain import Entry
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_ITEMS = 200


def outcome_of_receipt(message: Message, item: ReceiptItem, now: datetime) -> tuple[Outcome, Message]:
    """Return what a genuine receipt does to a message of ours, and the message after it.

    A refusal ends a message that was not read yet; as expired where that is the reason, else as dead.
    """
    state, code = message.state, None
    if item.state == "refused":
        if state not in CLOSED and state is not MessageState.READ:
            state = MessageState.EXPIRED if item.code == "expired" else MessageState.DEAD
            code = item.code
    else:
        state = advance(state, MessageState(item.state))
    after = changed(message, state=state, sent_at=message.sent_at or now)
    outcome = Outcome(
        id=message.id,
        state=state,
        code=code,
        sent_at=after.sent_at,
        delivered=item.state != "refused",
        read=item.state == "read",
        closed=state is MessageState.DEAD,
        settled=item.state in ("read", "refused"),
    )
    return outcome, after


async def write_receipts(
    tx: Transaction,
    runtime: Runtime,
    trust: TrustList,
    receipts: Mapping[str, Sequence[ReceiptItem]],
    now: datetime,
) -> list[Entry]:
    """Sign, seal and keep receipts by partner, to be published later; returns their log entries."""
    entries: list[Entry] = []
    for partner in sorted(receipts):
        for items in _chunks(receipts[partner]):
            envelope = _envelope(runtime, partner, items, now)
            try:
                sealed = seal(envelope, runtime.exchange_keys, trust.districts[partner], now)
            except CredentialError as error:
                _log.warning(
                    "no receipt can be encrypted to this partner", partner=partner, reason=str(error)
                )
                continue
            await transport.insert_receipt(tx, envelope.id, partner, sealed.data)
            entries.append(log_entry(envelope, sealed, now))
    return entries


def _chunks(items: Sequence[ReceiptItem]) -> Iterator[Sequence[ReceiptItem]]:
    for start in range(0, len(items), _ITEMS):
        yield items[start : start + _ITEMS]


def _envelope(runtime: Runtime, partner: str, items: Sequence[ReceiptItem], now: datetime) -> Envelope:
    receipt_id = new_id()
    return Envelope(
        id=receipt_id,
        kind=MessageKind.RECEIPT,
        version=1,
        sender=runtime.settings.district,
        receiver=partner,
        pair_seq=0,
        thread=receipt_id,
        in_reply_to=None,
        created_at=now,
        expires_at=now + timedelta(days=runtime.settings.message_lifetime_days),
        agreement=None,
        payload=Receipt(items=list(items)).model_dump(mode="json"),
    )
