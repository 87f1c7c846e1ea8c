"""Names, documents and what is noted of a person, with its history; a 412 that says what changed."""

import asyncio
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from renkou_common.scope import AreaScope
from renkou_registry.persons.details import details_as_of

from ...support import Caller, Registry
from .people import People, PeopleOf, resident_id

RARE = [
    "王𬭎",  # CJK extension E
    "㛃娜",  # extension A
    "李𠅤",  # extension B
    "阿卜杜拉·买买提·阿不都热依木·吐尔逊江·麦麦提敏",
    "买合木提江·" * 9 + "江",
    "ئابدۇللا",
    "བཀྲ་ཤིས",
    "〇冰",
    "葛\U000e0100",  # a variation selector chooses the glyph
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest.fixture
def people(clerk: Caller, people_of: PeopleOf) -> People:
    return people_of(clerk)


@pytest.mark.parametrize("name", RARE, ids=range(len(RARE)))
async def test_every_name_is_kept_as_it_is_written(people: People, clerk: Caller, name: str) -> None:
    person = await people.enter(name=name)
    assert person["name"] == name
    assert (await people.read(person["id"]))["name"] == name
    found = await clerk.post("/persons/search", json={"name": name})
    assert person["id"] in [each["id"] for each in found.json()["items"]]


@pytest.mark.parametrize("dot", "•‧・･．·")
async def test_look_alikes_of_the_interpunct_are_one(people: People, dot: str) -> None:
    assert (await people.enter(name=f"古丽{dot}热娜"))["name"] == "古丽·热娜"


async def test_a_change_of_name_keeps_the_former_one_and_a_corrected_slip_does_not(
    people: People, clerk: Caller, registry: Registry
) -> None:
    person = await people.enter(name="王小名", nationality="01")
    path = f"/persons/{person['id']}"
    slip = await clerk.patch(path, version=1, json={"name": "王小明", "correction": True})
    assert slip.status_code == 200, slip.text
    assert slip.json()["former_names"] == []
    changed = await clerk.patch(path, version=2, json={"name": "王大明", "valid_from": "2025-03-01"})
    assert (changed.json()["name"], changed.json()["former_names"]) == ("王大明", ["王小明"])
    kept = (await clerk.get(f"{path}/details")).json()["items"]
    assert [(each["value"], each["valid_from"], each["correction"]) for each in kept] == [
        ("王小名", None, False),
        ("王小明", None, True),
        ("王大明", "2025-03-01", False),
    ]
    now = registry.runtime.clock.now()
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        before = await details_as_of(tx, person["id"], date(2025, 2, 28), now)
        after = await details_as_of(tx, person["id"], date(2025, 3, 1), now)
        rows = await tx.fetch(
            "SELECT recorded_at FROM person_detail WHERE person_id = $1 ORDER BY position", person["id"]
        )
        as_known = await details_as_of(tx, person["id"], date(2025, 2, 28), rows[0]["recorded_at"])
    assert (before["name"], before["former_names"]) == ("王小明", [])
    assert (after["name"], after["former_names"]) == ("王大明", ["王小明"])
    assert as_known["name"] == "王小名"


async def test_a_change_is_published_by_the_names_of_its_fields_alone(people: People, clerk: Caller) -> None:
    person = await people.enter(name="保密甲", phone="13811112222")
    await clerk.patch(
        f"/persons/{person['id']}",
        version=1,
        json={"name": "保密乙", "phone": "13933334444", "employer": None},
    )
    event = (await people.events(person["ref"]))[-1]
    assert event.type == "registry.person.details-changed.v1"
    assert event.data["fields"] == ["name", "phone"]
    for secret in ("保密", "1381111", "1393333", person["id"]):
        assert secret not in event.body


async def test_a_newborn_with_a_birth_certificate_gets_a_number_and_keeps_the_certificate(
    people: People, clerk: Caller
) -> None:
    mother = await people.enter()
    child = {"name": "王小满", "sex": 2, "document_number": "s340123456"}
    born = await people.record("births", mother_id=mother["id"], happened_on="2025-03-18", child=child)
    person = await people.read(born["person_id"])
    assert (person["document_kind"], person["other_document_number"]) == ("birth_certificate", "S3******56")
    number = resident_id(date(2025, 3, 18), 2, "340103")
    path = f"/persons/{person['id']}/documents"
    body = {"kind": "resident_id", "number": number}
    given = await clerk.post(path, json=body, headers={"If-Match": f'"{person["version"]}"'})
    assert given.status_code == 200, given.text
    told = given.json()
    assert (told["document_kind"], told["document_kind_label"]) == ("resident_id", "居民身份证")
    assert told["resident_id"] == f"{number[:4]}**********{number[-4:]}"
    assert (told["other_document_kind"], told["other_document_number"]) == ("birth_certificate", "S3******56")
    found = await clerk.post("/persons/search", json={"resident_id": number})
    assert [each["id"] for each in found.json()["items"]] == [person["id"]]
    opened = await clerk.post(
        f"/persons/{person['id']}/unmask",
        json={"fields": ["other_document_number"], "purpose": "document_check", "reason": "核对出生医学证明"},
    )
    assert opened.json()["other_document_number"] == "S340123456"


async def test_a_document_belongs_to_one_person_even_when_two_ask_at_once(
    people: People, clerk: Caller
) -> None:
    passport = {"document_kind": "passport", "resident_id": None, "document_number": "E1234 5678"}
    first = await people.enter(**passport)
    assert first["other_document_number"] == "E1*****78"
    again = await clerk.post("/persons", json=people.body(**passport))
    assert (again.status_code, again.json()["code"]) == (409, "person_exists")
    assert first["id"] in again.text
    two = [await people.enter(), await people.enter()]
    answers = await asyncio.gather(
        *(
            clerk.post(
                f"/persons/{each['id']}/documents",
                json={"kind": "passport", "number": "G87654321"},
                headers={"If-Match": '"1"'},
            )
            for each in two
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    other_kind = await clerk.post(
        "/persons",
        json=people.body(document_kind="birth_certificate", resident_id=None, document_number="E123456780"),
    )
    assert other_kind.status_code == 201


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document_kind": "birth_certificate", "document_number": "340123456"}, "birth_certificate_number"),
        ({"document_kind": "passport", "document_number": "护照"}, "passport_number"),
        ({"document_kind": "none", "document_number": "E12345678"}, "document_kind"),
    ],
)
async def test_wrong_numbers_are_pointed_at(
    people: People, clerk: Caller, changes: dict[str, Any], code: str
) -> None:
    answer = await clerk.post("/persons", json=people.body(resident_id=None, **changes))
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, "/document_number", code)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": None}, "/name", "not_empty"),
        ({"nationality": "99"}, "/nationality", "code_unknown"),
        ({"valid_from": "2190-01-01", "employer": "学校"}, "/valid_from", "in_future"),
        ({"valid_from": "1950-01-01", "employer": "学校"}, "/valid_from", "before_birth"),
        ({"place_id": "0197f000-0000-7000-8000-000000000001"}, "/place_id", "place_unknown"),
    ],
)
async def test_wrong_changes_are_pointed_at(
    people: People, clerk: Caller, body: dict[str, Any], pointer: str, code: str
) -> None:
    person = await people.enter()
    answer = await clerk.patch(f"/persons/{person['id']}", version=1, json=body)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, pointer, code)


