"""Households with members, and free services given."""

from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from ...support import Caller, Registry
from .people import PeopleOf

HERE = "340103001001"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


async def test_a_household_is_entered_with_its_head_and_members(clerk: Caller, people_of: PeopleOf) -> None:
    people = people_of(clerk)
    head, wife = await people.enter(name="户主", sex=1), await people.enter(name="其妻")
    body = {
        "number": f"户-{uuid4()}",
        "area": HERE,
        "street": "安庆路 1 号",
        "members": [
            {"person_id": head["id"], "relation": "02"},
            {"person_id": wife["id"], "relation": "12", "since": "2015-05-01"},
        ],
    }
    created = await clerk.post("/households", json=body, key="one household only")
    assert created.status_code == 201, created.text
    household = created.json()
    assert [(each["relation_label"], each["person_id"]) for each in household["members"]] == [
        ("户主", head["id"]),
        ("妻", wife["id"]),
    ]
    assert (await clerk.post("/households", json=body, key="one household only")).json() == household
    assert (await clerk.get(f"/households/{household['id']}")).json() == household
    taken = await clerk.post("/households", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "household_exists")
    listed = await clerk.get("/households", params={"area": HERE, "number": body["number"]})
    assert [each["id"] for each in listed.json()["items"]] == [household["id"]]


async def test_households_are_paged(registry: Registry) -> None:
    worker = await registry.staff("community_worker", "340103005")
    for number in range(3):
        created = await worker.post("/households", json={"number": f"{number}", "area": "340103005001"})
        assert created.status_code == 201, created.text
    first = (await worker.get("/households", params={"area": "340103005", "limit": 2})).json()
    rest = await worker.get("/households", params={"area": "340103005", "limit": 2, "after": first["next"]})
    assert [each["number"] for each in first["items"] + rest.json()["items"]] == ["0", "1", "2"]
    assert rest.json()["next"] is None


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"number": "  "}, "/number", "string_too_short"),
        ({"area": "340103001"}, "/area", "area_level"),
        ({"area": "310115"}, "/area", "area_elsewhere"),
        ({"kind": "castle"}, "/kind", "enum"),
        ({"members": [{"person_id": str(uuid4()), "relation": "00"}]}, "/members/0/relation", "code_unknown"),
    ],
)
async def test_wrong_households_are_pointed_at(
    clerk: Caller, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await clerk.post("/households", json={"number": "1", "area": HERE} | changes)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_a_service_is_recorded_at_the_present_address_and_published(
    registry: Registry, people_of: PeopleOf
) -> None:
    worker = await registry.staff("community_worker", HERE)
    station = await registry.staff("service_station", "340103001")
    people = people_of(worker)
    person = await people.enter(
        registered_area="310115", region="310115", entry={"kind": "arrival", "on": "2025-02-01"}
    )
    path = f"/persons/{person['id']}/services"
    body = {"kind": "examination", "given_on": "2025-03-18", "share_with_home": True}
    given = await station.post(path, json=body, key="one service only")
    assert given.status_code == 201, given.text
    assert (given.json()["kind_label"], given.json()["area"]) == ("健康检查", HERE)
    assert (await station.post(path, json=body, key="one service only")).json() == given.json()
    later = await station.post(path, json={"kind": "counselling", "given_on": "2025-04-01"})
    listed = (await station.get(path, params={"limit": 1})).json()
    assert [item["id"] for item in listed["items"]] == [later.json()["id"]]
    rest = (await station.get(path, params={"limit": 1, "after": listed["next"]})).json()
    assert [item["id"] for item in rest["items"]] == [given.json()["id"]]
    event = next(e for e in await people.events(person["ref"]) if e.type == "registry.service.given.v1")
    assert {line["measure"]: line["value"] for line in event.data.pop("lines")} == {
        f"{what}_{how}": 1
        for what in ("service", "examination")
        for how in ("entitled", "accepted", "received")
    }
    assert event.data == {
        "person_ref": person["ref"],
        "service_id": given.json()["id"],
        "kind": "examination",
        "given_on": "2025-03-18",
        "area": HERE,
        "share_with_home": True,
    }


async def test_no_service_is_given_to_who_lives_elsewhere_or_is_dead(
    clerk: Caller, people_of: PeopleOf
) -> None:
    people = people_of(clerk)
    body = {"kind": "counselling", "given_on": "2025-06-02"}
    absent = await people.enter(present_area="310115")
    refused = await clerk.post(f"/persons/{absent['id']}/services", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_present")
    dead = await people.enter()
    await people.record("deaths", person_id=dead["id"], happened_on="2025-06-01")
    refused = await clerk.post(f"/persons/{dead['id']}/services", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_alive")
