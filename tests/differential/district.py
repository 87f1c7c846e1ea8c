"""A district's figures in a database of its own: taken in as the worker does it, computed as for callers."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from uuid import UUID

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaLevel
from renkou_common.database import Database, Transaction, connect
from renkou_common.messaging.envelope import Event
from renkou_common.migration import upgrade
from renkou_common.scope import AreaScope
from renkou_local.databases import DatabaseAccess
from renkou_reporting.areas.domain import Division
from renkou_reporting.areas.repository import store
from renkou_reporting.areas.service import EXPORTED
from renkou_reporting.copies.domain import ALL
from renkou_reporting.copies.intake import PartitionedInbox
from renkou_reporting.facts.domain import Fact
from renkou_reporting.facts.export import export_facts
from renkou_reporting.facts.service import add_facts, fold_cohorts
from renkou_reporting.figures import service
from renkou_reporting.figures.schemas import TableQuestion
from renkou_reporting.figures.service import Table
from renkou_reporting.indicators.domain import Indicator
from renkou_reporting.indicators.service import packaged_definitions, take_over_packaged
from renkou_reporting.migrate import SCRIPTS
from renkou_reporting.subscriptions import apply_migrant, apply_registry
from tests.facts.events import Feeds
from tests.facts.history import History, Occurrence

DISTRICT = "340103"
EVERYWHERE = AreaScope.everything()
_APPLY = {"registry": apply_registry, "migrant": apply_migrant}
_PARTITIONS = [frozenset(each for each in ALL if each % 2 == rest) for rest in (0, 1)]
_COPIES = [PartitionedInbox(partial(frozenset, owned)) for owned in _PARTITIONS]
"""Two copies of the worker share the areas."""
_BATCH = 2_500
"""Occurrences between two transactions of each feed."""


class District:
    """The figures of one district."""

    def __init__(self, access: DatabaseAccess, database: Database) -> None:
        self._access = access
        self.database = database
        self._returns = 0

    async def take_in(self, history: History) -> None:
        """Take a history in: events feed by feed in portions by two copies of the worker, returns as they are signed.

        The cohort stock is folded while facts come in, and not after the last ones, as it is at any moment.
        """
        await self._store_divisions(history)
        feeds = Feeds(history)
        for number, portion in enumerate(batched(history.occurrences(), _BATCH, strict=False)):
            events: dict[str, list[Event]] = {feed: [] for feed in _APPLY}
            for feed, event in feeds.events(one for one in portion if one.feed in _APPLY):
                events[feed].append(event)
            for feed, fresh in events.items():
                for copy in _COPIES if fresh else ():
                    async with self.database.transaction(EVERYWHERE) as tx:
                        await copy.take_in(tx, feed, fresh, _APPLY[feed])
            async with self.database.transaction(EVERYWHERE) as tx:
                await self._take_returns(tx, history, [one for one in portion if one.feed not in _APPLY])
            if number % 3 == 1:
                async with self.database.transaction(EVERYWHERE) as tx:
                    await fold_cohorts(tx)

        await self._analyze()

    async def _analyze(self) -> None:
        """Let the planner know the tables, as the automatic vacuum does within a minute."""
        connection = await connect(self._access.owner_url)
        try:
            await connection.execute("ANALYZE")
        finally:
            await connection.close()

    async def _take_returns(self, tx: Transaction, history: History, returns: Sequence[Occurrence]) -> None:
        facts: list[Fact] = []
        for one in returns:
            self._returns += 1
            for number, count in enumerate(one.counts):
                on = history.days[count.on]
                facts.append(
                    Fact(
                        "return", self._returns, number, UUID(int=self._returns), count.area, on,
                        on.year * 100 + on.month, count.population, count.measure, count.sex,
                        count.birth_month, count.parity, count.value, count.detail,
                    )
                )  # fmt: skip
        await add_facts(tx, facts)

    async def _store_divisions(self, history: History) -> None:
        keys = set(history.place.communities)
        found = [Division(key, int(AreaLevel.VILLAGE), f"社区{key % 1_000_000}") for key in keys]
        towns = {key // 1000 * 1000 for key in keys} | {
            heir // 1000 * 1000 for _, change in history.place.changes for heir in change.successors
        }
        found += [Division(key, int(AreaLevel.TOWN), f"街道{key // 1000 % 1000}") for key in towns]
        found.append(
            Division(history.place.communities[0] // 1_000_000 * 1_000_000, int(AreaLevel.COUNTY), "区")
        )
        async with self.database.transaction(EVERYWHERE) as tx:
            await store(tx, found)

    async def export(self, folder: Path) -> int:
        """Write all facts as the operator's command does; returns how many there are."""
        now = datetime(2026, 1, 1, tzinfo=UTC)
        written = await export_facts(self._access.app_url, folder, DISTRICT, now, EXPORTED)
        return written.files["fact.csv"].rows

    async def table(self, question: TableQuestion) -> Table:
        """Return a table as `GET /figures/table` computes it."""
        async with self.database.reading(EVERYWHERE) as tx:
            return await service.table_of(tx, EVERYWHERE, question)

    @staticmethod
    def indicators() -> list[Indicator]:
        """Return the packaged definitions."""
        return packaged_definitions()


@asynccontextmanager
async def opened(access: DatabaseAccess) -> AsyncIterator[District]:
    """Migrate an empty database, take the packaged definitions over, and connect."""
    before = os.environ.get("RENKOU_APP_ROLE")
    os.environ["RENKOU_APP_ROLE"] = access.app_role
    try:
        await asyncio.to_thread(upgrade, SCRIPTS, access.owner_url)
    finally:
        if before is None:
            del os.environ["RENKOU_APP_ROLE"]
        else:
            os.environ["RENKOU_APP_ROLE"] = before
    database = Database(access.app_url, pool_size=2)
    await database.open()
    try:
        async with database.transaction(EVERYWHERE) as tx:
            await take_over_packaged(tx, Clock())
        yield District(access, database)
    finally:
        await database.close()
