"""Purposes as the administrator keeps them, what they let be exported, and consents that end at once."""

import csv
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from ..me.test_own_account import person
from ..people.people import HERE, People
from ..test_exports import exported, load, work


def purpose(**changes: object) -> Json:
    return {
        "code": f"census_{uuid4().hex[:12]}",
        "zh": "协助人口普查核对名册",
        "en": "help the census to check its rolls",
        "basis": "duty",
        "covers": ["export:households"],
        "active_from": "2025-01-01",
        "reason": "普查办来函",
    } | changes


async def test_the_administrator_enters_changes_and_ends_a_purpose_and_each_version_stays(
    registry: Registry,
) -> None:
    admin = registry.administrator
    created = await admin.post("/purposes", json=purpose())
    assert created.status_code == 201, created.text
    entered = created.json()
    path = f"/purposes/{entered['code']}"
    assert (entered["in_force"], entered["basis"]["articles"]) == (
        True,
        "《个人信息保护法》第十三条第一款第三项、第三十四条",
    )
    assert (await admin.patch(path, version=None, json={"zh": "核对", "reason": "改名"})).status_code == 428
    stale = await admin.patch(path, version=9, json={"zh": "核对", "reason": "改名"})
    assert stale.status_code == 412
    today = registry.runtime.clock.today().isoformat()
    ended = await admin.patch(path, version=1, json={"active_to": today, "reason": "普查结束"})
    assert (ended.status_code, ended.json()["in_force"], ended.headers["ETag"]) == (200, False, '"2"')
    assert (await admin.request("DELETE", path)).status_code == 405
    versions = (await admin.get(f"{path}/versions")).json()["items"]
    assert [(each["version"], each["content"]["active_to"], each["reason"]) for each in versions] == [
        (2, today, "普查结束"),
        (1, None, "普查办来函"),
    ]
    assert {each["changed_by"] for each in versions} == {str(admin.id)}


async def test_staff_read_purposes_and_only_the_administrator_keeps_them(registry: Registry) -> None:
    for role in ("community_worker", "service_station", "statistician", "auditor"):
        staff = await registry.staff(role, "340103")
        found = await staff.get("/purposes", params={"covers": "export:persons", "in_force": True})
        assert "register_upkeep" in {each["code"] for each in found.json()["items"]}
        assert (await staff.post("/purposes", json=purpose())).status_code == 403
        assert (await staff.patch("/purposes/audit", version=1, json={"reason": "试试"})).status_code == 403


async def test_a_local_rule_is_added_as_a_basis_and_serves_a_purpose(registry: Registry) -> None:
    basis = {
        "code": f"rule_{uuid4().hex[:8]}",
        "articles": "《某省人口与计划生育条例》第十条",
        "zh": "省条例规定的登记",
        "en": "registration under the province's regulation",
    }
    assert (await registry.administrator.post("/legal-bases", json=basis)).status_code == 201
    twice = await registry.administrator.post("/legal-bases", json=basis)
    assert (twice.status_code, twice.json()["code"]) == (409, "basis_exists")
    created = await registry.administrator.post("/purposes", json=purpose(basis=basis["code"]))
    assert created.json()["basis"]["zh"] == basis["zh"]
    unknown = await registry.administrator.post("/purposes", json=purpose(basis="nothing"))
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/basis")


@pytest.mark.parametrize("code", ["benefits", "no_such_purpose"])
async def test_an_export_for_a_purpose_that_does_not_cover_it_is_refused_with_those_that_do(
    registry: Registry, code: str
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    body = {"list": "persons", "filters": {"area": HERE}, "purpose": "核对", "purpose_code": code}
    for language, words in (("zh-CN", "人口登记的建立和更新"), ("en", "keep the register of people")):
        answer = await clerk.post("/exports", json=body, headers={"Accept-Language": language})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["pointer"]) == (422, "/purpose_code")
        assert f"register_upkeep ({words}" in error["detail"]
        assert "benefits (" not in error["detail"]


