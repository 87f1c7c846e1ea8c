"""Definitions are written by one, put in force by another, and hold for the periods they say."""

import copy
from uuid import uuid4

import pytest

from renkou_common.clock import Clock
from renkou_common.scope import AreaScope
from renkou_reporting.indicators import service

from ..support import Caller, Json, LineMaker, Reporting

DELIVERIES: Json = {
    "code": "hospital_delivery_rate",
    "zh": "住院分娩率",
    "en": "deliveries in hospital",
    "meaning_zh": "住院分娩占出生的比重。",
    "meaning_en": "Deliveries in hospital of all births.",
    "source_zh": "医院汇总报表",
    "source_en": "aggregate returns of hospitals",
    "populations": ["resident"],
    "numerator": [{"part": "deliveries", "kind": "flow", "measure": "hospital_deliveries"}],
    "denominator": [{"part": "births", "kind": "flow", "measure": "birth"}],
    "factor": 100,
    "unit": "%",
    "examples": [{"inputs": {"deliveries": "995", "births": "1000"}, "value": "99.50"}],
}
MEASURE: Json = {
    "code": "hospital_deliveries",
    "zh": "住院分娩",
    "en": "deliveries in hospital",
    "kind": "flow",
    "unit": "time",
    "populations": ["resident"],
}


