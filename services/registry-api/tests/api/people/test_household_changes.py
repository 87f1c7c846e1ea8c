"""Households over time: who joined, left, headed, split off, merged, moved; as it was, as it was known."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from .people import People, PeopleOf
from .revising import carried_out

HERE, NEXT_DOOR = "340103001001", "340103001002"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def approver(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest.fixture
def people(clerk: Caller, people_of: PeopleOf) -> People:
    return people_of(clerk)


@pytest.fixture
async def family(clerk: Caller, people: People) -> tuple[Json, Json, Json, Json]:
    """A household of a man, his wife and their son since 2020."""
    man, wife, son = await people.enter(sex=1), await people.enter(), await people.enter(sex=1)
    return await household(clerk, (man, "02"), (wife, "12"), (son, "20")), man, wife, son


async def household(clerk: Caller, *members: tuple[Json, str], **more: Any) -> Json:
    body = {
        "number": f"户-{uuid4()}",
        "area": HERE,
        "street": "安庆路 1 号",
        "members": [
            {"person_id": each["id"], "relation": relation, "since": "2020-01-01"}
            for each, relation in members
        ],
    }
    answer = await clerk.post("/households", json=body | more)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def act(clerk: Caller, home: Json, what: str, expected: int = 200, **body: Any) -> Json:
    version = (await clerk.get(f"/households/{home['id']}")).json()["version"]
    path = f"/households/{home['id']}/{what}"
    answer = await clerk.post(path, json=body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == expected, answer.text
    told: Json = answer.json()
    return told


async def members(clerk: Caller, home: Json, on: str | None = None) -> dict[str, str]:
    """Who belongs to a household: relation by person, now or on a day."""
    path = f"/households/{home['id']}"
    answer = await (clerk.get(f"{path}/as-of", params={"on": on}) if on else clerk.get(path))
    assert answer.status_code == 200, answer.text
    found = answer.json()["members"]
    return {each["person_id"]: each["relation"] for each in found if on or each["until"] is None}


type Family = tuple[Json, Json, Json, Json]


async def test_a_member_joins_and_leaves_and_every_day_keeps_its_members(
    people: People, clerk: Caller, family: Family
) -> None:
    home, man, wife, son = family
    guest = await people.enter()
    await act(clerk, home, "members", 201, person_id=guest["id"], relation="99", since="2025-02-01")
    await act(clerk, home, f"members/{guest['id']}/leaving", on="2025-03-01", reason="另有住处")
    everyone = {man["id"], wife["id"], son["id"]}
    assert set(await members(clerk, home, "2025-01-31")) == everyone
    assert set(await members(clerk, home, "2025-02-01")) == everyone | {guest["id"]}
    assert set(await members(clerk, home, "2025-02-28")) == everyone | {guest["id"]}
    assert set(await members(clerk, home, "2025-03-01")) == everyone == set(await members(clerk, home))
    (left,) = (await clerk.get(f"/persons/{guest['id']}/households")).json()["items"]
    assert (left["household_id"], left["until"], left["reason"]) == (home["id"], "2025-03-01", "另有住处")


async def test_what_was_known_before_a_change_can_still_be_asked(
    registry: Registry, clerk: Caller, family: Family
) -> None:
    home, _, wife, _ = family
    known = registry.runtime.clock.now().isoformat()
    await act(clerk, home, f"members/{wife['id']}/leaving", on="2025-03-01", reason="离户")
    path = f"/households/{home['id']}"
    then = await clerk.get(f"{path}/as-of", params={"on": "2025-04-01", "known_at": known})
    assert wife["id"] in [each["person_id"] for each in then.json()["members"]]
    now = await clerk.get(f"{path}/as-of", params={"on": "2025-04-01"})
    assert wife["id"] not in [each["person_id"] for each in now.json()["members"]]


async def test_a_person_is_registered_in_one_household_and_may_live_in_another(
    people: People, clerk: Caller, family: Family
) -> None:
    home, man, _, son = family
    kinds = {each["person_id"]: each["kind_label"] for each in home["members"]}
    assert set(kinds.values()) == {"户籍成员"}
    other = await household(clerk, (await people.enter(), "02"))
    refused = await act(
        clerk, other, "members", 409, person_id=son["id"], kind="registered", since="2025-01-01"
    )
    assert refused["code"] == "registered_in_household"
    told = await act(clerk, other, "members", 201, person_id=son["id"], since="2025-01-01")
    assert {each["kind"] for each in told["members"] if each["person_id"] == son["id"]} == {"living"}
    twice = await act(clerk, other, "members", 409, person_id=son["id"], since="2025-01-01")
    assert twice["code"] == "member_already"
    head = await act(clerk, other, "members", 409, person_id=man["id"], relation="02", since="2025-01-01")
    assert head["code"] == "second_head"
    away = await people.enter(registered_area="310115", region="310115",
                              entry={"kind": "arrival", "on": "2025-01-01"})  # fmt: skip
    foreign = await act(
        clerk, other, "members", 409, person_id=away["id"], kind="registered", since="2025-01-01"
    )
    assert foreign["code"] == "registered_elsewhere"


async def test_the_head_changes_from_a_day_on(clerk: Caller, family: Family) -> None:
    home, man, wife, son = family
    relations = [{"person_id": man["id"], "relation": "11"}]
    await act(clerk, home, "head", person_id=wife["id"], on="2025-03-01", relations=relations)
    assert await members(clerk, home, "2025-02-28") == {man["id"]: "02", wife["id"]: "12", son["id"]: "20"}
    assert await members(clerk, home) == {wife["id"]: "02", man["id"]: "11", son["id"]: "20"}
    assert (await clerk.get(f"/households/{home['id']}")).json()["head_id"] == wife["id"]
    stranger = await act(clerk, home, "head", 422, person_id=str(uuid4()), on="2025-03-01")
    assert stranger["errors"][0]["code"] == "not_a_member"


async def test_a_son_splits_off_and_comes_back_by_a_merger(clerk: Caller, family: Family) -> None:
    home, man, wife, son = family
    path = f"/households/{home['id']}/split"
    body = {
        "number": f"户-{uuid4()}",
        "on": "2025-02-01",
        "members": [{"person_id": son["id"], "relation": "02"}],
    }
    headers = {"If-Match": '"1"'}
    made = await clerk.post(path, json=body, key="one split of the household", headers=headers)
    assert made.status_code == 201, made.text
    again = await clerk.post(path, json=body, key="one split of the household", headers=headers)
    assert again.json() == made.json()
    own = made.json()
    assert await members(clerk, own) == {son["id"]: "02"}
    assert own["members"][0]["kind"] == "registered"
    assert await members(clerk, home) == {man["id"]: "02", wife["id"]: "12"}
    assert await members(clerk, home, "2025-01-31") == {man["id"]: "02", wife["id"]: "12", son["id"]: "20"}
    relations = [{"person_id": son["id"], "relation": "20"}]
    gone = await act(clerk, own, "merge", into=home["id"], on="2025-05-01", relations=relations)
    assert gone["dissolved_on"] == "2025-05-01"
    assert await members(clerk, home) == {man["id"]: "02", wife["id"]: "12", son["id"]: "20"}
    assert await members(clerk, home, "2025-04-30") == {man["id"]: "02", wife["id"]: "12"}
    assert await members(clerk, own, "2025-04-30") == {son["id"]: "02"}
    refused = await act(clerk, own, "members", 409, person_id=man["id"], since="2025-05-02")
    assert refused["code"] == "household_dissolved"
    nobody = await act(
        clerk, home, "split", 422, number="x", on="2025-06-01",
        members=[{"person_id": each["id"]} for each in (man, wife, son)],
    )  # fmt: skip
    assert nobody["errors"][0]["code"] == "nobody_stays"


async def test_a_household_moves_with_everybody_who_belongs_to_it(
    people: People, clerk: Caller, family: Family
) -> None:
    home, man, wife, son = family
    await people.record("moves", person_id=son["id"], happened_on="2025-02-01", to_area="310115")
    lodger = await people.enter(
        registered_area="310115", region="310115", entry={"kind": "arrival", "on": "2025-01-10"}
    )
    await act(clerk, home, "members", 201, person_id=lodger["id"], relation="99", since="2025-01-10")
    moved = await act(clerk, home, "move", to_area=NEXT_DOOR, to_street="三里街 8 号", on="2025-03-01")
    assert (moved["area"], moved["street"]) == (NEXT_DOOR, "三里街 8 号")
    assert len(await members(clerk, home)) == 4
    addresses = {}
    for each in (man, wife, son, lodger):
        read = await people.read(each["id"])
        addresses[each["id"]] = (read["registered_area"], read["present_area"])
    assert addresses == {
        man["id"]: (NEXT_DOOR, NEXT_DOOR),
        wife["id"]: (NEXT_DOOR, NEXT_DOOR),
        son["id"]: (NEXT_DOOR, "310115"),
        lodger["id"]: ("310115", NEXT_DOOR),
    }
    assert (await people.read(man["id"]))["registered_street"] == "三里街 8 号"
    assert (await people.read(son["id"]))["registered_street"] == "三里街 8 号"
    moved = await act(clerk, home, "move", to_area=NEXT_DOOR, to_street="三里街 9 号", on="2025-04-01")
    assert (await people.read(man["id"]))["present_street"] == moved["street"] == "三里街 9 号"
    before = (await clerk.get(f"/households/{home['id']}/as-of", params={"on": "2025-02-28"})).json()
    assert (before["area"], before["street"]) == (HERE, "安庆路 1 号")


async def test_a_household_that_moves_out_of_the_clerks_area_takes_its_members_along(
    registry: Registry, clerk: Caller, family: Family
) -> None:
    home, man, *_ = family
    moved = await act(clerk, home, "move", to_area="340103002001", on="2025-03-01")
    assert moved["area"] == "340103002001"
    assert (await clerk.get(f"/households/{home['id']}")).status_code == 404
    there = await registry.staff("community_worker", "340103002001")
    assert len((await there.get(f"/households/{home['id']}")).json()["members"]) == 3
    assert (await there.get(f"/persons/{man['id']}")).json()["registered_area"] == "340103002001"


async def test_no_household_moves_half(people: People, clerk: Caller, family: Family) -> None:
    home, man, wife, son = family
    latest = max(man["id"], wife["id"], son["id"])
    await people.record("deaths", person_id=latest, happened_on="2025-06-01")
    await people.record(
        "moves", person_id=min(man["id"], wife["id"], son["id"]), happened_on="2025-07-01", to_area=NEXT_DOOR
    )
    refused = await act(clerk, home, "move", 409, to_area=HERE.replace("001001", "001003"), on="2024-01-01")
    assert refused["code"] == "before_entry"
    assert (await clerk.get(f"/households/{home['id']}")).json()["area"] == HERE


async def test_a_membership_ends_with_a_death_and_comes_back_with_its_retraction(
    people: People, clerk: Caller, approver: Caller, family: Family
) -> None:
    home, man, *_ = family
    death = await people.record("deaths", person_id=man["id"], happened_on="2025-03-01")
    assert man["id"] not in await members(clerk, home)
    assert man["id"] in await members(clerk, home, "2025-02-28")
    right = {"happened_on": "2025-02-10"}
    await carried_out(clerk, approver, event_id=death["id"], changes=right, reason="死亡日期录错")
    assert man["id"] not in await members(clerk, home, "2025-02-10")
    assert man["id"] in await members(clerk, home, "2025-02-09")
    await carried_out(clerk, approver, event_id=death["id"], retract=True, reason="同名误登")
    assert (await members(clerk, home))[man["id"]] == "02"


async def test_a_household_whose_head_died_is_listed_until_the_office_names_another(
    people: People, clerk: Caller, family: Family
) -> None:
    home, man, wife, son = family

    async def listed() -> bool:
        wanted = {"area": HERE, "number": home["number"], "without_head": True}
        answer = await clerk.get("/households", params=wanted)
        assert answer.status_code == 200, answer.text
        return home["id"] in {each["id"] for each in answer.json()["items"]}

    assert not await listed()
    await people.record("deaths", person_id=man["id"], happened_on="2025-06-01")
    found = (await clerk.get(f"/households/{home['id']}")).json()
    assert found["head_id"] is None
    assert await members(clerk, home) == {wife["id"]: "12", son["id"]: "20"}
    assert await listed()
    await act(clerk, home, "head", person_id=wife["id"], on="2025-06-15", relations=[])
    assert not await listed()


async def test_who_moves_away_stays_registered_until_the_registration_follows(
    people: People, clerk: Caller, approver: Caller, family: Family
) -> None:
    home, _, _, son = family
    await people.record("moves", person_id=son["id"], happened_on="2025-02-01", to_area=NEXT_DOOR)
    assert son["id"] in await members(clerk, home)
    move = await people.record(
        "moves", person_id=son["id"], happened_on="2025-03-01", to_area=NEXT_DOOR, transfer_registration=True
    )
    assert son["id"] not in await members(clerk, home)
    (told,) = (await clerk.get(f"/persons/{son['id']}/households")).json()["items"]
    assert (told["until"], told["reason"]) == ("2025-03-01", "move")
    await carried_out(clerk, approver, event_id=move["id"], retract=True, reason="登记有误")
    assert (await members(clerk, home))[son["id"]] == "20"


async def test_of_two_who_change_a_household_at_once_one_wins_and_nothing_is_lost(
    people: People, clerk: Caller, family: Family
) -> None:
    home, *_ = family
    guests = [await people.enter(), await people.enter()]
    path = f"/households/{home['id']}/members"
    answers = await asyncio.gather(
        *(
            clerk.post(
                path, json={"person_id": each["id"], "since": "2025-02-01"}, headers={"If-Match": '"1"'}
            )
            for each in guests
        )
    )
    assert sorted(each.status_code for each in answers) == [201, 412]
    lost = next(each for each in answers if each.status_code == 412).json()
    assert (lost["current_version"], lost["changed"]) == (2, ["members"])
    assert len(await members(clerk, home)) == 4


async def test_deaths_and_changes_of_the_household_at_once_do_not_block_each_other(
    people: People, clerk: Caller, family: Family
) -> None:
    home, man, wife, son = family
    head = {"person_id": wife["id"], "on": "2025-02-01"}
    answers = await asyncio.gather(
        clerk.post("/life-events/deaths", json={"person_id": man["id"], "happened_on": "2025-03-01"}),
        clerk.post(f"/households/{home['id']}/head", json=head, headers={"If-Match": '"1"'}),
        clerk.post("/life-events/deaths", json={"person_id": son["id"], "happened_on": "2025-03-01"}),
    )
    assert [each.status_code for each in answers if each.status_code not in (200, 201, 412)] == []
    assert set(await members(clerk, home)) == {wife["id"]}


async def test_number_kind_and_street_change_from_a_day_on(clerk: Caller, family: Family) -> None:
    home, *_ = family
    path = f"/households/{home['id']}"
    changed = await clerk.patch(path, version=1, json={"street": "安庆路 2 号", "on": "2025-03-01"})
    assert (changed.status_code, changed.json()["street"]) == (200, "安庆路 2 号")
    before = await clerk.get(f"{path}/as-of", params={"on": "2025-02-28"})
    assert before.json()["street"] == "安庆路 1 号"
    taken = await household(clerk)
    refused = await clerk.patch(path, version=2, json={"number": taken["number"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "household_exists")


async def test_changes_are_published_without_a_name_or_a_street(
    registry: Registry, people: People, clerk: Caller, family: Family
) -> None:
    home, man, *_ = family
    await act(clerk, home, f"members/{man['id']}/leaving", on="2025-03-01", reason="另有住处")
    events = await people.events(home["id"])
    assert [each.data["change"] for each in events] == ["entered", "member_left"]
    assert events[-1].data["person_refs"] == [man["ref"]]
    for secret in ("安庆路", "另有住处", man["id"], home["number"]):
        assert secret not in "".join(each.body for each in events)


async def test_the_history_of_a_household_cannot_be_rewritten(
    registry: Registry, clerk: Caller, family: Family
) -> None:
    home, *_ = family
    for statement in (
        "UPDATE household_member SET since = '2000-01-01' WHERE household_id = $1",
        "UPDATE household_member SET relation = '80' WHERE household_id = $1",
        "DELETE FROM household_member WHERE household_id = $1",
    ):
        with pytest.raises((asyncpg.RaiseError, asyncpg.InsufficientPrivilegeError)):
            async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
                await tx.execute(statement, home["id"])
