"""Receipts: what those of partners mean for our messages, and writing our own; digests are written alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace as changed
from datetime import datetime, timedelta

import structlog
from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange import receipts_repository as unsent
from renkou_migrant.exchange.carried import Receipt, ReceiptItem
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import Message, MessageState
from renkou_migrant.exchange.outgoing_repository import Outcome
from renkou_migrant.exchange.protocol.sending import after_receipt
from renkou_migrant.exchange.sealing import log_entry
from renkou_migrant.exchange.wire import Envelope, seal
from renkou_migrant.message_log.domain import Entry
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_ITEMS = 200


def outcome_of_receipt(message: Message, item: ReceiptItem, now: datetime) -> tuple[Outcome, Message]:
    """Return what a genuine receipt does to a message of ours, and the message after it."""
    verdict = after_receipt(message.state, item.state, item.code)
    after = changed(message, state=verdict.state, sent_at=message.sent_at or now)
    outcome = Outcome(
        id=message.id,
        state=verdict.state,
        code=verdict.code,
        sent_at=after.sent_at,
        delivered=item.state != "refused",
        read=item.state == "read",
        closed=verdict.state is MessageState.DEAD,
        settled=verdict.settled,
        renumber=verdict.renumber,
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
            content = Receipt(items=list(items))
            entries += await write_unnumbered(tx, runtime, trust, partner, MessageKind.RECEIPT, content, now)
    return entries


async def write_unnumbered(
    tx: Transaction,
    runtime: Runtime,
    trust: TrustList,
    partner: str,
    kind: MessageKind,
    content: BaseModel,
    now: datetime,
) -> list[Entry]:
    """Sign, seal and keep a receipt or digest; returns its log entry, none where it cannot be encrypted."""
    message_id = new_id()
    envelope = Envelope(
        id=message_id,
        kind=kind,
        version=1,
        sender=runtime.settings.district,
        receiver=partner,
        pair_seq=0,
        thread=message_id,
        in_reply_to=None,
        created_at=now,
        expires_at=now + timedelta(days=runtime.settings.message_lifetime_days),
        agreement=None,
        payload=content.model_dump(mode="json"),
    )
    try:
        sealed = seal(envelope, runtime.exchange_keys, trust.districts[partner], now)
    except (CredentialError, KeyError) as error:
        _log.warning(
            "nothing can be encrypted to this partner", partner=partner, kind=kind, reason=str(error)
        )
        return []
    await unsent.insert(tx, envelope.id, partner, sealed.data)
    return [log_entry(envelope, sealed, now)]


def _chunks(items: Sequence[ReceiptItem]) -> Iterator[Sequence[ReceiptItem]]:
    for start in range(0, len(items), _ITEMS):
        yield items[start : start + _ITEMS]
