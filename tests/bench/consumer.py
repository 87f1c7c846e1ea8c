"""reporting-worker taking a feed in, beside a bare batched insert of as many facts with a totals upsert."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg

from renkou_common.database import Database
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.envelope import Event, build_body, complete_envelope, parse_envelope
from renkou_common.messaging.feed import parse_envelopes
from renkou_common.messaging.nats_client import NatsClient
from renkou_reporting.bootstrap import INTAKE
from renkou_reporting.copies.intake import PartitionedInbox
from renkou_reporting.facts.consumers import facts_of_events, prepare
from renkou_reporting.migrate import SCRIPTS
from renkou_reporting.subscriptions import apply_registry
from tests.bench.events import People
from tests.bench.report import Line
from tests.bench.servers import OURS, Servers
from tests.bench.turns import Setting, in_turns

FEED = "registry"
_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_TABLES = """
CREATE TABLE bare_fact (LIKE fact INCLUDING ALL);
CREATE TABLE bare_total (LIKE cell INCLUDING ALL);
"""
_FACTS = """
INSERT INTO bare_fact SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::bigint[],
    $6::date[], $7::int[], $8::text[], $9::text[], $10::smallint[], $11::int[], $12::smallint[],
    $13::bigint[], $14::text[])
"""
_TOTALS = """
INSERT INTO bare_total AS t (area, month, population, measure, sex, parity, detail, value)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::smallint[], $6::smallint[],
    $7::text[], $8::bigint[])
ON CONFLICT (area, month, population, measure, sex, parity, detail)
DO UPDATE SET value = t.value + excluded.value
"""

type _Connection = asyncpg.Connection[asyncpg.Record]


class _Feed:
    """A feed in memory that hands out texts as they come over the wire, so that reading them is measured."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._people = People(2)

    def grow(self, number: int) -> None:
        """Append events."""
        for event_type, subject, content in self._people.take(number):
            body, digest = build_body(
                event_id=content.life_event_id,
                event_type=event_type,
                source=f"renkou:{OURS}/registry-api",
                subject=str(subject),
                time=_NOON,
                data=content,
            )
            self.texts.append(complete_envelope(body, len(self.texts) + 1, digest))

    async def read(self, after: int, limit: int) -> tuple[list[Event], int]:
        """Return the next events, parsed and checked, and the head."""
        return await parse_envelopes(self.texts[after : after + limit]), len(self.texts)


async def _insert_bare(
    connection: _Connection, batches: Sequence[tuple[list[Any], list[Any]]], events: int
) -> float:
    started = time.perf_counter()
    for facts, totals in batches:
        async with connection.transaction():
            await connection.execute(_FACTS, *facts)
            await connection.execute(_TOTALS, *totals)
    return events / (time.perf_counter() - started)


def _batches(texts: Sequence[str]) -> list[tuple[list[Any], list[Any]]]:
    """Return columns of facts and of their sums, ready to be sent, for each batch of events."""
    found: list[tuple[list[Any], list[Any]]] = []
    for start in range(0, len(texts), INTAKE):
        facts = facts_of_events(FEED, [parse_envelope(text) for text in texts[start : start + INTAKE]])
        sums: Counter[tuple[Any, ...]] = Counter()
        for one in facts:
            key = (one.area, one.month, one.population, one.measure, one.sex, one.parity, one.detail)
            sums[key] += one.value
        ordered = sorted(sums)
        keys = [list(column) for column in zip(*ordered, strict=True)]
        columns: list[Any] = [list(column) for column in zip(*facts, strict=True)]
        found.append((columns, [*keys, [sums[key] for key in ordered]]))
    return found


async def consuming(setting: Setting, servers: Servers) -> Line:
    """Events per second from their text to committed facts, cells and position."""
    access = await servers.migrated("reporting", SCRIPTS)
    database = Database(access.app_url, pool_size=2)
    await database.open()
    bare: _Connection = await asyncpg.connect(access.owner_url)
    await bare.execute(_TABLES)
    feed = _Feed()
    nowhere = NatsClient("nats://127.0.0.1:1", name="bench")
    consumer = FeedConsumer(
        database,
        FEED,
        apply_registry,
        feed,
        nowhere,
        "REGISTRY",
        "reporting-registry",
        own=PartitionedInbox(),
        prepare=partial(prepare, FEED),
        batch=INTAKE,
    )

    async def ours() -> float:
        feed.grow(setting.events)
        started = time.perf_counter()
        if await consumer.catch_up() != len(feed.texts):
            raise RuntimeError("the consumer did not take everything in")
        return setting.events / (time.perf_counter() - started)

    other = _Feed()

    async def limit() -> float:
        other.grow(setting.events)
        fresh = _batches(other.texts[-setting.events :])
        return await _insert_bare(bare, fresh, setting.events)

    def note() -> str:
        return (
            f"envelopes parsed and checked, facts, cells and position in one transaction for {INTAKE}"
            " events of two lines; limit: as many facts inserted and sums upserted, columns made before"
        )

    try:
        return await in_turns("consumer", ours, limit, setting.passes, "events/s", note)
    finally:
        await bare.close()
        await database.close()
