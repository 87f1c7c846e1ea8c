"""Rebuilds: request one, read how it stands, and work it off.

The worker reads both feeds from the first event, and the returns, into shadow tables in steps that survive a
restart; then, while no feed may move on, takes over what came in meanwhile, compares every cell, records the
differences and swaps the tables in one transaction.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.database import Database, Reader, Transaction
from renkou_common.errors import NotFound
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.messaging.consumer import FeedSource
from renkou_common.messaging.envelope import Event
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.copies.levelling import stop_feeds
from renkou_reporting.facts import service as facts
from renkou_reporting.facts.consumers import add_events
from renkou_reporting.periods import month_text
from renkou_reporting.rebuild import repository
from renkou_reporting.rebuild.domain import RETURNS, Job, find_gap
from renkou_reporting.rebuild.errors import FeedIncomplete, RebuildUnderway
from renkou_reporting.rebuild.schemas import DifferenceAnswer, FeedProgress, RebuildAnswer
from renkou_reporting.returns.service import facts_between

PAGE = 500
MAX_DIFFERENCES = 1000
_RETURNS_PAGE = 20
_EVERYWHERE = AreaScope.everything()
_log = structlog.get_logger(__name__)


async def request_rebuild(tx: Transaction, access: Access, clock: Clock) -> UUID:
    """Queue a rebuild; raises RebuildUnderway."""
    rebuild_id = new_id()
    if not await repository.insert(tx, rebuild_id, access.subject, clock.now()):
        raise RebuildUnderway
    return rebuild_id


async def last_finished(tx: Reader) -> datetime | None:
    """Return when a rebuild went live last, None where none ever did."""
    return await repository.last_finished(tx)


async def read_rebuild(tx: Transaction, rebuild_id: UUID) -> RebuildAnswer:
    """Return how a rebuild stands; raises NotFound."""
    row = await repository.find(tx, rebuild_id)
    if row is None:
        raise NotFound.of("重算任务", "rebuild")
    found = await repository.differences(tx, rebuild_id, MAX_DIFFERENCES)
    return RebuildAnswer(
        id=row["id"],
        state=row["state"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
        progress={
            feed: FeedProgress(read=row["positions"].get(feed, 0), target=target)
            for feed, target in row["targets"].items()
        },
        equal=row["equal"],
        difference_count=row["difference_count"],
        differences=[_difference(one) for one in found],
        reason=row["reason"],
    )


def _difference(row: asyncpg.Record) -> DifferenceAnswer:
    return DifferenceAnswer(
        kind=row["kind"],
        area=AreaCode.from_key(row["area"]).value,
        month=month_text(row["month"]) if row["month"] > 9999 else str(row["month"]),
        population=row["population"],
        measure=row["measure"],
        sex=row["sex"],
        parity=row["parity"],
        birth_month=month_text(row["birth_month"]) if row["birth_month"] else None,
        detail=row["detail"],
        live=row["live"],
        rebuilt=row["rebuilt"],
    )


class Rebuilder:
    """Works off requested rebuilds, one at a time. ``sources`` are the feeds by name, read ``page`` by page."""

    def __init__(
        self, database: Database, sources: Mapping[str, FeedSource], clock: Clock, *, page: int = PAGE
    ) -> None:
        self._database = database
        self._sources = sources
        self._clock = clock
        self._page = page

    async def run_once(self) -> bool:
        """Work the active rebuild off; returns False where there is none.

        Raises what the feeds and the database raise while they are away; called again, it goes on from there.
        """
        async with self._database.transaction(_EVERYWHERE) as tx:
            job = await repository.active_job(tx)
        if job is None:
            return False
        unfinished: Job | None = job
        while unfinished is not None:
            try:
                unfinished = await self._step(unfinished)
            except (FeedUnavailable, *TRANSIENT):
                raise
            except Exception as error:
                await self._fail(job.id, error)
                unfinished = None
        return True

    async def _step(self, job: Job) -> Job | None:
        """Do the next piece of work; returns the job as it is then, None when it is finished."""
        if job.state == "queued":
            return await self._begin(job)
        feed = job.next_feed()
        if feed == RETURNS:
            return await self._read_returns(job)
        if feed is not None:
            return await self._read_feed(job, feed)
        return await self._finish(job)

    async def _begin(self, job: Job) -> Job | None:
        async with self._database.transaction(_EVERYWHERE) as tx:
            if await repository.lock_job(tx, job.id) != job:
                return await repository.active_job(tx)
            await facts.begin_shadow(tx)
            targets = await repository.high_waters(tx)
            begun = replace(job, state="reading", positions=dict.fromkeys(targets, 0), targets=targets)
            await repository.save_job(tx, begun)
        return begun

    async def _read_feed(self, job: Job, feed: str) -> Job | None:
        after = job.positions[feed]
        wanted = min(self._page, job.targets[feed] - after)
        events, _ = await self._sources[feed].read(after, wanted)
        _check_complete(feed, after, events)
        async with self._database.transaction(_EVERYWHERE) as tx:
            if await repository.lock_job(tx, job.id) != job:
                return await repository.active_job(tx)
            held = await repository.held(tx, feed, [event.seq for event in events])
            await add_events(tx, feed, [event for event in events if event.seq not in held], shadow=True)
            skipped = {**job.skipped, feed: [*job.skipped.get(feed, []), *sorted(held)]}
            advanced = replace(job, positions={**job.positions, feed: events[-1].seq}, skipped=skipped)
            await repository.save_job(tx, advanced)
        return advanced

    async def _read_returns(self, job: Job) -> Job | None:
        async with self._database.transaction(_EVERYWHERE) as tx:
            if await repository.lock_job(tx, job.id) != job:
                return await repository.active_job(tx)
            added, last = await facts_between(tx, job.positions[RETURNS], job.targets[RETURNS], _RETURNS_PAGE)
            if last == job.positions[RETURNS]:
                raise FeedIncomplete(f"returns hold nothing after entry {last}")
            await facts.add_facts(tx, added, shadow=True)
            advanced = replace(job, positions={**job.positions, RETURNS: last})
            await repository.save_job(tx, advanced)
        return advanced

    async def _finish(self, job: Job) -> Job | None:
        """Compare and swap, unless the feeds have moved on by more than a page: then read on first."""
        async with self._database.transaction(_EVERYWHERE) as tx:
            live = await repository.high_waters(tx)
            if any(live[feed] - job.positions.get(feed, 0) > self._page for feed in live):
                further = replace(job, targets=live, positions={**dict.fromkeys(live, 0), **job.positions})
                await repository.save_job(tx, further)
                return further
        async with self._database.transaction(_EVERYWHERE) as tx:
            if await repository.lock_job(tx, job.id) != job:
                return await repository.active_job(tx)
            await stop_feeds(tx)
            for feed in await repository.high_waters(tx, lock=True):
                await facts.complete_shadow(tx, feed, job.positions.get(feed, 0), job.skipped.get(feed, []))
            found, total = await facts.compare_shadow(tx, MAX_DIFFERENCES)
            await repository.finish(tx, job.id, self._clock.now(), found, total)
            await facts.swap_shadow(tx, found)
        _log.info("rebuild finished", rebuild=str(job.id), differences=total)
        return None

    async def _fail(self, rebuild_id: UUID, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"[:500]
        _log.error("rebuild failed", rebuild=str(rebuild_id), reason=reason)
        async with self._database.transaction(_EVERYWHERE) as tx:
            await repository.fail(tx, rebuild_id, self._clock.now(), reason)


def _check_complete(feed: str, after: int, events: list[Event]) -> None:
    """Raise FeedIncomplete unless the page follows ``after`` without a gap."""
    if not events:
        raise FeedIncomplete(f"feed {feed} holds nothing after number {after}")
    missing = find_gap(after, [event.seq for event in events])
    if missing is not None:
        raise FeedIncomplete(f"feed {feed} does not hold number {missing}")
