"""Events keep coming while a period is closed and restated: each version is exactly the state at its positions.

Each is compared with a service of its own that took in those events and no others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Line
from renkou_local.databases import DatabaseAccess
from renkou_reporting.closings.domain import Frozen
from renkou_reporting.closings.freezing import freeze
from renkou_reporting.copies.domain import ALL
from renkou_reporting.copies.intake import PartitionedInbox
from renkou_reporting.published.domain import SUPPRESSED

from ..support import APPLY, EVERYWHERE, DatabaseFactory, Json, LineMaker, Reporting, running
from .steps import PERIOD, POLICE, District

_WAITING = 40
AREAS = ("340103001001", "340103001002", "340103002001")


def happening(line: LineMaker, random: Random, before: list[Line]) -> list[Line]:
    """What one event tells: something that happened in January or around it, or the reversal of something told."""
    if before and random.random() < 0.3:
        wrong = before.pop(random.randrange(len(before)))
        return [wrong.model_copy(update={"value": -wrong.value})]
    measure = random.choice(["birth", "death", "in", "out"])
    month = random.choice(["2025-12", "2026-01", "2026-01", "2026-02"])
    told = line(
        "resident", measure, f"{month}-{random.randint(1, 28):02}", random.randint(1, 9),
        area=random.choice(AREAS), sex=1, parity=random.randint(1, 3) if measure == "birth" else 0,
        birth_month=month if measure == "birth" else "1990-01",
    )  # fmt: skip
    before.append(told)
    return [told]


class Flood:
    """Events of both feeds that do not stop coming; two copies of the worker take them in, each for its partitions.

    One copy is slower than the other, so that partitions hardly ever stand at one number.
    """

    def __init__(self, reporting: Reporting, line: LineMaker) -> None:
        self._reporting = reporting
        self._line = line
        self._over = asyncio.Event()

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        """Let events come in while the block runs."""
        even = frozenset(each for each in ALL if each % 2 == 0)
        async with asyncio.TaskGroup() as group:
            for number, feed in enumerate(("registry", "migrant")):
                told: list[Line] = []
                group.create_task(self._copy(feed, even, 20, Random(number), told))
                group.create_task(self._copy(feed, ALL - even, 4, Random(-number), told))
            try:
                yield
            finally:
                self._over.set()

    async def _copy(
        self, feed: str, owned: frozenset[int], most: int, random: Random, told: list[Line]
    ) -> None:
        """Take in up to ``most`` events at a time; while few wait, more are published."""
        inbox, source = PartitionedInbox(lambda: owned), self._reporting.feeds[feed]
        while not self._over.is_set():
            async with self._reporting.database.transaction(EVERYWHERE) as tx:
                at = await inbox.high_water(tx, feed) or 0
                events = source.events[at : at + random.randint(1, most)]
                if events:
                    await inbox.take_in(tx, feed, events, APPLY[feed])
            if len(source.events) - at < _WAITING:
                source.append_lines(happening(self._line, random, told))
            await asyncio.sleep(0)


async def frozen_at(reporting: Reporting, positions: Json, fresh: Reporting) -> Frozen:
    """What a service freezes that knows of each feed what came up to a position, the return, and nothing else."""
    for feed, source in reporting.feeds.items():
        fresh.feeds[feed].events = source.events[: positions.get(feed, 0)]
        await fresh.catch_up(feed)
    await (await fresh.desk()).hand_in(POLICE)
    async with fresh.database.transaction(EVERYWHERE, read_only=True) as tx:
        return await freeze(tx, AreaCode.parse("340103"), Period.parse(PERIOD), None)


async def test_every_version_is_exactly_the_state_at_its_positions(
    district: District,
    line: LineMaker,
    database_factory: DatabaseFactory,
    migrated: DatabaseAccess,
    tmp_path: Path,
) -> None:
    reporting = district.reporting
    await district.rebuild()
    closing_id = await district.open()
    async with Flood(reporting, line).coming():
        await district.publish(closing_id)
        for number in range(3):
            await district.restate(closing_id, f"补报 {number}")
    versions = [await district.published(number) for number in (1, 2, 3, 4)]
    for before, after in pairwise(versions):
        assert all(
            after["positions"][feed] > before["positions"].get(feed, 0) for feed in ("registry", "migrant")
        )
    for version in versions:
        access = await database_factory("reporting", "340103", template=migrated.name)
        folder = tmp_path / str(version["version"])
        folder.mkdir()
        async with running(access, folder) as fresh:
            frozen = await frozen_at(reporting, version["positions"], fresh)
        exact = [cell.row() for cell in frozen.cells]
        shown = [list(row.values()) for row in version["items"]]
        assert [row[:4] for row in exact] == [row[:4] for row in shown]
        assert all(one == other for one, other in zip(exact, shown, strict=True) if other[-1] != SUPPRESSED)
        told = {(one["area"], one["population"]): list(one["parts"].values()) for one in version["accounts"]}
        for area, population, parts in frozen.accounts:
            pairs = zip(parts, told.pop((area, population)), strict=True)
            assert all(part == seen for part, seen in pairs if seen is not None)
        assert not told


async def test_a_diff_names_exactly_the_events_between_its_two_versions(
    district: District, line: LineMaker
) -> None:
    reporting = district.reporting
    closing_id = await district.closed()
    late = line("resident", "birth", "2026-01-09", 1, area=AREAS[0], sex=1, parity=1, birth_month="2026-01")
    reporting.feeds["registry"].append_lines([late])  # whatever else comes in meanwhile, births differ
    await reporting.catch_up("registry")
    async with Flood(reporting, line).coming():
        await district.restate(closing_id, "补报")
    before, after = [(await district.published(number))["positions"] for number in (1, 2)]
    asked = {"indicator": "births", "population": "resident"}
    answer = await district.statistician.get(f"/published/{PERIOD}/2/differences", params=asked)
    whole = next(one for one in answer.json()["items"] if (one["area"], one["dims"]) == ("340103", ""))
    named = {
        (feed, number)
        for feed, runs in whole["events"].items()
        for low, high in runs
        for number in range(low, high + 1)
    }
    rows = await reporting.rows(
        "SELECT DISTINCT feed, seq FROM fact WHERE measure = 'birth' AND population = 'resident' AND month = 202601"
    )
    between = {
        (row["feed"], row["seq"])
        for row in rows
        if before.get(row["feed"], 0) < row["seq"] <= after.get(row["feed"], 0)
    }
    assert named == between != set()


async def test_two_people_at_once_publish_one_version(district: District, line: LineMaker) -> None:
    """Several sign first and several sign second at the same moment, while events come in: one of each counts."""
    reporting = district.reporting
    await district.rebuild()
    closing_id = await district.open()
    path = f"/closings/{closing_id}"
    statisticians = [await reporting.staff("statistician", "340103") for _ in range(3)]
    administrators = [await reporting.staff("administrator", "340103") for _ in range(3)]
    async with Flood(reporting, line).coming():
        signing = [one.post(f"{path}/signatures", json={"reason": "核对无误"}) for one in statisticians]
        answers = await asyncio.gather(*signing)
        assert sorted(one.status_code for one in answers) == [201, 409, 409]
        assert {one.json()["code"] for one in answers if one.status_code == 409} == {"closing_state"}
        signed = next(one.json()["first_signed"] for one in answers if one.status_code == 201)
        given = {"hash": signed["hash"]}
        answers = await asyncio.gather(
            *(one.post(f"{path}/publication", json=given) for one in administrators),
            district.statistician.post(f"{path}/withdrawal", json={"reason": "再核"}),
        )
    done = [one for one in answers if one.status_code in (200, 201)]
    assert len(done) == 1
    assert {one.json()["code"] for one in answers if one not in done} == {"closing_state"}
    closing = (await district.statistician.get(path)).json()
    assert closing["state"] == ("published" if done[0].status_code == 201 else "open")
    assert len(closing["steps"]) == 3


async def test_many_look_at_the_checks_while_partitions_stand_apart_and_connections_are_few(
    district: District, line: LineMaker, tmp_path: Path
) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    closing_id = await district.open()
    async with running(district.reporting.access, folder, database_pool_size=2) as few:
        for name, feed in few.feeds.items():
            feed.events = district.reporting.feeds[name].events
        statistician = await few.staff("statistician", "340103")
        for _ in range(5):
            few.feeds["registry"].append_lines(happening(line, Random(1), []))
        ahead = PartitionedInbox(lambda: frozenset({1}))
        async with few.database.transaction(EVERYWHERE) as tx:
            await ahead.take_in(tx, "registry", few.feeds["registry"].events[-5:], APPLY["registry"])
        assert (await statistician.get("/feeds/status")).status_code == 200
        path = f"/closings/{closing_id}/checks"
        answers = await asyncio.gather(*(statistician.get(path) for _ in range(6)))
        assert [one.status_code for one in answers] == [200] * 6
        head = len(few.feeds["registry"].events)
        assert {one.json()["positions"]["registry"] for one in answers} == {head}


async def test_a_step_sent_twice_is_taken_once(district: District) -> None:
    await district.rebuild()
    first = await district.statistician.post("/closings", json={"period": PERIOD}, key="opened-once")
    again = await district.statistician.post("/closings", json={"period": PERIOD}, key="opened-once")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    path = f"/closings/{first.json()['id']}"
    body = {"reason": "核对无误"}
    signed = [
        (await district.statistician.post(f"{path}/signatures", json=body, key="signed-once")).json()
        for _ in range(2)
    ]
    assert signed[0] == signed[1]
    given = {"hash": signed[0]["first_signed"]["hash"]}
    published = await asyncio.gather(
        *(
            district.administrator.post(f"{path}/publication", json=given, key="published-once")
            for _ in range(2)
        )
    )
    assert [one.status_code for one in published] == [201, 201]
    assert published[0].json() == published[1].json()
    assert (await district.statistician.get(path)).json()["version"] == 1
