"""Working a reconciliation off: events noted, facts, and people, each beside what its service says; and the facts of
returns beside the returns.

Events are compared by digests of ranges, down to the block and the event that differs. Facts of a block that were
compared with the feed's events once are sealed by a digest of their own; only blocks that are not as sealed are read
from the feed again. What is missing or wrong here is fetched and put right, and logged; where the feed itself is not
what it was, nothing is changed and an incident is kept.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from renkou_common.clock import Clock
from renkou_common.database import Database, Transaction, connect
from renkou_common.ids import new_id
from renkou_common.messaging import inbox
from renkou_common.messaging.digest import BLOCK, MAX_NUMBERS, MAX_PARTS, TAKEN_IN, read_digests
from renkou_common.messaging.envelope import EnvelopeError, Event
from renkou_common.messaging.feed import MAX_PAGE, FeedClient, FeedUnavailable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.facts import service as facts
from renkou_reporting.facts.reading import facts_of_data
from renkou_reporting.reconciliation import repository
from renkou_reporting.reconciliation.domain import (
    MOST_HEALED,
    Difference,
    Kind,
    Noted,
    Wrong,
    compare_events,
    compare_facts,
    fact_difference,
    runs,
)
from renkou_reporting.reconciliation.people import People
from renkou_reporting.reconciliation.returns import Returns
from renkou_reporting.returns.domain import FEED as RETURNS

_BLOCKS_READ = 8
_LOCK = 0x5245434F4E43494C  # "RECONCIL": one process works at a time
_EVERYWHERE = AreaScope.everything()
_log = structlog.get_logger(__name__)


@dataclass
class _Run:
    """A reconciliation at work; what cannot be put right is written down at its end."""

    id: UUID
    unhealed: list[Difference] = field(default_factory=list)


class Reconciler:
    """Works off reconciliations: one a day, and those that were asked for."""

    def __init__(
        self,
        database: Database,
        feeds: Mapping[str, FeedClient],
        returns: Returns,
        people: People,
        clock: Clock,
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._returns = returns
        self._people = people
        self._clock = clock

    async def run_once(self) -> bool:
        """Make the reconciliation that waits or is due; returns False where there is none, or another process is
        at it. Raises what feeds and database raise while they are away; called again, it begins anew."""
        async with self._database.transaction(_EVERYWHERE) as tx:
            await self._queue_daily(tx)
            run = await repository.active(tx)
        if run is None:
            return False
        async with self._alone() as alone:
            if not alone:
                return False
            try:
                await self._reconcile(run)
            except (FeedUnavailable, *TRANSIENT):
                raise
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"[:500]
                _log.error("reconciliation failed", reconciliation=str(run), reason=reason)
                async with self._database.transaction(_EVERYWHERE) as tx:
                    await repository.fail(tx, run, self._clock.now(), reason)
        return True

    async def _queue_daily(self, tx: Transaction) -> None:
        last = await repository.last_requested(tx)
        if last is None or self._clock.now() - last >= timedelta(days=1):
            await repository.insert(tx, new_id(), None, self._clock.now())

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        connection = await connect(self._database.dsn)
        try:
            yield await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
        finally:
            connection.terminate()

    async def _reconcile(self, run: UUID) -> None:
        work = _Run(run)
        told = {feed: await self._reconcile_feed(work, feed) for feed in self._feeds}
        returns = await self._reconcile_returns(work)
        stock, differing = await self._people.compare()
        async with self._database.transaction(_EVERYWHERE) as tx:
            await repository.log(tx, run, [*work.unhealed, *differing])
            result = await repository.finish(tx, run, self._clock.now(), told, returns, stock)
        _log.info("reconciled", reconciliation=str(run), found=result["found"], healed=result["healed"])

    async def _reconcile_feed(self, run: _Run, feed: str) -> dict[str, Any]:
        source = self._feeds[feed]
        async with self._database.transaction(_EVERYWHERE, read_only=True) as tx:
            position = await inbox.high_water(tx, feed)
        _, head = await source.read_texts(2**62, 1)
        last = min(position, head)
        suspects, events = await self._compare_digests(feed, last)
        if head < position:
            reason = f"the feed ends at {head}"
            run.unhealed.append(Difference(Kind.EVENT_UNKNOWN, feed, head + 1, reason=reason))
        wrong = await self._compare_blocks(run, feed, last, suspects)
        healed = await self._heal(run, feed, wrong)
        return {
            "position": position,
            "head": head,
            "events": events,
            "facts_wrong": len(wrong.facts),
            "facts_healed": healed,
        }

    async def _reconcile_returns(self, run: _Run) -> dict[str, Any]:
        told, wrong, differing = await self._returns.compare()
        run.unhealed += differing
        healed = await self._heal(run, RETURNS, wrong)
        return told | {"facts_wrong": len(wrong.facts), "facts_healed": healed}

    async def _compare_digests(self, feed: str, last: int) -> tuple[set[int], int]:
        """Return the blocks whose events differ from the feed's, and the number of events noted here."""
        suspects: set[int] = set()
        number = 0
        waiting = [(first, min(first + MAX_NUMBERS - 1, last)) for first in range(1, last + 1, MAX_NUMBERS)]
        top = set(waiting)
        while waiting:
            first, until = waiting.pop()
            theirs = await self._feeds[feed].read_digest(first, until, MAX_PARTS)
            async with self._database.transaction(_EVERYWHERE, read_only=True) as tx:
                ours = await read_digests(tx, TAKEN_IN, first, until, MAX_PARTS, feed)
            if (first, until) in top:
                number += sum(part.number for part in ours)
            for here, there in zip(ours, theirs.parts, strict=True):
                if here == there:
                    continue
                if here.last - here.first < BLOCK:
                    suspects.add((here.first - 1) // BLOCK)
                else:
                    waiting.append((here.first, here.last))
        return suspects, number

    async def _compare_blocks(self, run: _Run, feed: str, last: int, suspects: set[int]) -> Wrong:
        """Compare every block that is not as it was sealed with the feed's events; seal those that are right."""
        if last == 0:
            return Wrong()
        async with self._database.transaction(_EVERYWHERE) as tx:
            await repository.unhurried(tx)
            blocks = {*await repository.unsealed(tx, feed, last), *suspects}
        wrong = Wrong()
        for first_block, last_block in runs(blocks, _BLOCKS_READ):
            first, until = repository.block_range(first_block, last_block, last)
            published = await self._read(feed, first, until)
            async with self._database.transaction(_EVERYWHERE) as tx:
                await repository.one_snapshot(tx)
                clean = await self._compare_range(tx, run, feed, (first, until), published, wrong)
                if clean:
                    await repository.seal(tx, feed, first, until)
        return wrong

    async def _compare_range(
        self,
        tx: Transaction,
        run: _Run,
        feed: str,
        between: tuple[int, int],
        published: Sequence[Event],
        wrong: Wrong,
    ) -> bool:
        """Compare a range's events and facts, adding to ``wrong``; returns whether nothing differs."""
        noted = await repository.noted(tx, feed, *between)
        there = {event.seq: Noted(event.id, event.content_hash) for event in published}
        found = compare_events(feed, noted, there)
        for one in found:
            if one.kind is not Kind.EVENT_MISSING and one.seq is not None:
                wrong.doubtful.add(one.seq)
                if one.kind is Kind.EVENT_DIFFERS:
                    detail = {"applied": one.stored, "received": one.expected}
                    await inbox.record_incident(tx, feed, one.seq, "conflict", detail)
                else:
                    await inbox.record_incident(tx, feed, one.seq, "missing", {"noted": one.stored})
        await repository.note(tx, feed, {one.seq: there[one.seq] for one in found if one.healed and one.seq})
        await repository.log(tx, run.id, [one for one in found if one.healed])
        run.unhealed += [one for one in found if not one.healed]
        held = await repository.held(tx, feed, *between)
        stored = [one for one in await repository.facts_between(tx, feed, *between) if one.seq not in held]
        right = [
            fact
            for event in published
            if event.seq not in held
            for fact in facts_of_data(feed, event.seq, event.id, event.data)
        ]
        differing = compare_facts(stored, right)
        wrong.facts |= differing
        return not found and not differing

    async def _read(self, feed: str, first: int, last: int) -> list[Event]:
        found: list[Event] = []
        after = first - 1
        while after < last:
            try:
                page, _ = await self._feeds[feed].read(after, min(MAX_PAGE, last - after))
            except EnvelopeError as error:
                raise FeedUnavailable(f"feed {feed} is corrupt after {after}: {error}") from error
            page = [event for event in page if event.seq <= last]
            if not page:
                break
            found += page
            after = page[-1].seq
        return found

    async def _heal(self, run: _Run, feed: str, wrong: Wrong) -> int:
        """Put facts right whose events or returns are what they were; returns how many."""
        kept = {place: pair for place, pair in wrong.facts.items() if place[0] in wrong.doubtful}
        mended = {place: pair for place, pair in wrong.facts.items() if place not in kept}
        reason = wrong.doubt
        if len(mended) > MOST_HEALED:
            kept, mended = wrong.facts, {}
            reason = f"more than {MOST_HEALED} facts are wrong: rebuild"
        run.unhealed += [fact_difference(*pair, healed=False, reason=reason) for pair in kept.values()]
        if not mended:
            return 0
        _log.warning("facts put right", feed=feed, number=len(mended), first=min(mended))
        async with self._database.transaction(_EVERYWHERE) as tx:
            await facts.hold_writers(tx)
            seqs = sorted({seq for seq, _ in mended})
            now = {(one.seq, one.line_no): one for one in await repository.facts_of_events(tx, feed, seqs)}
            mended = {
                place: (now.get(place), right)
                for place, (_, right) in mended.items()
                if now.get(place) != right
            }
            log = [fact_difference(*pair, healed=True, reason=None) for pair in mended.values()]
            await repository.log(tx, run.id, log)
            wrong_ones = [stored for stored, _ in mended.values() if stored is not None]
            right_ones = [right for _, right in mended.values() if right is not None]
            await facts.put_right(tx, run.id, wrong_ones, right_ones)
            if feed != RETURNS:
                await self._seal(tx, feed, {(seq - 1) // BLOCK for seq in seqs}, wrong)
        return len(mended)

    async def _seal(self, tx: Transaction, feed: str, mended: set[int], wrong: Wrong) -> None:
        """Note the facts of blocks as right, unless something else is wrong there."""
        position = await inbox.high_water(tx, feed)
        for block in mended - {(seq - 1) // BLOCK for seq in wrong.doubtful}:
            await repository.seal(tx, feed, *repository.block_range(block, block, position))
