"""A holder's own certificates, shown as the holder chooses."""

import io
from uuid import UUID, uuid4

import pypdf
import zxingcpp
from PIL import Image

from ..support import Json
from .offices import Office, Staff
from .test_certificates import HOME_COMMUNITY, disclosed, issue, verify

PASSWORD = "a phrase of my own"


async def holder(home: Office, clerk: Staff, person: Json) -> Staff:
    """The person, with an account of the register."""
    opened = await clerk.post(f"/persons/{person['id']}/account", {}, to_registry=True)
    account = opened.json()
    body = {"account": account["account"], "code": account["code"], "password": PASSWORD}
    assert (await home.registry.post("/public/accounts/activation", json=body)).status_code == 204
    signed_in = await home.registry.post(
        "/auth/token", json={"account": account["account"], "password": PASSWORD}
    )
    token = signed_in.json()["access_token"]
    return Staff(UUID(person["id"]), token, home.migrant, home.registry)


async def test_a_holder_shows_only_the_groups_chosen(home: Office, clerk: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    made = await issue(clerk, person)
    me = await holder(home, clerk, person)
    listed = (await me.get("/me/certificates")).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    path = f"/me/certificates/{made['id']}"
    shown = (await me.get(f"{path}/presentation", groups="person,marital_status")).text
    found = await verify(home, shown)
    assert {group.value for group in disclosed(found)} == {"person", "marital_status"}
    image = Image.open(io.BytesIO((await me.get(f"{path}/qr.png")).content))
    assert zxingcpp.read_barcodes(image)
    page = pypdf.PdfReader(io.BytesIO((await me.get(f"{path}/document.pdf")).content))
    assert len(page.pages) == 1


async def test_another_persons_certificate_does_not_exist(home: Office, clerk: Staff) -> None:
    other = await issue(clerk)
    person = await clerk.person(HOME_COMMUNITY)
    me = await holder(home, clerk, person)
    assert (await me.get("/me/certificates")).json() == {"items": [], "next": None}
    for certificate_id in (other["id"], str(uuid4())):
        for form in ("presentation", "qr.png", "document.pdf"):
            answer = await me.get(f"/me/certificates/{certificate_id}/{form}")
            assert answer.status_code == 404, form


async def test_a_person_reads_no_list_of_certificates_and_a_clerk_no_own_ones(
    home: Office, clerk: Staff
) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    me = await holder(home, clerk, person)
    assert (await me.get("/certificates")).status_code == 403
    assert (await clerk.get("/me/certificates")).status_code == 403
