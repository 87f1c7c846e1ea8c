"""Feeds of the other services for tests: events in an outbox in a database, behind the routes that services have."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from renkou_common.contracts.lines import Line
from renkou_common.contracts.migrant import CertificateCoverageChanged, MigrantEventType
from renkou_common.database import Database, Transaction
from renkou_common.messaging.envelope import Event, build_body, parse_body
from renkou_common.messaging.feed import feed_router
from renkou_common.scope import AreaScope
from renkou_local.databases import DatabaseAccess

SOURCE = "renkou:340103"
_SIGNS = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}
_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (event_id uuid NOT NULL, feed_seq bigint PRIMARY KEY, type text NOT NULL,
    subject text NOT NULL, body text NOT NULL, content_hash bytea NOT NULL);
CREATE TABLE IF NOT EXISTS feed_counter (feed text PRIMARY KEY, last bigint NOT NULL);
"""


class Feed:
    """What a service publishes, in order. A test may add events, or take them away, whenever it likes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Event] = []
        self.away_from: int | None = None
        """From which number on the service does not answer (503); None: it answers."""
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What else happens in the node whenever a page was read."""

    def append(self, event_type: str, data: BaseModel, subject: UUID | None = None) -> Event:
        body, _ = build_body(
            event_id=uuid4(),
            event_type=event_type,
            source=f"{SOURCE}/{self.name}",
            subject=str(subject or uuid4()),
            time=datetime.now(UTC),
            data=data,
        )
        event = parse_body(body, len(self.events) + 1)
        self.events.append(event)
        return event

    def append_lines(self, lines: Sequence[Line], subject: UUID | None = None) -> Event:
        """Append an event that carries nothing but lines."""
        data = CertificateCoverageChanged(certificate_id=uuid4(), person_ref=uuid4(), lines=list(lines))
        return self.append(MigrantEventType.CERTIFICATE_COVERAGE_CHANGED, data, subject)

    def stock(self, on: date) -> list[dict[str, Any]]:
        """Return the people that these events make at the end of a day, as a register counts them itself."""
        people: Counter[tuple[str, str]] = Counter()
        for event in self.events:
            for line in event.data.get("lines", []):
                if line["on"] <= on.isoformat() and line["measure"] in _SIGNS:
                    people[line["population"], line["area"]] += _SIGNS[line["measure"]] * line["value"]
        return [
            {"population": population, "area": area, "people": number}
            for (population, area), number in sorted(people.items())
            if number
        ]


class FeedInDatabase:
    """A feed's outbox, in a schema of its own; what the feed has by then is written before each request."""

    def __init__(self, feed: Feed, access: DatabaseAccess) -> None:
        self.feed = feed
        self._schema = f"feed_{feed.name}"
        self._database = Database(f"{access.owner_url}?search_path={self._schema}", pool_size=2)
        self._written: list[UUID] | None = None

    def router(self, guard: Callable[..., Any]) -> APIRouter:
        """Return the routes that the service has for its feed."""
        return feed_router(self.feed.name, guard, self._transaction)

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def _transaction(self, after: int = 0) -> AsyncIterator[Transaction]:
        if self.feed.away_from is not None and after >= self.feed.away_from:
            raise HTTPException(503)
        await self._write()
        async with self._database.transaction(AreaScope.nothing(), read_only=True) as tx:
            yield tx
        if self.feed.meanwhile is not None:
            await self.feed.meanwhile()

    async def _write(self) -> None:
        events = list(self.feed.events)
        if self._written == [event.id for event in events]:
            return
        async with self._database.transaction(AreaScope.nothing()) as tx:
            await tx.execute(
                f"CREATE SCHEMA IF NOT EXISTS {self._schema}; {_TABLES} TRUNCATE outbox, feed_counter"
            )
            await tx.copy_records_to_table(
                "outbox",
                records=[(e.id, e.seq, e.type, e.subject, e.body, e.content_hash) for e in events],
                schema_name=self._schema,
            )
            head = events[-1].seq if events else 0
            await tx.execute("INSERT INTO feed_counter VALUES ($1, $2)", self.feed.name, head)
        self._written = [event.id for event in events]


@asynccontextmanager
async def in_database(feeds: dict[str, Feed], access: DatabaseAccess) -> AsyncIterator[list[FeedInDatabase]]:
    """Open the outboxes of feeds."""
    opened = [FeedInDatabase(feed, access) for feed in feeds.values()]
    for one in opened:
        await one.open()
    yield opened
    for one in opened:
        await one.close()
