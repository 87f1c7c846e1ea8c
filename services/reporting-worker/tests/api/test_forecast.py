"""Forecasts as a statistician asks for them: of a district, a subdistrict, a community, under own assumptions."""

from decimal import Decimal

import pytest

from renkou_common.contracts.lines import Line

from ..support import Caller, Json, LineMaker, Reporting

HERE, THERE = "340103001001", "340103002001"


@pytest.fixture
def years(line: LineMaker) -> list[list[Line]]:
    """Two communities from 2019 on: people of all ages, births each year, some deaths and moves."""
    found: list[list[Line]] = []
    for area, number in ((HERE, 40), (THERE, 20)):
        found.append(
            [
                line(
                    "resident",
                    "opening",
                    "2019-12-31",
                    number,
                    sex=sex,
                    birth_month=f"{2019 - age}-06",
                    area=area,
                )
                for sex in (1, 2)
                for age in range(90)
            ]
        )
        for year in range(2020, 2026):
            lines = [
                line(
                    "resident",
                    "birth",
                    f"{year}-05-01",
                    number // 2,
                    sex=sex,
                    birth_month=f"{year}-05",
                    area=area,
                )
                for sex in (1, 2)
            ]
            lines += [
                line(
                    "resident",
                    "death",
                    f"{year}-09-01",
                    5,
                    sex=sex,
                    birth_month=f"{year - age}-06",
                    area=area,
                )
                for sex in (1, 2)
                for age in (75, 80, 84)
            ]
            lines += [
                line("resident", "in", f"{year}-03-01", 6, sex=2, birth_month=f"{year - 24}-06", area=area),
                line("resident", "out", f"{year}-03-02", 3, sex=1, birth_month=f"{year - 30}-06", area=area),
            ]
            found.append(lines)
    return found


async def asked(caller: Caller, **question: str) -> Json:
    answer = await caller.get("/forecasts", params={"area": "340103", "base": "2025", **question})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_ten_years_of_a_district_balance_and_show_their_error(
    reporting: Reporting, years: list[list[Line]]
) -> None:
    await reporting.take_in("registry", *years)
    statistician = await reporting.staff("statistician", "340103")
    found = await asked(statistician)
    assert [item["year"] for item in found["items"]] == list(range(2026, 2036))
    before = Decimal(found["past"][-1]["closing"])
    for item in found["items"]:
        numbers = {name: Decimal(item[name]) for name in ("opening", "born", "died", "moved_in", "moved_out")}
        assert numbers["opening"] == before
        before = Decimal(item["closing"])
        assert before == (
            numbers["opening"]
            + numbers["born"]
            - numbers["died"]
            + numbers["moved_in"]
            - numbers["moved_out"]
        )
        assert sum(Decimal(band["male"]) + Decimal(band["female"]) for band in item["people"]) == before
    assert found["rates"]["years"] == [2023, 2024, 2025]
    assert "World Population Prospects" in found["rates"]["mortality_source"]["en"]
    assert [error["horizon"] for error in found["errors"]] == [1, 2, 3, 4, 5]
    assert all(Decimal(error["population"]) < 5 for error in found["errors"])


async def test_scenarios_differ_as_they_say(reporting: Reporting, years: list[list[Line]]) -> None:
    await reporting.take_in("registry", *years)
    statistician = await reporting.staff("statistician", "340103")
    born = {
        code: sum(Decimal(item["born"]) for item in (await asked(statistician, scenario=code))["items"])
        for code in ("low", "medium", "high")
    }
    assert born["low"] < born["medium"] < born["high"]
    alone = (await asked(statistician, scenario="no_migration"))["items"]
    assert {(item["moved_in"], item["moved_out"]) for item in alone} == {("0.000", "0.000")}
    own = {
        "code": "childcare",
        "zh": "托育方案",
        "en": "childcare",
        "fertility_change": [{"years": 5, "hundredths": 300}],
    }
    made = await statistician.post("/forecasts/scenarios", json=own)
    assert made.status_code == 201, made.text
    again = await statistician.post("/forecasts/scenarios", json=own)
    assert (again.status_code, again.json()["code"]) == (409, "scenario_exists")
    listed = (await statistician.get("/forecasts/scenarios")).json()["items"]
    assert {item["code"]: item["packaged"] for item in listed}["childcare"] is False
    more = sum(Decimal(item["born"]) for item in (await asked(statistician, scenario="childcare"))["items"])
    assert more > born["high"]


async def test_subdistricts_add_up_and_communities_come_without_ages(
    reporting: Reporting, years: list[list[Line]]
) -> None:
    await reporting.take_in("registry", *years)
    statistician = await reporting.staff("statistician", "340103")
    district, *parts = [
        (await asked(statistician, area=area))["items"] for area in ("340103", "340103001", "340103002")
    ]
    for whole, one, other in zip(district, *parts, strict=True):
        together = Decimal(one["closing"]) + Decimal(other["closing"])
        assert abs(Decimal(whole["closing"]) - together) < 2
    community = (await asked(statistician, area=HERE))["items"]
    assert [item["people"] for item in community] == [[]] * 10


async def test_what_cannot_be_forecast_is_refused(reporting: Reporting, years: list[list[Line]]) -> None:
    statistician = await reporting.staff("statistician", "340103")
    empty = await statistician.get("/forecasts", params={"area": "340103"})
    assert (empty.status_code, empty.json()["code"]) == (409, "too_little_history")
    unknown = await statistician.get("/forecasts", params={"area": "340103", "scenario": "best"})
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (422, "scenario_unknown")
    early = await statistician.get("/forecasts", params={"area": "340103", "base": "2150"})
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "future")
    worker = await reporting.staff("community_worker", HERE)
    assert (await worker.get("/forecasts", params={"area": "340103"})).status_code == 404
    own = {"code": "own", "zh": "自定", "en": "own"}
    assert (await worker.post("/forecasts/scenarios", json=own)).status_code == 403
    part = await reporting.staff("statistician", "340103001")
    assert (await part.post("/forecasts/scenarios", json=own)).json()["code"] == "district_only"
