"""A wrong mother or father of a recorded birth: asked for, shown, approved, and everywhere right afterwards."""

import asyncio
from collections import Counter
from typing import Any

import pytest
import pytest_asyncio

from ...support import Caller, Json, Registry
from .people import People, PeopleOf
from .revising import ask, carried_out, decide
from .test_kin import check_consistent, kin, link

HERE, NEXT_DOOR, REGISTERED = "340103001001", "340103001002", "340103001003"
BORN = "2025-05-10"
REASON = "母亲同名录错, 见出生医学证明"


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
async def family(people: People) -> dict[str, Json]:
    """A girl recorded as the child of ``wrong`` (who lives next door) and ``father``; she is ``right``'s."""
    wrong = await people.enter(
        name="李秀英", birth_date="1990-01-02", present_area=NEXT_DOOR, registered_area=NEXT_DOOR
    )
    right = await people.enter(name="李秀英", birth_date="1992-03-04", children_count=1)
    father = await people.enter(name="王强", birth_date="1989-06-07", sex=1)
    birth = await people.record(
        "births",
        mother_id=wrong["id"],
        father_id=father["id"],
        happened_on=BORN,
        present_area=HERE,
        registered_area=REGISTERED,
        child={"name": "王一诺", "sex": 2},
    )
    child = await people.read(birth["person_id"])
    return {"wrong": wrong, "right": right, "father": father, "birth": birth, "child": child}


def to_right(family: dict[str, Json], **more: Any) -> Json:
    changes = {"mother_id": family["right"]["id"]} | more
    return {"event_id": family["birth"]["id"], "changes": changes, "reason": REASON}


async def children_of(people: People, *persons: Json) -> list[int]:
    return [(await people.read(each["id"]))["children_count"] for each in persons]


