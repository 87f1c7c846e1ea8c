"""Copies that share a feed: whoever works on whichever partition when, each line counts once and none is lost."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkou_common.contracts.lines import Line
from renkou_common.database import Transaction
from renkou_common.messaging import inbox
from renkou_common.messaging.envelope import Event
from renkou_reporting.copies import membership
from renkou_reporting.copies import service as copies_service
from renkou_reporting.copies.domain import ALL, PARTITIONS, assigned, partition_of
from renkou_reporting.copies.intake import PartitionedInbox, replay_held
from renkou_reporting.copies.levelling import level
from renkou_reporting.copies.membership import Membership
from renkou_reporting.subscriptions import APPLY, apply_registry

from ..feeds import Feed
from ..support import EVERYWHERE, LineMaker, Reporting, make_line

FEED = "registry"
TOWNS = [f"3401030{town:02d}" for town in range(1, 21)]
ANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNEVEN_SUMS = """
SELECT count(*) FROM (
    SELECT area, month, population, measure, sum(value) AS value FROM fact GROUP BY 1, 2, 3, 4
) f FULL JOIN (
    SELECT area, month, population, measure, sum(value) AS value FROM cell GROUP BY 1, 2, 3, 4
) c USING (area, month, population, measure) WHERE f.value IS DISTINCT FROM c.value
"""
BEYOND = "SELECT count(*) FROM feed_partition WHERE high_water < (SELECT high_water FROM feed_position)"

lines = st.builds(
    lambda town, measure, value: make_line("resident", measure, "2026-02-01", value, area=f"{town}001"),
    st.sampled_from(TOWNS),
    st.sampled_from(["in", "out", "birth", "visit_kept"]),
    st.sampled_from([-1, 1, 2]),
)


@dataclass(frozen=True)
class Step:
    """A copy takes itself for the one that works on some partitions and gets some events; it may die before it
    commits.
    """

    owned: frozenset[int]
    first: int
    number: int
    dies: bool


steps = st.lists(
    st.builds(
        Step,
        st.frozensets(st.integers(0, PARTITIONS - 1), min_size=1),
        st.integers(0, 20),
        st.integers(1, 12),
        st.booleans(),
    ),
    max_size=25,
)


def _of(owned: frozenset[int]) -> PartitionedInbox:
    return PartitionedInbox(lambda: owned)


class RolledBack(Exception):
    """Ends a transaction without leaving anything."""


async def _take(tx: Transaction, own: PartitionedInbox, events: Sequence[Event], apply: inbox.Apply) -> None:
    """Take events in one by one, and hold what cannot be applied, as the consumer does."""
    for event in events:
        await tx.execute("SAVEPOINT one")
        try:
            await own.take_in(tx, FEED, [event], apply)
        except ValueError as error:
            await tx.execute("ROLLBACK TO SAVEPOINT one")
            await own.hold_failed(tx, FEED, event, error)


async def _check_what_is_claimed(tx: Transaction, events: Sequence[Event], held: set[int]) -> None:
    claimed = await tx.fetchval("SELECT high_water FROM feed_position WHERE feed = $1", FEED)
    assert await tx.fetchval(BEYOND) == 0
    rows = await tx.fetch("SELECT seq, line_no FROM fact WHERE seq <= $1", claimed)
    there = {(row["seq"], row["line_no"]) for row in rows}
    promised = {
        (event.seq, number)
        for event in events[:claimed]
        for number in range(len(event.data["lines"]))
        if event.seq not in held
    }
    assert promised <= there


@ANY
@given(
    batches=st.lists(st.lists(lines, max_size=4), min_size=1, max_size=20),
    subjects=st.lists(st.integers(0, 2), min_size=20, max_size=20),
    plan=steps,
    poison=st.integers(0, 19),
)
async def test_each_line_counts_once_whoever_brings_it(
    shared_reporting: Reporting, batches: list[list[Line]], subjects: list[int], plan: list[Step], poison: int
) -> None:
    feed = Feed(FEED)
    for batch in batches:
        feed.append_lines(batch)
    events = [replace(event, subject=str(subjects[event.seq - 1])) for event in feed.events]
    bad = events[poison].seq if poison < len(events) else 0
    waiting = {
        event.seq for event in events if bad and event.seq >= bad and event.subject == events[bad - 1].subject
    }
    healed = False

    async def apply(tx: Transaction, given_events: Sequence[Event]) -> None:
        if not healed and any(event.seq == bad for event in given_events):
            raise ValueError("not understood yet")
        await apply_registry(tx, given_events)

    with suppress(RolledBack):
        async with shared_reporting.database.transaction(EVERYWHERE) as tx:
            for step in plan:
                await tx.execute("SAVEPOINT copy")
                brought = events[step.first : step.first + step.number]
                await _take(tx, _of(step.owned), brought, apply)
                await tx.execute("ROLLBACK TO SAVEPOINT copy" if step.dies else "RELEASE SAVEPOINT copy")
                if await tx.fetchval("SELECT EXISTS (SELECT FROM feed_position WHERE feed = $1)", FEED):
                    await _check_what_is_claimed(tx, events, waiting)
            await _take(tx, PartitionedInbox(), events, apply)
            assert await inbox.high_water(tx, FEED) == len(events)
            assert {one["seq"] for one in await inbox.held_events(tx)} == waiting
            healed = True
            if bad:
                done = await replay_held(tx, FEED, bad, apply)
                assert (done.applied, done.remaining) == (len(waiting), 0)
            rows = await tx.fetch("SELECT seq, line_no, area, value FROM fact")
            found = Counter((row["seq"], row["line_no"], row["area"], row["value"]) for row in rows)
            assert found == Counter(
                (number, place, int(one.area), one.value)
                for number, batch in enumerate(batches, 1)
                for place, one in enumerate(batch)
            )
            assert await tx.fetchval(UNEVEN_SUMS) == 0
            noted = await tx.fetchval("SELECT count(*) FROM applied_event WHERE feed = $1", FEED)
            assert noted == len(events)
            raise RolledBack


@given(number=st.integers(1, 40))
def test_every_partition_has_exactly_one_of_the_copies_present(number: int) -> None:
    present = [uuid4() for _ in range(number)]
    shares = [assigned(one, present) for one in present]
    assert sorted(partition for share in shares for partition in share) == sorted(ALL)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


async def test_copies_share_the_partitions_and_one_that_leaves_gives_its_own_back(
    reporting: Reporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the patience's own clock: a slow machine may take longer than that between two lines here."""
    for place in (membership, copies_service):
        monkeypatch.setattr(place, "PATIENCE_SECONDS", 600.0)
    first, second, third = [Membership(reporting.database, name) for name in ("a/7", "b/7", "c/7")]
    for _ in range(2):
        for one in (first, second, third):
            await one.beat()
    assert [one.leads for one in (first, second, third)] == [True, False, False]
    owned = [one.owned for one in (first, second, third)]
    assert sorted(partition for each in owned for partition in each) == sorted(ALL)
    asked = await reporting.staff("statistician", "340103")
    told = (await asked.get("/feeds/status")).json()["copies"]
    assert [(each["id"], each["name"], each["partitions"]) for each in told] == [
        (str(one.id), one.name, sorted(one.owned)) for one in (first, second, third)
    ]
    await first.leave()
    await second.beat()
    await third.beat()
    assert second.leads
    assert second.owned | third.owned == ALL
    assert not second.owned & third.owned
    assert assigned(first.id, [second.id, third.id]) == frozenset()


