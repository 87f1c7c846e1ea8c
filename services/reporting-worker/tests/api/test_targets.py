"""Targets are drafted by one, put in force by another, and say what is missing."""

from uuid import uuid4

import httpx
import pytest

from ..support import Caller, Json, LineMaker, Reporting

CHECKS: Json = {
    "indicator": "certificate_check_rate",
    "population": "migrant_in",
    "area": "340103",
    "period": "2026",
    "comparison": "at_least",
    "low": "98",
    "below": True,
    "reason": "年度目标",
}


@pytest.fixture
async def author(reporting: Reporting) -> Caller:
    return await reporting.staff("administrator", "340103")


@pytest.fixture
async def approver(reporting: Reporting) -> Caller:
    return await reporting.staff("statistician", "340103")


async def changing(
    caller: Caller, method: str, path: str, version: int | None, body: Json | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {caller.token}"}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return await caller.client.request(method, path, json=body, headers=headers)


async def drafted(author: Caller, **changes: object) -> Json:
    answer = await author.post("/targets", json=CHECKS | changes)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    assert answer.headers["Location"] == f"/targets/{found['id']}"
    return found


async def in_force(author: Caller, approver: Caller, **changes: object) -> Json:
    draft = await drafted(author, **changes)
    answer = await changing(approver, "POST", f"/targets/{draft['id']}/activation", draft["version"])
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_a_target_is_put_in_force_by_somebody_else(author: Caller, approver: Caller) -> None:
    draft = await drafted(author)
    assert (draft["valid_from"], draft["valid_to"]) == ("2026-01-01", "2026-12-31")
    path = f"/targets/{draft['id']}/activation"
    assert (await changing(approver, "POST", path, None)).status_code == 428
    assert (await changing(approver, "POST", path, 7)).status_code == 412
    refused = await changing(author, "POST", path, draft["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "same_person")
    active = (await changing(approver, "POST", path, draft["version"])).json()
    assert [(one["state"], one["made_by"], one["approved_by"]) for one in active["versions"]] == [
        ("active", str(author.id), str(approver.id))
    ]
    again = await changing(approver, "POST", path, active["version"])
    assert (again.status_code, again.json()["code"]) == (409, "no_draft")


async def test_a_draft_is_changed_and_a_target_gets_versions(author: Caller, approver: Caller) -> None:
    draft = await drafted(author)
    assert (await author.post("/targets", json=CHECKS)).json()["code"] == "draft_open"
    values = {"comparison": "at_least", "low": "98.5", "reason": "上级要求"}
    path = f"/targets/{draft['id']}"
    changed = (await changing(approver, "PUT", f"{path}/draft", draft["version"], values)).json()
    assert (changed["versions"][0]["low"], changed["versions"][0]["made_by"]) == ("98.5", str(approver.id))
    same = await changing(approver, "POST", f"{path}/activation", changed["version"])
    assert same.json()["code"] == "same_person"
    active = (await changing(author, "POST", f"{path}/activation", changed["version"])).json()

    second = await drafted(author, low="99")
    assert (second["id"], len(second["versions"])) == (draft["id"], 2)
    replaced = (await changing(approver, "POST", f"{path}/activation", second["version"])).json()
    assert [(one["number"], one["state"], one["low"]) for one in replaced["versions"]] == [
        (2, "active", "99"),
        (1, "superseded", "98.5"),
    ]
    assert replaced["version"] > active["version"]
    gone = await changing(approver, "POST", f"{path}/withdrawal", replaced["version"], {"reason": "指标停用"})
    assert gone.json()["versions"][0]["state"] == "withdrawn"
    assert (await author.get(path)).headers["ETag"] == f'"{gone.json()["version"]}"'
    late = await changing(
        approver, "POST", f"{path}/withdrawal", gone.json()["version"], {"reason": "指标停用"}
    )
    assert late.json()["code"] == "not_in_force"


async def test_a_target_is_made_once_for_a_key(author: Caller) -> None:
    key = str(uuid4())
    first = await author.post("/targets", json=CHECKS, key=key)
    assert (await author.post("/targets", json=CHECKS, key=key)).json() == first.json()
    assert len((await author.get("/targets", params={"area": "340103"})).json()["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"indicator": "none"}, "/indicator", "unknown_indicator"),
        ({"indicator": "birth_rate", "population": "registered"}, "/indicator", "no_target"),
        ({"indicator": "contraceptive_prevalence", "population": "registered"}, "/indicator", "no_target"),
        ({"population": "registered"}, "/population", "population_of_indicator"),
        ({"sex": "2"}, "/sex", "sex"),
        ({"comparison": "at_most", "low": None, "high": "98"}, "/comparison", "against_direction"),
        ({"comparison": "between"}, "/high", "target_value"),
        ({"period": "2026-13"}, "/period", "period_unknown"),
    ],
)
async def test_a_wrong_target_is_refused_with_its_reason(
    author: Caller, changes: Json, pointer: str, code: str
) -> None:
    answer = await author.post("/targets", json=CHECKS | changes)
    assert answer.status_code == 422
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def test_targets_are_for_those_who_manage_the_area(reporting: Reporting, author: Caller) -> None:
    part = await reporting.staff("administrator", "340103001")
    assert (await part.post("/targets", json=CHECKS)).status_code == 404
    assert (await part.post("/targets", json=CHECKS | {"area": "340103001"})).status_code == 201
    draft = await drafted(author)
    answer = await changing(part, "POST", f"/targets/{draft['id']}/activation", draft["version"])
    assert answer.status_code == 404
    auditor = await reporting.staff("auditor", "340103")
    assert (await auditor.post("/targets", json=CHECKS)).status_code == 403
    assert (await auditor.get(f"/targets/{draft['id']}")).status_code == 200
    assert (await auditor.get(f"/targets/{uuid4()}")).status_code == 404


async def test_progress_says_what_is_missing_and_the_nearest_target_holds(
    reporting: Reporting, author: Caller, approver: Caller, line: LineMaker
) -> None:
    await in_force(author, approver)
    own = await in_force(author, approver, area="340103002", low="90", below=False)
    await reporting.take_in(
        "registry",
        [
            line("migrant_in", "check_due", "2026-02-10", 200, area="340103001001"),
            line("migrant_in", "check_made", "2026-02-10", 190, area="340103001001"),
            line("migrant_in", "check_due", "2026-02-10", 100, area="340103002001"),
            line("migrant_in", "check_made", "2026-02-10", 90, area="340103002001"),
        ],
    )

    async def progress(area: str, **further: str) -> Json:
        asked = {"area": area, "period": "2026"} | further
        found: Json = (await author.get("/targets/progress", params=asked)).json()
        return found

    first = await progress("340103001", through="2026-03")
    assert (first["until"], first["counted_to"]) == ("2026-12-31", "2026-03-31")
    (item,) = first["items"]
    assert (item["target_area"], item["value"], item["goal"]["low"]) == ("340103", "95.00", "98")
    assert (item["met"], item["shortfall"], item["light"]) == (False, "3", "amber")
    assert item["missing"] == {"amount": "6", "direction": "more", "of": "numerator"}
    (met,) = (await progress("340103002"))["items"]
    assert (met["target_id"], met["met"], met["light"]) == (own["id"], True, "green")
    assert met["missing"]["direction"] == "none"
    (inherited,) = (await progress("340103002001"))["items"]
    assert inherited["target_area"] == "340103"
    assert (await progress("340103001", through="2026-01"))["items"][0]["light"] == "grey"
    assert (
        await author.get("/targets/progress", params={"area": "340104", "period": "2026"})
    ).status_code == 404