async def test_of_two_who_change_a_record_at_once_one_wins_and_the_other_learns_what_changed(
    people: People, clerk: Caller
) -> None:
    person = await people.enter()
    path = f"/persons/{person['id']}"
    answers = await asyncio.gather(
        clerk.patch(path, version=1, json={"employer": "学校", "phone": "13800001111"}),
        clerk.patch(path, version=1, json={"employer": "医院", "phone": "13800002222"}),
    )
    assert sorted(each.status_code for each in answers) == [200, 412]
    won, lost = sorted(answers, key=lambda each: each.status_code)
    problem = lost.json()
    assert (problem["code"], problem["current_version"]) == ("version_mismatch", 2)
    assert problem["changed"] == ["employer", "phone"]
    assert {error["pointer"] for error in problem["errors"]} == {"/employer", "/phone"}
    assert lost.headers["ETag"] == '"2"'
    assert (await people.read(person["id"]))["employer"] == won.json()["employer"]
    await people.record("moves", person_id=person["id"], happened_on="2025-06-01", to_area="340103001002")
    stale = await clerk.patch(path, version=2, json={"employer": "工厂"})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 3)
    assert {"present_area", "present_since"} <= set(stale.json()["changed"])


async def test_a_street_that_is_noted_stays_in_the_history(people: People, clerk: Caller) -> None:
    person = await people.enter(present_street="安庆路 1 号")
    body = {"present_street": "安庆路 2 号", "valid_from": "2025-02-01"}
    changed = await clerk.patch(f"/persons/{person['id']}", version=1, json=body)
    assert changed.json()["present_street"] == "安庆路 2 号"
    kept = (await clerk.get(f"/persons/{person['id']}/details")).json()["items"]
    assert [(each["value"], each["valid_from"]) for each in kept] == [
        ("安庆路 1 号", None),
        ("安庆路 2 号", "2025-02-01"),
    ]
