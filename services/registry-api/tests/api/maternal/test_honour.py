"""Only-child parents' honour certificates: entered, issued, replaced, cancelled; none for later births."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from ...support import Caller, Json, Registry
from ..people.people import HERE, People
from .desk import BORN, Desk, change, done, pdf_text, refusal

PATH = "/honour-certificates"


@pytest_asyncio.fixture(loop_scope="session")
async def family(people: People) -> tuple[Json, Json, Json]:
    """Mother, father and a child born in 1998."""
    mother = await people.enter(birth_date="1970-01-05", children_count=1)
    father = await people.enter(name="李强", sex=1, birth_date="1969-01-05", children_count=1)
    child = await people.enter(
        name="李\U0003106f", birth_date="1998-06-01", mother_id=mother["id"], father_id=father["id"]
    )
    return mother, father, child


def body_of(family: tuple[Json, Json, Json], **more: Any) -> Json:
    mother, father, child = family
    return {
        "kind": "existing",
        "number": f"庐阳独字第 {uuid4().hex[:10]} 号",
        "first_holder_id": mother["id"],
        "second_holder_id": father["id"],
        "child_id": child["id"],
        "issued_on": "1999-02-03",
    } | more


def issue_of(family: tuple[Json, Json, Json], **more: Any) -> Json:
    body = body_of(family, kind="issued", issued_on="2025-02-03", **more)
    return {name: value for name, value in body.items() if name != "number"}


async def test_an_existing_certificate_is_entered_with_the_number_it_has(
    clerk: Caller, family: tuple[Json, Json, Json], desk: Desk
) -> None:
    body = body_of(family)
    certificate = await done(await clerk.post(PATH, json=body))
    assert (certificate["number"], certificate["kind_label"]) == (body["number"], "原有证件")
    assert (certificate["state"], certificate["area"]) == ("valid", HERE)
    (event,) = await desk.events(certificate["id"])
    assert event.data == {
        "certificate_id": certificate["id"],
        "holder_refs": [family[0]["ref"], family[1]["ref"]],
        "child_ref": family[2]["ref"],
        "area": HERE,
        "kind": "existing",
        "issued_on": "1999-02-03",
    }
    again = await clerk.post(PATH, json=body_of(family))
    assert refusal(again) == (409, "certificate_exists")


async def test_one_is_issued_with_a_number_of_its_own(clerk: Caller, family: tuple[Json, Json, Json]) -> None:
    certificate = await done(await clerk.post(PATH, json=issue_of(family)))
    assert certificate["number"].startswith("GR-340103-2025-")
    assert (await clerk.get(f"{PATH}/{certificate['id']}")).json() == certificate


async def test_none_is_issued_to_a_parent_who_had_died(
    clerk: Caller, people: People, family: tuple[Json, Json, Json]
) -> None:
    await people.record("deaths", person_id=family[1]["id"], happened_on="2025-02-02")
    assert refusal(await clerk.post(PATH, json=issue_of(family))) == (409, "not_alive")
    await done(await clerk.post(PATH, json=body_of(family)))


@pytest.mark.parametrize("born", ["2016-01-01", "2020-05-05"])
@pytest.mark.parametrize("kind", ["existing", "issued"])
async def test_none_for_a_child_born_from_2016_on_and_both_languages_say_why(
    clerk: Caller, people: People, born: str, kind: str
) -> None:
    mother = await people.enter(birth_date="1985-01-05", children_count=1)
    father = await people.enter(sex=1, birth_date="1985-01-05", children_count=1)
    child = await people.enter(birth_date=born, mother_id=mother["id"], father_id=father["id"])
    family = (mother, father, child)
    body = issue_of(family) if kind == "issued" else body_of(family, issued_on="2021-01-01")
    for language, why in (
        ("zh-CN", "依法不再发放独生子女父母光荣证"),
        ("en", "by law no certificate is issued"),
    ):
        answer = await clerk.post(PATH, json=body, headers={"Accept-Language": language})
        assert refusal(answer) == (409, "born_from_2016")
        assert why in answer.json()["detail"]
        assert born in answer.json()["detail"]


async def test_the_last_day_of_2015_is_still_in_time(clerk: Caller, people: People) -> None:
    mother = await people.enter(birth_date="1985-01-05", children_count=1)
    child = await people.enter(birth_date="2015-12-31", mother_id=mother["id"])
    body = issue_of((mother, mother, child), second_holder_id=None)
    assert (await done(await clerk.post(PATH, json=body)))["state"] == "valid"


async def test_a_lost_one_is_replaced_and_the_old_one_stands_no_more(
    clerk: Caller, family: tuple[Json, Json, Json], desk: Desk
) -> None:
    old = await done(await clerk.post(PATH, json=body_of(family)))
    path = f"{PATH}/{old['id']}"
    new = await done(await change(clerk, f"{path}/replacement", old, {"reason": "lost"}))
    assert (new["kind_label"], new["replaces"], new["state"]) == ("补发", old["id"], "valid")
    before = await done(await clerk.get(path))
    assert (before["state_label"], before["end_reason"]) == ("已补发", "lost")
    assert refusal(await clerk.get(f"{path}/document.pdf")) == (409, "not_valid")
    assert refusal(await change(clerk, f"{path}/replacement", before, {"reason": "lost"})) == (
        409,
        "not_valid",
    )
    assert [event.type for event in await desk.events(old["id"])] == [
        "registry.honour.issued.v1",
        "registry.honour.cancelled.v1",
    ]
    held = await done(await clerk.get(f"/persons/{family[0]['id']}/honour-certificates"))
    assert [each["id"] for each in held["items"]] == [new["id"], old["id"]]


async def test_what_a_list_shows_of_a_family_that_left_the_district_can_be_read(
    clerk: Caller, people: People, family: tuple[Json, Json, Json]
) -> None:
    certificate = await done(await clerk.post(PATH, json=body_of(family)))
    for person in family[:2]:
        away = {"to_area": "310115", "transfer_registration": True}
        await people.record("moves", person_id=person["id"], happened_on="2025-03-01", **away)
    listed = await done(await clerk.get(f"/persons/{family[0]['id']}/honour-certificates"))
    assert [each["id"] for each in listed["items"]] == [certificate["id"]]
    read = await done(await clerk.get(f"{PATH}/{certificate['id']}"))
    assert read == certificate


async def test_one_is_cancelled_with_its_reason_and_another_may_follow(
    clerk: Caller, family: tuple[Json, Json, Json]
) -> None:
    certificate = await done(await clerk.post(PATH, json=body_of(family)))
    path = f"{PATH}/{certificate['id']}/cancellation"
    early = await change(clerk, path, certificate, {"reason": "error", "cancelled_on": "1999-02-02"})
    assert refusal(early) == (409, "before_issue")
    gone = await done(await change(clerk, path, certificate, {"reason": "error"}))
    assert (gone["state_label"], gone["end_reason"]) == ("已注销", "error")
    assert refusal(await change(clerk, path, gone, {"reason": "error"})) == (409, "not_valid")
    assert (await clerk.post(PATH, json=body_of(family))).status_code == 201


async def test_what_the_register_contradicts_is_refused(
    clerk: Caller, people: People, family: tuple[Json, Json, Json]
) -> None:
    other = await people.enter(birth_date=BORN)
    cases = [
        (body_of(family, first_holder_id=other["id"]), "not_the_parents"),
        (body_of(family, issued_on="1998-05-31"), "before_birth"),
    ]
    for body, code in cases:
        assert refusal(await clerk.post(PATH, json=body)) == (409, code)
    mother = await people.enter(birth_date="1970-01-05", children_count=2)
    child = await people.enter(birth_date="1998-06-01", mother_id=mother["id"])
    two = (mother, mother, child)
    refused = await clerk.post(PATH, json=issue_of(two, second_holder_id=None))
    assert refusal(refused) == (409, "not_only_child")
    kept = await clerk.post(PATH, json=body_of(two, second_holder_id=None))
    assert kept.status_code == 201  # existing holders keep theirs
    unnumbered = body_of(family)
    del unnumbered["number"]
    assert (await clerk.post(PATH, json=unnumbered)).json()["errors"][0]["code"] == "number"


async def test_of_two_issued_at_once_for_one_child_one_stands(
    clerk: Caller, family: tuple[Json, Json, Json]
) -> None:
    answers = await asyncio.gather(*(clerk.post(PATH, json=issue_of(family)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_it_is_printed_with_a_character_that_no_font_has_as_its_code_point(
    clerk: Caller, family: tuple[Json, Json, Json]
) -> None:
    certificate = await done(await clerk.post(PATH, json=body_of(family)))
    path = f"{PATH}/{certificate['id']}/document.pdf"
    first = await clerk.get(path)
    text = pdf_text(first)
    for said in ("独生子女父母光荣证", "李强", "李[U+3106F]", certificate["number"], "1999-02-03", "Unicode"):
        assert said in text
    assert (await clerk.get(path)).content == first.content


async def test_an_areas_certificates_are_listed_by_state(registry: Registry) -> None:
    area = "340103100001"
    clerk = await registry.staff("subdistrict_clerk", "340103100")
    people = People(clerk, registry.runtime)
    here = {"registered_area": area, "present_area": area}
    ids = []
    for _ in range(3):
        mother = await people.enter(birth_date="1970-01-06", **here)
        child = await people.enter(birth_date="1998-06-02", mother_id=mother["id"], **here)
        body = body_of((mother, mother, child), second_holder_id=None)
        ids.append((await done(await clerk.post(PATH, json=body)))["id"])
    first = await done(await clerk.get(PATH, params={"area": "340103100", "state": "valid", "limit": 2}))
    rest = await done(await clerk.get(PATH, params={"area": area, "limit": 2, "after": first["next"]}))
    assert [each["id"] for each in first["items"] + rest["items"]] == ids
    none = await done(await clerk.get(PATH, params={"area": area, "state": "cancelled"}))
    assert none["items"] == []


async def test_a_worker_reads_but_does_not_issue_and_another_area_finds_nothing(
    clerk: Caller, worker: Caller, stranger: Caller, family: tuple[Json, Json, Json]
) -> None:
    certificate = await done(await clerk.post(PATH, json=body_of(family)))
    path = f"{PATH}/{certificate['id']}"
    assert (await worker.get(path)).status_code == 200
    assert (await worker.post(PATH, json=body_of(family))).status_code == 403
    assert (await change(worker, f"{path}/cancellation", certificate, {"reason": "error"})).status_code == 403
    asked = [
        await stranger.get(path),
        await stranger.get(f"{path}/document.pdf"),
        await stranger.post(PATH, json=body_of(family)),
        await change(stranger, f"{path}/cancellation", certificate, {"reason": "error"}),
        await change(stranger, f"{path}/replacement", certificate, {"reason": "lost"}),
        await stranger.get(PATH, params={"area": HERE}),
        await stranger.get(f"/persons/{family[0]['id']}/honour-certificates"),
    ]
    assert {refusal(answer) for answer in asked} == {(404, "not_found")}
