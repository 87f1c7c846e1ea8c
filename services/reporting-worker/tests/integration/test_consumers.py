"""Taking the feeds in: each number exactly once, whatever comes twice, late or wrong."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from renkou_common.messaging import inbox
from renkou_common.messaging.envelope import Event, complete_envelope
from renkou_common.messaging.nats_client import NatsClient
from renkou_common.scope import AreaScope
from renkou_local.nats import EmbeddedNats
from renkou_local.nats_config import replies
from renkou_reporting.bootstrap import build_consumers
from renkou_reporting.subscriptions import apply_migrant, apply_registry

from ..support import LineMaker, Reporting

EVERYWHERE = AreaScope.everything()


async def total(reporting: Reporting, table: str = "cell") -> int:
    found = await reporting.rows(f"SELECT coalesce(sum(value), 0) AS total FROM {table}")
    added: int = found[0]["total"]
    return added


async def test_redelivered_and_reordered_events_count_once(reporting: Reporting, line: LineMaker) -> None:
    feed = reporting.feeds["registry"]
    for number in range(200):
        feed.append_lines([line("registered", "birth", "2026-02-01", number + 1, sex=1)])
    chance = random.Random(5)
    position = 0
    while position < 200:
        start = chance.randrange(max(0, position - 30), position + 1)
        batch = feed.events[start : start + chance.randrange(1, 50)]
        batch += chance.choices(feed.events, k=5)
        chance.shuffle(batch)
        async with reporting.database.transaction(EVERYWHERE) as tx:
            position = (await inbox.take_in(tx, "registry", batch, apply_registry)).high_water
    assert await total(reporting) == await total(reporting, "fact") == 200 * 201 // 2
    assert len(await reporting.rows("SELECT * FROM fact")) == 200


async def test_a_batch_that_fails_leaves_nothing(reporting: Reporting, line: LineMaker) -> None:
    feed = reporting.feeds["registry"]
    feed.append_lines([line("registered", "birth", "2026-02-01")])
    unknown = feed.events[0]
    feed.events.append(_with_type(unknown, "registry.person.cloned.v9", 2))
    with pytest.raises(ValueError, match="cloned"):
        await reporting.catch_up("registry")
    assert await total(reporting) == await total(reporting, "fact") == 0


def _with_type(event: Event, event_type: str, seq: int) -> Event:
    return Event(
        seq,
        uuid4(),
        event_type,
        event.source,
        str(uuid4()),
        event.time,
        event.data,
        event.content_hash,
        event.body,
    )


async def test_both_feeds_may_write_the_same_cells_at_once(reporting: Reporting, line: LineMaker) -> None:
    lines = [
        line("registered", measure, f"2026-{month:02d}-01")
        for month in range(1, 13)
        for measure in ("birth", "death", "in", "out")
    ]
    chance = random.Random(7)

    async def bring(feed: str, apply: inbox.Apply) -> None:
        for _ in range(15):
            event = reporting.feeds[feed].append_lines(chance.sample(lines, len(lines)))
            async with reporting.database.transaction(EVERYWHERE) as tx:
                await inbox.take_in(tx, feed, [event], apply)

    await asyncio.gather(bring("registry", apply_registry), bring("migrant", apply_migrant))
    assert await total(reporting) == 2 * 15 * len(lines)


@pytest.fixture
async def broker_of_its_own(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    """A NATS server that no other test publishes to."""
    server = EmbeddedNats(tmp_path / "nats", {"340103": tmp_path / "secrets"})
    await server.start()
    yield server
    await server.stop()


async def test_the_worker_takes_in_what_the_broker_brings_and_fetches_what_it_lost(
    reporting: Reporting, line: LineMaker, broker_of_its_own: EmbeddedNats
) -> None:
    feed = reporting.feeds["migrant"]
    for number in range(20):
        feed.append_lines([line("migrant_in", "check_due", "2026-02-01", number + 1)])
    publisher, broker = (
        NatsClient(
            broker_of_its_own.url,
            name=service,
            seed_file=broker_of_its_own.node_seed("340103", service),
            inbox_prefix=replies(service),
        )
        for service in ("migrant", "reporting")
    )
    _, consumer = build_consumers(reporting.runtime, broker)
    tasks = [asyncio.create_task(one()) for one in (publisher.run, broker.run, consumer.run)]
    try:
        await _until(tasks, lambda: _is_at(reporting, 20))
        for _ in range(4):
            feed.append_lines([line("migrant_in", "check_made", "2026-02-02")])
        await _until(tasks, lambda: _connected(publisher))
        lost = feed.events[22]
        for event in [feed.events[20], feed.events[20], feed.events[23], feed.events[21]]:
            assert event is not lost
            text = complete_envelope(event.body, event.seq, event.content_hash)
            await publisher.publish(event.type, text.encode())
        await _until(tasks, lambda: _is_at(reporting, 24))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await total(reporting) == 210 + 4


async def _until(tasks: Sequence[asyncio.Task[None]], holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds, or fail when one of the tasks ends."""
    async with asyncio.timeout(20):
        while not await holds():
            ended, _ = await asyncio.wait(tasks, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            assert not ended


async def _connected(client: NatsClient) -> bool:
    return client.connected


async def _is_at(reporting: Reporting, number: int) -> bool:
    async with reporting.database.transaction(EVERYWHERE) as tx:
        return await inbox.high_water(tx, "migrant") >= number
