"""A printed proof is verified by its number and code, by any office, against the record as it stands."""

import re

import pytest

from ...support import Caller, Json
from ..people.people import People
from .desk import change, done, pdf_text
from .test_prepregnancy import assessed

_CODE = re.compile(r"(?:[0-9A-F]{4}-){4}[0-9A-F]{4}")
_NUMBER = re.compile(r"(?:FW|YQ)-[A-Z2-7]{26}|(?:SY|GR)-340103-\d{4}-\d{7}")


async def printed(caller: Caller, path: str) -> Json:
    """Number and code as they stand on the page."""
    text = pdf_text(await caller.get(path))
    number, code = _NUMBER.search(text), _CODE.search(text)
    assert number
    assert code
    return {"number": number[0], "code": code[0]}


async def agrees(caller: Caller, page: Json) -> bool:
    answer = await done(await caller.post("/proofs/verification", json=page))
    assert set(answer) == {"agrees"}
    return bool(answer["agrees"])


@pytest.fixture
async def registration(worker: Caller, woman: Json) -> Json:
    body = {"person_id": woman["id"], "address": "present"}
    return await done(await worker.post("/childbirth-registrations", json=body))


async def test_any_office_can_verify_until_the_record_changes(
    worker: Caller, stranger: Caller, registration: Json
) -> None:
    path = f"/childbirth-registrations/{registration['id']}"
    page = await printed(worker, f"{path}/proof.pdf")
    assert page["number"] == registration["number"]
    assert await agrees(stranger, page)
    assert await agrees(stranger, page | {"code": page["code"].lower().replace("-", " ")})
    await done(await worker.patch(path, version=1, json={"partner_name": "李强"}))
    assert not await agrees(stranger, page)
    again = await printed(worker, f"{path}/proof.pdf")
    assert await agrees(stranger, again)
    await done(await change(worker, f"{path}/withdrawal", registration | {"version": 2}))
    assert not await agrees(stranger, again)


async def test_a_wrong_code_and_an_unknown_number_are_answered_alike(
    worker: Caller, registration: Json
) -> None:
    page = await printed(worker, f"/childbirth-registrations/{registration['id']}/proof.pdf")
    assert not await agrees(worker, page | {"code": "0000-0000-0000-0000-0000"})
    for number in (
        "SY-340103-2020-9999999",
        "FW-AAAA",
        f"FW-{'A' * 26}",
        f"YQ-{'A' * 26}",
        "核验\x7f号",
        "-",
    ):
        assert not await agrees(worker, page | {"number": number})


async def test_services_checks_and_certificates_can_be_verified(
    worker: Caller, station: Caller, clerk: Caller, people: People, woman: Json, man: Json
) -> None:
    body = {"kind": "newborn_visit", "given_on": "2025-06-02"}
    service = await done(await worker.post(f"/persons/{woman['id']}/services", json=body))
    check = await assessed(station, woman, man)
    child = await people.enter(birth_date="2010-06-01", mother_id=woman["id"])
    issue = {
        "kind": "issued",
        "first_holder_id": woman["id"],
        "child_id": child["id"],
        "issued_on": "2025-02-03",
    }
    certificate = await done(await clerk.post("/honour-certificates", json=issue))
    for caller, path in (
        (worker, f"/services/{service['id']}/proof.pdf"),
        (station, f"/prepregnancy-checks/{check['id']}/result.pdf?purpose=person_asks"),
        (clerk, f"/honour-certificates/{certificate['id']}/document.pdf"),
    ):
        page = await printed(caller, path)
        assert await agrees(worker, page)
        assert not await agrees(worker, page | {"code": page["code"][::-1]})
