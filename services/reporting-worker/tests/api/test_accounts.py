"""Population accounts as a statistician uses them: read, checked, explained; what breaks them is found."""

from datetime import timedelta

import pytest

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line
from renkou_reporting.accounts import checking
from renkou_reporting.bootstrap import build_checker

from ..support import EVERYWHERE, Caller, Json, LineMaker, Reporting

AREA, OTHER = "340103001001", "340103002001"
DISTRICT = AreaCode("340103")


@pytest.fixture
def year(line: LineMaker) -> list[Line]:
    """A community's 2025: 100 women born in 1990 and 3 men of 2015; births, a death, moves."""
    return [
        line("registered", "opening", "2024-12-31", 100, sex=2, birth_month="1990-06"),
        line("registered", "opening", "2024-12-31", 3, sex=1, birth_month="2015-03"),
        line("registered", "birth", "2025-02-10", 2, sex=1, birth_month="2025-02", parity=1),
        line("registered", "death", "2025-03-01", 1, sex=2, birth_month="1990-06"),
        line("registered", "in", "2025-03-05", 5, sex=2, birth_month="1990-06", area=OTHER),
        line("registered", "out", "2025-05-05", 4, sex=2, birth_month="1990-06"),
        line("migrant_out", "in", "2025-06-01", 9, sex=2, birth_month="1990-06"),
        line("migrant_in", "in", "2025-06-01", 7, sex=2, birth_month="2000-01"),
        line("resident", "opening", "2024-12-31", 96, sex=2, birth_month="1990-06"),
    ]


async def checked(reporting: Reporting) -> bool:
    return await build_checker(reporting.runtime).run_once()


