"""Changes of notices as published events."""

from collections import Counter
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import MigrantEventType, NoticeChanged
from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import Message, notice_lines
from renkou_migrant.runtime import Runtime

type Change = tuple[Message | None, Message]
"""A message before (None: did not exist) and after."""


async def publish_changes(tx: Transaction, runtime: Runtime, changes: list[Change]) -> None:
    """Append an event for each change that a figure counts."""
    events: list[tuple[str, UUID | str, BaseModel]] = []
    for before, after in changes:
        lines = difference(notice_lines(after), notice_lines(before) if before else Counter())
        if lines:
            event = NoticeChanged(
                message_id=after.id, kind=after.kind, state=after.state, partner=after.partner, lines=lines
            )
            events.append((MigrantEventType.NOTICE_CHANGED, after.id, event))
    await runtime.outbox.append_many(tx, events)
