"""Loading a plan: chunks by COPY from several processes, then indexes and constraints on two connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.crypto import FieldCipher
from renkou_registry.bootstrap import event_source
from renkou_registry.generator import bookkeeping
from renkou_registry.generator.bookkeeping import FOREIGN, INDEX, UNIQUE, Connection
from renkou_registry.generator.drawing import Plan, draw
from renkou_registry.generator.drawn import Context, Kind, entered
from renkou_registry.generator.kinds import kinds
from renkou_registry.settings import RegistrySettings, load_settings, required

_SESSION = {
    "synchronous_commit": "off",
    "maintenance_work_mem": "256MB",
    "statement_timeout": "0",
    "lock_timeout": "0",
}
_BUILDERS = 2
_SAY_EVERY_SECONDS = 5.0
type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load took, in seconds."""

    persons: int
    copying: float
    indexing: float

    @property
    def seconds(self) -> float:
        """From the first row to the last statistic."""
        return self.copying + self.indexing


async def load(settings: RegistrySettings, plan: Plan, *, events: bool, processes: int, say: Say) -> Loaded:
    """Load a plan into an empty, migrated register; raises OtherLoad where it is not empty.

    Ended at any moment, the same call goes on where it ended.
    """
    tables = [kind.table for kind in kinds(events=events)]
    async with _connected(settings) as connection:
        floored = await _floored(connection, tables)
        resumed = await bookkeeping.begin(connection, plan, tables, events=events)
        done = await bookkeeping.done_chunks(connection)
        say(f"{plan.persons:,} people in {plan.households:,} households of {plan.district}")
        if resumed:
            say(f"taken up again: {len(done)} of {plan.chunks} chunks are there")
        started = time.perf_counter()
        todo = [number for number in range(plan.chunks) if number not in done]
        await _copy(plan, todo, events, processes, say)
        copied = time.perf_counter()
        for phase, name in ((UNIQUE, "keys"), (INDEX, "indexes"), (FOREIGN, "references")):
            say(f"making {name}")
            await _rebuild(settings, phase, connection)
        await bookkeeping.finish(connection, tables, floored)
        say("gathering statistics")
        await _analyze(connection, tables)
        return Loaded(plan.persons, copied - started, time.perf_counter() - copied)


@asynccontextmanager
async def _connected(settings: RegistrySettings) -> AsyncIterator[Connection]:
    connection: Connection = await asyncpg.connect(
        settings.migration_dsn, timeout=10, server_settings=_SESSION
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _floored(connection: Connection, tables: list[str]) -> list[str]:
    """Return the tables that are under the row-level floor."""
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE oid = ANY($1::regclass[]) AND relrowsecurity", tables
    )
    return [row["relname"] for row in rows]


async def _copy(plan: Plan, todo: list[int], events: bool, processes: int, say: Say) -> None:
    if not todo:
        return
    workers = min(processes, len(todo))
    loop, started, done = asyncio.get_running_loop(), time.monotonic(), 0
    told = started
    with ProcessPoolExecutor(workers, get_context("spawn"), _prepare, (plan, events)) as pool:
        for future in asyncio.as_completed([loop.run_in_executor(pool, _load_chunk, each) for each in todo]):
            done += await future
            if time.monotonic() > told + _SAY_EVERY_SECONDS:
                told = time.monotonic()
                say(f"{done:,} people written, {done / (told - started):,.0f} a second")
    say(f"{done:,} people written in {time.monotonic() - started:.1f} s")


async def _rebuild(settings: RegistrySettings, phase: int, connection: Connection) -> None:
    waiting = await bookkeeping.statements(connection, phase)

    async def build() -> None:
        async with _connected(settings) as own:
            while waiting:
                await bookkeeping.make(own, *waiting.pop(0))

    async with asyncio.TaskGroup() as group:
        for _ in range(_BUILDERS):
            group.create_task(build())


async def _analyze(connection: Connection, tables: list[str]) -> None:
    """Give the planner its statistics, and index-only scans their visibility."""
    for table in tables:
        await connection.execute(f"VACUUM (ANALYZE) {table}")


class _Worker:
    """A process that draws and copies chunks on a connection of its own."""

    def __init__(self, plan: Plan, events: bool) -> None:
        settings = load_settings()
        keys = required(settings.field_keys_file, "FIELD_KEYS_FILE")
        clock: Clock = settings.clock
        self._plan = plan
        self._kinds = kinds(events=events)
        self._context = Context(
            AreaCode(plan.district), FieldCipher.from_file(keys), clock.now(), event_source(settings)
        )
        self._runner = asyncio.Runner()
        self._connection: Connection = self._runner.run(
            asyncpg.connect(settings.migration_dsn, timeout=10, server_settings=_SESSION)
        )

    def load(self, number: int) -> int:
        """Draw and copy one chunk in one transaction; returns how many people it has."""
        drawn = entered(draw(self._plan, number), self._context)
        records = [(kind, list(kind.rows(drawn, self._context))) for kind in self._kinds]
        self._runner.run(self._write(number, records))
        return len(drawn.people)

    async def _write(self, number: int, records: list[tuple[Kind, list[tuple[Any, ...]]]]) -> None:
        async with self._connection.transaction():
            for kind, rows in records:
                await self._connection.copy_records_to_table(kind.table, columns=kind.columns, records=rows)
            await self._connection.execute("INSERT INTO generator.chunk VALUES ($1)", number)


_worker: _Worker | None = None


def _prepare(plan: Plan, events: bool) -> None:
    global _worker
    _worker = _Worker(plan, events)


def _load_chunk(number: int) -> int:
    assert _worker is not None
    return _worker.load(number)
