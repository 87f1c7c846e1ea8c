"""Loading a plan: chunks by COPY from several processes, then indexes and constraints on two connections.

While one process draws, seals and keys a chunk, the server takes in what another has drawn.
"""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_registry.bootstrap import event_source
from renkou_registry.generator import bookkeeping
from renkou_registry.generator.bookkeeping import FOREIGN, INDEX, UNIQUE, VALIDATED, Connection
from renkou_registry.generator.drawing import Plan, draw
from renkou_registry.generator.drawn import Context, Kind, entered
from renkou_registry.generator.kinds import kinds
from renkou_registry.settings import RegistrySettings, field_cipher, load_settings

_SESSION = {
    "synchronous_commit": "off",
    "maintenance_work_mem": "512MB",
    "max_parallel_maintenance_workers": "1",  # where the last large table keeps one connection busy
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
        now: datetime = settings.clock.now()
        begun = await bookkeeping.begin(connection, plan, tables, events=events, now=now)
        done = await bookkeeping.done_chunks(connection)
        say(f"{plan.persons:,} people in {plan.households:,} households of {plan.district}")
        if begun is not None:
            say(f"taken up again: {len(done)} of {plan.chunks} chunks are there")
        started = time.perf_counter()
        todo = [number for number in range(plan.chunks) if number not in done]
        await _copy(_Task(plan, events, begun or now), todo, processes, say)
        copied = time.perf_counter()
        await _rebuild(settings, connection, say)
        await bookkeeping.finish(connection, tables, floored)
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


@dataclass(frozen=True, slots=True)
class _Task:
    """What each process is told; every record of a load is recorded at one moment, ``now``."""

    plan: Plan
    events: bool
    now: datetime


async def _copy(task: _Task, todo: list[int], processes: int, say: Say) -> None:
    if not todo:
        return
    workers = min(processes, len(todo))
    loop, started, done = asyncio.get_running_loop(), time.monotonic(), 0
    told = started
    with ProcessPoolExecutor(workers, get_context("spawn"), _prepare, (task,)) as pool:
        for future in asyncio.as_completed([loop.run_in_executor(pool, _load_chunk, each) for each in todo]):
            done += await future
            if time.monotonic() > told + _SAY_EVERY_SECONDS:
                told = time.monotonic()
                whole = task.plan.persons * len(todo) // task.plan.chunks
                say(f"{done:,} of about {whole:,} people written, {done / (told - started):,.0f} a second")
    say(f"{done:,} people written in {time.monotonic() - started:.1f} s")


async def _rebuild(settings: RegistrySettings, connection: Connection, say: Say) -> None:
    """Make anew what was dropped. A table is one connection's at a time: two would wait for each other."""
    for phases, name in (
        ((UNIQUE, INDEX), "keys and indexes"),
        ((FOREIGN,), ""),
        ((VALIDATED,), "references"),
    ):
        tables = await bookkeeping.waiting(connection, *phases)
        say(f"making {name}" if name else "declaring references")
        builders = 1 if FOREIGN in phases else _BUILDERS  # declaring locks both tables, for a moment

        async def build(tables: list[bookkeeping.Waiting] = tables, vacuums: bool = INDEX in phases) -> None:
            async with _connected(settings) as own:
                while tables:
                    table, statements = tables.pop(0)
                    if vacuums:
                        await bookkeeping.vacuum(own, table)
                    for statement in statements:
                        await bookkeeping.make(own, *statement)

        async with asyncio.TaskGroup() as group:
            for _ in range(builders):
                group.create_task(build())


class _Worker:
    """A process that draws and copies chunks on a connection of its own."""

    def __init__(self, task: _Task) -> None:
        settings = load_settings()
        self._plan = task.plan
        self._kinds = kinds(events=task.events)
        self._context = Context(
            AreaCode(task.plan.district), field_cipher(settings), task.now, event_source(settings)
        )
        self._runner = asyncio.Runner()
        self._connection: Connection = self._runner.run(
            asyncpg.connect(settings.migration_dsn, timeout=10, server_settings=_SESSION)
        )
        draw(task.plan, 0)  # reads the divisions
        gc.freeze()  # what stays is not looked through again and again, and a chunk has no cycles
        gc.disable()

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


def _prepare(task: _Task) -> None:
    global _worker
    Thread(target=_end_with_parent, daemon=True).start()
    _worker = _Worker(task)


def _end_with_parent() -> None:
    """End as soon as the load has ended in any way: nobody else may write chunks when it is taken up again."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load_chunk(number: int) -> int:
    assert _worker is not None
    return _worker.load(number)
