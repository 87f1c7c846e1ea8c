"""What reporting holds beside what the register holds: a dropped, a changed and an added fact are found and healed.

The damage is done with the owner's hand in reporting's own database, which no process of the service could do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.e2e.api import Json
from tests.e2e.progress import until
from tests.e2e.register.support import ELSEWHERE, HERE, NEXT_DOOR, Walk

CELLS = """
SELECT 'cell' AS sums, area, month, population, measure, sex, 0 AS birth_month, value FROM cell WHERE value <> 0
UNION ALL
SELECT 'area', area, month, population, measure, sex, level, value FROM area_cell WHERE value <> 0
UNION ALL
SELECT 'cohort', area, month, population, measure, sex, birth_month, value FROM cohort_cell WHERE value <> 0
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""
FACTS = "SELECT * FROM fact ORDER BY feed, seq, line_no"
_KEY = "area, month, population, measure, sex, parity, detail"
TAKEN_FROM_ITS_CELL = f"""
UPDATE cell SET value = value - 1
WHERE ({_KEY}) = (SELECT {_KEY} FROM fact WHERE feed = 'registry' AND seq = $1 AND line_no = $2)
"""
HERS = "feed = 'registry' AND area = {} AND measure = 'opening' AND population = '{}'"


@asynccontextmanager
async def reporting_database(walk: Walk) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await walk.stack.postgres.connect(await walk.reporting_database())
    yield connection
    await connection.close()


async def reconcile(walk: Walk) -> Json:
    """Ask for a reconciliation and wait for its end; the daily one may be at work."""

    async def nothing_waits() -> bool:
        runs = await walk.statistician.get("/reconciliations", service="reporting", limit=1)
        return not runs["items"] or runs["items"][0]["state"] != "waiting"

    await until("the daily reconciliation", nothing_waits)
    asked = await walk.statistician.post("/reconciliations", service="reporting")
    path = f"/reconciliations/{asked['id']}"

    async def ended() -> bool:
        return bool((await walk.statistician.get(path, service="reporting"))["state"] != "waiting")

    await until("the reconciliation", ended)
    return await walk.statistician.get(path, service="reporting")


@pytest.fixture
async def people(walk: Walk) -> None:
    for area in (HERE, NEXT_DOOR, ELSEWHERE):
        await walk.enter(walk.district_clerk, registered_area=area, present_area=area)
    await walk.caught_up()


@pytest.mark.usefixtures("people")
async def test_what_is_as_it_should_be_is_told_so(walk: Walk) -> None:
    found = await reconcile(walk)
    assert (found["state"], found["equal"], found["differences"]) == ("done", True, [])
    feeds = {each["feed"]: each for each in found["feeds"]}
    assert feeds.keys() == {"registry", "migrant"}
    assert feeds["registry"]["events"] == feeds["registry"]["position"] <= feeds["registry"]["head"]
    stock = found["stock"]
    assert (stock["compared"], stock["differing"]) == (True, 0)
    assert stock["registered"] >= 3


