"""Break-glass: an hour of reading elsewhere, for a reason, seen by every auditor and in every reading."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from renkou_common.scope import AreaScope

from ..support import Caller, Json, Registry
from .people.people import People

HERE, THERE, ELSEWHERE = "340103009", "340103002", "340103001"


def emergency(**changed: Any) -> Json:
    given = {"area": THERE, "purpose": "life_and_health", "reason": "煤气泄漏, 需立即联系楼内住户疏散"}
    return given | changed


async def opened(caller: Caller, **changed: Any) -> Json:
    answer = await caller.post("/break-glass", json=emergency(**changed))
    assert answer.status_code == 201, answer.text
    given: Json = answer.json()
    return given


async def somebody(registry: Registry, area: str) -> Json:
    """A person who lives in an area and is registered there."""
    community = f"{area}001"
    worker = await registry.staff("community_worker", area)
    return await People(worker, registry.runtime).enter(registered_area=community, present_area=community)


async def test_an_hour_of_reading_elsewhere_and_nothing_but_reading(fresh_registry: Registry) -> None:
    registry = fresh_registry
    clerk = await registry.staff("subdistrict_clerk", HERE)
    person = await somebody(registry, THERE)
    path = f"/persons/{person['id']}"
    assert (await clerk.get(path)).status_code == 404
    given = await opened(clerk)
    assert (given["area"], given["in_force"], given["reviewed_at"]) == (THERE, True, None)
    shown = (await clerk.get(path)).json()
    assert shown["resident_id"] == person["resident_id"]
    assert "*" in shown["resident_id"]
    changed = await clerk.patch(path, version=person["version"], json={"phone": "13800138000"})
    assert changed.status_code == 404
    unmasked = await clerk.post(
        f"{path}/unmask",
        json={"fields": ["resident_id"], "purpose": "document_check", "reason": "紧急情况核实"},
    )
    assert unmasked.status_code == 404
    elsewhere = await somebody(registry, ELSEWHERE)
    assert (await clerk.get(f"/persons/{elsewhere['id']}")).status_code == 404
    later = registry.runtime.clock.now() + timedelta(minutes=61)
    registry.set_now(later)
    assert (await clerk.get(path)).status_code == 404


async def test_each_reading_under_it_carries_its_number(registry: Registry) -> None:
    clerk, person = await registry.staff("subdistrict_clerk", HERE), await somebody(registry, THERE)
    given = await opened(clerk)
    assert (await clerk.get(f"/persons/{person['id']}")).status_code == 200
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        rows = await tx.fetch(
            "SELECT purpose FROM audit_entry WHERE actor_id = $1 AND action = 'read'", clerk.id
        )
    assert [row["purpose"] for row in rows] == [f"break_glass:{given['id']}"]
    ended = await clerk.request("POST", f"/break-glass/{given['id']}/end", headers={"If-Match": '"1"'})
    assert (ended.status_code, ended.json()["in_force"]) == (200, False)
    assert (await clerk.get(f"/persons/{person['id']}")).status_code == 404


async def test_every_auditor_sees_it_at_once_and_one_reviews_it(registry: Registry) -> None:
    auditors = [await registry.staff("auditor", "340103") for _ in range(2)]
    clerk = await registry.staff("subdistrict_clerk", HERE)
    given = await opened(clerk)
    for auditor in auditors:
        (newest,) = (await auditor.get("/break-glass", params={"reviewed": False, "limit": 1})).json()[
            "items"
        ]
        assert (newest["id"], newest["staff_name"]) == (given["id"], f"工作人员 {clerk.username}")
        assert newest["reason"] == emergency()["reason"]
    path, finding = (
        f"/break-glass/{given['id']}",
        {"verdict": "justified", "finding": "经核实, 当日确有煤气泄漏"},
    )
    reviewed = await auditors[0].request("POST", f"{path}/review", headers={"If-Match": '"1"'}, json=finding)
    assert (reviewed.status_code, reviewed.json()["verdict"]) == (200, "justified")
    assert reviewed.json()["reviewed_by"] == str(auditors[0].id)
    stale = await auditors[1].request("POST", f"{path}/review", headers={"If-Match": '"1"'}, json=finding)
    assert stale.status_code == 412
    again = await auditors[1].request("POST", f"{path}/review", headers={"If-Match": '"2"'}, json=finding)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    (own,) = (await clerk.get("/break-glass/own")).json()["items"]
    assert own["finding"] == finding["finding"]
    waiting = (await auditors[1].get("/break-glass", params={"reviewed": False, "limit": 200})).json()[
        "items"
    ]
    assert given["id"] not in {each["id"] for each in waiting}


async def test_the_glass_is_broken_some_times_a_day_only(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", HERE)
    body = emergency()
    first = await clerk.post("/break-glass", json=body, key="only-one-emergency")
    again = await clerk.post("/break-glass", json=body, key="only-one-emergency")
    assert first.json()["id"] == again.json()["id"]
    for _ in range(2):
        await opened(clerk)
    for hours in (0, 25):
        registry.set_now(registry.runtime.clock.now() + timedelta(hours=hours))
        answer = await clerk.post("/break-glass", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "break_glass_used_up")


async def test_it_ends_with_the_right_to_it(registry: Registry) -> None:
    clerk, person = await registry.staff("subdistrict_clerk", HERE), await somebody(registry, THERE)
    path = f"/persons/{person['id']}"
    await opened(clerk)
    assert (await clerk.get(path)).status_code == 200
    worker = {"assignments": [{"role": "community_worker", "area": HERE}]}
    moved = await registry.administrator.patch(f"/staff/{clerk.id}", version=2, json=worker)
    assert moved.status_code == 200
    registry.runtime.identity.forget(clerk.id)
    assert (await clerk.get(path)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"reason": "太短"}, {"purpose": "curiosity"}, {"area": "310115"}, {"area": "3401"}, {"hours": 5}],
)
async def test_without_a_reason_a_purpose_and_an_area_of_the_district_it_stays_shut(
    registry: Registry, wrong: Json
) -> None:
    clerk = await registry.staff("subdistrict_clerk", HERE)
    assert (await clerk.post("/break-glass", json=emergency(**wrong))).status_code == 422


@pytest.mark.parametrize(
    "role", ["community_worker", "service_station", "statistician", "administrator", "auditor"]
)
async def test_only_who_may_break_it_does_and_only_auditors_see_the_notices(
    registry: Registry, role: str
) -> None:
    caller = await registry.staff(role, "340103")
    assert (await caller.post("/break-glass", json=emergency())).status_code == 403
    assert (await caller.get("/break-glass/own")).status_code == 403
    seen = 200 if role == "auditor" else 403
    assert (await caller.get("/break-glass")).status_code == seen
    missing = await caller.get(f"/break-glass/{uuid4()}")
    assert missing.status_code == (404 if role == "auditor" else 403)
