"""Changes of messages as published events."""

from collections import Counter
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import MigrantEventType, NoticeChanged
from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import CLOSED, Message, message_lines
from renkou_migrant.runtime import Runtime

type Change = tuple[Message | None, Message]
"""A message before (None: did not exist) and after."""


async def publish_changes(tx: Transaction, runtime: Runtime, changes: list[Change]) -> None:
    """Append an event for each change that a figure counts or that ends, reopens or takes back a message."""
    events: list[tuple[str, UUID | str, BaseModel]] = []
    for before, after in changes:
        event = _event(before, after)
        if event.lines or _weighty(before, after):
            events.append((MigrantEventType.NOTICE_CHANGED, after.id, event))
    await runtime.outbox.append_many(tx, events)


async def publish(
    tx: Transaction,
    runtime: Runtime,
    before: Message | None,
    after: Message,
    *,
    corrected: bool = False,
    reminded: bool = False,
) -> None:
    """Append the event that a message was corrected or reminded of, whatever that counts."""
    event = _event(before, after, corrected=corrected, reminded=reminded)
    await runtime.outbox.append(tx, MigrantEventType.NOTICE_CHANGED, after.id, event)


def _weighty(before: Message | None, after: Message) -> bool:
    if before is None:
        return False
    return before.withdrawn != after.withdrawn or (before.state in CLOSED) != (after.state in CLOSED)


def _event(
    before: Message | None, after: Message, *, corrected: bool = False, reminded: bool = False
) -> NoticeChanged:
    counted = message_lines(before) if before else Counter()
    return NoticeChanged(
        message_id=after.id,
        kind=after.kind,
        state=after.state,
        partner=after.partner,
        withdrawn=after.withdrawn,
        corrected=corrected,
        reminded=reminded,
        lines=difference(message_lines(after), counted),
    )
