"""What was true on day X as known on day Y: a person, a household, a community's list."""

from datetime import datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from ...support import Caller, Json, Registry
from .people import People, PeopleOf
from .revising import carried_out

HERE, NEXT_DOOR, AWAY = "340103001001", "340103001002", "310115"
STATE = (
    "sex",
    "birth_date",
    "marital_status",
    "registered_area",
    "registered_street",
    "registered_since",
    "present_area",
    "present_street",
    "present_since",
    "died_on",
    "spouse_id",
    "mother_id",
    "father_id",
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def approver(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


@pytest.fixture
def people(clerk: Caller, people_of: PeopleOf) -> People:
    return people_of(clerk)


async def as_of(people: People, person: Json, **params: str) -> Json:
    answer = await people.caller.get(f"/persons/{person['id']}/as-of", params=params)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def moment(registry: Registry) -> str:
    now: datetime = registry.runtime.clock.now()
    return now.isoformat()


async def test_as_of_now_is_the_current_state_whatever_happened(people: People, approver: Caller) -> None:
    person = await people.enter(
        marital_status="10", present_street="安庆路 1 号", registered_street="长江路 2 号"
    )
    await people.record("moves", person_id=person["id"], happened_on="2025-03-01", to_area=AWAY)
    back = await people.record(
        "moves", person_id=person["id"], happened_on="2025-05-01", to_area=NEXT_DOOR, to_street="花园街 3 号"
    )
    await people.record("marriages", person_id=person["id"], happened_on="2025-06-01")
    changes = {"happened_on": "2025-05-09"}
    await carried_out(people.caller, approver, event_id=back["id"], changes=changes, reason="录错")
    current = await people.read(person["id"])
    state = (await as_of(people, person))["state"]
    assert {name: state[name] for name in STATE} == {name: current[name] for name in STATE}
    assert state["present_street"] == "花园街 3 号"
    assert state["registered_street"] == "长江路 2 号"


async def test_what_was_known_is_never_changed_by_what_is_recorded_later(
    registry: Registry, people: People, approver: Caller
) -> None:
    person = await people.enter(marital_status="10")
    moved = await people.record("moves", person_id=person["id"], happened_on="2025-03-01", to_area=NEXT_DOOR)
    then = moment(registry)
    day = {"on": "2025-04-01", "known_at": then}
    known = await as_of(people, person, **day)
    addresses_path = f"/persons/{person['id']}/addresses"
    listed = (await people.caller.get(addresses_path, params={"known_at": then})).json()
    community = {**day, "limit": 200}
    path = f"/areas/{NEXT_DOOR}/persons/as-of"
    before = (await people.caller.get(path, params=community)).json()
    await carried_out(people.caller, approver, event_id=moved["id"], retract=True, reason="未搬")
    await people.record("marriages", person_id=person["id"], happened_on="2025-02-01")
    assert await as_of(people, person, **day) == known
    assert known["state"]["present_area"] == NEXT_DOOR
    assert (await as_of(people, person, on="2025-04-01"))["state"]["present_area"] == HERE
    again = (await people.caller.get(addresses_path, params={"known_at": then})).json()["items"]
    for old, new in zip(listed["items"], again, strict=True):
        assert {**old, "known_until": None} == {**new, "known_until": None}
    after = (await people.caller.get(path, params=community)).json()
    assert person["id"] in {each["person_id"] for each in after["items"]}
    assert after == before


async def test_a_mother_put_right_was_never_another_but_what_was_known_stays(
    registry: Registry, people: People
) -> None:
    wrong, right = await people.enter(), await people.enter()
    born = await people.record(
        "births", mother_id=wrong["id"], happened_on="2025-03-01", child={"name": "王小宝", "sex": 1}
    )
    child = await people.read(born["person_id"])
    then = moment(registry)
    path, taken = f"/persons/{child['id']}/kin", {"relation": "mother", "person_id": wrong["id"]}
    answer = await people.caller.post(
        f"{path}/removal",
        json=taken | {"reason": "母亲登记有误"},
        headers={"If-Match": f'"{child["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    answer = await people.caller.post(path, json={"relation": "mother", "person_id": right["id"]})
    assert answer.status_code == 201, answer.text
    assert (await people.read(child["id"]))["mother_id"] == right["id"]
    for on in ("2025-03-01", "2025-06-01"):
        assert (await as_of(people, child, on=on))["state"]["mother_id"] == right["id"]
        known = await as_of(people, child, on=on, known_at=then)
        assert known["state"]["mother_id"] == wrong["id"]


async def test_a_spouse_linked_by_hand_is_the_spouse_of_every_day_until_the_divorce(people: People) -> None:
    wife = await people.enter(marital_status="20")
    husband = await people.enter(marital_status="20", sex=1)
    answer = await people.caller.post(
        f"/persons/{wife['id']}/kin", json={"relation": "spouse", "person_id": husband["id"]}
    )
    assert answer.status_code == 201, answer.text
    assert (await as_of(people, wife, on="2025-03-01"))["state"]["spouse_id"] == husband["id"]
    await people.record("divorces", person_id=wife["id"], happened_on="2025-05-01")
    for person, other in ((wife, husband), (husband, wife)):
        assert (await as_of(people, person, on="2025-03-01"))["state"]["spouse_id"] == other["id"]
        assert (await as_of(people, person, on="2025-05-02"))["state"]["spouse_id"] is None


async def test_nobody_can_ask_what_will_be_known(registry: Registry, people: People) -> None:
    person = await people.enter()
    answer = await people.caller.get(
        f"/persons/{person['id']}/as-of", params={"known_at": "2999-01-01T00:00:00+08:00"}
    )
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, "/query/known_at", "in_future")


async def test_before_the_entry_or_before_it_was_known_there_is_nobody(
    registry: Registry, people: People
) -> None:
    earlier = moment(registry)
    person = await people.enter()
    for params in ({"on": "2024-12-31"}, {"known_at": earlier}):
        found = await as_of(people, person, **params)
        assert (found["in_register"], found["state"]) == (False, None)


async def test_a_communitys_list_of_a_day_shows_who_lived_there_then_and_counts_them(
    fresh_registry: Registry,
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103001")
    people = People(clerk, fresh_registry.runtime)
    stays, leaves = await people.enter(), await people.enter(present_street="安庆路 1 号")
    await people.enter(registered_area=AWAY, region=AWAY, entry={"kind": "arrival", "on": "2025-02-01"})
    await people.record(
        "moves",
        person_id=leaves["id"],
        happened_on="2025-03-01",
        to_area="340103002001",
        transfer_registration=True,
    )
    assert (await clerk.get(f"/persons/{leaves['id']}")).status_code == 404

    async def listed(on: str, population: str | None = None) -> set[str]:
        params = {"on": on, "count": "true"} | ({"population": population} if population else {})
        found = (await clerk.get(f"/areas/{HERE}/persons/as-of", params=params)).json()
        assert found["total"] == len(found["items"])
        return {each["person_id"] for each in found["items"]}

    assert await listed("2025-01-15") == {stays["id"], leaves["id"]}
    assert len(await listed("2025-02-15")) == 3
    assert leaves["id"] not in await listed("2025-03-01")
    assert await listed("2025-03-01", "registered") == {stays["id"]}
    assert len(await listed("2025-03-01", "migrant_in")) == 1
    assert await listed("2025-02-15", "resident") == {stays["id"], leaves["id"]}
    assert len(await listed("2025-08-01", "resident")) == 2
    page = await clerk.get(f"/areas/{HERE}/persons/as-of", params={"on": "2025-01-15", "limit": 1})
    rest = await clerk.get(
        f"/areas/{HERE}/persons/as-of", params={"on": "2025-01-15", "after": page.json()["next"]}
    )
    both = [*page.json()["items"], *rest.json()["items"]]
    assert {each["person_id"] for each in both} == {stays["id"], leaves["id"]}
    assert {each["street"] for each in both} == {None, "安庆路 1 号"}
    foreign = await clerk.get("/areas/340103002001/persons/as-of", params={"on": "2025-03-01"})
    assert foreign.status_code == 404


async def test_a_households_members_of_a_day(people: People) -> None:
    mother = await people.enter()
    body = {
        "number": f"户-{uuid4()}",
        "area": HERE,
        "members": [{"person_id": mother["id"], "relation": "02"}],
    }
    household = (await people.caller.post("/households", json=body)).json()
    await people.record(
        "births",
        mother_id=mother["id"],
        happened_on="2025-04-02",
        child={"name": "小满", "sex": 2},
        household_id=household["id"],
    )
    path = f"/households/{household['id']}/as-of"
    before = (await people.caller.get(path, params={"on": "2025-04-01"})).json()
    after = (await people.caller.get(path, params={"on": "2025-04-02"})).json()
    assert [len(each["members"]) for each in (before, after)] == [1, 2]


async def test_a_street_that_is_merely_noted_is_kept_beside_what_was_noted_before(people: People) -> None:
    person = await people.enter(present_street="安庆路 1 号")
    changed = await people.caller.patch(
        f"/persons/{person['id']}", json={"present_street": "安庆路 11 号"}, version=1
    )
    assert changed.status_code == 200
    path = f"/persons/{person['id']}/addresses"
    now = (await people.caller.get(path)).json()["items"]
    ever = (await people.caller.get(path, params={"superseded": True})).json()["items"]
    assert [each["street"] for each in now if each["kind"] == "present"] == ["安庆路 11 号"]
    assert [each["street"] for each in ever if each["kind"] == "present"] == [
        "安庆路 1 号",
        "安庆路 11 号",
    ]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [({"on": "2190-01-01"}, "/query/on"), ({"known_at": "2025-01-01T00:00:00"}, "/query/known_at")],
)
async def test_a_day_to_come_or_a_moment_without_an_offset_is_pointed_at(
    people: People, params: dict[str, str], pointer: str
) -> None:
    person = await people.enter()
    answer = await people.caller.get(f"/persons/{person['id']}/as-of", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
