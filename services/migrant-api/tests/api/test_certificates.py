"""Certificates as a clerk issues and prints them."""

import io
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pypdf
import pytest
import zxingcpp
from PIL import Image

from renkou_migrant.credentials import qr
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.status_list import verify_status_list
from renkou_migrant.credentials.trust import verify_trust_list
from renkou_migrant.credentials.verifier import OfflineVerifier, VerificationResult

from ..support import Json
from .offices import WISH, Office, Staff

HOME_COMMUNITY = "340103002003"


async def issue(clerk: Staff, person: Json | None = None) -> Json:
    person = person or await clerk.person(HOME_COMMUNITY)
    return await clerk.certificate(person)


async def verify(office: Office, text: str) -> VerificationResult:
    """Verify as somebody who has nothing but the public material."""
    await office.status_list()
    material = (await office.migrant.get("/public/verification-material")).json()
    trust = verify_trust_list(material["trust_list"], office.runtime.anchor)
    lists = [verify_status_list(token, trust) for token in material["status_lists"]]
    return OfflineVerifier(trust, lists, office.runtime.clock.now()).verify_text(text)


def disclosed(found: VerificationResult) -> Mapping[Group, Any]:
    """The groups that a readable certificate shows."""
    assert found.certificate
    return found.certificate.groups


