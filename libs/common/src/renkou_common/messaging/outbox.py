"""Writing events: rows of the outbox in the transaction of the state they tell of."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel

from renkou_common.clock import Clock
from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_common.messaging.envelope import build_body

_INSERT = """
INSERT INTO outbox (event_id, type, subject, body, content_hash)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""


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
        if not events:
            return []
        now = self._clock.now() if self._clock else datetime.now(UTC)
        ids = [new_id() for _ in events]
        types, subjects, bodies, hashes = [], [], [], []
        for event_id, (event_type, subject, data) in zip(ids, events, strict=True):
            _check_type(event_type, data)
            body, content_hash = build_body(
                event_id=event_id,
                event_type=str(event_type),
                source=self.source,
                subject=str(subject),
                time=now,
                data=data,
            )
            types.append(str(event_type))
            subjects.append(str(subject))
            bodies.append(body)
            hashes.append(content_hash)
        await tx.execute(_INSERT, ids, types, subjects, bodies, hashes)
        self.written.set()
        return ids


def _check_type(event_type: str, data: BaseModel) -> None:
    expected = EVENT_TYPES.get(event_type)
    if expected is None or type(data) is not expected:
        raise TypeError(f"{event_type} does not carry a {type(data).__name__}")
