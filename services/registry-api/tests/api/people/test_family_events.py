"""Divorce, widowhood, adoption, addresses, returns: kin agree both ways, newborns follow their mother."""

from collections import Counter

import pytest
import pytest_asyncio

from ...support import Caller, Json, Registry
from .people import People, PeopleOf
from .revising import ask, carried_out

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


async def couple(people: People) -> tuple[Json, Json]:
    bride = await people.enter(marital_status="10")
    groom = await people.enter(name="李四", sex=1, marital_status="10")
    await people.record("marriages", person_id=bride["id"], spouse_id=groom["id"], happened_on="2025-02-14")
    return bride, groom


async def family(people: People, person: Json) -> tuple[str, str | None]:
    read = await people.read(person["id"])
    return read["marital_status"], read["spouse_id"]


async def test_a_divorce_ends_the_link_for_both_and_its_retraction_restores_it(
    people: People, approver: Caller
) -> None:
    bride, groom = await couple(people)
    divorce = await people.record("divorces", person_id=groom["id"], happened_on="2025-08-01")
    assert await family(people, bride) == ("40", None)
    assert await family(people, groom) == ("40", None)
    assert (await people.events(bride["ref"]))[-1].type == "registry.divorce.recorded.v1"
    await carried_out(people.caller, approver, event_id=divorce["id"], retract=True, reason="判决撤销")
    assert await family(people, bride) == ("21", groom["id"])
    assert await family(people, groom) == ("21", bride["id"])