async def test_a_certificate_is_issued_once_and_verified_offline(home: Office, clerk: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    application = await clerk.approved(await clerk.application(person))
    key, body = str(uuid4()), {"application_id": application["id"]}
    made = await clerk.made("/certificates", body, key=key)
    assert (await clerk.made("/certificates", body, key=key))["id"] == made["id"]
    today = home.runtime.clock.today()
    assert (made["status"], made["valid_from"]) == ("valid", today.isoformat())
    assert made["number"] == f"340103-1-{made['status_index']:07d}"
    groups = "person,id_number,registered_area,marital_status,children_count"
    shown = (await clerk.get(f"/certificates/{made['id']}/presentation", groups=groups)).text
    found = await verify(home, shown)
    assert found.valid
    told = disclosed(found)
    assert told[Group.ID_NUMBER] == person["resident_id"]
    assert told[Group.REGISTERED_AREA] == {"code": "340103", "name": "合肥市庐阳区"}
    assert told[Group.MARITAL_STATUS]["code"] == "21"


async def test_a_presentation_shows_the_chosen_groups_only(home: Office, clerk: Staff) -> None:
    made = await issue(clerk)
    path = f"/certificates/{made['id']}/presentation"
    only_person = disclosed(await verify(home, (await clerk.get(path)).text))
    assert set(only_person) == {"person"}
    chosen = disclosed(await verify(home, (await clerk.get(path, groups="marital_status")).text))
    assert set(chosen) == {"marital_status"}
    unknown = await clerk.get(path, groups="person,contraception")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_group")


async def test_paper_and_screen_carry_the_same_certificate(home: Office, clerk: Staff) -> None:
    made = await issue(clerk)
    path = f"/certificates/{made['id']}"
    text = (await clerk.get(f"{path}/qr.txt")).text
    assert (await verify(home, text)).valid
    assert qr.unpack(text) == (await clerk.get(f"{path}/presentation")).text
    image = await clerk.get(f"{path}/qr.png")
    assert image.headers["content-type"] == "image/png"
    found = zxingcpp.read_barcode(Image.open(io.BytesIO(image.content)))
    assert found
    assert found.text == text
    page = await clerk.get(f"{path}/document.pdf", groups="person,marital_status")
    assert page.headers["content-type"] == "application/pdf"
    printed = pypdf.PdfReader(io.BytesIO(page.content)).pages[0].extract_text().replace("\0", "")
    assert "欧阳娜娜" in printed
    readable = await clerk.get(f"{path}/presentation.txt")
    assert "欧阳娜娜" in readable.text
    assert "合肥市庐阳区" in readable.text
    assert readable.headers["content-type"].startswith("text/plain")


async def test_reading_the_record_shows_dates_and_a_masked_number_only(clerk: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    made = await issue(clerk, person)
    read = await clerk.get(f"/certificates/{made['id']}")
    assert read.headers["etag"] == f'"{made["version"]}"'
    assert read.json()["person"]["name"] == "欧阳娜娜"
    assert person["resident_id"] not in read.text
    listed = await clerk.get("/certificates", person_id=person["id"])
    assert [item["id"] for item in listed.json()["items"]] == [made["id"]]
    assert "欧阳娜娜" not in listed.text
    by_number = (await clerk.get("/certificates", number=made["number"])).json()["items"]
    assert [item["id"] for item in by_number] == [made["id"]]


async def test_a_second_certificate_names_the_first(clerk: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    made = await issue(clerk, person)
    again = await clerk.post("/certificate-applications", WISH | {"person_id": person["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "certificate_exists")
    assert made["number"] in again.json()["detail"]
    assert again.json()["errors"][0]["detail"] == made["id"]


async def test_who_cannot_have_one_is_told_why_in_the_callers_language(clerk: Staff) -> None:
    child = await clerk.person(HOME_COMMUNITY, birth_date="2015-02-03", marital_status="10")
    body = WISH | {"person_id": child["id"]}
    answer = await clerk.post("/certificate-applications", body, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (409, "under_age")
    assert answer.json()["detail"] == "The person is under 18."


async def test_a_revoked_certificate_is_refused_offline(home: Office, clerk: Staff) -> None:
    made = await issue(clerk)
    shown = (await clerk.get(f"/certificates/{made['id']}/presentation")).text
    path, body = f"/certificates/{made['id']}/revocation", {"reason": "untrue_facts", "note": "婚姻状况有误"}
    assert (await clerk.send("POST", path, json=body)).status_code == 428
    assert (await clerk.change(path, {"reason": "other", "note": "34010319960503124X"}, 1)).status_code == 422
    revoked = await clerk.change(path, body, made["version"])
    assert revoked.status_code == 200, revoked.text
    assert revoked.json()["status"] == "revoked"
    assert revoked.json()["revoked_on"] == home.runtime.clock.today().isoformat()
    assert (await verify(home, shown)).code == "revoked"
    standing = (await clerk.get("/certificates", person_id=made["person_id"], valid=True)).json()["items"]
    assert standing == []


@pytest.mark.parametrize(
    "tail", ["", "/presentation", "/presentation.txt", "/qr.txt", "/qr.png", "/document.pdf"]
)
async def test_outside_the_area_a_certificate_does_not_exist(
    home: Office, clerk: Staff, neighbour: Staff, tail: str
) -> None:
    made = await issue(clerk)
    assert (await neighbour.get(f"/certificates/{made['id']}{tail}")).status_code == 404
    assert (await home.migrant.get(f"/certificates/{made['id']}{tail}")).status_code == 401


async def test_outside_the_area_nothing_is_issued_or_revoked(clerk: Staff, neighbour: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    asked = WISH | {"person_id": person["id"]}
    assert (await neighbour.post("/certificate-applications", asked)).status_code == 404
    approved = await clerk.approved(await clerk.application(person))
    issue_it = {"application_id": approved["id"]}
    assert (await neighbour.post("/certificates", issue_it)).status_code == 404
    await clerk.change(f"/certificate-applications/{approved['id']}/withdrawal", {}, approved["version"])
    made = await issue(clerk, person)
    answer = await neighbour.change(f"/certificates/{made['id']}/revocation", {"reason": "other"}, 1)
    assert answer.status_code == 404


async def test_a_community_worker_reads_and_does_not_issue(home: Office, clerk: Staff) -> None:
    worker = await home.staff("community_worker", HOME_COMMUNITY)
    person = await clerk.person(HOME_COMMUNITY)
    approved = await clerk.approved(await worker.application(person))
    assert (await worker.post("/certificates", {"application_id": approved["id"]})).status_code == 403
    await clerk.made("/certificates", {"application_id": approved["id"]})
    person = await clerk.person(HOME_COMMUNITY)
    made = await issue(clerk, person)
    assert (await worker.get(f"/certificates/{made['id']}")).status_code == 200
