"""Working a rebuild off, in steps that survive a restart; each step says in ``rebuild.state`` that it is next.

``reading``    both feeds from the first event, and the returns, go into the shadow's facts by COPY
``summing``    the shadow's facts are summed up at once, some tables beside each other
``comparing``  in one snapshot the shadow takes over what came in meanwhile, and every sum is compared
``swapping``   while nobody may add facts, the shadow takes over the last of them and becomes live

Only the last holds anybody up: consumers for a moment, readers for the renaming of tables.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import structlog

from renkou_common.clock import Clock
from renkou_common.database import Database, Transaction, connect
from renkou_common.messaging.feed import MAX_PAGE, FeedUnavailable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.copies.levelling import stop_feeds
from renkou_reporting.facts import service as facts
from renkou_reporting.facts.reading import copied, rows_of_text
from renkou_reporting.rebuild import repository
from renkou_reporting.rebuild.domain import RETURNS, Job
from renkou_reporting.rebuild.errors import FeedIncomplete, Superseded
from renkou_reporting.rebuild.reading import TextSource, pages
from renkou_reporting.rebuild.service import MAX_DIFFERENCES
from renkou_reporting.returns.service import facts_between

PAGE = MAX_PAGE
_PAGES_WRITTEN = 5
_RETURNS_PAGE = 20
_LOCK = 0x52454255494C44  # "REBUILD": one process works at a time
_EVERYWHERE = AreaScope.everything()
_log = structlog.get_logger(__name__)


class Rebuilder:
    """Works off requested rebuilds, one at a time. ``sources`` are the feeds by name, read ``page`` by page."""

    def __init__(
        self, database: Database, sources: Mapping[str, TextSource], clock: Clock, *, page: int = PAGE
    ) -> None:
        self._database = database
        self._sources = sources
        self._clock = clock
        self._page = page

    async def run_once(self) -> bool:
        """Work the active rebuild off; returns False where there is none, or another process is at it.

        Raises what the feeds and the database raise while they are away; called again, it goes on from there.
        """
        async with self._database.transaction(_EVERYWHERE, read_only=True) as tx:
            job = await repository.active_job(tx)
        if job is None:
            return False
        async with self._alone() as alone:
            if not alone:
                return False
            unfinished: Job | None = job
            while unfinished is not None:
                unfinished = await self._try_step(unfinished)
        return True

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Keep other processes from this work; PostgreSQL ends this when the connection does."""
        connection = await connect(self._database.dsn)
        try:
            yield await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
        finally:
            connection.terminate()

    async def _try_step(self, job: Job) -> Job | None:
        try:
            return await self._step(job)
        except (FeedUnavailable, *TRANSIENT):
            raise
        except Superseded:
            return None
        except Exception as error:
            await self._fail(job, error)
            return None

    async def _step(self, job: Job) -> Job | None:
        """Do the next piece of work; returns the job as it is then, None when it is finished."""
        if job.state == "reading":
            feed = job.next_feed()
            if feed is None:
                return await self._end_reading(job)
            return await (self._read_returns(job) if feed == RETURNS else self._read_feed(job, feed))
        if job.state == "swapping":
            await self._swap(job)
            return None
        steps = {
            "queued": self._begin,
            "summing": self._sum,
            "comparing": self._compare,
        }
        return await steps[job.state](job)

    async def _begin(self, job: Job) -> Job:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await _lock(tx, job)
            await facts.begin_shadow(tx)
            targets = await repository.high_waters(tx)
            begun = replace(job, state="reading", positions=dict.fromkeys(targets, 0), targets=targets)
            await repository.save_job(tx, begun)
        return begun

    async def _read_feed(self, job: Job, feed: str) -> Job:
        after, until = job.positions[feed], job.targets[feed]
        async with self._database.transaction(_EVERYWHERE, read_only=True) as tx:
            held = await repository.held_between(tx, feed, after, until)
        reached = job
        waiting: list[bytes] = []
        async with aclosing(pages(self._sources[feed], after, until, self._page)) as read:
            try:
                async for page in read:
                    waiting += page
                    if not page or len(waiting) >= self._page * _PAGES_WRITTEN:
                        reached, waiting = await self._write(reached, feed, waiting, held), []
            finally:
                if waiting:
                    reached = await self._write(reached, feed, waiting, held)
        return reached

    async def _write(self, job: Job, feed: str, texts: Sequence[bytes], held: frozenset[int]) -> Job:
        """Write the events that follow a job's position; returns the job as it is then."""
        after = job.positions[feed]
        added, left_out, last = _rows(feed, texts, after, held)
        async with self._database.transaction(_EVERYWHERE) as tx:
            await _lock(tx, job)
            await facts.fill_shadow(tx, added)
            skipped = {**job.skipped, feed: [*job.skipped.get(feed, []), *left_out]}
            advanced = replace(job, positions={**job.positions, feed: last}, skipped=skipped)
            await repository.save_job(tx, advanced)
        return advanced

    async def _read_returns(self, job: Job) -> Job:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await _lock(tx, job)
            added, last = await facts_between(tx, job.positions[RETURNS], job.targets[RETURNS], _RETURNS_PAGE)
            if last == job.positions[RETURNS]:
                raise FeedIncomplete(f"returns hold nothing after entry {last}")
            await facts.fill_shadow(tx, copied(added))
            advanced = replace(job, positions={**job.positions, RETURNS: last})
            await repository.save_job(tx, advanced)
        return advanced

    async def _end_reading(self, job: Job) -> Job | None:
        """Go on to the sums, unless the feeds have moved on by more than a page: then read on first."""
        async with self._database.transaction(_EVERYWHERE) as tx:
            await _lock(tx, job)
            live = await repository.high_waters(tx)
            if any(live[feed] - job.positions.get(feed, 0) > self._page for feed in live):
                further = replace(job, targets=live, positions={**dict.fromkeys(live, 0), **job.positions})
            else:
                further = replace(job, state="summing")
            await repository.save_job(tx, further)
        return further

    async def _sum(self, job: Job) -> Job:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await facts.empty_sums(tx)
        sums = [self._sum_tables(tables) for tables in facts.SUMMED]
        for error in await asyncio.gather(*sums, return_exceptions=True):
            if error is not None:
                raise error
        return await self._move_on(job, "comparing")

    async def _sum_tables(self, tables: Sequence[str]) -> None:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await facts.sum_shadow(tx, tables)

    async def _compare(self, job: Job) -> Job:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await repository.one_snapshot(tx)
            await facts.keep_tables(tx)
            await _lock(tx, job)
            compared = await _complete(tx, job, await repository.high_waters(tx))
            found, total = await facts.compare_shadow(tx, MAX_DIFFERENCES)
            await repository.record_result(tx, job.id, found, total)
            compared = replace(compared, state="swapping")
            await repository.save_job(tx, compared)
        _log.info("rebuild compared", rebuild=str(job.id), differences=total)
        return compared

    async def _swap(self, job: Job) -> None:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await _lock(tx, job)
            await stop_feeds(tx)
            await facts.hold_writers(tx)
            completed = await _complete(tx, job, await repository.high_waters(tx))
            await repository.save_job(tx, completed)
            await repository.finish(tx, job.id, self._clock.now())
            differs = await repository.stock_differs(tx, job.id)
            await facts.swap_shadow(tx, stock_differs=differs)
        _log.info("rebuild finished", rebuild=str(job.id))

    async def _move_on(self, job: Job, state: str) -> Job:
        async with self._database.transaction(_EVERYWHERE) as tx:
            await _lock(tx, job)
            moved = replace(job, state=state)
            await repository.save_job(tx, moved)
        return moved

    async def _fail(self, job: Job, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"[:500]
        _log.error("rebuild failed", rebuild=str(job.id), reason=reason)
        async with self._database.transaction(_EVERYWHERE) as tx:
            await repository.fail(tx, job.id, self._clock.now(), reason)


async def _lock(tx: Transaction, job: Job) -> None:
    """Lock a job; raises Superseded where it is not as it was."""
    if await repository.lock_job(tx, job.id) != job:
        raise Superseded


def _rows(feed: str, texts: Sequence[bytes], after: int, held: frozenset[int]) -> tuple[str, list[int], int]:
    """Return rows of the facts of events that follow ``after``, which numbers are left out as held, and the last.

    Raises FeedIncomplete unless they follow without a gap.
    """
    if not texts:
        raise FeedIncomplete(f"feed {feed} holds nothing after number {after}")
    added: list[str] = []
    last = after
    for text in texts:
        seq, rows = rows_of_text(feed, text, held)
        last += 1
        if seq != last:
            raise FeedIncomplete(f"feed {feed} does not hold number {last}")
        added.append(rows)
    return "".join(added), sorted(number for number in held if after < number <= last), last


async def _complete(tx: Transaction, job: Job, live: Mapping[str, int]) -> Job:
    """Take over into the shadow what the live tables hold beyond a job's positions; returns the job at theirs.

    A position is that of the partition that is furthest behind, and an event may be held for some partitions only: what
    the shadow has already is left alone.
    """
    skipped: dict[str, list[int]] = {}
    for feed in live:
        left_out = job.skipped.get(feed, [])
        await facts.complete_shadow(tx, feed, job.positions.get(feed, 0), left_out)
        skipped[feed] = sorted(await repository.held(tx, feed, left_out))
    return replace(job, positions=dict(live), targets=dict(live), skipped=skipped)
