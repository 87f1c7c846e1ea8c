"""Who works for another area finds nothing: 404 at every endpoint, as if the record did not exist."""

from uuid import uuid4

import pytest_asyncio

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from .people import PeopleOf

HERE, ELSEWHERE = "340103001001", "340103002001"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103002", "service_station", "340103002")


async def test_another_areas_clerk_gets_404_everywhere(
    clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    people = people_of(clerk)
    person = await people.enter()
    event = (await clerk.get(f"/persons/{person['id']}/events")).json()["items"][0]
    own = await people_of(stranger).enter(registered_area=ELSEWHERE, present_area=ELSEWHERE)
    household = {"number": f"户-{uuid4()}", "area": HERE, "members": [{"person_id": person["id"]}]}
    household_id = (await clerk.post("/households", json=household)).json()["id"]
    asked_for = await clerk.post(
        "/corrections", json={"event_id": event["id"], "changes": {"sex": 1}, "reason": "性别录错"}
    )
    path, on = f"/persons/{person['id']}", {"happened_on": "2025-06-01"}
    asked = [
        await stranger.get(path),
        await stranger.get(f"{path}/events"),
        await stranger.get(f"{path}/services"),
        await stranger.get(f"{path}/facts?purpose=certificate"),
        await stranger.get(f"/persons/by-ref/{person['ref']}/facts?purpose=certificate"),
        await stranger.patch(path, version=1, json={"employer": "无"}),
        await stranger.post(f"{path}/unmask", json={"fields": ["phone"], "purpose": "contact", "reason": "核对"}),
        await stranger.post(f"{path}/services", json={"kind": "counselling", "given_on": "2025-06-01"}),
        await stranger.post("/life-events/deaths", json=on | {"person_id": person["id"]}),
        await stranger.post(
            "/life-events/moves", json=on | {"person_id": person["id"], "to_area": ELSEWHERE}
        ),
        await stranger.post("/life-events/marriages", json=on | {"person_id": person["id"]}),
        await stranger.post(
            "/life-events/marriages", json=on | {"person_id": own["id"], "spouse_id": person["id"]}
        ),
        await stranger.post(
            "/life-events/births",
            json=on | {"mother_id": person["id"], "child": {"name": "无", "sex": 1}},
        ),
        await stranger.post("/life-events/divorces", json=on | {"person_id": person["id"]}),
        await stranger.post(
            "/life-events/adoptions", json=on | {"child_id": person["id"], "mother_id": own["id"]}
        ),
        await stranger.post(
            "/life-events/address-changes",
            json=on | {"person_id": person["id"], "address": "present", "street": "某路 1 号"},
        ),
        await stranger.post(
            "/corrections",
            json={"event_id": event["id"], "changes": {"happened_on": "2025-01-02"}, "reason": "试试"},
        ),
        await stranger.post(
            "/corrections", json={"event_id": event["id"], "retract": True, "reason": "试试"}
        ),
        await stranger.get("/corrections", params={"area": HERE}),
        await stranger.get(f"/corrections/{asked_for.json()['id']}"),
        await stranger.get(f"{path}/addresses"),
        await stranger.get(f"{path}/as-of", params={"on": "2025-06-01"}),
        await stranger.get(f"/households/{household_id}/as-of", params={"on": "2025-06-01"}),
        await stranger.get(f"/areas/{HERE}/persons/as-of", params={"on": "2025-06-01"}),
        await stranger.get(f"/households/{household_id}"),
        await stranger.get("/households", params={"area": HERE}),
        await stranger.get("/persons", params={"area": HERE}),
        await stranger.get("/persons", params={"area": "340103"}),
        await stranger.post("/persons", json=people.body()),
        await stranger.post("/persons", json=people.body(
            registered_area=ELSEWHERE, present_area=ELSEWHERE, mother_id=person["id"])),
        await stranger.post("/households", json=household | {"number": "另一户"}),
        await stranger.post(
            "/households",
            json={"number": "另一户", "area": ELSEWHERE, "members": [{"person_id": person["id"]}]},
        ),
    ]  # fmt: skip
    assert {
        (answer.request.url.path, answer.status_code) for answer in asked if answer.status_code != 404
    } == set()
    assert {answer.json()["code"] for answer in asked} == {"not_found"}
    assert (await people.read(person["id"]))["version"] == 1


async def test_an_unknown_person_is_answered_exactly_like_a_foreign_one(
    clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    person = await people_of(clerk).enter()
    foreign, unknown = (
        await stranger.get(f"/persons/{person['id']}"),
        await stranger.get(f"/persons/{uuid4()}"),
    )
    same = {"type", "title", "status", "code", "detail"}
    assert {name: foreign.json()[name] for name in same} == {name: unknown.json()[name] for name in same}


async def test_without_a_token_everything_is_401(
    registry: Registry, clerk: Caller, people_of: PeopleOf
) -> None:
    person = await people_of(clerk).enter()
    path = f"/persons/{person['id']}"
    for method, where in [
        ("GET", path),
        ("PATCH", path),
        ("GET", f"{path}/events"),
        ("GET", f"{path}/services"),
        ("POST", f"{path}/services"),
        ("GET", f"{path}/facts?purpose=certificate"),
        ("POST", f"{path}/unmask"),
        ("POST", "/persons"),
        ("GET", "/persons?area=340103"),
        ("POST", "/persons/search"),
        ("POST", "/persons/match"),
        ("POST", "/life-events/births"),
        ("POST", "/life-events/deaths"),
        ("POST", "/life-events/marriages"),
        ("POST", "/life-events/moves"),
        ("POST", "/life-events/move-ins"),
        ("POST", "/life-events/divorces"),
        ("POST", "/life-events/adoptions"),
        ("POST", "/life-events/address-changes"),
        ("POST", "/corrections"),
        ("GET", "/corrections?area=340103"),
        ("GET", f"/corrections/{uuid4()}"),
        ("POST", f"/corrections/{uuid4()}/approval"),
        ("POST", f"/corrections/{uuid4()}/rejection"),
        ("POST", f"/corrections/{uuid4()}/withdrawal"),
        ("GET", f"{path}/addresses"),
        ("GET", f"{path}/as-of?on=2025-01-01"),
        ("GET", f"/households/{uuid4()}/as-of?on=2025-01-01"),
        ("GET", f"/areas/{HERE}/persons/as-of?on=2025-01-01"),
        ("POST", "/households"),
        ("GET", "/households?area=340103"),
        ("GET", f"/households/{uuid4()}"),
    ]:
        content: Json = {} if method == "GET" else {"json": {}}
        assert (await registry.client.request(method, where, **content)).status_code == 401, (method, where)


async def test_the_floor_alone_shows_nothing_foreign(
    registry: Registry, clerk: Caller, people_of: PeopleOf
) -> None:
    person = await people_of(clerk).enter()
    household = {"number": f"户-{uuid4()}", "area": HERE, "members": [{"person_id": person["id"]}]}
    assert (await clerk.post("/households", json=household)).status_code == 201
    service = {"kind": "counselling", "given_on": "2025-06-01"}
    assert (await clerk.post(f"/persons/{person['id']}/services", json=service)).status_code == 201
    asked = {"person_id": person["id"], "details": {"name": "王小鸣"}, "reason": "姓名录错"}
    assert (await clerk.post("/corrections", json=asked)).status_code == 201
    narrow = AreaScope.of([(340103_002000, 340103_002999)])
    of_persons = ("life_event", "service_given", "person_address", "correction_request")
    tables = ("person", "household", "household_member", *of_persons)
    for scope, visible in ((narrow, False), (AreaScope.nothing(), False), (AreaScope.everything(), True)):
        async with registry.runtime.database.transaction(scope, read_only=True) as tx:
            for table in tables:
                if table == "household":
                    found = await tx.fetchval("SELECT count(*) FROM household WHERE area = $1", int(HERE))
                else:
                    column = "id" if table == "person" else "person_id"
                    found = await tx.fetchval(
                        f"SELECT count(*) FROM {table} WHERE {column} = $1", person["id"]
                    )
                assert bool(found) is visible, (table, scope)
