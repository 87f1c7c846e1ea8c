"""What was taken in is compared with the feeds: whatever differs is found, put right where it can be, and told."""

from uuid import uuid4

import pytest

from renkou_common.messaging import inbox
from renkou_common.messaging.digest import BLOCK
from renkou_common.messaging.envelope import parse_body
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.scope import AreaScope
from renkou_reporting.subscriptions import apply_registry

from ..support import Caller, Json, LineMaker, Reporting

EVERYWHERE = AreaScope.everything()
SUMS = """
SELECT 'cell', area, month, population, measure, sex, parity, 0, value FROM cell WHERE value <> 0
UNION ALL SELECT 'area', area, month, population, measure, sex, parity, level, value FROM area_cell WHERE value <> 0
UNION ALL SELECT 'cohort', area, month, population, measure, sex, 0, birth_month, value FROM cohort_cell
    WHERE value <> 0
UNION ALL SELECT 'stock', area, month, population, '', sex, level, birth_month, sum(value)::bigint FROM (
    SELECT level, area, month, population, sex, birth_month, value FROM cohort_stock
    UNION ALL SELECT level, of_area, of_month, population, sex, birth_month, value
    FROM cohort_recent CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month),
        (3, area / 1000000 * 1000000, month), (5, area, month / 100), (4, area / 1000 * 1000, month / 100),
        (3, area / 1000000 * 1000000, month / 100)) AS v (level, of_area, of_month)
) AS s GROUP BY 2, 3, 4, 6, 7, 8 HAVING sum(value) <> 0
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
FACTS = "SELECT * FROM fact ORDER BY feed, seq, line_no"


@pytest.fixture
async def statistician(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


@pytest.fixture
async def filled(reporting: Reporting, statistician: Caller, line: LineMaker) -> Reporting:
    """More than a block of events of the register, a few of the other service."""
    entered = [
        [line("registered", "opening", "2025-01-01", sex=1 + n % 2, birth_month="1980-03"),
         line("resident", "opening", "2025-01-01", sex=1 + n % 2, birth_month="1980-03")]
        for n in range(BLOCK + 200)
    ]  # fmt: skip
    await reporting.take_in("registry", *entered)
    await reporting.take_in("migrant", [line("migrant_in", "check_due", "2026-03-01")])
    return reporting


async def reconcile(reporting: Reporting, caller: Caller) -> Json:
    """Ask for a reconciliation, have it made, and read it."""
    asked = await caller.post("/reconciliations")
    assert asked.status_code == 202, asked.text
    await reporting.reconcile()
    found: Json = (await caller.get(f"/reconciliations/{asked.json()['id']}")).json()
    assert found["state"] == "done", found["reason"]
    return found


async def test_what_is_equal_is_told_with_what_was_compared(filled: Reporting, statistician: Caller) -> None:
    found = await reconcile(filled, statistician)
    assert (found["equal"], found["found"], found["differences"]) == (True, 0, [])
    assert [(each["feed"], each["position"], each["events"]) for each in found["feeds"]] == [
        ("migrant", 1, 1),
        ("registry", BLOCK + 201, BLOCK + 201),
    ]
    assert (found["stock"]["compared"], found["stock"]["registered"]) == (True, BLOCK + 200)
    assert (await reconcile(filled, statistician))["equal"]
    listed = (await statistician.get("/reconciliations", params={"limit": 1})).json()
    assert [each["equal"] for each in listed["items"]] == [True]
    further = (await statistician.get("/reconciliations", params={"after": listed["next"]})).json()
    assert [each["id"] for each in further["items"]] == [found["id"]]


@pytest.mark.parametrize("before", [True, False], ids=["after a first comparison", "never compared before"])
async def test_facts_dropped_changed_and_added_are_put_right_with_their_sums(
    filled: Reporting, statistician: Caller, before: bool
) -> None:
    if before:
        await reconcile(filled, statistician)
    facts, sums = await filled.rows(FACTS), await filled.rows(SUMS)
    for statement in (
        "DELETE FROM fact WHERE feed = 'registry' AND seq = 17 AND line_no = 1",
        "UPDATE fact SET value = 3, birth_month = 197001 WHERE feed = 'registry' AND seq = 1030 AND line_no = 0",
        "INSERT INTO fact SELECT feed, seq, 5, event_id, area, happened_on, month, population, measure, sex,"
        " birth_month, parity, 4, detail FROM fact WHERE feed = 'migrant' AND seq = 1",
        # the sums follow the first two only: what is wrong with facts need not be wrong with sums
        "UPDATE cell SET value = value - 1 WHERE population = 'resident' AND sex = 2",
        "UPDATE cohort_cell SET value = value + 2 WHERE population = 'registered' AND sex = 1",
    ):
        await filled.as_owner(statement)
    found = await reconcile(filled, statistician)
    assert (found["found"], found["healed"], found["equal"]) == (3, 3, False)
    assert {(each["kind"], each["feed"], each["seq"], each["line_no"]) for each in found["differences"]} == {
        ("fact_missing", "registry", 17, 1),
        ("fact_changed", "registry", 1030, 0),
        ("fact_added", "migrant", 1, 5),
    }
    assert await filled.rows(FACTS) == facts
    assert await filled.rows(SUMS) == sums
    assert (await reconcile(filled, statistician))["equal"]


async def test_an_event_that_is_not_noted_is_noted(filled: Reporting, statistician: Caller) -> None:
    noted = await filled.rows("SELECT * FROM applied_event ORDER BY feed, seq")
    await filled.as_owner("DELETE FROM applied_event WHERE feed = 'registry' AND seq IN (3, 1100)")
    found = await reconcile(filled, statistician)
    assert [(each["kind"], each["seq"], each["healed"]) for each in found["differences"]] == [
        ("event_missing", 3, True),
        ("event_missing", 1100, True),
    ]
    assert await filled.rows("SELECT * FROM applied_event ORDER BY feed, seq") == noted


async def test_where_the_feed_is_not_what_it_was_nothing_is_changed(
    filled: Reporting, statistician: Caller, line: LineMaker
) -> None:
    feed = filled.feeds["registry"]
    other = feed.append_lines([line("registered", "opening", "2025-01-01", 7)])
    feed.events.pop()
    feed.events[8] = parse_body(other.body, 9)
    facts = await filled.rows(FACTS)
    found = await reconcile(filled, statistician)
    kinds = {(each["kind"], each["seq"], each["healed"]) for each in found["differences"]}
    assert kinds >= {("event_differs", 9, False), ("fact_changed", 9, False)}
    assert not found["healed"]
    assert await filled.rows(FACTS) == facts
    assert f"renkou_reconciliation_unhealed {found['found']}.0" in (await filled.client.get("/metrics")).text
    incidents = (await statistician.get("/incidents")).json()["items"]
    assert [(each["kind"], each["seq"]) for each in incidents] == [("conflict", 9)]


async def test_events_that_are_held_are_no_difference_nor_those_applied_later(
    filled: Reporting, statistician: Caller, line: LineMaker
) -> None:
    feed = filled.feeds["registry"]
    held = feed.append_lines([line("registered", "death", "2026-03-02")], uuid4())
    async with filled.database.transaction(EVERYWHERE) as tx:
        await inbox.hold_failed(tx, "registry", held, ValueError("not understood"))
    found = await reconcile(filled, statistician)
    assert [each["kind"] for each in found["differences"]] == ["stock_differs"]
    async with filled.database.transaction(EVERYWHERE) as tx:
        await inbox.replay_held(tx, "registry", held.seq, apply_registry)
    assert (await reconcile(filled, statistician))["equal"]


async def test_a_service_that_is_away_is_waited_for(filled: Reporting, statistician: Caller) -> None:
    filled.feeds["migrant"].away_from = 0
    asked = await statistician.post("/reconciliations")
    with pytest.raises(FeedUnavailable):
        await filled.reconcile()
    path = f"/reconciliations/{asked.json()['id']}"
    assert (await statistician.get(path)).json()["state"] == "waiting"
    second = await statistician.post("/reconciliations")
    assert (second.status_code, second.json()["code"]) == (409, "reconciliation_underway")
    filled.feeds["migrant"].away_from = None
    await filled.reconcile()
    assert (await statistician.get(path)).json()["equal"] is True


async def test_one_is_made_every_day_and_only_the_whole_district_reads_it(
    filled: Reporting, statistician: Caller
) -> None:
    await filled.reconcile()
    listed = (await statistician.get("/reconciliations")).json()["items"]
    assert [(each["requested_by"], each["state"]) for each in listed] == [(None, "done")]
    part = await filled.staff("statistician", "340103001")
    assert (await part.get("/reconciliations")).json()["items"] == []
    assert (await part.get(f"/reconciliations/{listed[0]['id']}")).status_code == 404
    assert (await part.post("/reconciliations")).status_code == 403
    assert (await statistician.get(f"/reconciliations/{uuid4()}")).status_code == 404