async def test_what_is_frozen_stands_at_one_position(reporting: Reporting, line: LineMaker) -> None:
    feed = reporting.feeds[FEED]
    for number in range(1, 41):
        feed.append_lines(
            [line("resident", "in", "2026-02-01", 1, area=f"{TOWNS[number % 20]}001") for _ in range(2)]
        )
    ahead = frozenset({3, 4, 5})
    for owned, until in ((ahead, 30), (ALL - ahead, 11)):
        async with reporting.database.transaction(EVERYWHERE) as tx:
            await _of(owned).take_in(tx, FEED, feed.events[:until], apply_registry)
    async with reporting.database.transaction(EVERYWHERE, read_only=True) as tx:
        async with level(reporting.database, reporting.runtime.feeds, APPLY):
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            assert await inbox.high_water(tx, FEED) == 30
        async with reporting.database.transaction(EVERYWHERE) as other:
            await PartitionedInbox().take_in(other, FEED, feed.events[20:], apply_registry)
        rows = await tx.fetch("SELECT DISTINCT seq FROM fact ORDER BY seq")
        assert [row["seq"] for row in rows] == list(range(1, 31))
        assert await tx.fetchval("SELECT sum(value) FROM cell") == 60
    assert {partition_of(int(f"{town}001")) for town in TOWNS} == ALL
