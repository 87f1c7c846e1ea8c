"""A rebuild that is stopped anywhere goes on, and nobody who reads or adds figures notices that tables change."""

import asyncio
from datetime import date

import asyncpg
import pytest

from renkou_common.database import Database
from renkou_common.scope import AreaScope
from renkou_reporting.facts.service import keep_tables

from ..support import Caller, Json, LineMaker, Reporting

EVERYWHERE = AreaScope.everything()
BIRTHS: Json = {"indicator": "births", "area": "340103", "population": "registered", "period": "2026-02"}
SUMS = """
SELECT 'cell', area, month, population, measure, sex, parity, detail, value FROM cell
UNION ALL SELECT 'area', area, month, population, measure, sex, level, detail, value FROM area_cell
UNION ALL SELECT 'cohort', area, month, population, measure, sex, birth_month, '', value FROM cohort_cell
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


@pytest.fixture
async def statistician(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


@pytest.fixture
async def filled(reporting: Reporting, line: LineMaker) -> Reporting:
    for day in range(1, 29):
        on = date(2026, 2, day)
        lines = [line("registered", "birth", on, sex=1 + day % 2, parity=1 + day % 3, birth_month="2026-02")]
        await reporting.take_in("registry", lines, lines)
        await reporting.take_in("migrant", [line("migrant_in", "check_due", on)])
    return reporting


async def request(caller: Caller) -> str:
    answer = await caller.post("/rebuilds")
    assert answer.status_code == 202, answer.text
    path: str = answer.headers["location"]
    return path


async def births(caller: Caller) -> str:
    answer = await caller.get("/figures", params=BIRTHS)
    assert answer.status_code == 200, answer.text
    value: str = answer.json()["numerator"]
    return value


async def test_a_rebuild_that_is_ended_anywhere_goes_on_and_comes_out_equal(
    filled: Reporting, statistician: Caller
) -> None:
    before = await filled.rows(SUMS)
    path = await request(statistician)
    for thousandth in (0, 1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120, 160):
        ended = asyncio.create_task(filled.rebuilder(page=5).run_once())
        await asyncio.wait([ended], timeout=thousandth / 1000)
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)
    while (await statistician.get(path)).json()["state"] != "done":
        await filled.rebuilder(page=5).run_once()
    found = (await statistician.get(path)).json()
    assert (found["equal"], found["difference_count"]) == (True, 0)
    assert found["progress"]["registry"] == {"read": 57, "target": 57}
    assert await filled.rows(SUMS) == before


async def test_two_processes_do_not_work_on_one_rebuild(filled: Reporting, statistician: Caller) -> None:
    path = await request(statistician)
    worked = await asyncio.gather(*(filled.rebuilder(page=3).run_once() for _ in range(4)))
    assert True in worked
    assert (await statistician.get(path)).json()["equal"] is True


async def test_whoever_reads_during_swaps_reads_the_same_figure(
    filled: Reporting, statistician: Caller
) -> None:
    done = asyncio.Event()
    read: list[str] = []

    async def reader() -> None:
        while not done.is_set():
            read.append(await births(statistician))

    readers = [asyncio.create_task(reader()) for _ in range(4)]
    for _ in range(4):
        path = await request(statistician)
        while (await statistician.get(path)).json()["state"] != "done":
            await filled.rebuilder().run_once()
    done.set()
    await asyncio.gather(*readers)
    assert len(read) > 20
    assert set(read) == {"56"}


async def test_a_long_reading_holds_a_swap_up_and_nobody_else(
    filled: Reporting, statistician: Caller, line: LineMaker
) -> None:
    other = Database(filled.access.app_url, pool_size=1)
    await other.open()
    path = await request(statistician)
    async with other.transaction(EVERYWHERE, read_only=True) as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await keep_tables(tx)
        before = await tx.fetch(SUMS)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await filled.rebuilder().run_once()
        assert (await statistician.get(path)).json()["state"] == "swapping"
        assert await births(statistician) == "56"
        await filled.take_in("registry", [line("registered", "birth", "2026-02-03", sex=1, parity=1)])
        assert await births(statistician) == "57"
        assert await tx.fetch(SUMS) == before
    await other.close()
    assert await filled.rebuilder().run_once()
    assert (await statistician.get(path)).json()["equal"] is True
    assert await births(statistician) == "57"
