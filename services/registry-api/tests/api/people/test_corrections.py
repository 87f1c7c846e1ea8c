"""Corrections by four eyes: asked for, shown side by side, decided on by somebody else."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest
import pytest_asyncio

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from .people import People, PeopleOf, resident_id
from .revising import ask, decide

HERE, NEXT_DOOR, AWAY = "340103001001", "340103001002", "310115"
QUIET = "340103001004"  # nobody else asks for anything here


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(registry: Registry) -> Caller:
    return await registry.staff("community_worker", HERE)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def approver(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


@pytest.fixture
def people(worker: Caller, people_of: PeopleOf) -> People:
    return people_of(worker)


async def asked_for(people: People, **body: object) -> Json:
    answer = await ask(people.caller, **body)
    assert answer.status_code == 201, answer.text
    asked: Json = answer.json()
    return asked


async def entry_of(people: People, person: Json) -> str:
    history = (await people.caller.get(f"/persons/{person['id']}/events")).json()["items"]
    return str(history[0]["id"])


async def test_a_request_changes_nothing_and_shows_both_sides_with_all_that_follows(
    people: People,
) -> None:
    person = await people.enter(marital_status="10")
    moved = await people.record("moves", person_id=person["id"], happened_on="2025-03-01", to_area=AWAY)
    asked = await asked_for(
        people,
        event_id=moved["id"],
        changes={"happened_on": "2025-04-10", "to_area": NEXT_DOOR},
        reason="去向录错",
    )
    assert (asked["state"], asked["state_label"]) == ("requested", "待审")
    shown = asked["side_by_side"]
    assert [(each["field"], each["current"], each["proposed"]) for each in shown["fields"]] == [
        ("happened_on", "2025-03-01", "2025-04-10"),
        ("to_area", AWAY, NEXT_DOOR),
    ]
    assert shown["fields"][1]["field_label"] == "迁往地"
    assert {(each["field"], each["current"], each["proposed"]) for each in shown["state"]} >= {
        ("present_area", AWAY, NEXT_DOOR)
    }
    assert {(each["population"], each["measure"], each["value"]) for each in shown["figures"]} >= {
        ("migrant_out", "in", -1)
    }
    assert (shown["impossible"], shown["changed_since_request"]) == (None, False)
    assert shown["certificates_possibly_affected"] is False
    assert (await people.read(person["id"]))["present_area"] == AWAY
    assert len(await people.events(person["ref"])) == 2


async def test_nobody_approves_or_rejects_an_own_request(approver: Caller, people_of: PeopleOf) -> None:
    people = people_of(approver)
    person = await people.enter()
    asked = await asked_for(
        people, event_id=await entry_of(people, person), changes={"sex": 1}, reason="录错"
    )
    for decision, body in (("approval", {}), ("rejection", {"reason": "不对"})):
        answer = await decide(approver, asked, decision, **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "same_person")
    assert (await people.read(person["id"]))["sex"] == 2


async def test_a_decided_request_stays_decided(people: People, approver: Caller) -> None:
    person = await people.enter()
    entry = await entry_of(people, person)
    asked = await asked_for(people, event_id=entry, changes={"sex": 1}, reason="录错")
    rejected = await decide(approver, asked, "rejection", reason="材料不足")
    assert (rejected.status_code, rejected.json()["state"]) == (200, "rejected")
    assert rejected.json()["decision_reason"] == "材料不足"
    again = await decide(approver, rejected.json(), "approval")
    assert (again.status_code, again.json()["code"]) == (409, "decided_already")
    other = await asked_for(people, event_id=entry, changes={"sex": 1}, reason="录错")
    stranger = await decide(approver, other, "withdrawal")
    assert (stranger.status_code, stranger.json()["code"]) == (409, "not_requester")
    withdrawn = await decide(people.caller, other, "withdrawal")
    assert withdrawn.json()["state"] == "withdrawn"
    assert (await people.read(person["id"]))["sex"] == 2


async def test_an_approval_needs_the_version_read(people: People, approver: Caller) -> None:
    person = await people.enter()
    asked = await asked_for(
        people, event_id=await entry_of(people, person), changes={"sex": 1}, reason="录错"
    )
    without = await approver.post(f"/corrections/{asked['id']}/approval", json={})
    assert without.status_code == 428
    stale = await decide(approver, asked | {"version": 7}, "approval")
    assert (stale.status_code, stale.headers["etag"]) == (412, '"1"')


async def test_an_event_that_changed_meanwhile_is_shown_anew_before_it_is_approved(
    people: People, approver: Caller
) -> None:
    person = await people.enter()
    death = await people.record("deaths", person_id=person["id"], happened_on="2025-06-01")
    first = await asked_for(
        people, event_id=death["id"], changes={"happened_on": "2025-06-02"}, reason="录错"
    )
    second = await asked_for(
        people, event_id=death["id"], changes={"happened_on": "2025-06-03"}, reason="录错"
    )
    assert (await decide(approver, second, "approval")).status_code == 200
    late = await decide(approver, first, "approval")
    assert (late.status_code, late.json()["code"]) == (409, "event_changed")
    now = late.json()["side_by_side"]
    assert now["changed_since_request"] is True
    assert [(each["current"], each["proposed"]) for each in now["fields"]] == [("2025-06-03", "2025-06-02")]
    seen = await decide(approver, first, "approval", seen=now["fingerprint"])
    assert seen.status_code == 200, seen.text
    assert (await people.read(person["id"]))["died_on"] == "2025-06-02"


async def test_two_approvers_at_once_carry_a_request_out_once(
    registry: Registry, people: People, approver: Caller
) -> None:
    other = await registry.staff("subdistrict_clerk", "340103001")
    person = await people.enter()
    asked = await asked_for(
        people, event_id=await entry_of(people, person), changes={"sex": 1}, reason="录错"
    )
    answers = await asyncio.gather(*(decide(each, asked, "approval") for each in (approver, other)))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert [event.type for event in await people.events(person["ref"])].count(
        "registry.event.corrected.v1"
    ) == 1


async def test_a_name_and_a_number_are_corrected_with_the_entry_sealed_until_then(
    registry: Registry, people: People, approver: Caller
) -> None:
    person = await people.enter(name="王小名")
    number = resident_id(date(1990, 3, 7), 2, "340103")
    asked = await asked_for(
        people,
        person_id=person["id"],
        details={"name": "王小鸣", "resident_id": number},
        reason="见户口簿",
    )
    assert asked["details"] == {"name": "王小鸣", "resident_id": f"{number[:4]}**********{number[-4:]}"}
    assert number not in (await people.caller.get(f"/corrections/{asked['id']}")).text
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        row = await tx.fetchrow("SELECT * FROM correction_request WHERE id = $1", asked["id"])
    assert row is not None
    assert "王小鸣" not in repr(dict(row))
    assert number not in repr(dict(row))
    assert asked["side_by_side"]["certificate_facts"] == ["name", "resident_id"]
    done = await decide(approver, asked, "approval")
    assert done.status_code == 200, done.text
    assert (await people.read(person["id"]))["name"] == "王小鸣"
    found = await people.caller.post("/persons/search", json={"resident_id": number})
    assert [each["id"] for each in found.json()["items"]] == [person["id"]]
    events = await people.events(person["ref"])
    corrected = [each.data for each in events if each.type == "registry.event.corrected.v1"]
    assert [each["facts_changed"] for each in corrected] == [["name", "resident_id"]]
    for event in events:
        assert "王小鸣" not in event.body
        assert number not in event.body


async def test_a_number_somebody_else_has_is_refused(people: People) -> None:
    taken = people.body()
    assert (await people.caller.post("/persons", json=taken)).status_code == 201
    person = await people.enter()
    answer = await ask(
        people.caller,
        person_id=person["id"],
        details={"resident_id": taken["resident_id"]},
        reason="见户口簿",
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "person_exists")


async def test_a_corrected_birth_date_says_that_a_certificate_may_be_wrong(
    people: People, approver: Caller
) -> None:
    person = await people.enter()
    entry = await entry_of(people, person)
    changes = {"birth_date": "1990-03-08", "marital_status": "40"}
    asked = await asked_for(people, event_id=entry, changes=changes, reason="录错")
    assert asked["side_by_side"]["certificate_facts"] == ["birth_date", "marital_status"]
    labels = {each["field"]: each["proposed_label"] for each in asked["side_by_side"]["fields"]}
    assert labels["marital_status"] == "离婚"
    assert (await decide(approver, asked, "approval")).status_code == 200
    event = (await people.events(person["ref"]))[-1]
    assert event.data["facts_changed"] == ["birth_date", "marital_status"]


async def test_a_wrong_transfer_out_of_the_district_is_taken_back_by_the_community_left(
    people: People, approver: Caller
) -> None:
    person = await people.enter()
    moved = await people.record(
        "moves",
        person_id=person["id"],
        happened_on="2025-03-01",
        to_area=AWAY,
        transfer_registration=True,
    )
    assert (await people.read(person["id"]))["registered_area"] == AWAY
    asked = await asked_for(people, event_id=moved["id"], retract=True, reason="登错人")
    assert asked["area"] == HERE
    assert (await decide(approver, asked, "approval")).status_code == 200
    back = await people.read(person["id"])
    assert (back["registered_area"], back["present_area"]) == (HERE, HERE)


async def test_requests_are_listed_by_area_and_state(
    registry: Registry, people: People, approver: Caller
) -> None:
    worker = await registry.staff("community_worker", QUIET)
    own = People(worker, registry.runtime)
    ids = []
    for _ in range(3):
        person = await own.enter(registered_area=QUIET, present_area=QUIET)
        asked = await asked_for(own, event_id=await entry_of(own, person), changes={"sex": 1}, reason="录错")
        ids.append(asked["id"])
    first = (await approver.get("/corrections", params={"area": QUIET, "limit": 2})).json()
    rest = (await approver.get("/corrections", params={"area": QUIET, "after": first["next"]})).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == ids
    done = await approver.get("/corrections", params={"area": QUIET, "state": "approved"})
    assert done.json()["items"] == []
    foreign = await worker.get("/corrections", params={"area": HERE})
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "录错", "retract": True}, "target"),
        ({"event_id": str(uuid4()), "reason": "录错"}, "what"),
        ({"event_id": str(uuid4()), "retract": True, "changes": {"sex": 1}, "reason": "录错"}, "what"),
        ({"person_id": str(uuid4()), "details": {}, "reason": "录错"}, "details"),
        ({"person_id": str(uuid4()), "details": {"name": None}, "reason": "录错"}, "details"),
    ],
)
async def test_a_request_says_one_thing(worker: Caller, body: Json, code: str) -> None:
    answer = await ask(worker, **body)
    assert answer.status_code == 422
    assert code in {each["code"] for each in answer.json()["errors"]}