@pytest.mark.usefixtures("people")
async def test_a_dropped_a_changed_and_an_added_fact_are_found_and_healed(walk: Walk) -> None:
    await reconcile(walk)
    async with reporting_database(walk) as database:
        cells, facts = await database.fetch(CELLS), await database.fetch(FACTS)
        places = [
            await database.fetchrow(
                f"SELECT seq, line_no FROM fact WHERE {HERS.format(area, population)} ORDER BY seq DESC LIMIT 1"
            )
            for area, population in ((HERE, "registered"), (NEXT_DOOR, "resident"))
        ]
        dropped, changed = [(place["seq"], place["line_no"]) for place in places if place]
        await database.execute(TAKEN_FROM_ITS_CELL, *dropped)
        await database.execute(
            "DELETE FROM fact WHERE feed = 'registry' AND seq = $1 AND line_no = $2", *dropped
        )
        await database.execute(
            "UPDATE fact SET value = 5, sex = 1 WHERE feed = 'registry' AND seq = $1 AND line_no = $2",
            *changed,
        )
        await database.execute(
            "INSERT INTO fact SELECT feed, seq, 77, event_id, area, happened_on, month, population, measure, sex,"
            " birth_month, parity, 9, detail FROM fact WHERE feed = 'registry' AND seq = $1 AND line_no = $2",
            *changed,
        )
        found = await reconcile(walk)
        told = {(each["kind"], each["seq"], each["line_no"]): each for each in found["differences"]}
        kinds = {key for key in told if key[0].startswith("fact")}
        assert kinds == {
            ("fact_missing", *dropped),
            ("fact_changed", *changed),
            ("fact_added", changed[0], 77),
        }
        assert all(told[key]["healed"] for key in kinds)
        assert told[("fact_changed", *changed)]["stored"]["value"] == 5
        assert told[("fact_changed", *changed)]["expected"]["value"] == 1
        assert await database.fetch(FACTS) == facts
        assert await database.fetch(CELLS) == cells
    assert (await reconcile(walk))["equal"] is True


@pytest.mark.usefixtures("people")
async def test_a_count_that_is_not_the_registers_is_an_incident_until_it_is_put_right(walk: Walk) -> None:
    async with reporting_database(walk) as database:
        of = f"area = {NEXT_DOOR} AND measure = 'opening' AND population = 'registered'"
        where = f"({_KEY}) = (SELECT {_KEY} FROM cell WHERE {of} ORDER BY {_KEY} LIMIT 1)"
        await database.execute(f"UPDATE cell SET value = value + 2 WHERE {where}")
        found = await reconcile(walk)
        [wrong] = found["differences"]
        assert (wrong["kind"], wrong["area"], wrong["population"], wrong["healed"]) == (
            "stock_differs",
            NEXT_DOOR,
            "registered",
            False,
        )
        assert wrong["stored"]["people"] == wrong["expected"]["people"] + 2
        incidents = await walk.statistician.get("/accounts/incidents", service="reporting", state="open")
        assert "register_differs" in {each["kind"] for each in incidents["items"]}
        await database.execute(f"UPDATE cell SET value = value - 2 WHERE {where}")
    assert (await reconcile(walk))["equal"] is True
    incidents = await walk.statistician.get("/accounts/incidents", service="reporting", state="open")
    assert "register_differs" not in {each["kind"] for each in incidents["items"]}


@pytest.mark.usefixtures("people")
async def test_a_rewritten_event_is_an_incident_and_changes_nothing(walk: Walk) -> None:
    async with reporting_database(walk) as database:
        facts = await database.fetch(FACTS)
        noted = await database.fetchval("SELECT min(seq) FROM applied_event WHERE feed = 'registry'")
        before = await database.fetchval(
            "SELECT content_hash FROM applied_event WHERE feed = 'registry' AND seq = $1", noted
        )
        change = "UPDATE applied_event SET content_hash = $2 WHERE feed = 'registry' AND seq = $1"
        await database.execute(change, noted, b"\0" * 32)
        found = await reconcile(walk)
        assert [(each["kind"], each["seq"], each["healed"]) for each in found["differences"]] == [
            ("event_differs", noted, False)
        ]
        assert await database.fetch(FACTS) == facts
        incidents = await walk.statistician.get("/incidents", service="reporting")
        assert ("conflict", noted) in {(each["kind"], each["seq"]) for each in incidents["items"]}
        await database.execute(change, noted, before)
    assert (await reconcile(walk))["equal"] is True


async def test_only_who_answers_for_the_whole_district_asks_and_reads(walk: Walk) -> None:
    part = await walk.employ(("statistician", HERE))

    async def known() -> bool:
        return bool((await part.get("/reconciliations", service="reporting"))["items"] == [])

    await until("rights of the new account", known)