async def lines_of(people: People, person: Json) -> Counter[tuple[str, str, str]]:
    """What all published lines of a person add up to, by population, area and measure."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for event in await people.events(person["ref"]):
        for line in event.data["lines"]:
            sums[line["population"], line["area"], line["measure"]] += line["value"]
    return Counter({key: value for key, value in sums.items() if value})


async def test_a_request_shows_both_mothers_and_what_each_would_lose_or_gain(
    people: People, clerk: Caller, family: dict[str, Json]
) -> None:
    asked = await ask(clerk, **to_right(family))
    assert asked.status_code == 201, asked.text
    shown = asked.json()["side_by_side"]
    [field] = shown["fields"]
    assert (field["field"], field["current"], field["proposed"]) == (
        "mother_id",
        family["wrong"]["id"],
        family["right"]["id"],
    )
    assert (field["current_label"], field["proposed_label"]) == ("李秀英 1990-01-02", "李秀英 1992-03-04")
    assert {(each["relation"], each["person_id"]) for each in shown["kin"]} == {
        ("mother", family["wrong"]["id"]),
        ("mother", family["right"]["id"]),
    }
    state = {each["field"]: (each["current"], each["proposed"]) for each in shown["state"]}
    assert state["mother_id"] == (family["wrong"]["id"], family["right"]["id"])
    assert shown["impossible"] is None
    assert ("mother", family["wrong"]["id"]) in await kin(clerk, family["child"])
    own = await decide(clerk, asked.json(), "approval")
    assert (own.status_code, own.json()["code"]) == (409, "same_person")


async def test_an_approved_correction_reaches_both_mothers_the_figures_and_what_papers_follow(
    registry: Registry, people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    wrong, right, child = family["wrong"], family["right"], family["child"]
    assert await children_of(people, wrong, right, family["father"]) == [1, 1, 1]
    before = registry.runtime.clock.now()
    usual = ("resident", NEXT_DOOR, "birth")
    assert (await lines_of(people, child))[usual] == 1
    await carried_out(clerk, approver, **to_right(family))
    assert set(await kin(clerk, child)) == {("mother", right["id"]), ("father", family["father"]["id"])}
    assert await kin(clerk, wrong) == []
    assert await kin(clerk, right) == [("child", child["id"])]
    assert await children_of(people, wrong, right, family["father"]) == [0, 2, 1]
    await check_consistent(registry, [wrong["id"], right["id"], family["father"]["id"], child["id"]])
    lines = await lines_of(people, child)
    assert (lines[usual], lines["resident", HERE, "birth"]) == (0, 1)
    [event] = [each for each in await people.events(child["ref"]) if each.type.endswith("corrected.v1")]
    assert set(event.data["parent_refs"]) == {wrong["ref"], right["ref"], family["father"]["ref"]}
    assert event.data["parents_corrected"] == ["mother_id"]
    assert (event.data["mother_ref"], event.data["father_ref"]) == (right["ref"], family["father"]["ref"])
    then = await clerk.get(f"/persons/{child['id']}/as-of", params={"known_at": before.isoformat()})
    assert then.json()["state"]["mother_id"] == wrong["id"]
    now = await clerk.get(f"/persons/{child['id']}/as-of", params={"on": BORN})
    assert now.json()["state"]["mother_id"] == right["id"]


async def test_the_card_of_each_mother_tells_the_right_children(
    people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    cards = {}
    for name in ("wrong", "right"):
        made = await clerk.post("/cards", json={"person_id": family[name]["id"]})
        assert made.status_code == 201, made.text
        cards[name] = made.json()["id"]
    await carried_out(clerk, approver, **to_right(family))
    counts = [(await clerk.get(f"/cards/{cards[name]}")).json()["children_count"] for name in cards]
    assert counts == [0, 2]


async def test_a_father_can_be_put_right_and_taken_off(
    people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    other = await people.enter(birth_date="1985-01-01", sex=1)
    body = {"event_id": family["birth"]["id"], "reason": "父亲录错"}
    await carried_out(clerk, approver, **body, changes={"father_id": other["id"]})
    assert await children_of(people, family["father"], other) == [0, 1]
    await carried_out(clerk, approver, **body, changes={"father_id": None})
    assert await children_of(people, family["father"], other) == [0, 0]
    assert await kin(clerk, family["child"]) == [("mother", family["wrong"]["id"])]


async def test_who_cannot_be_a_parent_is_refused_when_asked_for(
    people: People, clerk: Caller, family: dict[str, Json]
) -> None:
    later = await people.enter(birth_date="2025-05-11", entry={"kind": "opening", "on": "2025-06-01"})
    man = await people.enter(birth_date="1980-01-01", sex=1)
    refused = [
        (later["id"], 409, "parent_younger"),
        (family["child"]["id"], 409, "own_ancestor"),
        ("0195a2f0-0000-7000-8000-000000000001", 404, "not_found"),
    ]
    for mother_id, status, code in refused:
        answer = await ask(clerk, **to_right(family, mother_id=mother_id))
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    male = await ask(clerk, **to_right(family, mother_id=man["id"]))
    assert [(each["pointer"], each["code"]) for each in male.json()["errors"]] == [
        ("/changes/mother_id", "mother_sex")
    ]
    empty = await ask(clerk, **to_right(family, mother_id=None))
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "changes")
    opening = (await clerk.get(f"/persons/{man['id']}/events")).json()["items"][0]
    other = await ask(clerk, event_id=opening["id"], changes={"mother_id": later["id"]}, reason="录错")
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "not_correctable")


async def test_a_link_made_by_hand_before_counts_once(
    registry: Registry, people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    wrong, right, child = family["wrong"], family["right"], family["child"]
    version = (await people.read(child["id"]))["version"]
    removed = await clerk.post(
        f"/persons/{child['id']}/kin/removal",
        headers={"If-Match": f'"{version}"'},
        json={"relation": "mother", "person_id": wrong["id"], "reason": "录错"},
    )
    assert removed.status_code == 200, removed.text
    await link(clerk, child, "mother", right)
    assert await children_of(people, wrong, right) == [0, 1]
    await carried_out(clerk, approver, **to_right(family))
    assert await children_of(people, wrong, right) == [0, 1]
    await check_consistent(registry, [wrong["id"], right["id"], family["father"]["id"], child["id"]])


async def test_a_correction_that_was_wrong_itself_is_taken_back(
    people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    wrong, right, child = family["wrong"], family["right"], family["child"]
    before = await lines_of(people, child)
    done = await carried_out(clerk, approver, **to_right(family))
    await carried_out(clerk, approver, event_id=done["result_event_id"], retract=True, reason="原登记无误")
    assert await children_of(people, wrong, right) == [1, 1]
    assert ("mother", wrong["id"]) in await kin(clerk, child)
    assert await lines_of(people, child) == before


async def test_adoptive_parents_stay_and_an_adoption_taken_back_leads_to_the_right_mother(
    people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    wrong, right, child = family["wrong"], family["right"], family["child"]
    adopter = await people.enter(birth_date="1980-01-01")
    adoption = await people.record(
        "adoptions", child_id=child["id"], happened_on="2025-08-01", mother_id=adopter["id"]
    )
    await carried_out(clerk, approver, **to_right(family))
    assert await kin(clerk, child) == [("mother", adopter["id"])]
    assert await children_of(people, wrong, right, adopter) == [0, 1, 1]
    on = await clerk.get(f"/persons/{child['id']}/as-of", params={"on": "2025-07-01"})
    assert on.json()["state"]["mother_id"] == right["id"]
    await carried_out(clerk, approver, event_id=adoption["id"], retract=True, reason="收养未成立")
    assert set(await kin(clerk, child)) == {("mother", right["id"]), ("father", family["father"]["id"])}
    assert await children_of(people, wrong, right, adopter) == [0, 2, 0]


async def test_a_corrected_birth_that_never_was_takes_the_child_off_the_right_mother(
    people: People, clerk: Caller, approver: Caller, family: dict[str, Json]
) -> None:
    await carried_out(clerk, approver, **to_right(family))
    await carried_out(clerk, approver, event_id=family["birth"]["id"], retract=True, reason="重复登记")
    assert await children_of(people, family["wrong"], family["right"], family["father"]) == [0, 1, 0]
    assert await lines_of(people, family["child"]) == Counter()


async def test_two_children_swapped_at_once_end_with_the_right_mothers(
    registry: Registry, people: People, clerk: Caller, approver: Caller
) -> None:
    mothers = [await people.enter(birth_date="1990-01-02") for _ in range(2)]
    births = [
        await people.record(
            "births", mother_id=mother["id"], happened_on=BORN, child={"name": "王一诺", "sex": 2}
        )
        for mother in mothers
    ]
    asked = []
    for birth, mother in zip(births, reversed(mothers), strict=True):
        changes = {"mother_id": mother["id"]}
        asked.append((await ask(clerk, event_id=birth["id"], changes=changes, reason="抱错")).json())
    answers = await asyncio.gather(*(decide(approver, each, "approval") for each in asked))
    assert [each.status_code for each in answers] == [200, 200], [each.text for each in answers]
    assert await children_of(people, *mothers) == [1, 1]
    assert await kin(clerk, mothers[0]) == [("child", births[1]["person_id"])]
    await check_consistent(registry, [*(each["id"] for each in mothers), *(b["person_id"] for b in births)])