async def incidents(caller: Caller, **asked: str) -> list[Json]:
    answer = await caller.get("/accounts/incidents", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def measured(reporting: Reporting, kind: str) -> float:
    """Open incidents of a kind as a scraper reads them from the process that serves."""
    lines = (await reporting.client.get("/metrics")).text.splitlines()
    (told,) = [one for one in lines if one.startswith(f'renkou_account_incidents_open{{kind="{kind}"}}')]
    return float(told.rsplit(" ", 1)[1])


async def test_an_account_balances_in_total_by_sex_and_age(reporting: Reporting, year: list[Line]) -> None:
    await reporting.take_in("registry", year)
    statistician = await reporting.staff("statistician", "340103")
    asked = {"area": "340103", "population": "registered", "period": "2025", "by_sex": "true", "ages": "year"}
    answer = (await statistician.get("/accounts", params=asked)).json()
    total = {
        name: answer["total"][name]
        for name in ("opening", "born", "died", "moved_in", "moved_out", "closing")
    }
    assert total == {"opening": 103, "born": 2, "died": 1, "moved_in": 5, "moved_out": 4, "closing": 105}
    assert answer["total"]["mean"] == "104"
    rows = {(row["sex"], row["ages"]): row for row in answer["rows"]}
    women = rows[2, "35"]
    assert (women["opening"], women["died"], women["moved_in"], women["moved_out"], women["closing"]) == (
        100, 1, 5, 4, 100,
    )  # fmt: skip
    assert (rows[2, "34"]["opening_of_age"], rows[2, "34"]["mean"], women["mean"]) == (100, "50", "50")
    assert rows[1, "0"]["closing"] == 2
    quarter = {"area": AREA, "period": "2025Q1", "sex": "2"}
    of_area = (await statistician.get("/accounts", params=quarter)).json()["total"]
    assert (of_area["opening"], of_area["died"], of_area["closing"]) == (100, 1, 99)


async def test_months_follow_each_other_and_the_pyramid_counts_the_same_people(
    reporting: Reporting, year: list[Line]
) -> None:
    await reporting.take_in("registry", year)
    statistician = await reporting.staff("statistician", "340103")
    asked = {"area": "340103", "population": "registered", "first": "2025-01", "last": "2025-06"}
    items = (await statistician.get("/accounts/series", params=asked)).json()["items"]
    assert [item["closing"] for item in items] == [103, 105, 109, 109, 105, 105]
    assert [item["opening"] for item in items[1:]] == [item["closing"] for item in items[:-1]]
    pyramid = (
        await statistician.get("/accounts/pyramid", params={"area": "340103", "month": "2025-06"})
    ).json()["rows"]
    assert len(pyramid) == 21
    told = {row["ages"]: (row["male"], row["female"]) for row in pyramid if row["male"] or row["female"]}
    assert told == {"0-4": (2, 0), "10-14": (3, 0), "35-39": (0, 100)}
    bridge = (
        await statistician.get("/accounts/bridge", params={"area": "340103", "month": "2025-06"})
    ).json()
    assert (bridge["registered_present"], bridge["present"], bridge["in_between"]) == (96, 103, -7)


async def test_accounts_are_those_of_the_callers_area(reporting: Reporting, year: list[Line]) -> None:
    await reporting.take_in("registry", year)
    worker = await reporting.staff("community_worker", AREA)
    question = {"area": OTHER, "period": "2025"}
    assert (await worker.get("/accounts", params=question)).status_code == 404
    assert (await worker.get("/accounts", params={**question, "area": AREA})).status_code == 200
    wrong = await worker.get("/accounts", params={"area": AREA, "period": "spring"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/query/period")
    assert (await worker.post("/accounts/checks", json={"through": "2025-06"})).status_code == 403


async def test_what_breaks_an_account_is_found_with_its_cause_explained_and_solved(
    reporting: Reporting, line: LineMaker, year: list[Line]
) -> None:
    statistician = await reporting.staff("statistician", "340103")
    gone = line("registered", "death", "2025-04-02", 2, sex=2, birth_month="1980-01", area=OTHER)
    await reporting.take_in("registry", year, [gone])
    assert await checked(reporting)
    (found,) = await incidents(statistician, state="open")
    assert (found["kind"], found["area"], found["month"]) == ("negative_stock", OTHER, "2025-04")
    whole = (await statistician.get(f"/accounts/incidents/{found['id']}")).json()
    assert (whole["expected"], whole["found"], whole["birth_month"]) == (0, -2, "1980-01")
    (event,) = whole["events"]
    assert (event["feed"], event["measure"], event["value"]) == ("registry", "death", 2)
    assert event["seq"] == len(reporting.feeds["registry"].events)
    async with reporting.database.transaction(EVERYWHERE) as tx:
        assert len(await checking.unexplained(tx, DISTRICT, 202512)) == 1
    assert await measured(reporting, "negative_stock") == 1

    path = f"/accounts/incidents/{found['id']}/explanation"
    refused = await statistician.post(path, json={"reason": "见 340103198001010022"})
    assert refused.status_code == 422
    assert (await statistician.post(path, json={"reason": "建档时漏录"})).json()["state"] == "explained"
    assert (await statistician.post(path, json={"reason": "again"})).json()["code"] == "incident_not_open"
    assert await measured(reporting, "negative_stock") == 0
    async with reporting.database.transaction(EVERYWHERE) as tx:
        assert await checking.unexplained(tx, DISTRICT, 202512) == []

    await reporting.take_in("registry", [gone.model_copy(update={"value": -2})])
    assert not await checked(reporting), "a month is checked once"
    asked = await statistician.post("/accounts/checks", json={"through": "2025-12"})
    assert asked.status_code == 202
    assert await checked(reporting)
    done = (await statistician.get(asked.headers["Location"])).json()
    assert (done["reason"], done["found"]) == ("asked", 0)
    assert [one["state"] for one in await incidents(statistician)] == ["solved"]
    async with reporting.database.transaction(EVERYWHERE) as tx:
        assert await checking.unexplained(tx, DISTRICT, 202512) == []


async def test_impossible_births_and_more_people_out_than_registered_are_found(
    reporting: Reporting, line: LineMaker
) -> None:
    statistician = await reporting.staff("statistician", "340103")
    await reporting.take_in(
        "registry",
        [
            line("registered", "birth", "2025-02-10", 1, sex=1, birth_month="2023-02"),
            line("resident", "in", "2025-02-10", 1, sex=1, birth_month="2025-03"),
            line("migrant_out", "in", "2025-02-10", 1, sex=2, birth_month="1990-03"),
        ],
    )
    assert await checked(reporting)
    assert {one["kind"] for one in await incidents(statistician)} == {
        "birth_not_age_zero", "unborn", "more_out_than_registered",
    }  # fmt: skip


async def test_cells_that_were_damaged_are_found_and_a_rebuild_solves_them(
    reporting: Reporting, year: list[Line]
) -> None:
    statistician = await reporting.staff("statistician", "340103")
    await reporting.take_in("registry", year)
    assert await checked(reporting)
    assert await incidents(statistician) == []
    await reporting.as_owner("UPDATE cohort_cell SET value = value + 1 WHERE measure = 'death'")
    await statistician.post("/accounts/checks", json={"through": "2025-12"})
    assert await checked(reporting)
    (found,) = await incidents(statistician, state="open")
    assert found["kind"] == "cells_differ"
    await statistician.post("/rebuilds")
    assert await reporting.rebuilder().run_once()
    assert await checked(reporting), "a rebuild has the accounts checked again"
    assert await incidents(statistician, state="open") == []


async def test_only_those_who_manage_figures_read_causes(reporting: Reporting, line: LineMaker) -> None:
    await reporting.take_in(
        "registry", [line("registered", "death", "2025-04-02", sex=2, birth_month="1980-01")]
    )
    assert await checked(reporting)
    auditor = await reporting.staff("auditor", "340103")
    (found,) = await incidents(auditor)
    assert not {"cells", "events", "birth_month", "found"} & found.keys()
    assert (await auditor.get(f"/accounts/incidents/{found['id']}")).status_code == 403
    elsewhere = await reporting.staff("statistician", "340103002")
    assert (await elsewhere.get(f"/accounts/incidents/{found['id']}")).status_code == 404
    month = reporting.runtime.clock.today().replace(day=1) + timedelta(days=40)
    statistician = await reporting.staff("statistician", "340103")
    refused = await statistician.post("/accounts/checks", json={"through": f"{month:%Y-%m}"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "future")
