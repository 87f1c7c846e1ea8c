"""A rebuild of every fact from the feed over HTTP, beside loading the same facts and one group-by over them.

Goal: within three times. What is measured runs from the request to the swap, with what is written durable; the limit
is COPY of the facts into a table like theirs, and a sum of them by cell.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx

from renkou_common.clock import Clock
from renkou_common.database import Database
from renkou_common.messaging.feed import FeedClient
from renkou_common.migration import upgrade
from renkou_common.scope import AreaScope
from renkou_local.databases import DatabaseAccess
from renkou_local.health import is_healthy
from renkou_local.ports import free_port
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ManagedProcess, ProcessSpec
from renkou_reporting.migrate import SCRIPTS
from renkou_reporting.rebuild import repository
from renkou_reporting.rebuild.working import Rebuilder
from tests.bench import feed
from tests.bench.load import LOOPBACK
from tests.bench.report import Line, line
from tests.bench.turns import Setting
from tests.facts.loading import sum_up

GOAL = 3.0
_LONGEST = 3_600.0
_LIMIT = """
SELECT count(*) FROM (
    SELECT area, month, population, measure, sex, parity, detail, sum(value) FROM bare_fact
    GROUP BY area, month, population, measure, sex, parity, detail
) AS summed
"""
_BY = UUID("00000000-0000-7000-8000-000000000001")


class Rebuilding:
    """A district's facts in a reporting database, and the feed they came by, on one PostgreSQL."""

    def __init__(self, folder: Path, residents: int, say: Callable[[str], None]) -> None:
        self._folder = folder.resolve()
        self._residents = residents
        self._say = say
        self._port = free_port()
        self._postgres = EmbeddedPostgres(self._folder / "postgres", durable=True)
        self._file = self._folder / f"facts_{residents}.tsv"
        self.facts = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Rebuilding"]:
        """Make both databases unless the folder has them, and serve the feed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._postgres.start()
        try:
            ready = self._folder / f"rebuild_{self._residents}.ready"
            if not ready.exists():
                await self._fill()
                ready.touch()
            server = self._server()
            await server.start()
            await server.wait_ready()
            try:
                yield self
            finally:
                await server.stop()
        finally:
            await self._postgres.stop()

    def _access(self, service: str) -> DatabaseAccess:
        return DatabaseAccess(
            name=f"rebuild_{service}_{self._residents}",
            address=self._postgres.address,
            owner_role="rebuild_owner",
            owner_password="owner-of-the-bench",
            app_role="rebuild_app",
            app_password="app-of-the-bench",
        )

    async def _fill(self) -> None:
        source, target = self._access("feed"), self._access("reporting")
        await self._postgres.create_database(source)
        events = await feed.fill(source.owner_url, self._residents, self._file)
        self._say(f"{events:,} events in the feed")
        await self._postgres.create_database(target)
        os.environ["RENKOU_APP_ROLE"] = target.app_role
        try:
            await asyncio.to_thread(upgrade, SCRIPTS, target.owner_url)
        finally:
            del os.environ["RENKOU_APP_ROLE"]
        connection = await asyncpg.connect(target.owner_url)
        try:
            await connection.copy_to_table("fact", source=self._file, timeout=_LONGEST)
            await sum_up(connection)
            await connection.execute("INSERT INTO feed_position VALUES ($1, $2)", feed.FEED, events)
            await connection.execute("CREATE TABLE bare_fact (LIKE fact INCLUDING ALL)")
            await connection.execute("VACUUM ANALYZE", timeout=_LONGEST)
        finally:
            await connection.close()
        self._say("facts and sums are there")

    def _server(self) -> ManagedProcess:
        async def answers() -> bool:
            return await is_healthy(self._port, f"/feeds/{feed.FEED}?limit=1")

        argv = ["-m", "tests.bench.feed", str(self._port), self._postgres.url(self._access("feed").name)]
        log = self._folder / "feed.log"
        spec = ProcessSpec("feed", [sys.executable, *argv], log, env={}, cwd=Path.cwd(), ready=answers)
        return ManagedProcess(spec)

    async def ours(self) -> float:
        """Rebuild once; returns facts per second."""
        database = Database(self._access("reporting").app_url, pool_size=4)
        await database.open()
        try:
            async with httpx.AsyncClient(timeout=60) as http:
                source = FeedClient(f"http://{LOOPBACK}:{self._port}", feed.FEED, _no_token, http)
                rebuilder = Rebuilder(database, {feed.FEED: source}, Clock())
                made = uuid4()
                async with database.transaction(AreaScope.everything()) as tx:
                    await repository.insert(tx, made, _BY, datetime.now(UTC))
                started = time.perf_counter()
                await rebuilder.run_once()
                taken = time.perf_counter() - started
            async with database.transaction(AreaScope.everything()) as tx:
                row = await repository.find(tx, made)
                self.facts = await tx.fetchval("SELECT count(*) FROM fact")
            if row is None or not row["equal"]:
                raise RuntimeError(f"the rebuild did not come out equal: {dict(row or {})}")
            return self.facts / taken
        finally:
            await database.close()

    async def limit(self) -> float:
        """Load the same facts into an empty table and sum them up; returns facts per second."""
        connection = await asyncpg.connect(self._access("reporting").owner_url)
        try:
            await connection.execute("TRUNCATE bare_fact")
            started = time.perf_counter()
            await connection.copy_to_table("bare_fact", source=self._file, timeout=_LONGEST)
            await connection.fetchval(_LIMIT, timeout=_LONGEST)
            taken = time.perf_counter() - started
            return float(await connection.fetchval("SELECT count(*) FROM bare_fact")) / taken
        finally:
            await connection.execute("TRUNCATE bare_fact")
            await connection.close()


async def _no_token() -> str:
    return "nobody asks for it"


async def rebuilding(work: Rebuilding, setting: Setting) -> Line:
    """Rebuild and limit by turns; the ratio that is the goal is a third."""
    async with work.running() as bench:
        found: dict[str, list[float]] = {"ours": [], "limit": []}
        for turn in range(max(2, setting.passes // 2)):
            for name in ("limit", "ours") if turn % 2 == 0 else ("ours", "limit"):
                found[name].append(await (bench.ours() if name == "ours" else bench.limit()))
        note = (
            f"{bench.facts:,} facts of a feed over HTTP, compared and swapped in; limit: COPY of the same facts and"
            f" one group-by; goal: a ratio of at least {1 / GOAL:.2f}"
        )
        return line("rebuild", found["ours"], found["limit"], "facts/s", note)