async def test_a_purpose_that_ends_stops_what_waits_and_what_is_ready(fresh_registry: Registry) -> None:
    registry = fresh_registry
    clerk, admin = await registry.staff("subdistrict_clerk", "340103"), registry.administrator
    code = (await admin.post("/purposes", json=purpose())).json()["code"]
    body = {"list": "households", "filters": {"area": HERE}, "purpose_code": code}
    ready = await exported(registry, clerk, **body)
    path = (await clerk.post(f"/exports/{ready['id']}/link")).json()["path"]
    assert (await clerk.get(path)).status_code == 200
    waiting = await clerk.post("/exports", json=body | {"purpose": "核对"})
    today = registry.runtime.clock.today()
    await admin.patch(f"/purposes/{code}", version=1, json={"active_to": today.isoformat(), "reason": "终止"})
    await work(registry)
    failed = (await clerk.get(waiting.headers["Location"])).json()
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "purpose_ended")
    assert (await clerk.get(path)).json()["code"] == "purpose_ended"
    assert (await clerk.post("/exports", json=body | {"purpose": "核对"})).status_code == 422
    tomorrow = (today + timedelta(days=1)).isoformat()
    again = await admin.patch(
        f"/purposes/{code}", version=2, json={"active_to": tomorrow, "reason": "延长一天"}
    )
    assert again.json()["in_force"]
    assert (await clerk.get(path)).status_code == 200


async def test_which_service_is_named_only_with_separate_consent_and_no_longer_once_it_is_withdrawn(
    registry: Registry,
) -> None:
    station = await registry.staff("service_station", "340103", "subdistrict_clerk", "340103")
    area = "340103009002"
    both = [await People(station, registry.runtime).enter(present_area=area) for _ in range(2)]
    for each in both:
        given = {"kind": "examination", "given_on": "2025-06-02"}
        assert (await station.post(f"/persons/{each['id']}/services", json=given)).status_code == 201
    told = f"/persons/{both[0]['id']}/consents"
    yes = {"purpose": "health_in_lists", "given": True, "how": "paper"}
    assert (await station.post(told, json=yes)).json()["in_force"] == ["health_in_lists"]
    ids = {each["id"] for each in both}
    assert await named(registry, station, area, ids) == {both[0]["id"]: True, both[1]["id"]: False}
    assert await named(registry, station, area, ids, kind="examination") == {both[0]["id"]: True}
    await station.post(told, json=yes | {"given": False, "how": "in_person"})
    assert await named(registry, station, area, ids) == dict.fromkeys(ids, False)
    history = (await station.get(told)).json()
    assert history["in_force"] == []
    assert [(each["given"], each["how"]) for each in history["items"]] == [
        (False, "in_person"),
        (True, "paper"),
    ]


async def named(
    registry: Registry, clerk: Caller, area: str, ids: set[str], **filters: str
) -> dict[str, bool]:
    """Which of some persons the list of services names with what they received."""
    body = {"list": "services", "purpose_code": "service_offers", "format": "csv"}
    export = await exported(registry, clerk, **body, filters={"area": area} | filters)
    rows = list(csv.DictReader(StringIO((await load(clerk, export)).content.decode("utf-8-sig"))))
    return {row["人员编号"]: row["服务项目"] != "未单独同意" for row in rows if row["人员编号"] in ids}


async def test_whoever_withdrew_is_told_of_nowhere_until_they_agree_again(registry: Registry) -> None:
    station = await registry.staff("service_station", "340103")
    entered, me = await person(registry)
    path = "/me/consents/share_services_with_home"
    for given in (True, False):
        assert (await me.request("PUT", path, json={"given": given})).status_code == 200
    service = {"kind": "examination", "given_on": "2025-06-02", "share_with_home": True}
    services = f"/persons/{entered['id']}/services"
    refused = await station.post(services, json=service)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_withdrawn")
    assert (await station.post(services, json=service | {"share_with_home": False})).status_code == 201
    noted = {"purpose": "share_services_with_home", "given": True, "how": "in_person"}
    assert (await station.post(f"/persons/{entered['id']}/consents", json=noted)).status_code == 201
    later = service | {"given_on": "2025-06-03"}
    assert (await station.post(services, json=later)).status_code == 201
    copied = (await me.get("/me/copy.json")).json()["records"]["consent_change"]
    assert [(each["given"], each["how"]) for each in copied] == [
        (True, "own_account"),
        (False, "own_account"),
        (True, "in_person"),
    ]


async def test_the_history_of_consents_and_of_purposes_cannot_be_changed(registry: Registry) -> None:
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rights = await tx.fetch(
            "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) AS granted"
            " FROM information_schema.role_table_grants WHERE grantee = current_user"
            " AND table_name IN ('consent_change', 'purpose_version') GROUP BY 1 ORDER BY 1"
        )
    assert [tuple(row) for row in rights] == [
        ("consent_change", "INSERT SELECT"),
        ("purpose_version", "INSERT SELECT"),
    ]
