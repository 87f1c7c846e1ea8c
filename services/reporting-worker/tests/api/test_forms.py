"""Forms as data: what comes with the program, new ones by two people, who hands them in."""

import copy
from typing import Any
from uuid import uuid4

import pytest

from renkou_reporting.forms.service import take_packaged

from ..support import EVERYWHERE, Caller, Desk, Json, Reporting

FREE_CLINICS: Json = {
    "code": "free_clinics",
    "zh": "义诊活动季报表",
    "en": "free clinics",
    "number": "人统活01表",
    "authority": {"zh": "区卫生健康部门", "en": "health office"},
    "approval": {"zh": "内部报表", "en": "internal"},
    "office": {"zh": "社区卫生服务中心", "en": "community health centre"},
    "periodicity": "quarter",
    "level": "town",
    "by": "area",
    "people": 2,
    "due": {"days": 10, "calendar": "working"},
    "measures": [
        {"code": "clinic_visitors", "zh": "义诊人次", "en": "visitors of clinics", "populations": ["office"]}
    ],
    "sections": [
        {
            "code": "clinics",
            "zh": "义诊",
            "en": "Free clinics",
            "unit": {"zh": "场", "en": "clinics"},
            "population": "office",
            "columns": [
                {"code": "number", "zh": "数量", "en": "number"},
                {"code": "women", "zh": "其中女性", "en": "women", "counted": False, "required": False},
            ],
            "rows": [
                {"code": "held", "zh": "场次", "en": "held", "measure": "activity_held"},
                {"code": "visitors", "zh": "人次", "en": "visitors", "measure": "clinic_visitors"},
            ],
            "cells": [{"row": "held", "column": "women", "blocked": True}],
        }
    ],
    "rules": [
        {
            "kind": "check",
            "code": "R01",
            "zh": "女性不多于人次",
            "en": "women are among the visitors",
            "check": "clinics[visitors, women] <= clinics[visitors, number]",
        }
    ],
}
PACKAGED = {
    "abortions",
    "counts",
    "finance_spending",
    "hospital_births",
    "opening_population",
    "police_registration",
    "policy_births",
}


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk()


def changed(path: str, value: Any) -> Json:
    """The form with one member changed."""
    form = copy.deepcopy(FREE_CLINICS)
    at: Any = form
    *parents, last = path.split("/")
    for name in parents:
        at = at[int(name)] if isinstance(at, list) else at[name]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return form


async def draft(caller: Caller, form: Json = FREE_CLINICS) -> Json:
    answer = await caller.post("/forms", json={"definition": form, "reason": "新增"})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def test_the_forms_of_the_program_are_in_force(desk: Desk) -> None:
    listed = (await desk.filler.get("/forms")).json()["items"]
    assert {one["code"] for one in listed} == PACKAGED
    assert all((one["version"], one["state"], one["edition"]) == (1, "active", "1") for one in listed)


async def test_a_form_says_where_each_cell_is_and_what_it_counts(desk: Desk) -> None:
    form = (await desk.filler.get("/forms/hospital_births")).json()
    cells = {cell["key"]: cell for cell in form["cells"]}
    assert cells["births.first.male"] | {"name": None} == {
        "key": "births.first.male",
        "address": "E12",
        "name": None,
        "blocked": False,
        "measure": "hospital_live_birth",
        "population": "office",
        "sex": 1,
        "parity": 1,
        "detail": "",
        "digits": 0,
        "low": "0",
        "high": "10000000000",
        "required": True,
    }
    assert cells["births.first.male"]["name"]["zh"] == "“一、住院分娩活产”“一孩”行“男”列 (E12)"
    assert cells["births.total.male"]["measure"] is None


async def test_a_new_form_is_put_in_force_by_somebody_else(desk: Desk) -> None:
    made = await draft(desk.filler)
    assert (made["version"], made["state"], made["made_by"]) == (1, "draft", str(desk.filler.id))
    begun = {"form": "free_clinics", "area": "340103001", "period": "2026Q1"}
    assert (await desk.filler.post("/returns", json=begun)).status_code == 404
    path = "/forms/free_clinics/versions/1/activation"
    assert (await desk.filler.post(path)).status_code == 403
    active = await desk.signer.post(path)
    assert (active.status_code, active.json()["state"]) == (201, "active")
    assert active.json()["activated_by"] == str(desk.signer.id)
    again = await desk.signer.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "form_active")


async def test_counts_of_a_new_form_are_in_the_cells(desk: Desk, reporting: Reporting) -> None:
    await draft(desk.filler)
    await desk.signer.post("/forms/free_clinics/versions/1/activation")
    values = {"clinics.held.number": 3, "clinics.visitors.number": 210, "clinics.visitors.women": 120}
    await desk.hand_in({"form": "free_clinics", "area": "340103001", "period": "2026Q1", "cells": values})
    rows = await reporting.rows("SELECT area, month, population, measure, value FROM cell ORDER BY measure")
    assert [tuple(row) for row in rows] == [
        (340103001000, 202603, "office", "activity_held", 3),
        (340103001000, 202603, "office", "clinic_visitors", 210),
    ]


async def test_the_next_version_holds_for_new_returns_only(desk: Desk) -> None:
    await draft(desk.filler)
    await desk.signer.post("/forms/free_clinics/versions/1/activation")
    place = {"form": "free_clinics", "area": "340103001"}
    old = await desk.begin(place | {"period": "2026Q1"})
    second = await draft(desk.filler, changed("valid_from", "2026-04-01"))
    assert second["version"] == 2
    await desk.signer.post("/forms/free_clinics/versions/2/activation")
    assert (await desk.begin(place | {"period": "2026Q2"}))["form_version"] == 2
    assert (await desk.filler.get(f"/returns/{old['id']}")).json()["form_version"] == 1
    other = {"form": "free_clinics", "area": "340103002", "period": "2026Q1"}
    assert (await desk.begin(other))["form_version"] == 1
    versions = (await desk.filler.get("/forms/free_clinics/versions")).json()["items"]
    assert [(one["version"], one["state"]) for one in versions] == [(2, "active"), (1, "active")]


