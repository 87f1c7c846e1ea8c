"""A rebuild reads everything again, compares every cell and takes the old tables' place."""

from uuid import uuid4

import asyncpg
import pytest

from renkou_common.messaging import inbox
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.scope import AreaScope
from renkou_reporting.facts.service import fold_cohorts

from ..support import Caller, Json, LineMaker, Reporting

EVERYWHERE = AreaScope.everything()
RETURN: Json = {
    "title": "期初人口",
    "source": "统计局",
    "area": "340103",
    "form": "counts",
    "period": "2025-12",
    "lines": [
        {
            "area": "340103",
            "on": "2025-12-31",
            "population": "registered",
            "measure": "opening",
            "value": 5000,
        }
    ],
}
CELLS = """
SELECT 'cell' AS kind, 5 AS level, area, month, population, measure, sex, parity, 0 AS birth_month, detail, value
FROM cell
UNION ALL
SELECT 'area', level, area, month, population, measure, sex, parity, 0, detail, value FROM area_cell
UNION ALL
SELECT 'cohort', 5, area, month, population, measure, sex, 0, birth_month, '', value FROM cohort_cell
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""


@pytest.fixture
async def statistician(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


@pytest.fixture
async def filled(reporting: Reporting, statistician: Caller, line: LineMaker) -> Reporting:
    """Events of both feeds, corrections among them, a return that stands and one that was withdrawn."""
    for day in range(1, 29):
        births = [line("registered", "birth", f"2026-02-{day:02d}", sex=1 + day % 2, parity=1 + day % 3)]
        await reporting.take_in("registry", births)
        certified = line(
            "migrant_out_certified",
            "in",
            f"2026-03-{day:02d}",
            birth_month="1990-05",
            detail=f"kind_{day % 2}",
        )
        await reporting.take_in("migrant", [certified, line("migrant_in", "check_due", "2026-03-01")])
    await reporting.take_in("registry", [line("registered", "birth", "2026-02-01", -1, sex=2, parity=2)])
    desk = await reporting.desk()
    await desk.hand_in(RETURN)
    wrong = await desk.hand_in(RETURN)
    assert (await desk.signer.step(wrong, "withdrawal", reason="重复")).status_code == 201
    return reporting


async def request(caller: Caller) -> str:
    answer = await caller.post("/rebuilds")
    assert answer.status_code == 202, answer.text
    rebuild_id: str = answer.json()["id"]
    return rebuild_id


async def result(caller: Caller, rebuild_id: str) -> Json:
    found: Json = (await caller.get(f"/rebuilds/{rebuild_id}")).json()
    return found


async def test_a_rebuild_comes_out_equal(filled: Reporting, statistician: Caller) -> None:
    before = await filled.rows(CELLS)
    facts = await filled.rows("SELECT * FROM fact ORDER BY feed, seq, line_no")
    rebuild_id = await request(statistician)
    assert (await result(statistician, rebuild_id))["state"] == "queued"
    assert await filled.rebuilder(page=7).run_once()
    found = await result(statistician, rebuild_id)
    assert (found["state"], found["equal"], found["difference_count"]) == ("done", True, 0)
    assert found["progress"] == {
        "migrant": {"read": 28, "target": 28},
        "registry": {"read": 33, "target": 33},
        "returns": {"read": 3, "target": 3},
    }
    assert await filled.rows(CELLS) == before
    assert await filled.rows("SELECT * FROM fact ORDER BY feed, seq, line_no") == facts
    assert not await filled.rebuilder().run_once()


async def test_a_corrected_return_is_rebuilt_as_it_was_entered_and_reversed(
    reporting: Reporting, statistician: Caller
) -> None:
    desk = await reporting.desk()
    made = await desk.hand_in(RETURN)
    begun = await desk.filler.post(f"/returns/{made['id']}/correction", json={"reason": "漏报"})
    lines = [line | {"value": 5001} for line in RETURN["lines"]]
    path = f"/returns/{begun.json()['id']}/values"
    await desk.pass_on((await desk.filler.send("PUT", path, version=1, json={"lines": lines})).json())
    before = await reporting.rows(CELLS)
    assert {(row["kind"], row["level"], row["month"]) for row in before} == {
        ("cell", 5, 202512), ("cohort", 5, 202512),
        ("area", 4, 202512), ("area", 3, 202512), ("area", 5, 2025), ("area", 4, 2025), ("area", 3, 2025),
    }  # fmt: skip
    assert {row["value"] for row in before} == {5001}
    rebuild_id = await request(statistician)
    assert await reporting.rebuilder().run_once()
    found = await result(statistician, rebuild_id)
    assert (found["equal"], found["progress"]["returns"]) == (True, {"read": 3, "target": 3})
    assert await reporting.rows(CELLS) == before


async def test_a_planted_difference_is_found_and_put_right(filled: Reporting, statistician: Caller) -> None:
    before = await filled.rows(CELLS)
    await filled.as_owner("UPDATE cell SET value = value + 3 WHERE measure = 'opening'")
    await filled.as_owner("DELETE FROM cell WHERE measure = 'check_due'")
    await filled.as_owner(
        "UPDATE area_cell SET value = value - 1 WHERE month = 2026 AND level = 4 AND parity = 2"
    )
    await filled.as_owner("UPDATE cohort_cell SET value = 7 WHERE birth_month = 199005")
    await filled.as_owner(
        "INSERT INTO cell VALUES (340103009009, 202601, 'resident', 'in', 1, 0, '', 8)",
    )
    rebuild_id = await request(statistician)
    await filled.rebuilder().run_once()
    found = await result(statistician, rebuild_id)
    assert (found["state"], found["equal"], found["difference_count"]) == ("done", False, 6)
    named = {
        (one["kind"], one["area"], one["month"], one["measure"], one["live"], one["rebuilt"])
        for one in found["differences"]
    }
    assert named == {
        ("cell", "340103", "2025-12", "opening", 5003, 5000),
        ("cell", "340103001001", "2026-03", "check_due", None, 28),
        ("cell", "340103009009", "2026-01", "in", 8, None),
        ("area_cell", "340103001", "2026", "birth", 4, 5),
        ("area_cell", "340103001", "2026", "birth", 3, 4),
        ("cohort_cell", "340103001001", "2026-03", "in", 7, 28),
    }
    assert await filled.rows(CELLS) == before


async def test_a_damaged_stock_by_age_is_found_and_put_right(
    filled: Reporting, statistician: Caller, line: LineMaker
) -> None:
    """What is folded in already and what is still in the log are compared together, at any damage to the stock."""
    async with filled.database.transaction(EVERYWHERE) as tx:
        await fold_cohorts(tx)
    certified = line("migrant_out_certified", "in", "2026-03-30", birth_month="1990-05")
    await filled.take_in("migrant", [certified])
    assert await certified_people(statistician) == 29
    hers = "population = 'migrant_out_certified'"
    await filled.as_owner(
        f"UPDATE cohort_stock SET value = value + 2 WHERE {hers} AND level = 3 AND month = 202603"
    )
    await filled.as_owner(f"DELETE FROM cohort_stock WHERE {hers} AND level = 4 AND month = 2026")
    await filled.as_owner(
        "INSERT INTO cohort_stock VALUES (5, 'migrant_out_certified', 340103009009, 2025, 199005, 0, 3000000000)"
    )
    assert await certified_people(statistician) == 31
    rebuild_id = await request(statistician)
    await filled.rebuilder().run_once()
    found = await result(statistician, rebuild_id)
    assert (found["state"], found["equal"], found["difference_count"]) == ("done", False, 3)
    assert {
        (
            one["kind"],
            one["area"],
            one["month"],
            one["measure"],
            one["birth_month"],
            one["live"],
            one["rebuilt"],
        )
        for one in found["differences"]
    } == {
        ("cohort_stock", "340103", "2026-03", "stock", "1990-05", 31, 29),
        ("cohort_stock", "340103001", "2026", "stock", "1990-05", 1, 29),
        ("cohort_stock", "340103009009", "2025", "stock", "1990-05", 3_000_000_000, None),
    }
    assert await certified_people(statistician) == 29
    rebuild_id = await request(statistician)
    await filled.rebuilder().run_once()
    assert (await result(statistician, rebuild_id))["equal"] is True


async def certified_people(caller: Caller) -> int:
    """Migrants out with a certificate at the end of April 2026, as the pyramid shows them."""
    asked = {"area": "340103", "population": "migrant_out_certified", "month": "2026-04"}
    rows = (await caller.get("/accounts/pyramid", params=asked)).json()["rows"]
    return sum(row["male"] + row["female"] + row["other"] for row in rows)


async def test_a_rebuild_goes_on_where_it_was_stopped(filled: Reporting, statistician: Caller) -> None:
    rebuild_id = await request(statistician)
    filled.feeds["migrant"].away_from = 20
    with pytest.raises(FeedUnavailable):
        await filled.rebuilder(page=10).run_once()
    assert (await result(statistician, rebuild_id))["progress"]["migrant"] == {"read": 20, "target": 28}
    filled.feeds["migrant"].away_from = None
    assert await filled.rebuilder(page=10).run_once()
    assert (await result(statistician, rebuild_id))["equal"] is True


async def test_events_that_come_in_meanwhile_are_not_lost(
    filled: Reporting, statistician: Caller, line: LineMaker
) -> None:
    rebuild_id = await request(statistician)
    feed = filled.feeds["migrant"]

    async def grows() -> None:
        if len(feed.events) < 60:
            check = [line("migrant_in", "check_made", "2026-03-02")]
            await filled.take_in("migrant", *[check] * 6)
            await filled.take_in("registry", [line("registered", "death", "2026-03-02")])

    feed.meanwhile = grows
    await filled.rebuilder(page=10).run_once()
    assert (await result(statistician, rebuild_id))["equal"] is True
    await filled.take_in("migrant", [line("migrant_in", "check_made", "2026-03-02")])
    made = await filled.rows("SELECT sum(value) AS made FROM cell WHERE measure = 'check_made'")
    assert made[0]["made"] == len(feed.events) - 28 > 20


async def test_held_events_are_left_out_on_both_sides(
    filled: Reporting, statistician: Caller, line: LineMaker
) -> None:
    feed = filled.feeds["registry"]
    subject = uuid4()
    for measure in ("death", "out"):
        feed.append_lines([line("registered", measure, "2026-03-02")], subject)
    held, blocked = feed.events[-2:]
    async with filled.database.transaction(EVERYWHERE) as tx:
        await inbox.hold_failed(tx, "registry", held, ValueError("not understood"))
    await filled.catch_up("registry")
    assert blocked.seq == feed.events[-1].seq
    rebuild_id = await request(statistician)
    await filled.rebuilder().run_once()
    assert (await result(statistician, rebuild_id))["equal"] is True
    status = (await statistician.get("/feeds/status")).json()
    assert [(one["seq"], one["state"]) for one in status["held"]] == [
        (held.seq, "failed"),
        (blocked.seq, "blocked"),
    ]


async def test_a_feed_that_lost_its_beginning_rebuilds_nothing(
    filled: Reporting, statistician: Caller
) -> None:
    before = await filled.rows(CELLS)
    del filled.feeds["registry"].events[3]
    rebuild_id = await request(statistician)
    await filled.rebuilder().run_once()
    found = await result(statistician, rebuild_id)
    assert (found["state"], found["equal"]) == ("failed", None)
    assert "does not hold number 4" in found["reason"]
    assert await filled.rows(CELLS) == before


async def test_after_a_swap_the_service_still_may_not_rewrite_its_facts(
    filled: Reporting, statistician: Caller
) -> None:
    await request(statistician)
    await filled.rebuilder().run_once()
    for statement in ("DELETE FROM fact", "UPDATE fact SET value = 0", "DELETE FROM cell"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await filled.rows(statement)
    await request(statistician)
    assert await filled.rebuilder().run_once()


async def test_one_rebuild_at_a_time_and_only_for_the_whole_district(
    filled: Reporting, statistician: Caller
) -> None:
    key = str(uuid4())
    first = await statistician.post("/rebuilds", key=key)
    assert (await statistician.post("/rebuilds", key=key)).json()["id"] == first.json()["id"]
    second = await statistician.post("/rebuilds")
    assert (second.status_code, second.json()["code"]) == (409, "rebuild_underway")
    part = await filled.staff("statistician", "340103001")
    assert (await part.post("/rebuilds")).status_code == 403
    assert (await part.get(f"/rebuilds/{first.json()['id']}")).status_code == 404
    assert (await statistician.get(f"/rebuilds/{uuid4()}")).status_code == 404
