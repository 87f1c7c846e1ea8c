"""Persons through the API: entering, reading masked, finding, changing, and facts for a purpose."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from renkou_common.scope import AreaScope

from ...support import Caller, Registry, an_hour_later
from .people import PeopleOf

HERE, NEXT_DOOR, ELSEWHERE = "340103001001", "340103001002", "340103002001"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103002")


async def test_a_person_is_entered_and_read_with_number_and_phone_masked(
    clerk: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body(name="欧阳•娜", phone="138 0000 1234", employer="庐阳纺织厂")
    created = await clerk.post("/persons", json=body)
    assert created.status_code == 201, created.text
    assert created.headers["ETag"] == '"1"'
    person = created.json()
    assert created.headers["Location"] == f"/persons/{person['id']}"
    assert person["name"] == "欧阳·娜"
    assert person["resident_id"] == f"{body['resident_id'][:4]}**********{body['resident_id'][-4:]}"
    assert person["phone"] == "138****1234"
    assert (person["sex_label"], person["registered_area"], person["alive"]) == ("女", HERE, True)
    read = await clerk.get(f"/persons/{person['id']}")
    assert read.json() == person
    assert body["resident_id"] not in read.text


async def test_neither_number_nor_phone_nor_street_leaves_in_an_event(
    clerk: Caller, people_of: PeopleOf
) -> None:
    people = people_of(clerk)
    body = people.body(name="保密之名", phone="13900005678", present_street="安庆路 77 号")
    person = (await clerk.post("/persons", json=body)).json()
    (event,) = await people.events(person["ref"])
    assert event.type == "registry.person.registered.v1"
    for secret in (body["resident_id"], "13900005678", "安庆路", "保密之名", person["id"]):
        assert secret not in event.body
    told = {(line["population"], line["measure"], line["area"]) for line in event.data["lines"]}
    assert told == {
        ("registered", "opening", HERE),
        ("registered", "card_due", HERE),
        ("resident", "opening", HERE),
    }


async def test_the_same_creation_sent_twice_makes_one_person(clerk: Caller, people_of: PeopleOf) -> None:
    body = people_of(clerk).body()
    first = await clerk.post("/persons", json=body, key="the same key twice")
    second = await clerk.post("/persons", json=body, key="the same key twice")
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] == second.json()["id"]
    other = await clerk.post("/persons", json=people_of(clerk).body(), key="the same key twice")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_number_already_in_the_register_is_named_only_to_those_who_see_the_person(
    clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body()
    person = (await clerk.post("/persons", json=body)).json()
    again = await clerk.post("/persons", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "person_exists")
    assert person["id"] in again.text
    abroad = await stranger.post(
        "/persons", json=body | {"registered_area": ELSEWHERE, "present_area": ELSEWHERE}
    )
    assert (abroad.status_code, abroad.json()["code"]) == (409, "person_exists")
    assert person["id"] not in abroad.text


async def test_a_number_that_disagrees_with_the_record_needs_the_workers_confirmation(
    clerk: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body(region="340827", sex=1, birth_date="1990-03-07")
    body |= {"sex": 2, "birth_date": "1990-03-08"}
    refused = await clerk.post("/persons", json=body, headers={"Accept-Language": "en"})
    assert (refused.status_code, refused.json()["code"]) == (422, "warnings_unconfirmed")
    codes = [error["code"] for error in refused.json()["errors"]]
    assert codes == [
        "resident_id_region_differs",
        "resident_id_birth_date_differs",
        "resident_id_sex_differs",
    ]
    confirmed = await clerk.post("/persons", json=body | {"confirmed_warnings": codes})
    assert confirmed.status_code == 201, confirmed.text


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"resident_id": "340103199003071234"}, "/resident_id", "resident_id_check_digit"),
        ({"name": "   "}, "/name", "name_empty"),
        ({"sex": 3}, "/sex", "literal_error"),
        ({"birth_date": "7.3.1990"}, "/birth_date", "date_form"),
        ({"present_area": "340103"}, "/present_area", "area_level"),
        ({"registered_area": "34"}, "/registered_area", "area_level"),
        ({"present_area": "34010x001001"}, "/present_area", "area_code_digits"),
        ({"present_area": "340103001999"}, "/present_area", "area_unknown"),
        ({"marital_status": "77"}, "/marital_status", "code_unknown"),
        ({"phone": "call me"}, "/phone", "phone"),
        ({"favourite_colour": "红"}, "/favourite_colour", "extra_forbidden"),
        ({"entry": ...}, "/entry", "missing"),
        ({"entry": {"kind": "opening", "on": "2190-01-01"}}, "/entry/on", "in_future"),
        ({"present_since": "1980-01-01"}, "/present_since", "present_since"),
    ],
)
async def test_wrong_input_is_pointed_at_in_both_languages(
    clerk: Caller, people_of: PeopleOf, changes: dict[str, Any], pointer: str, code: str
) -> None:
    body = people_of(clerk).body(**({} if "birth_date" in changes else changes)) | changes
    body = {name: value for name, value in body.items() if value is not ...}
    details = set()
    for language in ("zh-CN", "en"):
        answer = await clerk.post("/persons", json=body, headers={"Accept-Language": language})
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
        details.add(error["detail"])
    assert len(details) == 2


async def test_all_wrong_fields_are_told_at_once(clerk: Caller, people_of: PeopleOf) -> None:
    answer = await clerk.post("/persons", json=people_of(clerk).body(name="", sex=7, present_area="xx"))
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/name", "/sex", "/present_area"}


async def test_a_change_needs_the_version_that_was_read(clerk: Caller, people_of: PeopleOf) -> None:
    person = await people_of(clerk).enter(phone="13800001111")
    path = f"/persons/{person['id']}"
    assert (await clerk.patch(path, version=None, json={"employer": "学校"})).status_code == 428
    changed = await clerk.patch(path, version=1, json={"employer": "学校", "phone": None})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json()["employer"], changed.json()["phone"]) == ("学校", None)
    stale = await clerk.patch(path, version=1, json={"employer": "医院"})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    assert (await clerk.get(path)).json()["employer"] == "学校"


async def test_moves_and_births_are_not_changes_of_the_record(clerk: Caller, people_of: PeopleOf) -> None:
    person = await people_of(clerk).enter()
    answer = await clerk.patch(f"/persons/{person['id']}", version=1, json={"present_area": NEXT_DOOR})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "extra_forbidden")


async def test_a_person_is_found_by_number_by_the_beginning_of_the_name_and_by_household(
    clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body(name="令狐冲虚")
    person = (await clerk.post("/persons", json=body)).json()
    household = {
        "number": "户-令狐",
        "area": HERE,
        "members": [{"person_id": person["id"], "relation": "02"}],
    }
    assert (await clerk.post("/households", json=household)).status_code == 201
    for question in (
        {"resident_id": body["resident_id"].lower()},
        {"name": "令狐冲"},
        {"household_number": "户-令狐"},
    ):
        found = await clerk.post("/persons/search", json=question)
        assert [each["id"] for each in found.json()["items"]] == [person["id"]], question
        assert body["resident_id"] not in found.text
        assert (await stranger.post("/persons/search", json=question)).json()["items"] == []
    nothing = await clerk.post("/persons/search", json={"sex": 1})
    assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (422, "search_by_what")


async def test_a_list_is_paged_without_gaps_or_repeats(registry: Registry, people_of: PeopleOf) -> None:
    worker = await registry.staff("community_worker", "340103003")
    area = "340103003001"
    made = [
        (await people_of(worker).enter(registered_area=area, present_area=area, name=f"表{number}"))["id"]
        for number in range(5)
    ]
    out = await people_of(worker).enter(registered_area=area, present_area="310115", name="表外")
    seen: list[str] = []
    after = None
    while True:
        query = {"area": "340103003", "name": "表", "limit": 2} | ({"after": after} if after else {})
        page = (await worker.get("/persons", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [*sorted(made), out["id"]]
    migrants = await worker.get("/persons", params={"area": area, "population": "migrant_out"})
    assert [item["id"] for item in migrants.json()["items"]] == [out["id"]]
    foreign = await worker.get("/persons", params={"area": "340103001"})
    assert foreign.status_code == 404
    assert (await worker.get("/persons", params={"area": area, "after": "x"})).status_code == 422
    assert (await worker.get("/persons", params={"area": "nonsense"})).status_code == 422
    assert (await worker.get("/persons", params={"area": area, "limit": 201})).status_code == 422


async def test_a_migrant_is_listed_as_usual_resident_once_six_months_have_passed(
    registry: Registry, people_of: PeopleOf
) -> None:
    worker = await registry.staff("community_worker", "340103004")
    area, today = "340103004001", registry.runtime.clock.today()
    arrived = today.replace(year=today.year - 1, day=1)
    old = await people_of(worker).enter(
        registered_area="310115", present_area=area, region="310115",
        entry={"kind": "arrival", "on": str(arrived)},
    )  # fmt: skip
    new = await people_of(worker).enter(
        registered_area="310115", present_area=area, region="310115",
        entry={"kind": "arrival", "on": str(today)},
    )  # fmt: skip

    async def listed(population: str) -> set[str]:
        answer = await worker.get("/persons", params={"area": area, "population": population})
        return {item["id"] for item in answer.json()["items"]}

    assert await listed("migrant_in") == {old["id"], new["id"]}
    assert await listed("resident") == {old["id"]}
    assert await listed("registered") == set()


async def test_reading_in_the_clear_needs_a_reason_and_leaves_a_trace(
    registry: Registry, clerk: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body(phone="13800001111")
    person = (await clerk.post("/persons", json=body)).json()
    path = f"/persons/{person['id']}/unmask"
    asked = {"fields": ["resident_id", "phone"], "purpose": "document_check", "reason": "核对本人证件"}
    opened = await clerk.post(path, json=asked)
    assert opened.json() == {
        "resident_id": body["resident_id"],
        "other_document_number": None,
        "phone": "13800001111",
    }
    worker = await registry.staff("community_worker", "340103001")
    refused = await worker.post(path, json=asked)
    assert refused.status_code == 403
    careless = await clerk.post(path, json=asked | {"reason": f"核对 {body['resident_id']}"})
    assert careless.json()["errors"][0]["code"] == "reason_has_number"
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch(
            "SELECT what, fields, purpose, reason, actor_id FROM audit_entry"
            " WHERE action = 'unmask' AND $1 = ANY(person_ids)",
            person["id"],
        )
    told = ("unmask", ["resident_id", "phone"], "document_check", "核对本人证件", clerk.id)
    assert [tuple(row) for row in rows] == [told]
    for purpose in (None, "curiosity"):
        answer = await clerk.post(path, json=asked | {"purpose": purpose})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/purpose"


async def test_reading_in_the_clear_is_limited_for_each_caller(
    registry: Registry, people_of: PeopleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.runtime.settings, "unmask_per_hour", 3)
    clerk, other = [await registry.staff("subdistrict_clerk", "340103001") for _ in range(2)]
    person = await people_of(clerk).enter()
    path, asked = (
        f"/persons/{person['id']}/unmask",
        {"fields": ["phone"], "purpose": "contact", "reason": "电话回访"},
    )
    answers = await asyncio.gather(*(clerk.post(path, json=asked) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [200, 200, 200, 429, 429, 429]
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.json()["code"] == "unmask_often"
    assert 3_500 <= int(refused.headers["Retry-After"]) <= 3_600
    assert (await other.post(path, json=asked)).status_code == 200
    registry.set_now(registry.runtime.clock.now() + timedelta(minutes=61))
    assert (await clerk.post(path, json=asked)).status_code == 429  # the domain's clock opens nothing
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        shown = await tx.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'unmask' AND actor_id = $1", clerk.id
        )
        hour_ago = "UPDATE unmask_use SET read_at = read_at - interval '1 hour' WHERE read_by = $1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):  # nor can the service give itself more
            await tx.execute(hour_ago, clerk.id)
    assert shown == 3
    await an_hour_later(registry, clerk)
    assert (await clerk.post(path, json=asked)).status_code == 200


async def test_facts_are_no_way_round_the_limit(
    registry: Registry, people_of: PeopleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.runtime.settings, "facts_per_hour", 2)
    clerk, service = (
        await registry.staff("community_worker", "340103001"),
        await registry.service("migrant-api"),
    )
    person = await people_of(clerk).enter()
    path = f"/persons/{person['id']}/facts?purpose=certificate"
    answers = [await clerk.get(path) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert (answers[2].json()["code"], "Retry-After" in answers[2].headers) == ("facts_often", True)
    assert [(await service.get(path)).status_code for _ in range(4)] == [200] * 4


async def test_facts_are_read_for_a_purpose_by_clerks_and_by_the_migrant_service(
    registry: Registry, clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body(children_count=1, marital_status="21")
    person = (await clerk.post("/persons", json=body)).json()
    facts = await clerk.get(f"/persons/{person['id']}/facts", params={"purpose": "certificate"})
    assert facts.status_code == 200, facts.text
    told = facts.json()
    assert told["resident_id"] == body["resident_id"]
    assert told["registered_area_name"].startswith("安徽省合肥市庐阳区")
    assert (told["marital_status_label"], told["children_count"]) == ("初婚", 1)
    service = await registry.service("migrant-api")
    by_ref = await service.get(f"/persons/by-ref/{person['ref']}/facts?purpose=service_notice")
    assert by_ref.json() == told
    assert (await clerk.get(f"/persons/{person['id']}/facts?purpose=curiosity")).status_code == 422
    assert (await clerk.get(f"/persons/{person['id']}/facts")).status_code == 422
    assert (
        await stranger.get(f"/persons/by-ref/{person['ref']}/facts?purpose=certificate")
    ).status_code == 404
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        purposes = await tx.fetch(
            "SELECT purpose FROM audit_entry WHERE action = 'unmask' AND $1 = ANY(person_ids) ORDER BY id",
            person["id"],
        )
    assert [row["purpose"] for row in purposes] == ["certificate", "service_notice"]


async def test_a_match_needs_number_and_name_together(
    clerk: Caller, stranger: Caller, people_of: PeopleOf
) -> None:
    body = people_of(clerk).body(name="赵无极")
    person = (await clerk.post("/persons", json=body)).json()
    question = {"resident_id": body["resident_id"], "name": "赵无极", "purpose": "arrival_notice"}
    exact = (await clerk.post("/persons/match", json=question)).json()
    assert (exact["result"], exact["person_id"], exact["person_ref"], exact["registered_area"]) == (
        "exact",
        person["id"],
        person["ref"],
        HERE,
    )
    assert (await clerk.post("/persons/match", json=question | {"name": "赵有极"})).json()["result"] == "none"
    assert (await stranger.post("/persons/match", json=question)).json()["result"] == "none"
