"""Copies of the worker as processes: started and killed while events flow, and the figures come out equal."""

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged
from renkou_common.messaging.envelope import Event, complete_envelope
from renkou_common.messaging.nats_client import NatsClient
from renkou_local.nats_config import replies

from ..processes import process, run_to_its_end, until
from ..support import NodeOverHttp, Reporting, make_line
from .test_facts import UNEVEN_STOCK

pytestmark = pytest.mark.endurance

TABLES = ("fact", "cell", "area_cell", "cohort_cell", "staff_assignment", "applied_event")
COMMUNITIES = [f"3401030{town:02d}0{place:02d}" for town in range(1, 21) for place in (1, 2)]
EVENTS, PAGE = 3000, 50
_POSITION = "SELECT high_water FROM feed_position WHERE feed = $1"
_SECONDS_TO_TAKE_OVER = 15.0


class Stream:
    """What the other services publish: lines of any two communities in one event, and accounts of staff."""

    def __init__(self, node: NodeOverHttp, brokers: Mapping[str, NatsClient]) -> None:
        self.feeds = node.feeds
        self._brokers = brokers
        self._random = random.Random("a stream of changes")

    def _append(self) -> Event:
        draw = self._random
        left, entered = draw.sample(COMMUNITIES, 2)
        on, born = f"2026-0{draw.randint(1, 6)}-01", f"{draw.randint(1950, 2020)}-05"
        lines = [
            make_line(population, measure, on, area=area, sex=draw.randint(1, 2), birth_month=born)
            for population in ("migrant_in", "migrant_out")
            for measure, area in (("out", left), ("in", entered))
        ]
        return self.feeds["migrant"].append_lines(lines)

    def _appoint(self) -> Event:
        right = StaffAssignment(role="statistician", area="340103000000", area_high="340103999999")
        change = StaffChanged(staff_id=uuid4(), active=True, assignments=[right])
        return self.feeds["registry"].append(RegistryEventType.STAFF_CHANGED, change, change.staff_id)

    async def flow(self, number: int) -> None:
        """Publish that many more events with lines as relays do; some the broker loses."""
        for _ in range(number // PAGE):
            for event in [self._appoint(), *(self._append() for _ in range(PAGE))]:
                if self._random.random() < 0.98:
                    text = complete_envelope(event.body, event.seq, event.content_hash)
                    await self._brokers[event.type.partition(".")[0]].publish(event.type, text.encode())
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _watching(node: NodeOverHttp) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(node.environment["RENKOU_DATABASE_URL"])
    yield connection
    await connection.close()


async def test_a_copy_is_killed_and_another_takes_over_and_the_figures_are_equal(
    node_over_http: NodeOverHttp, reporting: Reporting
) -> None:
    node = node_over_http
    assert await run_to_its_end("migrate", node.environment) == 0
    seed = Path(node.environment["RENKOU_NATS_SEED_FILE"])
    brokers = {
        service: NatsClient(
            node.environment["RENKOU_NATS_URL"],
            name=service,
            seed_file=seed.with_name(f"nats_{service}_seed"),
            inbox_prefix=replies(service),
        )
        for service in ("registry", "migrant")
    }
    connecting = [asyncio.create_task(broker.run()) for broker in brokers.values()]
    await asyncio.gather(*(broker.wait_connected() for broker in brokers.values()))
    stream = Stream(node, brokers)
    async with _watching(node) as database:

        async def taken(number: int) -> bool:
            return (await database.fetchval(_POSITION, "migrant") or 0) >= number

        async def all_taken() -> bool:
            wanted = {name: len(feed.events) for name, feed in stream.feeds.items()}
            rows = await database.fetch("SELECT feed, high_water FROM feed_position")
            return {row["feed"]: row["high_water"] for row in rows} == wanted

        async def owners(number: int) -> bool:
            seen = "SELECT count(*) FROM worker_copy WHERE seen_at > now() - interval '2 seconds'"
            return bool(await database.fetchval(seen) == number)

        async with process("worker", node.environment, killed=True) as leading:
            await until([leading], lambda: owners(1))
            async with process("worker", node.environment) as staying:
                await until([leading, staying], lambda: owners(2))
                await stream.flow(1000)
                await until([leading, staying], lambda: taken(300))
                flowing = asyncio.create_task(stream.flow(500))
                leading.send_signal(signal.SIGKILL)
                await leading.wait()
                killed = time.monotonic()
                await flowing
                await until([staying], lambda: taken(1500))
                assert time.monotonic() - killed < _SECONDS_TO_TAKE_OVER
                async with process("worker", node.environment) as added:
                    await until([staying, added], lambda: owners(2))
                    await stream.flow(1000)
                # and without it again, which said goodbye
                await stream.flow(EVENTS - 2500)
                await until([staying], all_taken, 60)
        assert not await database.fetch("SELECT * FROM held_event")
        assert not await database.fetch("SELECT * FROM feed_incident")
        assert len(await database.fetch("SELECT * FROM worker_copy")) == 1, (
            "only the killed one said no goodbye"
        )
        found = {table: await _rows(database, table) for table in TABLES}
        assert await database.fetchval(UNEVEN_STOCK) == 0
    for task in connecting:
        task.cancel()
    for name, feed in stream.feeds.items():
        reporting.feeds[name].events = feed.events
        await reporting.catch_up(name)
    for table in TABLES:
        alone = await reporting.rows(f"SELECT * FROM {table}")
        assert found[table] == sorted(tuple(row) for row in alone), table


async def _rows(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}"))
