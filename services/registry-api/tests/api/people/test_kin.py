"""Kin through the API: both sides agree, whoever links them; what cannot be is refused."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from .people import People, PeopleOf
from .revising import carried_out


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def approver(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest.fixture
def people(clerk: Caller, people_of: PeopleOf) -> People:
    return people_of(clerk)


async def kin(clerk: Caller, person: Json) -> list[tuple[str, str]]:
    answer = await clerk.get(f"/persons/{person['id']}/kin")
    assert answer.status_code == 200, answer.text
    return [(each["relation"], each["person_id"]) for each in answer.json()["items"]]


async def link(clerk: Caller, person: Json, relation: str, other: Json, **more: Any) -> Json:
    answer = await clerk.post(
        f"/persons/{person['id']}/kin", json={"relation": relation, "person_id": other["id"]} | more
    )
    assert answer.status_code == 201, answer.text
    told: Json = answer.json()
    return told


async def check_consistent(registry: Registry, ids: list[str]) -> None:
    """Both sides, the counts and the open links of the history say the same."""
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch(
            "SELECT id, mother_id, father_id, spouse_id, children_count FROM person"
            " WHERE id = ANY($1) AND NOT withdrawn",
            ids,
        )
        links = await tx.fetch(
            "SELECT kind, person_id, kin_id FROM kin_link WHERE known_until IS NULL"
            " AND (person_id = ANY($1) OR kin_id = ANY($1))",
            ids,
        )
    people = {row["id"]: row for row in rows}
    told: set[tuple[str, UUID, UUID]] = set()
    linked: Counter[UUID] = Counter()
    for row in rows:
        if row["spouse_id"]:
            assert people[row["spouse_id"]]["spouse_id"] == row["id"]
            told.add(("spouse", min(row["id"], row["spouse_id"]), max(row["id"], row["spouse_id"])))
        for kind in ("mother", "father"):
            if row[f"{kind}_id"]:
                told.add((kind, row["id"], row[f"{kind}_id"]))
                linked[row[f"{kind}_id"]] += 1
    assert told == {(row["kind"], row["person_id"], row["kin_id"]) for row in links}
    assert all(people[each]["children_count"] >= number for each, number in linked.items())


async def test_a_family_is_linked_from_both_sides(people: People, clerk: Caller, registry: Registry) -> None:
    mother = await people.enter(birth_date="1970-01-01", children_count=2)
    father = await people.enter(birth_date="1969-01-01", sex=1)
    child = await people.enter(birth_date="2000-01-01")
    told = await link(clerk, child, "mother", mother)
    assert [each["relation_label"] for each in told["items"]] == ["母亲"]
    await link(clerk, father, "child", child)
    await link(clerk, mother, "spouse", father)
    assert await kin(clerk, child) == [("mother", mother["id"]), ("father", father["id"])]
    assert await kin(clerk, mother) == [("spouse", father["id"]), ("child", child["id"])]
    assert await kin(clerk, father) == [("spouse", mother["id"]), ("child", child["id"])]
    of_mother = (await clerk.get(f"/persons/{mother['id']}/kin")).json()
    assert (of_mother["children_count"], of_mother["children_not_in_register"]) == (2, 1)
    assert (await people.read(father["id"]))["children_count"] == 1
    event = (await people.events(mother["ref"]))[-1]
    assert event.type == "registry.kin.changed.v1"
    assert (event.data["kin"], event.data["kin_ref"], event.data["linked"]) == ("spouse", father["ref"], True)
    await check_consistent(registry, [each["id"] for each in (mother, father, child)])


async def test_kin_told_on_entry_hold_from_both_sides(
    people: People, clerk: Caller, registry: Registry
) -> None:
    wife = await people.enter(birth_date="1970-01-01", marital_status="20")
    husband = await people.enter(birth_date="1969-01-01", sex=1, spouse_id=wife["id"], marital_status="20")
    child = await people.enter(birth_date="2000-01-01", mother_id=wife["id"], father_id=husband["id"])
    assert ("spouse", husband["id"]) in await kin(clerk, wife)
    assert (await people.read(wife["id"]))["children_count"] == 1
    await check_consistent(registry, [each["id"] for each in (wife, husband, child)])
    third = people.body(birth_date="1971-01-01", sex=1, spouse_id=wife["id"])
    refused = await clerk.post("/persons", json=third)
    assert (refused.status_code, refused.json()["code"]) == (409, "has_spouse")
    young = await clerk.post("/persons", json=people.body(birth_date="1960-01-01", mother_id=wife["id"]))
    assert (young.status_code, young.json()["code"]) == (409, "parent_younger")


async def test_a_wrong_link_is_taken_away_with_a_reason_and_stays_in_the_history(
    people: People, clerk: Caller, registry: Registry
) -> None:
    mother, child = await people.enter(birth_date="1970-01-01"), await people.enter(birth_date="2000-01-01")
    told = await link(clerk, child, "mother", mother)
    path = f"/persons/{child['id']}/kin"
    body = {"relation": "mother", "person_id": mother["id"], "reason": "同名误登"}
    assert (await clerk.post(f"{path}/removal", json=body)).status_code == 428
    removed = await clerk.post(f"{path}/removal", json=body, headers={"If-Match": f'"{told["version"]}"'})
    assert (removed.status_code, removed.json()["items"]) == (200, [])
    assert (await people.read(mother["id"]))["children_count"] == 0
    (kept,) = (await clerk.get(f"{path}/history")).json()["items"]
    assert (kept["relation"], kept["person_id"], kept["reason"]) == ("mother", mother["id"], "同名误登")
    assert kept["known_until"] is not None
    (seen,) = (await clerk.get(f"/persons/{mother['id']}/kin/history")).json()["items"]
    assert (seen["relation"], seen["person_id"]) == ("child", child["id"])
    version = removed.json()["version"]
    again = await clerk.post(f"{path}/removal", json=body, headers={"If-Match": f'"{version}"'})
    assert (again.status_code, again.json()["code"]) == (409, "not_linked")
    await check_consistent(registry, [mother["id"], child["id"]])


async def test_births_marriages_and_their_retractions_link_and_unlink(
    people: People, clerk: Caller, approver: Caller, registry: Registry
) -> None:
    wife, husband = await people.enter(), await people.enter(sex=1)
    married = await people.record(
        "marriages", person_id=wife["id"], spouse_id=husband["id"], happened_on="2025-02-01"
    )
    born = await people.record(
        "births",
        mother_id=wife["id"],
        father_id=husband["id"],
        happened_on="2025-03-18",
        child={"name": "小满", "sex": 2},
    )
    ids = [wife["id"], husband["id"], born["person_id"]]
    assert await kin(clerk, wife) == [("spouse", husband["id"]), ("child", born["person_id"])]
    await check_consistent(registry, ids)
    for event in (born, married):
        await carried_out(clerk, approver, event_id=event["id"], retract=True, reason="登记有误")
    assert await kin(clerk, wife) == await kin(clerk, husband) == []
    assert (await people.read(wife["id"]))["children_count"] == 0
    await check_consistent(registry, ids)


async def test_of_a_relative_outside_the_callers_area_only_the_relation_is_told(
    people: People, clerk: Caller, registry: Registry
) -> None:
    mother = await people.enter(birth_date="1970-01-01", name="远方母亲")
    child = await people.enter(birth_date="2000-01-01")
    await link(clerk, child, "mother", mother)
    await people.record(
        "moves", person_id=mother["id"], happened_on="2025-03-01", to_area="340103002001",
        transfer_registration=True,
    )  # fmt: skip
    answer = await clerk.get(f"/persons/{child['id']}/kin")
    (told,) = answer.json()["items"]
    assert (told["relation"], told["in_your_area"], told["person_id"], told["name"]) == (
        "mother",
        False,
        None,
        None,
    )
    assert mother["id"] not in answer.text
    (kept,) = (await clerk.get(f"/persons/{child['id']}/kin/history")).json()["items"]
    assert kept["person_id"] is None
    hidden = await clerk.post(
        f"/persons/{child['id']}/kin", json={"relation": "father", "person_id": mother["id"]}
    )
    assert hidden.status_code == 404


async def test_of_two_mothers_claimed_at_once_one_is_refused(
    people: People, clerk: Caller, registry: Registry
) -> None:
    one, two = await people.enter(birth_date="1970-01-01"), await people.enter(birth_date="1971-01-01")
    child = await people.enter(birth_date="2000-01-01")
    answers = await asyncio.gather(
        *(
            clerk.post(f"/persons/{child['id']}/kin", json={"relation": "mother", "person_id": mother["id"]})
            for mother in (one, two)
        )
    )
    assert sorted(each.status_code for each in answers) == [201, 409]
    refused = next(each for each in answers if each.status_code == 409)
    assert refused.json()["code"] == "has_mother"
    await check_consistent(registry, [one["id"], two["id"], child["id"]])


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_sequence_of_links_and_removals_leaves_both_sides_agreeing(
    people: People, clerk: Caller, registry: Registry, seed: int
) -> None:
    chance = random.Random(seed)
    made = [
        await people.enter(birth_date=f"19{50 + 7 * number}-01-01", sex=1 + number % 2, marital_status="20")
        for number in range(6)
    ]
    done = Counter[int]()
    for _ in range(40):
        one, other = chance.sample(made, 2)
        body: Json = {"relation": chance.choice(["mother", "father", "spouse", "child"])}
        body["person_id"] = other["id"]
        path = f"/persons/{one['id']}/kin"
        if chance.random() < 0.7:
            answer = await clerk.post(path, json=body)
        else:
            version = (await people.read(one["id"]))["version"]
            headers = {"If-Match": f'"{version}"'}
            answer = await clerk.post(f"{path}/removal", json=body | {"reason": "核对"}, headers=headers)
        assert answer.status_code in (200, 201, 409, 422), answer.text
        done[answer.status_code] += 1
    assert done[201]
    await check_consistent(registry, [each["id"] for each in made])