async def test_the_unmarried_do_not_divorce_nor_does_a_marriage_vanish_before_its_divorce(
    people: People,
) -> None:
    single = await people.enter(marital_status="10")
    answer = await people.caller.post(
        "/life-events/divorces", json={"person_id": single["id"], "happened_on": "2025-08-01"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_married")
    bride, _ = await couple(people)
    await people.record("divorces", person_id=bride["id"], happened_on="2025-08-01")
    history = (await people.caller.get(f"/persons/{bride['id']}/events")).json()["items"]
    answer = await ask(people.caller, event_id=history[1]["id"], retract=True, reason="误登")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_married")


async def test_a_death_widows_the_spouse_and_its_retraction_takes_that_back(
    people: People, approver: Caller
) -> None:
    bride, groom = await couple(people)
    death = await people.record("deaths", person_id=groom["id"], happened_on="2025-06-01")
    assert await family(people, bride) == ("30", None)
    history = (await people.caller.get(f"/persons/{bride['id']}/events")).json()["items"]
    assert [each["kind"] for each in history] == ["opening", "marriage", "widowhood"]
    alone = await ask(people.caller, event_id=history[-1]["id"], retract=True, reason="误登")
    assert (alone.status_code, alone.json()["code"]) == (409, "follows_another")
    done = await carried_out(
        people.caller, approver, event_id=death["id"], changes={"happened_on": "2025-06-02"}, reason="日期"
    )
    assert done["state"] == "approved"
    as_of = await people.caller.get(f"/persons/{bride['id']}/as-of", params={"on": "2025-06-01"})
    assert as_of.json()["state"]["marital_status"] == "21"
    history = (await people.caller.get(f"/persons/{groom['id']}/events")).json()["items"]
    undone = {"event_id": history[-1]["id"], "retract": True, "reason": "原日期无误"}
    await carried_out(people.caller, approver, **undone)
    as_of = await people.caller.get(f"/persons/{bride['id']}/as-of", params={"on": "2025-06-01"})
    assert as_of.json()["state"]["marital_status"] == "30"
    await carried_out(people.caller, approver, event_id=death["id"], retract=True, reason="同名误登")
    assert await family(people, bride) == ("21", groom["id"])
    assert await family(people, groom) == ("21", bride["id"])


async def test_a_couple_that_died_is_told_of_in_either_order(people: People, approver: Caller) -> None:
    bride, groom = await couple(people)
    later = await people.record("deaths", person_id=bride["id"], happened_on="2025-06-11")
    await people.record("deaths", person_id=groom["id"], happened_on="2025-06-01")
    for each, kinds in (
        (bride, ["death", "marriage", "opening", "widowhood"]),
        (groom, ["death", "marriage", "opening", "retraction", "widowhood"]),
    ):
        history = (await people.caller.get(f"/persons/{each['id']}/events")).json()["items"]
        assert sorted(event["kind"] for event in history) == kinds
    assert await family(people, bride) == ("30", None)
    assert await family(people, groom) == ("21", None)
    await carried_out(people.caller, approver, event_id=later["id"], retract=True, reason="同名误登")
    assert (await people.read(bride["id"]))["alive"]
    assert await family(people, bride) == ("30", None)


async def test_an_adopted_child_gets_parents_moves_and_is_counted_once(
    people: People, approver: Caller
) -> None:
    mother = await people.enter()
    born = await people.record(
        "births", mother_id=mother["id"], happened_on="2025-03-18", child={"name": "小满", "sex": 2}
    )
    adopter, husband = await couple(people)
    adopted = await people.record(
        "adoptions",
        child_id=born["person_id"],
        happened_on="2025-09-01",
        mother_id=adopter["id"],
        father_id=husband["id"],
        to_area=NEXT_DOOR,
        transfer_registration=True,
    )
    child = await people.read(born["person_id"])
    assert (child["mother_id"], child["father_id"]) == (adopter["id"], husband["id"])
    assert (child["registered_area"], child["present_area"]) == (NEXT_DOOR, NEXT_DOOR)

    async def counts() -> list[int]:
        return [(await people.read(each["id"]))["children_count"] for each in (mother, adopter, husband)]

    assert await counts() == [0, 1, 1]
    before = await people.caller.get(f"/persons/{child['id']}/as-of", params={"on": "2025-08-31"})
    assert before.json()["state"]["mother_id"] == mother["id"]
    await carried_out(people.caller, approver, event_id=adopted["id"], retract=True, reason="收养解除")
    child = await people.read(born["person_id"])
    assert (child["mother_id"], child["father_id"]) == (mother["id"], None)
    assert await counts() == [1, 0, 0]


async def test_parents_who_cannot_be_are_refused(people: People) -> None:
    child, young = await people.enter(birth_date="2015-01-01"), await people.enter(birth_date="2016-01-01")
    man = await people.enter(sex=1, name="王大山")
    body = {"child_id": child["id"], "happened_on": "2025-09-01"}
    younger = await people.caller.post("/life-events/adoptions", json=body | {"mother_id": young["id"]})
    assert (younger.status_code, younger.json()["code"]) == (409, "parent_younger")
    male = await people.caller.post("/life-events/adoptions", json=body | {"mother_id": man["id"]})
    assert male.json()["errors"][0]["pointer"] == "/mother_id"
    nobody = await people.caller.post("/life-events/adoptions", json=body)
    assert nobody.json()["errors"][0]["code"] == "parent_missing"


async def test_a_corrected_move_of_the_mother_corrects_where_her_newborn_counts(
    people: People, approver: Caller
) -> None:
    mother = await people.enter()
    moved = await people.record("moves", person_id=mother["id"], happened_on="2025-02-01", to_area=NEXT_DOOR)
    born = await people.record(
        "births", mother_id=mother["id"], happened_on="2025-10-01", child={"name": "小来", "sex": 2}
    )
    child = await people.read(born["person_id"])
    changes = {"happened_on": "2025-06-01"}
    request = await ask(people.caller, event_id=moved["id"], changes=changes, reason="录错")
    assert [(each["person_id"], each["relation"]) for each in request.json()["side_by_side"]["kin"]] == [
        (child["id"], "child")
    ]
    await carried_out(people.caller, approver, event_id=moved["id"], changes=changes, reason="录错")
    event = (await people.events(child["ref"]))[-1]
    assert event.type == "registry.event.corrected.v1"
    resident = {
        (line["measure"], line["on"], line["area"], line["value"])
        for line in event.data["lines"]
        if line["population"] == "resident"
    }
    assert ("birth", "2025-10-01", NEXT_DOOR, -1) in resident
    assert ("birth", "2025-10-01", HERE, 1) in resident


async def test_a_mother_whose_birth_date_is_corrected_had_her_first_child_late(
    people: People, approver: Caller
) -> None:
    mother = await people.enter(birth_date="2003-03-07")
    born = await people.record(
        "births", mother_id=mother["id"], happened_on="2025-10-01", child={"name": "小晚", "sex": 1}
    )
    child = await people.read(born["person_id"])

    async def counted() -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for event in await people.events(child["ref"]):
            for line in event.data["lines"]:
                if line["measure"].endswith("first_birth"):
                    found[line["measure"], line["population"]] += line["value"]
        return +found

    first = {("first_birth", "registered"): 1, ("first_birth", "resident"): 1}
    assert await counted() == first
    entry = (await people.caller.get(f"/persons/{mother['id']}/events")).json()["items"][0]["id"]
    await carried_out(
        people.caller, approver, event_id=entry, changes={"birth_date": "2001-03-07"}, reason="录错"
    )
    late = {("late_first_birth", "registered"): 1, ("late_first_birth", "resident"): 1}
    assert await counted() == first | late


async def test_another_street_in_the_same_community_moves_no_figure_and_leaks_nothing(
    people: People,
) -> None:
    person = await people.enter(present_street="安庆路 1 号")
    await people.record(
        "address-changes",
        person_id=person["id"],
        happened_on="2025-05-01",
        address="present",
        street="长江路 9 号",
    )
    read = await people.read(person["id"])
    assert (read["present_street"], read["present_area"]) == ("长江路 9 号", HERE)
    event = (await people.events(person["ref"]))[-1]
    assert (event.type, event.data["lines"]) == ("registry.address.changed.v1", [])
    assert "长江路" not in event.body
    addresses = (await people.caller.get(f"/persons/{person['id']}/addresses")).json()["items"]
    present = [each for each in addresses if each["kind"] == "present"]
    assert [(each["street"], each["valid_until"]) for each in present] == [
        ("安庆路 1 号", "2025-05-01"),
        ("长江路 9 号", None),
    ]


async def test_who_left_the_district_comes_back_by_number_and_name(
    registry: Registry, people: People, people_of: PeopleOf
) -> None:
    body = people.body()
    person = (await people.caller.post("/persons", json=body)).json()
    await people.record(
        "moves", person_id=person["id"], happened_on="2025-03-01", to_area=AWAY, transfer_registration=True
    )
    there = people_of(await registry.staff("community_worker", ELSEWHERE))
    back = {
        "resident_id": body["resident_id"],
        "name": body["name"],
        "happened_on": "2025-09-01",
        "to_area": ELSEWHERE,
        "transfer_registration": True,
    }
    wrong = await there.caller.post("/life-events/move-ins", json=back | {"name": "别人"})
    assert wrong.status_code == 404
    outside = await there.caller.post("/life-events/move-ins", json=back | {"to_area": HERE})
    assert outside.status_code == 404
    await there.record("move-ins", **back)
    read = await there.read(person["id"])
    assert (read["registered_area"], read["present_area"]) == (ELSEWHERE, ELSEWHERE)
    assert (await people.caller.get(f"/persons/{person['id']}")).status_code == 404