@pytest.mark.parametrize(
    ("path", "value", "pointer", "code"),
    [
        ("sections/0/rows/0/measure", "happiness", "/sections/0/cells", "measure_unknown"),
        ("sections/0/population", "resident", "/sections/0/cells", "measure_of_population"),
        ("sections/0/rows/1/measure", "activity_held", "/sections/0/cells", "counted_twice"),
        ("sections/0/rows/1/code", "held", "/sections/0/rows", "code_twice"),
        ("sections/0/cells/0/row", "nobody", "/sections/0/cells/0", "no_such_cell"),
        ("sections/0/columns/0/measure", "activity_reached", "/sections/0/cells", "traits_contradict"),
        ("rules/0/check", "clinics[nobody, women] > 1", "/rules/0/check", "rule_refers_to_nothing"),
        ("rules/0/check", "elsewhere[held, women] > 1", "/rules/0/check", "rule_refers_to_nothing"),
        ("rules/0/check", "clinics[visitors:held, number] > 1", "/rules/0/check", "rule_range"),
        ("rules/0/check", "clinics[held:visitors, number] > 1", "/rules/0/check", "rule_range"),
        ("rules/0/check", "clinics[held, number] >", "/rules/0/check", "rule_unread"),
        ("rules/0/check", "1 = 2", "/rules/0/check", "rule_refers_to_nothing"),
        ("rules/0/when", "clinics[held, number]", "/rules/0/when", "rule_unread"),
        ("measures/0/code", "birth", "/measures/0/code", "measure_known"),
        ("measures/0/populations", ["everyone"], "/measures/0/populations", "population_unknown"),
        ("sections", [], "/sections", "sections"),
        ("due/days", 0, "/definition/due/days", "greater_than_equal"),
        ("colour", "red", "/definition/colour", "extra_forbidden"),
    ],
)
async def test_a_wrong_form_is_refused_with_the_reason(
    desk: Desk, path: str, value: Any, pointer: str, code: str
) -> None:
    answer = await desk.filler.post("/forms", json={"definition": changed(path, value), "reason": "试"})
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def test_forms_are_made_for_the_whole_district(reporting: Reporting) -> None:
    part = await reporting.desk("340103001")
    answer = await part.filler.post("/forms", json={"definition": FREE_CLINICS, "reason": "新增"})
    assert (answer.status_code, answer.json()["code"]) == (403, "district_only")


async def test_an_upgrade_does_not_undo_a_districts_own_version(reporting: Reporting, desk: Desk) -> None:
    form = (await desk.filler.get("/forms/abortions")).json()["definition"]
    await draft(desk.filler, form | {"zh": "人工流产季报表 (本区)"})
    await desk.signer.post("/forms/abortions/versions/2/activation")
    await reporting.as_owner("UPDATE form_version SET edition = '0' WHERE code = 'abortions' AND version = 1")
    async with reporting.runtime.database.transaction(EVERYWHERE) as tx:
        await take_packaged(tx, reporting.runtime.clock.now())
    versions = (await desk.filler.get("/forms/abortions/versions")).json()["items"]
    assert [(one["version"], one["state"], one["edition"]) for one in versions] == [
        (3, "draft", "1"),
        (2, "active", None),
        (1, "active", "0"),
    ]


UNIT = {
    "code": "340103-h01",
    "area": "340103",
    "zh": "庐阳区妇幼保健院",
    "en": "Luyang maternity hospital",
    "forms": ["hospital_births", "abortions"],
    "valid_from": "2026-01-01",
}


async def test_a_unit_is_registered_changed_and_ended(desk: Desk) -> None:
    key = str(uuid4())
    made = await desk.filler.post("/reporters", json=UNIT, key=key)
    assert made.status_code == 201, made.text
    assert (await desk.filler.post("/reporters", json=UNIT, key=key)).json() == made.json()
    taken = await desk.filler.post("/reporters", json=UNIT)
    assert (taken.status_code, taken.json()["code"]) == (409, "reporter_exists")
    change = {"forms": ["abortions"], "valid_to": "2026-12-31"}
    missing = await desk.filler.send("PATCH", "/reporters/340103-h01", json=change)
    assert missing.status_code == 428
    answer = await desk.filler.send("PATCH", "/reporters/340103-h01", version=1, json=change)
    assert (answer.json()["forms"], answer.json()["valid_to"], answer.json()["version"]) == (
        ["abortions"],
        "2026-12-31",
        2,
    )
    late = await desk.filler.send("PATCH", "/reporters/340103-h01", version=1, json=change)
    assert late.status_code == 412
    listed = (await desk.filler.get("/reporters", params={"form": "abortions"})).json()["items"]
    assert [one["code"] for one in listed] == ["340103-h01"]
    assert (await desk.filler.get("/reporters", params={"form": "hospital_births"})).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"forms": ["nothing"]}, 422),
        ({"valid_to": "2025-01-01"}, 422),
        ({"zh": "医院 13812345678"}, 422),
        ({"area": "340104"}, 404),
    ],
)
async def test_a_wrong_unit_is_refused(desk: Desk, change: Json, status: int) -> None:
    assert (await desk.filler.post("/reporters", json=UNIT | change)).status_code == status
