"""Life events through the API: what the clerk records, what the register then says, what leaves as events."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from renkou_common.messaging.envelope import Event

from ...support import Caller, Registry
from .people import People, PeopleOf
from .revising import ask, carried_out, decide

HERE, NEXT_DOOR, ELSEWHERE, AWAY = "340103001001", "340103001002", "340103002001", "310115"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def approver(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


@pytest.fixture
def people(clerk: Caller, people_of: PeopleOf) -> People:
    return people_of(clerk)


def flows(event: Event) -> set[tuple[str, str, str, str, int]]:
    """The lines of an event as (population, measure, day, area, value), without cards due."""
    return {
        (line["population"], line["measure"], line["on"], line["area"], line["value"])
        for line in event.data["lines"]
        if line["measure"] != "card_due"
    }


async def test_a_newborn_takes_area_registration_and_usual_residence_from_the_mother(people: People) -> None:
    mother = await people.enter(children_count=1, registered_street="安庆路 3 号")
    father = await people.enter(name="王大山", sex=1)
    born = await people.record(
        "births",
        mother_id=mother["id"],
        father_id=father["id"],
        happened_on="2025-03-18",
        child={"name": "王小满", "sex": 1},
    )
    child = await people.read(born["person_id"])
    assert (child["registered_area"], child["present_area"], child["present_since"]) == (
        HERE,
        HERE,
        "2025-03-18",
    )
    assert (child["mother_id"], child["father_id"]) == (mother["id"], father["id"])
    assert (child["document_kind"], child["resident_id"], child["registered_street"]) == (
        "none",
        None,
        "安庆路 3 号",
    )
    assert (await people.read(mother["id"]))["children_count"] == 2
    (event,) = await people.events(child["ref"])
    assert event.type == "registry.birth.recorded.v1"
    assert (event.data["parity"], event.data["mother_ref"], event.data["father_ref"]) == (
        2,
        mother["ref"],
        father["ref"],
    )
    assert flows(event) == {
        ("registered", "birth", "2025-03-18", HERE, 1),
        ("resident", "birth", "2025-03-18", HERE, 1),
    }
    assert {line["parity"] for line in event.data["lines"]} == {2}
    facts = (await people.caller.get(f"/persons/{mother['id']}/facts?purpose=certificate")).json()
    assert facts["children_birth_dates"] == ["2025-03-18"]


async def test_the_child_of_a_newcomer_becomes_a_usual_resident_six_months_later(people: People) -> None:
    mother = await people.enter(
        registered_area=AWAY, region=AWAY, entry={"kind": "arrival", "on": "2025-02-01"}
    )
    born = await people.record(
        "births", mother_id=mother["id"], happened_on="2025-03-31", child={"name": "小来", "sex": 2}
    )
    child = await people.read(born["person_id"])
    (event,) = await people.events(child["ref"])
    assert flows(event) == {
        ("migrant_in", "birth", "2025-03-31", HERE, 1),
        ("resident", "in", "2025-09-30", HERE, 1),
    }


async def test_a_child_with_a_number_and_a_household_of_its_own_choice(people: People) -> None:
    mother = await people.enter()
    household = {
        "number": f"户-{uuid4()}",
        "area": HERE,
        "members": [{"person_id": mother["id"], "relation": "02"}],
    }
    household_id = (await people.caller.post("/households", json=household)).json()["id"]
    number = people.body(birth_date="2025-04-02", sex=2)["resident_id"]
    born = await people.record(
        "births",
        mother_id=mother["id"],
        happened_on="2025-04-02",
        child={"name": "王有号", "sex": 2, "resident_id": number},
        household_id=household_id,
        present_area=NEXT_DOOR,
        parity=3,
    )
    members = (await people.caller.get(f"/households/{household_id}")).json()["members"]
    assert (born["person_id"], "女") in {(each["person_id"], each["relation_label"]) for each in members}
    again = await people.caller.post(
        "/life-events/births",
        json={
            "mother_id": mother["id"],
            "happened_on": "2025-04-02",
            "child": {"name": "王有号", "sex": 2, "resident_id": number},
        },
    )
    assert (again.status_code, again.json()["code"]) == (409, "person_exists")
    assert again.json()["errors"][0]["pointer"] == "/child/resident_id"
    wrong_day = await people.caller.post(
        "/life-events/births",
        json={
            "mother_id": mother["id"],
            "happened_on": "2025-04-03",
            "child": {"name": "王有号", "sex": 2, "resident_id": number},
        },
    )
    assert (wrong_day.status_code, wrong_day.json()["code"]) == (422, "warnings_unconfirmed")


async def test_births_that_cannot_be_are_refused(people: People) -> None:
    man = await people.enter(name="王大山", sex=1)
    body = {"happened_on": "2025-03-18", "child": {"name": "无", "sex": 1}}
    answer = await people.caller.post("/life-events/births", json=body | {"mother_id": man["id"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/mother_id")
    dead = await people.enter()
    await people.record("deaths", person_id=dead["id"], happened_on="2025-02-01")
    answer = await people.caller.post("/life-events/births", json=body | {"mother_id": dead["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "mother_dead")
    future = await people.caller.post(
        "/life-events/births", json=body | {"mother_id": dead["id"], "happened_on": "2190-01-01"}
    )
    assert future.json()["errors"][0]["code"] == "in_future"


async def test_a_death_is_recorded_once_and_can_be_taken_back(people: People, approver: Caller) -> None:
    person = await people.enter()
    death = await people.record("deaths", person_id=person["id"], happened_on="2025-06-01")
    read = await people.read(person["id"])
    assert (read["alive"], read["died_on"]) == (False, "2025-06-01")
    again = await people.caller.post(
        "/life-events/deaths", json={"person_id": person["id"], "happened_on": "2025-06-02"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "already_dead")
    await carried_out(people.caller, approver, event_id=death["id"], retract=True, reason="同名误录")
    assert (await people.read(person["id"]))["alive"] is True
    _, died, taken_back = await people.events(person["ref"])
    assert {(*flow[:4], -flow[4]) for flow in flows(died)} == flows(taken_back)
    assert taken_back.data["retracted_event_id"] == death["id"]


async def test_the_same_death_sent_twice_with_one_key_is_one_event(people: People) -> None:
    person = await people.enter()
    body = {"person_id": person["id"], "happened_on": "2025-06-01"}
    first = await people.caller.post("/life-events/deaths", json=body, key="death once only")
    second = await people.caller.post("/life-events/deaths", json=body, key="death once only")
    assert first.json() == second.json()
    assert len(await people.events(person["ref"])) == 2


async def test_two_clerks_at_once_do_not_record_two_deaths_nor_lose_a_birth(people: People) -> None:
    person, mother = await people.enter(), await people.enter()
    body = {"person_id": person["id"], "happened_on": "2025-06-01"}
    answers = await asyncio.gather(*(people.caller.post("/life-events/deaths", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    twin = {"mother_id": mother["id"], "happened_on": "2025-06-01", "child": {"name": "双胞", "sex": 1}}
    births = await asyncio.gather(*(people.caller.post("/life-events/births", json=twin) for _ in range(2)))
    assert [answer.status_code for answer in births] == [201, 201]
    assert (await people.read(mother["id"]))["children_count"] == 2


async def test_both_spouses_are_married_and_a_wrong_marriage_is_taken_back_for_both(
    people: People, approver: Caller
) -> None:
    bride = await people.enter(marital_status="10")
    groom = await people.enter(name="李四", sex=1, marital_status="40")
    wedding = await people.record(
        "marriages", person_id=bride["id"], spouse_id=groom["id"], happened_on="2025-05-20"
    )
    bride_now, groom_now = await people.read(bride["id"]), await people.read(groom["id"])
    assert (bride_now["marital_status"], bride_now["spouse_id"]) == ("21", groom["id"])
    assert (groom_now["marital_status"], groom_now["spouse_id"]) == ("22", bride["id"])
    assert (await people.events(groom["ref"]))[-1].data["spouse_ref"] == bride["ref"]
    second = await people.caller.post(
        "/life-events/marriages", json={"person_id": bride["id"], "happened_on": "2025-06-01"}
    )
    assert (second.status_code, second.json()["code"]) == (409, "married_already")
    await carried_out(people.caller, approver, event_id=wedding["id"], retract=True, reason="登记对象有误")
    bride_now, groom_now = await people.read(bride["id"]), await people.read(groom["id"])
    assert (bride_now["marital_status"], bride_now["spouse_id"]) == ("10", None)
    assert (groom_now["marital_status"], groom_now["spouse_id"]) == ("40", None)


async def test_a_wedding_day_is_corrected_in_both_histories(people: People, approver: Caller) -> None:
    bride, groom = await people.enter(marital_status="10"), await people.enter(name="李四", sex=1)
    wedding = await people.record(
        "marriages", person_id=bride["id"], spouse_id=groom["id"], happened_on="2025-05-20"
    )
    changes = {"happened_on": "2025-05-21"}
    await carried_out(people.caller, approver, event_id=wedding["id"], changes=changes, reason="日期录错")
    for person in (bride, groom):
        last = (await people.events(person["ref"]))[-1]
        assert (last.type, last.data["happened_on"]) == ("registry.event.corrected.v1", "2025-05-21")


async def test_who_moves_away_leaves_the_register_open_behind_and_the_clerk_still_gets_the_answer(
    people: People,
) -> None:
    person = await people.enter(present_street="安庆路 1 号")
    moved = await people.record(
        "moves", person_id=person["id"], happened_on="2025-03-01", to_area=AWAY, to_street="世纪大道 1 号"
    )
    assert moved["data"] == {"to_area": AWAY, "from_area": HERE, "transfer_registration": False}
    read = await people.read(person["id"])
    assert (read["registered_area"], read["present_area"], read["present_street"]) == (
        HERE,
        AWAY,
        "世纪大道 1 号",
    )
    event = (await people.events(person["ref"]))[-1]
    assert (event.data["origin_area"], event.data["destination_area"]) == (HERE, "310115000000")
    assert flows(event) == {
        ("migrant_out", "in", "2025-03-01", HERE, 1),
        ("resident", "out", "2025-09-01", HERE, 1),
    }


async def test_who_moves_out_with_the_registration_is_gone_for_the_clerk(people: People) -> None:
    person = await people.enter()
    body = {
        "person_id": person["id"],
        "happened_on": "2025-03-01",
        "to_area": ELSEWHERE,
        "transfer_registration": True,
    }
    first = await people.caller.post("/life-events/moves", json=body, key="moving for good")
    assert first.status_code == 201, first.text
    assert (await people.caller.get(f"/persons/{person['id']}")).status_code == 404
    again = await people.caller.post("/life-events/moves", json=body, key="moving for good")
    assert again.json() == first.json()
    once_more = await people.caller.post("/life-events/moves", json=body)
    assert once_more.status_code == 404


async def test_the_clerk_of_the_new_area_sees_the_whole_history(registry: Registry, people: People) -> None:
    person = await people.enter()
    await people.record(
        "moves",
        person_id=person["id"],
        happened_on="2025-03-01",
        to_area=ELSEWHERE,
        transfer_registration=True,
    )
    there = await registry.staff("subdistrict_clerk", "340103002")
    history = (await there.get(f"/persons/{person['id']}/events")).json()["items"]
    assert [item["kind"] for item in history] == ["opening", "move"]
    back = await there.post(
        "/life-events/moves",
        json={
            "person_id": person["id"],
            "happened_on": "2025-04-01",
            "to_area": HERE,
            "transfer_registration": True,
        },
    )
    assert back.status_code == 201, back.text
    assert (await people.read(person["id"]))["present_area"] == HERE


async def test_a_correction_reverses_what_was_wrong_and_states_what_is_right(
    people: People, approver: Caller
) -> None:
    person = await people.enter()
    moved = await people.record("moves", person_id=person["id"], happened_on="2025-03-01", to_area=AWAY)
    changes = {"happened_on": "2025-04-10", "to_area": NEXT_DOOR}
    await carried_out(people.caller, approver, event_id=moved["id"], changes=changes, reason="去向录错")
    history = (await people.caller.get(f"/persons/{person['id']}/events")).json()["items"]
    assert history[-1]["data"]["changes"] == changes
    assert (await people.read(person["id"]))["present_area"] == NEXT_DOOR
    event = (await people.events(person["ref"]))[-1]
    assert event.data["corrected_event_id"] == moved["id"]
    assert (event.data["corrected_kind"], event.data["previously_on"]) == ("move", "2025-03-01")
    assert flows(event) == {
        ("migrant_out", "in", "2025-03-01", HERE, -1),
        ("resident", "out", "2025-09-01", HERE, -1),
        ("resident", "out", "2025-10-10", HERE, 1),
        ("resident", "in", "2025-10-10", NEXT_DOOR, 1),
    }


async def test_a_corrected_birth_changes_date_sex_and_parity(people: People, approver: Caller) -> None:
    mother = await people.enter()
    born = await people.record(
        "births", mother_id=mother["id"], happened_on="2025-03-18", child={"name": "小满", "sex": 1}
    )
    changes = {"happened_on": "2025-02-27", "sex": 2, "parity": 2}
    await carried_out(people.caller, approver, event_id=born["id"], changes=changes, reason="证明录错")
    child = await people.read(born["person_id"])
    assert (child["birth_date"], child["sex"], child["present_since"]) == ("2025-02-27", 2, "2025-02-27")
    (event,) = [each for each in await people.events(child["ref"]) if each.type.endswith("corrected.v1")]
    counted = [
        (line["measure"], line["population"], line["on"], line["sex"], line["parity"], line["value"])
        for line in event.data["lines"] if line["measure"] != "card_due"
    ]  # fmt: skip
    assert sorted(counted) == [
        ("birth", "registered", "2025-02-27", 2, 2, 1),
        ("birth", "registered", "2025-03-18", 1, 1, -1),
        ("birth", "resident", "2025-02-27", 2, 2, 1),
        ("birth", "resident", "2025-03-18", 1, 1, -1),
        *(
            (measure, population, "2025-03-18", 2, 0, -1)
            for measure in ("first_birth", "late_first_birth") for population in ("registered", "resident")
        ),
    ]  # fmt: skip


async def test_a_birth_recorded_by_mistake_takes_the_child_out_and_off_the_parents(
    people: People, approver: Caller
) -> None:
    mother = await people.enter()
    number = people.body(birth_date="2025-03-18", sex=1)["resident_id"]
    body = {
        "mother_id": mother["id"],
        "happened_on": "2025-03-18",
        "child": {"name": "小误", "sex": 1, "resident_id": number},
    }
    born = await people.record("births", **body)
    ref = (await people.read(born["person_id"]))["ref"]
    await carried_out(people.caller, approver, event_id=born["id"], retract=True, reason="重复登记")
    assert (await people.caller.get(f"/persons/{born['person_id']}")).status_code == 404
    assert (await people.read(mother["id"]))["children_count"] == 0
    recorded, retracted = await people.events(ref)
    assert {(*flow[:4], -flow[4]) for flow in flows(recorded)} == flows(retracted)
    assert (await people.record("births", **body))["person_id"] != born["person_id"]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"to_area": NEXT_DOOR}, "/changes/to_area", "not_correctable"),
        ({}, "/changes", "changes"),
        ({"happened_on": None}, "/changes", "changes"),
        ({"name": "李四"}, "/changes/name", "extra_forbidden"),
        ({"happened_on": "2190-01-01"}, "/changes/happened_on", "in_future"),
    ],
)
async def test_what_cannot_be_corrected_is_pointed_at(
    people: People, changes: dict[str, Any], pointer: str, code: str
) -> None:
    person = await people.enter()
    death = await people.record("deaths", person_id=person["id"], happened_on="2025-06-01")
    answer = await ask(people.caller, event_id=death["id"], changes=changes, reason="试一试")
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_nothing_is_taken_back_twice_and_no_entry_before_what_follows(
    people: People, approver: Caller
) -> None:
    person = await people.enter()
    moved = await people.record("moves", person_id=person["id"], happened_on="2025-03-01", to_area=NEXT_DOOR)
    history = (await people.caller.get(f"/persons/{person['id']}/events")).json()["items"]
    entry = await ask(people.caller, event_id=history[0]["id"], retract=True, reason="误建")
    assert (entry.status_code, entry.json()["code"]) == (409, "entry_needed")
    await carried_out(people.caller, approver, event_id=moved["id"], retract=True, reason="未搬")
    again = await ask(people.caller, event_id=moved["id"], retract=True, reason="未搬")
    assert (again.status_code, again.json()["code"]) == (409, "retracted_already")
    history = (await people.caller.get(f"/persons/{person['id']}/events")).json()["items"]
    final = await ask(people.caller, event_id=history[-1]["id"], retract=True, reason="又搬")
    assert (final.status_code, final.json()["code"]) == (409, "retraction_is_final")


async def test_a_community_worker_asks_for_a_correction_but_does_not_approve_one(
    registry: Registry, people_of: PeopleOf, clerk: Caller
) -> None:
    worker = await registry.staff("community_worker", HERE)
    people = people_of(worker)
    person = await people.enter()
    death = await people.record("deaths", person_id=person["id"], happened_on="2025-06-01")
    asked = await ask(clerk, event_id=death["id"], retract=True, reason="误录")
    answer = await decide(worker, asked.json(), "approval")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    own = await ask(worker, event_id=death["id"], retract=True, reason="误录")
    assert own.status_code == 201
    assert (await people.read(person["id"]))["alive"] is False
