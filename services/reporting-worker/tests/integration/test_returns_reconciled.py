"""Signed returns are compared with the facts made of them: what differs is found, put right where it can be, told."""

import pytest

from ..api.test_office_returns import PLACE, UNIT, births
from ..support import Caller, Desk, Json, Reporting

LINE: Json = {"area": "340103001", "on": "2025-12-31", "population": "registered", "measure": "opening"}
RETURN: Json = {
    "title": "期初人口",
    "source": "统计局",
    "area": "340103",
    "form": "counts",
    "period": "2025-12",
    "lines": [
        LINE | {"sex": 1, "birth_month": "1980-03", "value": 5000},
        LINE | {"sex": 2, "birth_month": "1985-07", "value": 4000},
    ],
}
FACTS = "SELECT * FROM fact ORDER BY feed, seq, line_no"
SUMS = """
SELECT 'cell', area, month, measure, sex, 0 AS part, value FROM cell WHERE value <> 0
UNION ALL SELECT 'area', area, month, measure, sex, level, value FROM area_cell WHERE value <> 0
UNION ALL SELECT 'cohort', area, month, measure, sex, birth_month, value FROM cohort_cell WHERE value <> 0
ORDER BY 1, 2, 3, 4, 5, 6
"""


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk()


@pytest.fixture
async def handed_in(reporting: Reporting, desk: Desk) -> list[Json]:
    """Two signed returns and one that was withdrawn again."""
    made = [await desk.hand_in(RETURN) for _ in range(3)]
    assert (await desk.signer.step(made[2], "withdrawal", reason="重复")).status_code == 201
    return made


async def reconcile(reporting: Reporting, caller: Caller) -> Json:
    asked = await caller.post("/reconciliations")
    assert asked.status_code == 202, asked.text
    await reporting.reconcile()
    found: Json = (await caller.get(f"/reconciliations/{asked.json()['id']}")).json()
    assert found["state"] == "done", found["reason"]
    return found


@pytest.mark.usefixtures("handed_in")
async def test_returns_that_count_as_they_were_signed_are_told_by_form(
    reporting: Reporting, desk: Desk
) -> None:
    found = await reconcile(reporting, desk.filler)
    assert (found["equal"], found["differences"]) == (True, [])
    returns = found["returns"]
    assert (returns["position"], returns["entries"], returns["differing"]) == (4, 4, [])
    assert (returns["facts_wrong"], returns["facts_healed"]) == (0, 0)
    (form,) = returns["forms"]
    assert {name: form[name] for name in ("form", "returns", "months", "counts")} == {
        "form": "counts",
        "returns": 2,
        "months": 1,
        "counts": 8,
    }
    again = await reconcile(reporting, desk.filler)
    assert again["returns"] == returns


@pytest.mark.usefixtures("handed_in")
async def test_facts_of_returns_are_put_right_with_their_sums(reporting: Reporting, desk: Desk) -> None:
    facts, sums = await reporting.rows(FACTS), await reporting.rows(SUMS)
    for statement in (
        "DELETE FROM fact WHERE feed = 'returns' AND seq = 1 AND line_no = 1",
        "UPDATE fact SET value = 4999, month = 202511 WHERE feed = 'returns' AND seq = 2 AND line_no = 0",
        "INSERT INTO fact SELECT feed, 9, 0, event_id, area, happened_on, month, population, measure, sex,"
        " birth_month, parity, 4, detail FROM fact WHERE feed = 'returns' AND seq = 1 AND line_no = 0",
        "UPDATE cell SET value = value - 4000 WHERE sex = 2",
        "UPDATE cohort_cell SET value = value - 1 WHERE sex = 1",
    ):
        await reporting.as_owner(statement)
    found = await reconcile(reporting, desk.filler)
    assert (found["found"], found["healed"], found["equal"]) == (3, 3, False)
    assert {
        (one["kind"], one["feed"], one["seq"], one["line_no"], one["healed"]) for one in found["differences"]
    } == {
        ("fact_missing", "returns", 1, 1, True),
        ("fact_changed", "returns", 2, 0, True),
        ("fact_added", "returns", 9, 0, True),
    }
    told = [(one["form"], one["month"], one["counts"], one["facts"]) for one in found["returns"]["differing"]]
    assert told == [("", "2025-12", 0, 1), ("counts", "2025-11", 0, 1), ("counts", "2025-12", 8, 6)]
    assert (found["returns"]["facts_wrong"], found["returns"]["facts_healed"]) == (3, 3)
    assert await reporting.rows(FACTS) == facts
    assert await reporting.rows(SUMS) == sums
    assert (await reconcile(reporting, desk.filler))["equal"] is True


async def test_facts_of_an_offices_form_are_put_right(reporting: Reporting, desk: Desk) -> None:
    assert (await desk.checker.post("/reporters", json=UNIT)).status_code == 201
    office = Desk(await reporting.staff("service_station", "340103"), desk.checker, desk.signer)
    await office.hand_in(PLACE | {"period": "2026-03", "cells": births()})
    facts = await reporting.rows(FACTS)
    await reporting.as_owner("DELETE FROM fact WHERE feed = 'returns' AND line_no = 2")
    found = await reconcile(reporting, desk.checker)
    assert [(one["kind"], one["line_no"], one["healed"]) for one in found["differences"]] == [
        ("fact_missing", 2, True)
    ]
    assert [(one["form"], one["month"]) for one in found["returns"]["differing"]] == [
        ("hospital_births", "2026-03")
    ]
    assert await reporting.rows(FACTS) == facts


async def test_where_the_return_is_not_what_was_signed_nothing_is_changed(
    reporting: Reporting, desk: Desk, handed_in: list[Json]
) -> None:
    facts = await reporting.rows(FACTS)
    first, second, _ = handed_in
    await reporting.as_owner(
        f"UPDATE return_line SET value = 1 WHERE return_id = '{first['id']}' AND line_no = 0"
    )
    await reporting.as_owner(f"DELETE FROM return_entry WHERE return_id = '{second['id']}'")
    found = await reconcile(reporting, desk.filler)
    assert found["healed"] == 0
    kinds = sorted((one["kind"], one["seq"], one["reason"]) for one in found["differences"] if one["seq"])
    kept = "what is kept of the return is not what was signed"
    assert kinds == [
        ("fact_added", 2, kept),
        ("fact_added", 2, kept),
        ("fact_changed", 1, kept),
        ("return_differs", 1, "what the return counted is not what was signed"),
        ("return_differs", 2, "no entry of a return has this number"),
    ]
    (uncounted,) = [one for one in found["differences"] if one["seq"] is None]
    assert uncounted["expected"] == {
        "return": second["id"], "form": "counts", "period": "2025-12", "counted": 1
    }  # fmt: skip
    assert (uncounted["area"], uncounted["stored"]["counted"]) == ("340103", 0)
    assert await reporting.rows(FACTS) == facts
    assert (
        f"renkou_reconciliation_unhealed {found['found']}.0" in (await reporting.client.get("/metrics")).text
    )