@pytest.fixture
async def author(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


@pytest.fixture
async def approver(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


async def drafted(author: Caller, definition: Json) -> Json:
    answer = await author.post("/indicators", json={"definition": definition, "reason": "区里要求"})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    assert answer.headers["Location"] == f"/indicators/{found['code']}/versions/{found['version']}"
    return found


async def test_an_indicator_of_our_own_needs_no_program(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    answer = await author.post("/measures", json=MEASURE)
    assert (answer.status_code, answer.json()["origin"]) == (201, "return")
    draft = await drafted(author, DELIVERIES)
    assert (draft["version"], draft["state"], draft["made_by"]) == (1, "draft", str(author.id))
    asked = {
        "indicator": "hospital_delivery_rate",
        "area": "340103",
        "population": "resident",
        "period": "2026",
    }
    assert (await author.get("/figures", params=asked)).status_code == 404

    path = "/indicators/hospital_delivery_rate/versions/1/activation"
    refused = await author.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "same_person")
    activated = (await approver.post(path)).json()
    assert (activated["state"], activated["approved_by"]) == ("active", str(approver.id))
    assert (await approver.post(path)).json()["code"] == "not_draft"

    await reporting.take_in("registry", [line("resident", "birth", "2026-02-01", 8, sex=1, parity=1)])
    desk = await reporting.desk()
    counted = {
        "measure": "hospital_deliveries",
        "population": "resident",
        "area": "340103001001",
        "on": "2026-02-28",
    }
    place = {
        "form": "counts",
        "area": "340103",
        "period": "2026-02",
        "title": "分娩汇总",
        "source": "妇幼保健院",
    }
    made = await desk.begin(place | {"lines": [counted | {"value": 6}]})
    for caller, step in (
        (desk.filler, "handing-in"),
        (desk.checker, "check"),
        (desk.signer, "signature"),
    ):
        made = (await caller.step(made, step)).json()
    figure = (await author.get("/figures", params=asked)).json()
    assert (figure["value"], figure["version"], figure["name"]["zh"]) == ("75.00", 1, "住院分娩率")


async def test_a_draft_is_made_once_for_a_key(author: Caller) -> None:
    await author.post("/measures", json=MEASURE)
    body, key = {"definition": DELIVERIES, "reason": "区里要求"}, str(uuid4())
    first = await author.post("/indicators", json=body, key=key)
    assert (await author.post("/indicators", json=body, key=key)).json() == first.json()
    second = await author.post("/indicators", json=body)
    assert second.json()["version"] == 2
    measure_key = str(uuid4())
    other = MEASURE | {"code": "home_deliveries"}
    for _ in range(2):
        assert (await author.post("/measures", json=other, key=measure_key)).status_code == 201
    assert (await author.post("/measures", json=other)).json()["code"] == "measure_exists"


@pytest.mark.parametrize("wrong", [{"populations": ["resident", "resident"]}, {"code": "birth"}])
async def test_a_measure_that_cannot_be_is_refused(author: Caller, wrong: Json) -> None:
    answer = await author.post("/measures", json=MEASURE | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_wrong_definition_is_refused_with_every_reason(author: Caller) -> None:
    wrong = copy.deepcopy(DELIVERIES)
    wrong["numerator"].append({"part": "people", "kind": "stock", "population": "registered"})
    wrong["denominator"] = []
    answer = await author.post("/indicators", json={"definition": wrong, "reason": "试"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert {(one["pointer"], one["code"]) for one in answer.json()["errors"]} == {
        ("/definition/denominator", "no_denominator"),
        ("/definition/numerator/0/measure", "unknown_measure"),
        ("/definition/numerator/1/population", "mixed_populations"),
    }
    english = {
        "Authorization": f"Bearer {author.token}",
        "Accept-Language": "en",
        "Idempotency-Key": "told-in-english",
    }
    answer = await author.client.post(
        "/indicators", json={"definition": wrong, "reason": "试"}, headers=english
    )
    assert "divides by zero" in answer.text


async def test_a_new_version_holds_from_its_day_on(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    versions = (await author.get("/indicators/birth_rate/versions")).json()["items"]
    assert [(one["version"], one["state"], one["packaged"]) for one in versions] == [(1, "active", True)]
    per_cent = {key: value for key, value in versions[0]["definition"].items() if key != "version"}
    per_cent |= {"factor": 100, "unit": "%", "valid_from": "2026-01-01"}
    per_cent["examples"] = [{"inputs": {"births": 4700, "mean_population": 695000}, "value": "0.68"}]
    draft = await drafted(author, per_cent)
    assert (await approver.post(f"/indicators/birth_rate/versions/{draft['version']}/activation")).is_success

    await reporting.take_in(
        "registry",
        [line("registered", "opening", "2024-12-31", 100)],
        [line("registered", "birth", "2025-03-01"), line("registered", "death", "2025-04-01")],
        [line("registered", "birth", "2026-03-01"), line("registered", "death", "2026-04-01")],
    )
    asked = {"indicator": "birth_rate", "area": "340103", "population": "registered"}
    found = [
        (await author.get("/figures", params=asked | {"period": year})).json() for year in ("2025", "2026")
    ]
    assert [(one["value"], one["unit"], one["version"]) for one in found] == [
        ("10.00", "‰", 1),
        ("1.00", "%", 2),
    ]
    table = {
        "area": "340103",
        "population": "registered",
        "period": ["2025", "2026"],
        "indicator": "birth_rate",
    }
    assert (await author.get("/figures/table", params=table)).json()["items"][0]["values"] == [
        "10.00",
        "1.00",
    ]

    path = f"/indicators/birth_rate/versions/{draft['version']}/retirement"
    assert (await approver.post(path, json={"reason": "改回千分率"})).json()["state"] == "retired"
    assert (await approver.post(path, json={"reason": "再次"})).json()["code"] == "not_active"
    assert (await author.get("/figures", params=asked | {"period": "2026"})).json()["value"] == "10.00"


async def test_a_historic_indicator_refuses_what_came_after(author: Caller) -> None:
    asked = {"indicator": "policy_compliance_rate", "area": "340103", "population": "registered"}
    for period in ("2021-06", "2021", "2026"):
        answer = await author.get("/figures", params=asked | {"period": period})
        assert (answer.status_code, answer.json()["code"]) == (422, "period_outside_validity")
        assert "2021-05-30" in answer.text
    for further in ({"period": "2021-05"}, {"period": "2021", "through": "2021-05"}, {"period": "2020"}):
        assert (await author.get("/figures", params=asked | further)).status_code == 200
    table = {"area": "340103", "population": "registered", "period": ["2020", "2026"]}
    answer = (
        await author.get("/figures/table", params=table | {"indicator": "policy_compliance_rate"})
    ).json()
    reasons = [answer["reasons"][code]["en"] for code in answer["items"][0]["reasons"]]
    assert reasons == [
        "None of the returns that count it is signed; there is no value",
        "The indicator does not hold for this period",
    ]


async def test_what_others_are_computed_from_stays(author: Caller, approver: Caller) -> None:
    answer = await approver.post("/indicators/spend/versions/1/retirement", json={"reason": "不用"})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_needed")


@pytest.mark.parametrize("path", ["/indicators/none/versions", "/indicators/birth_rate/versions/7"])
async def test_what_does_not_exist_is_not_found(author: Caller, path: str) -> None:
    assert (await author.get(path)).status_code == 404


async def test_definitions_are_for_the_whole_district(reporting: Reporting, author: Caller) -> None:
    part = await reporting.staff("statistician", "340103001")
    auditor = await reporting.staff("auditor", "340103")
    for caller in (part, auditor):
        for path, body in (
            ("/indicators", {"definition": DELIVERIES, "reason": "试"}),
            ("/measures", MEASURE),
            ("/indicators/birth_rate/versions/1/activation", None),
            ("/indicators/birth_rate/versions/1/retirement", {"reason": "试"}),
        ):
            assert (await caller.post(path, json=body)).status_code == 403, path
    assert (await auditor.get("/measures")).status_code == 200


async def test_the_programs_definitions_are_taken_over_once(reporting: Reporting) -> None:
    async def take_over() -> int:
        async with reporting.database.transaction(AreaScope.nothing()) as tx:
            return await service.take_over_packaged(tx, Clock())

    assert await take_over() == 0
    await reporting.as_owner(
        "UPDATE indicator_version SET definition = definition || '{\"unit\": \"%\"}' WHERE code = 'birth_rate'"
    )
    assert await take_over() == 1
    versions = await reporting.rows(
        "SELECT version, state, packaged FROM indicator_version WHERE code = 'birth_rate' ORDER BY version"
    )
    assert [tuple(row) for row in versions] == [(1, "active", True), (2, "active", True)]
