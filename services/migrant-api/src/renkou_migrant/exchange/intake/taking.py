"""Taking a batch in, in one transaction: check, order, apply, and write the signed receipts.

Whatever comes is one of: a receipt (of ours sent before), a digest (to be compared), a message in its turn
(applied), one ahead of its turn (held until the gap is filled), a known one (only the receipt is written again),
a genuine one that may not be taken (refused by a signed receipt), or nothing that can be attributed (kept as a
dead letter).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog

from renkou_common.database import Transaction
from renkou_common.errors import Unavailable
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.exchange import comparison, pings
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange.contracts import UNNUMBERED, MessageKind
from renkou_migrant.exchange.events import publish_changes
from renkou_migrant.exchange.intake.batch import Arrival, Batch, Delivery, dead_letter, keep_letters
from renkou_migrant.exchange.intake.digests import take_digest
from renkou_migrant.exchange.intake.messages import take_messages
from renkou_migrant.exchange.intake.receipts import take_receipts
from renkou_migrant.exchange.receipts import write_receipts
from renkou_migrant.exchange.wire import Opened, WireError, open_sealed
from renkou_migrant.message_log import service as message_log
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)


async def take_in(tx: Transaction, runtime: Runtime, deliveries: Sequence[Delivery]) -> bool:
    """Take a batch in; returns whether receipts were written. The caller commits, then acknowledges.

    Raises Unavailable while there is no trust list to check anything with.
    """
    trust = await partners.trust_list(tx, runtime)
    if trust is None:
        raise Unavailable("trust_list_missing", "尚未导入信任名单", "No trust list has been accepted yet")
    batch = Batch(runtime.clock.now())
    by_partner: dict[str, list[Arrival]] = defaultdict(list)
    for delivery in deliveries:
        opened = _open(runtime, trust, delivery, batch)
        if opened is not None:
            by_partner[delivery.sender].append(Arrival(opened, delivery))
    counters = await pairs.lock(tx, list(by_partner)) if by_partner else {}
    for partner in sorted(by_partner):
        arrived = by_partner[partner]
        receipts = [one for one in arrived if one.opened.envelope.kind == MessageKind.RECEIPT]
        said = [one for one in arrived if one.opened.envelope.kind == MessageKind.DIGEST]
        ordered = [one for one in arrived if one.opened.envelope.kind not in UNNUMBERED]
        if receipts:
            await take_receipts(tx, runtime, partner, receipts, batch)
        used_again = bool(ordered) and await take_messages(tx, runtime, counters[partner], ordered, batch)
        for one in said:
            await take_digest(tx, runtime, trust, partner, one, batch)
        if used_again:  # it has lost what it sent: told what we hold, it goes on beyond that at once
            batch.entries += await comparison.write(tx, runtime, trust, partner, batch.now)
            batch.answered = True
    await pings.answer(tx, runtime, batch.pings)
    if batch.letters:
        await keep_letters(tx, batch.letters, batch.now)
    await publish_changes(tx, runtime, batch.changes)
    batch.entries += await write_receipts(tx, runtime, trust, batch.receipts, batch.now)
    await message_log.append(tx, runtime.cipher, batch.entries)
    return bool(batch.receipts or batch.pings) or batch.answered


def _open(runtime: Runtime, trust: TrustList, delivery: Delivery, batch: Batch) -> Opened | None:
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
