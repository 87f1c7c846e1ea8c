"""Communities are split, merged, renamed and transferred: people follow by rule, history keeps old codes."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from renkou_registry.areas.following import carry_on

from ...support import Caller, Json, Registry
from .people import People

SUB = "340103001"


@pytest_asyncio.fixture(loop_scope="session")
async def clerk(fresh_registry: Registry) -> Caller:
    return await fresh_registry.staff("subdistrict_clerk", "340103")


@pytest.fixture
def people(clerk: Caller, fresh_registry: Registry) -> People:
    return People(clerk, fresh_registry.runtime)


async def carried(registry: Registry, **body: Any) -> Json:
    """Plan a change, start it and let the worker finish it."""
    planned = await registry.administrator.post("/area-changes", json=body)
    assert planned.status_code == 201, planned.text
    change = planned.json()
    path = f"/area-changes/{change['id']}"
    started = await registry.administrator.post(f"{path}/start", headers={"If-Match": '"1"'})
    assert started.status_code == 200, started.text
    while await carry_on(registry.runtime):
        pass
    done: Json = (await registry.administrator.get(path)).json()
    assert done["state"] == "done"
    return done | {"forecast": change["forecast"]}


def lines(events: list[Any]) -> list[tuple[str, str, str, str, int]]:
    return sorted(
        (line["population"], line["measure"], line["on"], line["area"], line["value"])
        for line in events[-1].data["lines"]
        if line["measure"] != "card_due"
    )


EAST, WEST, OLD = f"{SUB}801", f"{SUB}802", f"{SUB}001"
SPLIT = {
    "kind": "split",
    "effective_on": "2025-07-01",
    "sources": [OLD],
    "successors": [{"area": EAST, "name": "安庆路东社区"}, {"area": WEST, "name": "安庆路西社区"}],
    "rule": {"by": "street_prefix", "matches": [{"value": "安庆路", "to": EAST}]},
}


async def test_people_of_a_split_community_follow_by_their_street_and_the_rest_are_settled(
    fresh_registry: Registry, people: People, clerk: Caller
) -> None:
    worker = await fresh_registry.staff("community_worker", OLD)
    near = await people.enter(present_street="安庆路 3 号", registered_street="安庆路 3 号")
    far = await people.enter(present_street="长江路 8 号", registered_street="长江路 8 号")
    body = {"number": f"户-{uuid4()}", "area": OLD, "members": [{"person_id": near["id"], "relation": "02"}]}
    household = (await clerk.post("/households", json=body)).json()
    done = await carried(fresh_registry, **SPLIT)
    assert done["forecast"] == {"persons": [{"area": EAST, "persons": 1}], "left_over": 1}
    assert (done["followed"], done["left_over"], done["ended"]) == (1, 1, [OLD])
    assert (done["households_followed"], done["households_left_over"]) == (1, 0)

    now = await people.read(near["id"])
    assert (now["present_area"], now["present_street"], now["present_since"]) == (
        EAST,
        "安庆路 3 号",
        near["present_since"],
    )
    assert (await clerk.get(f"/households/{household['id']}")).json()["area"] == EAST
    events = await people.events(near["ref"])
    assert events[-1].type == "registry.person.reassigned.v1"
    assert {each["detail"] for each in events[-1].data["lines"] if each["measure"] in ("in", "out")} == {
        "area_change"
    }
    (told,) = await people.events(done["id"])
    assert told.data["heirs"] == [{"area": OLD, "successors": [EAST, WEST]}]
    assert lines(events) == [
        ("registered", "in", "2025-07-01", EAST, 1),
        ("registered", "out", "2025-07-01", OLD, 1),
        ("resident", "in", "2025-07-01", EAST, 1),
        ("resident", "out", "2025-07-01", OLD, 1),
    ]
    before = (await clerk.get(f"/persons/{near['id']}/as-of", params={"on": "2025-06-30"})).json()
    assert before["state"]["present_area"] == OLD

    path = f"/area-changes/{done['id']}"
    left = (await worker.get(f"{path}/remaining")).json()["items"]
    assert [each["person_id"] for each in left] == [far["id"]]
    answer = await worker.post(f"{path}/settlements", json={"person_id": far["id"], "to_area": WEST})
    assert answer.status_code == 204, answer.text
    assert (await people.read(far["id"]))["registered_area"] == WEST
    assert (await worker.get(f"{path}/remaining")).json()["items"] == []
    again = await worker.post(f"{path}/settlements", json={"person_id": far["id"], "to_area": WEST})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_settle")


async def test_an_ended_code_is_refused_afterwards_with_its_successors_named_and_rights_extend(
    fresh_registry: Registry, people: People
) -> None:
    worker = await fresh_registry.staff("community_worker", OLD)
    await carried(fresh_registry, **SPLIT)
    entry = {"kind": "opening", "on": "2025-07-02"}
    answer = await people.caller.post("/persons", json=people.body(entry=entry))
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == ("/registered_area", "area_ended")
    assert EAST in error["detail"]
    assert WEST in error["detail"]
    early = people.body(registered_area=EAST, present_area=EAST)
    answer = await people.caller.post("/persons", json=early)
    assert answer.json()["errors"][0]["code"] == "area_not_yet"
    mine = People(worker, fresh_registry.runtime)
    entered = await mine.enter(registered_area=EAST, present_area=EAST, entry=entry)
    assert entered["present_area"] == EAST
    area = (await worker.get(f"/areas/{OLD}", params={"on": "2025-07-01"})).json()
    assert (area["valid"], area["valid_to"]) == (False, "2025-06-30")
    assert [each["code"] for each in area["successors"]] == [EAST, WEST]
    assert (await worker.get(f"/areas/{OLD}", params={"on": "2025-06-30"})).json()["valid"] is True


async def test_workers_at_once_let_everybody_follow_exactly_once(
    fresh_registry: Registry, people: People
) -> None:
    persons = [await people.enter() for _ in range(120)]
    body = SPLIT | {"rule": {"by": "all", "otherwise": WEST}}
    change = (await fresh_registry.administrator.post("/area-changes", json=body)).json()
    path = f"/area-changes/{change['id']}"
    await fresh_registry.administrator.post(f"{path}/start", headers={"If-Match": '"1"'})
    while any(await asyncio.gather(*(carry_on(fresh_registry.runtime) for _ in range(3)))):
        pass
    done = (await fresh_registry.administrator.get(path)).json()
    assert (done["state"], done["followed"], done["left_over"]) == ("done", 120, 0)
    for person in persons[::10]:
        kinds = [event.type for event in await people.events(person["ref"])]
        assert kinds == ["registry.person.registered.v1", "registry.person.reassigned.v1"]
        assert (await people.read(person["id"]))["present_area"] == WEST


async def test_a_merge_and_a_transfer_keep_usual_residence_and_counts(
    fresh_registry: Registry, people: People
) -> None:
    newcomer = await people.enter(
        registered_area="310115", region="310115", entry={"kind": "arrival", "on": "2025-03-01"}
    )
    there = "340103002801"
    await carried(
        fresh_registry,
        kind="transfer",
        effective_on="2025-07-01",
        sources=[OLD],
        successors=[{"area": there, "name": "新划社区"}],
    )
    events = await people.events(newcomer["ref"])
    assert lines(events) == [
        ("migrant_in", "in", "2025-07-01", there, 1),
        ("migrant_in", "out", "2025-07-01", OLD, 1),
        ("resident", "in", "2025-09-01", OLD, -1),
        ("resident", "in", "2025-09-01", there, 1),
    ]
    native = await people.enter(registered_area=f"{SUB}002", present_area=f"{SUB}003")
    done = await carried(
        fresh_registry,
        kind="merge",
        effective_on="2025-07-01",
        sources=[f"{SUB}002", f"{SUB}003"],
        successors=[{"area": f"{SUB}002", "name": "合并后社区"}],
    )
    assert done["ended"] == [f"{SUB}003"]
    now = await people.read(native["id"])
    assert (now["registered_area"], now["present_area"]) == (f"{SUB}002", f"{SUB}002")
    balance: dict[tuple[str, str], int] = {}
    for event in await people.events(native["ref"]):
        for line in event.data["lines"]:
            sign = -1 if line["measure"] in ("out", "death") else 1
            key = (line["population"], line["area"])
            balance[key] = balance.get(key, 0) + sign * line["value"]
    assert {key: value for key, value in balance.items() if value} == {
        ("registered", f"{SUB}002"): 1,
        ("resident", f"{SUB}002"): 1,
    }


async def test_a_renamed_community_has_its_old_name_on_old_days(
    fresh_registry: Registry, clerk: Caller
) -> None:
    old_name = (await clerk.get(f"/areas/{OLD}")).json()["name"]
    await carried(
        fresh_registry,
        kind="rename",
        effective_on="2025-07-01",
        sources=[OLD],
        successors=[{"area": OLD, "name": "新名社区"}],
    )
    assert (await clerk.get(f"/areas/{OLD}")).json()["name"] == "新名社区"
    before = (await clerk.get(f"/areas/{OLD}", params={"on": "2025-06-30"})).json()
    assert (before["name"], before["valid"]) == (old_name, True)


async def test_what_is_called_alike_in_a_merger_is_listed_and_settled_under_another_name(
    fresh_registry: Registry, clerk: Caller
) -> None:
    worker = await fresh_registry.staff("community_worker", OLD)
    here, there = OLD, f"{SUB}002"
    made: dict[str, list[str]] = {"household": [], "place": []}
    for area in (here, there):
        home = await clerk.post("/households", json={"number": "户-7", "area": area, "members": []})
        place = {"area": area, "kind": "building", "code": "7", "name": "7 栋", "valid_from": "2024-01-01"}
        made["household"].append(home.json()["id"])
        made["place"].append((await clerk.post("/places", json=place)).json()["id"])
    done = await carried(
        fresh_registry,
        kind="merge",
        effective_on="2025-07-01",
        sources=[here, there],
        successors=[{"area": there, "name": "合并社区"}],
    )
    assert (done["unsettled"], done["households_left_over"]) == (2, 0)
    path = f"/area-changes/{done['id']}/unsettled"
    waiting = (await worker.get(path)).json()["items"]
    assert {(each["register_name"], each["row_id"], each["value"], each["to_area"]) for each in waiting} == {
        ("household", made["household"][0], "户-7", there),
        ("place", made["place"][0], "7", there),
    }
    for each in waiting:
        settle = f"{path}/{each['id']}/settlement"
        again = await worker.post(settle, json={"value": each["value"]})
        assert (again.status_code, again.json()["code"]) == (409, "code_taken")
        answer = await worker.post(settle, json={"value": f"{each['value']}-1"})
        assert answer.status_code == 204, answer.text
    home = (await clerk.get(f"/households/{made['household'][0]}")).json()
    assert (home["area"], home["number"]) == (there, "户-7-1")
    before = await clerk.get(f"/households/{home['id']}/as-of", params={"on": "2025-06-30"})
    assert (before.json()["area"], before.json()["number"]) == (here, "户-7")
    assert (await worker.get(path)).json()["items"] == []
    read = await fresh_registry.administrator.get(f"/area-changes/{done['id']}")
    assert read.json()["unsettled"] == 0


async def test_a_merged_township_takes_its_communities_and_their_people_along(
    fresh_registry: Registry, people: People, clerk: Caller
) -> None:
    town, into = SUB, "340103002"
    staff = await fresh_registry.staff("subdistrict_clerk", town)
    person = await people.enter()
    listed = (await clerk.get(f"/areas/{town}/children", params={"limit": 500})).json()["items"]
    moving = [{"area": each["code"], "to": f"{into}{500 + number:03d}"} for number, each in enumerate(listed)]
    body: Json = {
        "kind": "merge",
        "effective_on": "2025-07-01",
        "sources": [town, into],
        "successors": [{"area": into, "name": "合并街道"}],
    }
    refused = await fresh_registry.administrator.post("/area-changes", json=body)
    assert {each["code"] for each in refused.json()["errors"]} == {"code_taken"}
    done = await carried(fresh_registry, **body, communities=moving)
    to = next(each["to"] for each in moving if each["area"] == OLD)
    assert town in done["ended"]
    assert OLD in done["ended"]
    now = await people.read(person["id"])
    assert (now["registered_area"], now["present_area"]) == (to, to)
    assert lines(await people.events(person["ref"])) == [
        ("registered", "in", "2025-07-01", to, 1),
        ("registered", "out", "2025-07-01", OLD, 1),
        ("resident", "in", "2025-07-01", to, 1),
        ("resident", "out", "2025-07-01", OLD, 1),
    ]
    assert [each["code"] for each in (await clerk.get(f"/areas/{OLD}")).json()["successors"]] == [to]
    ended = (await clerk.get(f"/areas/{town}")).json()
    assert ([each["code"] for each in ended["successors"]], ended["valid"]) == ([into], False)
    assert (await staff.get(f"/persons/{person['id']}")).status_code == 200


async def test_a_split_township_says_which_communities_go(
    fresh_registry: Registry, people: People, clerk: Caller
) -> None:
    new = "340103098"
    stays, goes = (
        await people.enter(registered_area=f"{SUB}002", present_area=f"{SUB}002"),
        await people.enter(),
    )
    await carried(
        fresh_registry,
        kind="split",
        effective_on="2025-07-01",
        sources=[SUB],
        successors=[{"area": SUB, "name": "原街道"}, {"area": new, "name": "新设街道"}],
        communities=[{"area": OLD, "to": f"{new}001", "name": "新设社区"}],
    )
    assert (await people.read(stays["id"]))["present_area"] == f"{SUB}002"
    assert (await people.read(goes["id"]))["present_area"] == f"{new}001"
    assert (await clerk.get(f"/areas/{new}001")).json()["name"] == "新设社区"


async def test_counties_change_too_and_the_own_one_is_only_renamed(
    fresh_registry: Registry, people: People, clerk: Caller
) -> None:
    migrant = await people.enter(registered_area="310115", region="310115")
    await carried(
        fresh_registry,
        kind="merge",
        effective_on="2025-07-01",
        sources=["310115", "310151"],
        successors=[{"area": "310115", "name": "浦东新区"}],
    )
    assert (await clerk.get("/areas/310151")).json()["valid"] is False
    assert (await people.read(migrant["id"]))["registered_area"] == "310115"
    await carried(
        fresh_registry,
        kind="merge",
        effective_on="2025-08-01",
        sources=["310115", "310116"],
        successors=[{"area": "310116", "name": "金山区"}],
    )
    assert (await people.read(migrant["id"]))["registered_area"] == "310116"
    rename = {"kind": "rename", "effective_on": "2025-07-01", "sources": ["340103"]}
    await carried(fresh_registry, **rename, successors=[{"area": "340103", "name": "新庐阳区"}])
    assert (await clerk.get("/areas/340103")).json()["name"] == "新庐阳区"
    other = {"kind": "transfer", "effective_on": "2025-07-01", "sources": ["340103"]}
    refused = await fresh_registry.administrator.post(
        "/area-changes", json=other | {"successors": [{"area": "340299", "name": "别区"}]}
    )
    assert refused.json()["errors"][0]["code"] == "own_district"


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"kind": "merge"}, "/sources", "merge_shape"),
        ({"kind": "rename"}, "/successors", "rename_shape"),
        ({"kind": "transfer"}, "/successors", "transfer_shape"),
        ({"sources": ["340103001777"]}, "/sources/0", "area_unknown"),
        ({"rule": {"by": "all", "otherwise": "340103001003"}}, "/rule/otherwise", "not_successor"),
        ({"sources": ["3401"]}, "/sources/0", "area_level"),
        ({"sources": ["340103001"]}, "", "levels_mixed"),
    ],
)
async def test_a_change_that_cannot_be_is_pointed_at(
    registry: Registry, changes: Json, pointer: str, code: str
) -> None:
    answer = await registry.administrator.post("/area-changes", json=SPLIT | changes)
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in {(each["pointer"], each["code"]) for each in answer.json()["errors"]}


async def test_only_an_administrator_changes_communities(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    answer = await clerk.post("/area-changes", json=SPLIT)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
