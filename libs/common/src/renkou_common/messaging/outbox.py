"""Writing events: rows of the outbox in the transaction of the state they tell of."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel

from renkou_common import bulk
from renkou_common.clock import Clock
from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_common.messaging.envelope import build_body

_WRITTEN = bulk.Shape(
    "outbox",
    {"event_id": "uuid", "type": "text", "subject": "text", "body": "text", "content_hash": "bytea"},
    ordered=True,
)
_INSERT = """
INSERT INTO outbox (event_id, type, subject, body, content_hash)
SELECT r.event_id, r.type, r.subject, r.body, r.content_hash FROM <rows> ORDER BY r.place
"""


class Message(NamedTuple):
    """An event ready to be written."""

    event_id: UUID
    event_type: str
    subject: str
    body: str
    content_hash: bytes


class Outbox:
    """Appends events of one service.

    ``source`` is the CloudEvents source, e.g. ``renkou:340103/registry-api``. ``clock`` gives the event's
    time (default: real time). ``written`` is set on every append: a relay in the same process wakes up by it
    instead of waiting for its next poll (a hint, the relay doesn't depend on it).
    """

    def __init__(self, source: str, clock: Clock | None = None) -> None:
        self.source = source
        self.written = asyncio.Event()
        self._clock = clock

    async def append(self, tx: Transaction, event_type: str, subject: UUID | str, data: BaseModel) -> UUID:
        """Write one event into the caller's transaction and return its id.

        ``subject`` names the aggregate (person, certificate, staff account): events of one subject are
        applied in order, and one that fails holds up only its own subject.
        Raises TypeError for an unknown type or another type's payload, EnvelopeError for one too large.
        """
        return (await self.append_many(tx, [(event_type, subject, data)]))[0]

    async def append_many(
        self, tx: Transaction, events: Sequence[tuple[str, UUID | str, BaseModel]]
    ) -> list[UUID]:
        """Write many events ``(type, subject, data)`` in this order with one statement; returns their ids."""
        messages = self.messages(events)
        await self.append_messages(tx, messages)
        return [each.event_id for each in messages]

    def messages(self, events: Sequence[tuple[str, UUID | str, BaseModel]]) -> list["Message"]:
        """Return events ready to be written by :meth:`append_messages`, in this order; asks no database."""
        now = self._clock.now() if self._clock else datetime.now(UTC)
        found = []
        for event_type, subject, data in events:
            event_id = new_id()
            _check_type(event_type, data)
            body, content_hash = build_body(
                event_id=event_id,
                event_type=str(event_type),
                source=self.source,
                subject=str(subject),
                time=now,
                data=data,
            )
            found.append(Message(event_id, str(event_type), str(subject), body, content_hash))
        return found

    async def append_messages(self, tx: Transaction, messages: Sequence["Message"]) -> None:
        """Write events that are ready, in this order, with one statement."""
        if not messages:
            return
        source = await bulk.rows(tx, _WRITTEN, messages)
        await tx.execute(_INSERT.replace("<rows>", source.sql), *source.arguments)
        self.written.set()


def _check_type(event_type: str, data: BaseModel) -> None:
    expected = EVENT_TYPES.get(event_type)
    if expected is None or type(data) is not expected:
        raise TypeError(f"{event_type} does not carry a {type(data).__name__}")
