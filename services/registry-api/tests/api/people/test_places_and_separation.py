"""Places below the community, who lives in them; who lives elsewhere than registered, and how long."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from renkou_registry.life_events.calendar import add_months

from ...support import Caller, Json, Registry
from .people import PeopleOf

HERE = "340103006001"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(registry: Registry) -> Caller:
    return await registry.staff("community_worker", "340103006")


async def place(worker: Caller, kind: str, **more: Any) -> Json:
    body = {"area": HERE, "kind": kind, "code": f"{uuid4()}", "name": "安庆新村", "valid_from": "2020-01-01"}
    answer = await worker.post("/places", json=body | more)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def test_places_lie_in_each_other_and_list_who_lives_there(worker: Caller, people_of: PeopleOf) -> None:
    people = people_of(worker)
    yard = await place(worker, "courtyard", name="安庆新村")
    house = await place(worker, "building", name="12 栋", parent_id=yard["id"])
    assert (house["kind_label"], house["parent_id"]) == ("楼栋", yard["id"])
    made = [
        await people.enter(registered_area=HERE, present_area=HERE, place_id=house["id"]) for _ in range(3)
    ]
    assert made[0]["place_id"] == house["id"]
    query: dict[str, Any] = {"limit": 2}
    first = (await worker.get(f"/places/{yard['id']}/persons", params=query)).json()
    rest = await worker.get(f"/places/{yard['id']}/persons", params=query | {"after": first["next"]})
    listed = [each["id"] for each in first["items"] + rest.json()["items"]]
    assert listed == sorted(each["id"] for each in made)
    assert rest.json()["next"] is None
    direct = await worker.get(f"/places/{yard['id']}/persons", params={"inside": False})
    assert direct.json()["items"] == []
    inside = await worker.get("/places", params={"area": HERE, "parent": yard["id"]})
    assert [each["id"] for each in inside.json()["items"]] == [house["id"]]
    await people.record("moves", person_id=made[0]["id"], happened_on="2025-03-01", to_area="340103006002")
    assert (await people.read(made[0]["id"]))["place_id"] is None


async def test_a_place_ends_and_is_no_address_any_more(
    registry: Registry, worker: Caller, people_of: PeopleOf
) -> None:
    yard = await place(worker, "courtyard")
    house = await place(worker, "building", parent_id=yard["id"])
    path = f"/places/{yard['id']}"
    used = await worker.patch(path, version=1, json={"valid_to": "2025-01-01"})
    assert (used.status_code, used.json()["code"]) == (409, "place_in_use")
    ended = await worker.patch(f"/places/{house['id']}", version=1, json={"valid_to": "2025-01-01"})
    assert ended.json()["valid_to"] == "2025-01-01"
    stale = await worker.patch(f"/places/{house['id']}", version=1, json={"name": "旧楼"})
    assert (stale.status_code, stale.json()["changed"]) == (412, ["valid_to"])
    body = people_of(worker).body(registered_area=HERE, present_area=HERE, place_id=house["id"])
    refused = await worker.post("/persons", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "place_not_valid")
    elsewhere = await registry.staff("community_worker", "340103002")
    assert (await elsewhere.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"area": "340103006"}, "/area", "area_level"),
        ({"kind": "castle"}, "/kind", "enum"),
        ({"valid_to": "2019-01-01"}, "/valid_to", "before_beginning"),
        ({"parent_id": str(uuid4())}, "/parent_id", "place_unknown"),
        ({"code": " "}, "/code", "string_too_short"),
    ],
)
async def test_wrong_places_are_pointed_at(
    worker: Caller, changes: dict[str, Any], pointer: str, code: str
) -> None:
    body = {"area": HERE, "kind": "building", "code": "1", "name": "一", "valid_from": "2020-01-01"}
    answer = await worker.post("/places", json=body | changes)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, pointer, code)


async def test_what_cannot_hold_a_place_is_no_parent(worker: Caller) -> None:
    house = await place(worker, "building")
    body = {"area": HERE, "kind": "grid", "code": "g", "name": "网格", "valid_from": "2020-01-01"}
    answer = await worker.post("/places", json=body | {"parent_id": house["id"]})
    assert answer.json()["errors"][0]["code"] == "parent_kind"
    twice = await worker.post("/places", json=body | {"code": house["code"]})
    assert (twice.status_code, twice.json()["code"]) == (409, "place_exists")


async def test_who_lives_elsewhere_than_registered_is_listed_by_length_of_stay(
    registry: Registry, people_of: PeopleOf
) -> None:
    worker = await registry.staff("community_worker", "340103012")
    people, here, other = people_of(worker), "340103012001", "340103012002"
    today = registry.runtime.clock.today()
    ages = {
        0: today - timedelta(days=5),
        1: add_months(today, -1),
        3: add_months(today, -4),
        7: add_months(today, -7),
    }
    gone = {
        months: await people.enter(
            registered_area=here, present_area="310115", present_since=str(day),
            entry={"kind": "opening", "on": str(today)},
        )
        for months, day in ages.items()
    }  # fmt: skip
    inside = await people.enter(
        registered_area=here, present_area=other, present_since=str(ages[7]),
        entry={"kind": "opening", "on": str(today)},
    )  # fmt: skip
    came = await people.enter(
        registered_area="310115", present_area=here, region="310115",
        entry={"kind": "arrival", "on": str(ages[3])},
    )  # fmt: skip
    await people.enter(registered_area=here, present_area=here)
    dead = await people.enter(registered_area=here, present_area="310115")
    await people.record("deaths", person_id=dead["id"], happened_on="2025-06-01")

    async def listed(**query: Any) -> set[str]:
        answer = await worker.get("/persons/separated", params={"area": "340103012"} | query)
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json()["items"]}

    assert await listed(at_least_months=0) == {each["id"] for each in gone.values()} | {inside["id"]}
    assert await listed() == {gone[1]["id"], gone[3]["id"], gone[7]["id"], inside["id"]}
    assert await listed(at_least_months=3) == {gone[3]["id"], gone[7]["id"], inside["id"]}
    assert await listed(at_least_months=6) == {gone[7]["id"], inside["id"]}
    assert await listed(at_least_months=6, on=str(add_months(today, 3))) == {
        gone[3]["id"], gone[7]["id"], inside["id"],
    }  # fmt: skip
    assert await listed(direction="living_here") == {came["id"], inside["id"]}
    page = await worker.get("/persons/separated", params={"area": here, "at_least_months": 3})
    told = {each["id"]: (each["months"], each["days"]) for each in page.json()["items"]}
    assert told[gone[3]["id"]] == (4, (today - ages[3]).days)
    first = (await worker.get("/persons/separated", params={"area": here, "limit": 2})).json()
    rest = await worker.get("/persons/separated", params={"area": here, "limit": 2, "after": first["next"]})
    assert len({each["id"] for each in first["items"] + rest.json()["items"]}) == 4
    counts = (await worker.get("/persons/separated/counts", params={"area": "340103012"})).json()
    assert counts["registered_here"] == {
        "any_length": 5, "one_month": 4, "three_months": 3, "six_months": 2,
    }  # fmt: skip
    assert counts["living_here"]["one_month"] == 2
    assert (await worker.get("/persons/separated", params={"area": "340103001"})).status_code == 404
