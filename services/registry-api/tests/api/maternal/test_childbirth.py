"""Childbirth registration: open to everyone, a record and no permission, the person's own to change."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from ...support import Caller, Json, Registry
from ..people.people import HERE, People
from .desk import BORN, Desk, change, done, pdf_text, refusal

PATH = "/childbirth-registrations"


async def registered(caller: Caller, person: Json, **more: Any) -> Json:
    body = {"person_id": person["id"], "address": "present", "registered_on": "2025-05-06"} | more
    return await done(await caller.post(PATH, json=body))


async def born(people: People, mother: Json, on: str = "2025-07-01") -> Json:
    event = await people.record(
        "births", mother_id=mother["id"], happened_on=on, child={"name": "王新", "sex": 1}
    )
    return await people.read(event["person_id"])


@pytest.mark.parametrize("marital_status", ["10", "20", "40", "30"])
async def test_it_is_open_to_everyone_whatever_the_status_and_however_many_children(
    worker: Caller, people: People, marital_status: str
) -> None:
    person = await people.enter(marital_status=marital_status, children_count=6, birth_date=BORN)
    registration = await registered(worker, person, child_ordinal=7)
    assert (registration["state"], registration["state_label"]) == ("recorded", "已登记")
    assert registration["partner_id"] is registration["partner_name"] is None
    assert registration["number"].startswith("SY-340103-2025-")


async def test_a_migrant_registers_at_the_present_address_and_the_exchange_is_told_no_more_than_it_needs(
    worker: Caller, man: Json, desk: Desk
) -> None:
    registration = await registered(worker, man)
    assert (registration["area"], registration["address_label"]) == (HERE, "现居住地")
    (event,) = await desk.events(man["ref"], "registry.childbirth.registered.v1")
    assert event.data == {
        "person_ref": man["ref"],
        "registration_id": registration["id"],
        "area": HERE,
        "registered_on": "2025-05-06",
    }
    elsewhere = {"person_id": man["id"], "address": "registered"}
    assert refusal(await worker.post(PATH, json=elsewhere)) == (409, "address_elsewhere")


async def test_who_lives_elsewhere_registers_at_the_registered_address(
    worker: Caller, people: People
) -> None:
    person = await people.enter(present_area="310115", birth_date=BORN)
    assert (await registered(worker, person, address="registered"))["area"] == HERE
    away = {"person_id": person["id"], "address": "present"}
    assert refusal(await worker.post(PATH, json=away)) == (409, "address_elsewhere")


async def test_nobody_registers_before_being_born(worker: Caller, woman: Json) -> None:
    body = {"person_id": woman["id"], "address": "present", "registered_on": "1991-04-07"}
    assert refusal(await worker.post(PATH, json=body)) == (409, "not_alive")


async def test_before_the_birth_and_linked_to_each_child_after_it(
    worker: Caller, people: People, woman: Json, desk: Desk
) -> None:
    registration = await registered(worker, woman, partner_name="李强")
    path = f"{PATH}/{registration['id']}"
    child = await born(people, woman)
    registration = await done(await change(worker, f"{path}/births", registration, {"child_id": child["id"]}))
    assert (registration["state"], registration["child_ids"]) == ("linked", [child["id"]])
    (event,) = await desk.events(woman["ref"], "registry.childbirth.changed.v1")
    assert (event.data["state"], event.data["born_on"]) == ("linked", "2025-07-01")
    again = await change(worker, f"{path}/births", registration, {"child_id": child["id"]})
    assert refusal(again) == (409, "already_linked")
    other = await people.enter(birth_date=BORN)
    foreign = await born(people, other, "2025-08-01")
    refused = await change(worker, f"{path}/births", registration, {"child_id": foreign["id"]})
    assert refusal(refused) == (409, "not_their_child")
    unlinked = await worker.request(
        "DELETE",
        f"{path}/births/{child['id']}",
        headers={"If-Match": f'"{registration["version"]}"'},
    )
    assert (await done(unlinked))["state"] == "recorded"


async def test_after_the_birth_too(worker: Caller, people: People, woman: Json) -> None:
    child = await born(people, woman, "2025-03-01")
    registration = await registered(worker, woman)
    linked = await change(
        worker, f"{PATH}/{registration['id']}/births", registration, {"child_id": child["id"]}
    )
    assert (await done(linked))["state"] == "linked"


async def test_the_person_changes_and_withdraws_and_no_reason_is_asked(
    worker: Caller, woman: Json, man: Json
) -> None:
    registration = await registered(worker, woman, partner_name="李强")
    path = f"{PATH}/{registration['id']}"
    changed = await done(
        await worker.patch(path, version=1, json={"partner_id": man["id"], "child_ordinal": 2})
    )
    assert (changed["partner_id"], changed["partner_name"]) == (man["id"], None)
    assert (changed["child_ordinal"], changed["version"]) == (2, 2)
    removed = await done(await worker.patch(path, version=2, json={"partner_id": None}))
    assert removed["partner_id"] is None
    early = await change(worker, f"{path}/withdrawal", removed, {"withdrawn_on": "2025-05-05"})
    assert refusal(early) == (409, "before_registration")
    gone = await done(await change(worker, f"{path}/withdrawal", removed))
    assert (gone["state"], gone["state_label"]) == ("withdrawn", "本人撤回")
    for answer in (
        await worker.patch(path, version=4, json={"child_ordinal": 3}),
        await change(worker, f"{path}/withdrawal", gone),
        await worker.get(f"{path}/proof.pdf"),
    ):
        assert refusal(answer) == (409, "withdrawn")


async def test_there_is_nothing_to_approve_or_refuse(worker: Caller, woman: Json) -> None:
    registration = await registered(worker, woman)
    for word in ("approval", "rejection", "refusal"):
        answer = await change(worker, f"{PATH}/{registration['id']}/{word}", registration)
        assert answer.status_code == 404
    approved = await worker.patch(f"{PATH}/{registration['id']}", version=1, json={"state": "approved"})
    assert approved.status_code == 422
    asked = await worker.post(
        PATH, json={"person_id": woman["id"], "address": "present", "expected_on": "2026-01-01"}
    )
    assert asked.status_code == 422
    filtered = await worker.get(PATH, params={"area": HERE, "state": "recorded", "limit": 1})
    assert filtered.status_code == 422  # no filter by whether the child was born
    assert [each["pointer"] for each in filtered.json()["errors"]] == ["/query/state"]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"address": "birthplace"}, "/address", "enum"),
        ({"registered_on": "2999-01-01"}, "/registered_on", "in_future"),
        ({"child_ordinal": 0}, "/child_ordinal", "greater_than_equal"),
        ({"partner_name": "李强", "partner_id": str(uuid4())}, "", "one_partner"),
    ],
)
async def test_wrong_values_are_pointed_at(
    worker: Caller, woman: Json, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await worker.post(PATH, json={"person_id": woman["id"], "address": "present"} | changes)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_the_proof_has_the_number_and_is_the_same_each_time(
    worker: Caller, people: People, woman: Json
) -> None:
    registration = await registered(worker, woman, partner_name="阿卜杜拉·买买提", child_ordinal=3)
    path = f"{PATH}/{registration['id']}"
    first = await worker.get(f"{path}/proof.pdf")
    text = pdf_text(first)
    for said in (
        "生育登记凭证",
        "是记录, 不是许可",
        registration["number"],
        "阿卜杜拉·买买提",
        "欧阳·",
        "2025-05-06",
    ):
        assert said in text
    for unsaid in ("未婚", "已婚", woman["birth_date"].replace("-", ""), "批准", "approved"):
        assert unsaid not in text
    assert (await worker.get(f"{path}/proof.pdf")).content == first.content


async def test_an_areas_registrations_are_paged(registry: Registry) -> None:
    area = "340103012001"
    clerk = await registry.staff("subdistrict_clerk", "340103012")
    person = await People(clerk, registry.runtime).enter(
        registered_area=area, present_area=area, birth_date=BORN
    )
    for day in ("2025-05-08", "2025-05-06", "2025-05-07"):
        await registered(clerk, person, registered_on=day)
    first = await done(await clerk.get(PATH, params={"area": "340103012", "limit": 2}))
    rest = await done(await clerk.get(PATH, params={"area": area, "limit": 2, "after": first["next"]}))
    days = [each["registered_on"] for each in first["items"] + rest["items"]]
    assert (days, rest["next"]) == (["2025-05-06", "2025-05-07", "2025-05-08"], None)
    own = await done(await clerk.get(f"/persons/{person['id']}/childbirth-registrations"))
    assert [each["registered_on"] for each in own["items"]] == days[::-1]
    within = {"area": area, "from": "2025-05-07", "to": "2025-05-07"}
    assert len((await done(await clerk.get(PATH, params=within)))["items"]) == 1


async def test_sent_twice_it_is_one_and_of_two_changes_at_once_one_wins(worker: Caller, woman: Json) -> None:
    body = {"person_id": woman["id"], "address": "present"}
    key = str(uuid4())
    one, other = await asyncio.gather(
        worker.post(PATH, json=body, key=key), worker.post(PATH, json=body, key=key)
    )
    registration = await done(one)
    assert await done(other) == registration
    path = f"{PATH}/{registration['id']}"
    answers = await asyncio.gather(
        change(worker, f"{path}/withdrawal", registration),
        worker.patch(path, version=1, json={"child_ordinal": 1}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_another_area_finds_nothing_and_a_statistician_may_not_ask(
    worker: Caller, stranger: Caller, woman: Json, registry: Registry
) -> None:
    registration = await registered(worker, woman)
    path = f"{PATH}/{registration['id']}"
    asked = [
        await stranger.get(path),
        await stranger.get(f"{path}/proof.pdf"),
        await stranger.patch(path, version=1, json={"child_ordinal": 1}),
        await change(stranger, f"{path}/withdrawal", registration),
        await change(stranger, f"{path}/births", registration, {"child_id": woman["id"]}),
        await stranger.get(PATH, params={"area": HERE}),
        await stranger.get(f"/persons/{woman['id']}/childbirth-registrations"),
        await stranger.post(PATH, json={"person_id": woman["id"], "address": "present"}),
    ]
    assert {refusal(answer) for answer in asked} == {(404, "not_found")}
    statistician = await registry.staff("statistician", "340103")
    assert (await statistician.get(path)).status_code == 403
