"""Applications for certificates: by the person and at the counter, seen by a second person, issued or not."""

import io
from typing import Any
from uuid import UUID, uuid4

import pypdf
import pytest
import zxingcpp
from PIL import ImageOps

from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.holder import prove
from renkou_migrant.credentials.jws import SigningKey

from ..support import EVERYTHING, Json
from .offices import WISH, Office, Staff
from .test_certificates import HOME_COMMUNITY, disclosed, verify
from .test_own_certificates import holder

PATH, OWN = "/certificate-applications", "/me/certificate-applications"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_who_recorded_an_application_does_not_approve_it(clerk: Staff) -> None:
    made = await clerk.application(await clerk.person(HOME_COMMUNITY))
    path = f"{PATH}/{made['id']}/approval"
    assert refusal(await clerk.change(path, {}, made["version"])) == (409, "same_person")
    assert (await clerk.send("POST", path)).status_code == 428
    assert refusal(await clerk.change(path, {}, 7)) == (412, "version_mismatch")
    unapproved = await clerk.post("/certificates", {"application_id": made["id"]})
    assert refusal(unapproved) == (409, "application_state")
    assert (await clerk.approved(made))["state"] == "approved"


async def test_a_person_applies_and_shows_what_the_certificate_holds(home: Office, clerk: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    me = await holder(home, clerk, person)
    body, key = {"groups": ["marital_status", "person"]}, str(uuid4())
    asked = await me.made(OWN, body, key=key)
    assert (await me.made(OWN, body, key=key))["id"] == asked["id"]
    assert (asked["state"], asked["groups"]) == ("applied", ["person", "marital_status"])
    assert refusal(await me.post(OWN, body)) == (409, "application_open")
    stated = (await clerk.get(f"{PATH}/{asked['id']}/contents")).json()["contents"]
    assert stated["person"]["name"] == "欧阳娜娜"
    assert set(stated) == {"person", "marital_status"}
    approved = await clerk.approved(asked)
    made = await clerk.made("/certificates", {"application_id": approved["id"]})
    read = (await me.get(f"{OWN}/{asked['id']}")).json()
    assert [one["step"] for one in read["history"]] == ["apply", "approve", "issue"]
    assert [one["actor_kind"] for one in read["history"]] == ["person", "staff", "staff"]
    assert read["certificate_id"] == made["id"]
    own = (await me.get(f"/me/certificates/{made['id']}")).json()
    assert [one["step"] for one in own["history"]] == ["issued"]
    chosen = {"groups": ["marital_status", "marital_status"]}
    shown = (await me.send("POST", f"/me/certificates/{made['id']}/presentations", json=chosen)).json()
    assert set(disclosed(await verify(home, shown["presentation"]))) == {"marital_status"}
    assert set(disclosed(await verify(home, shown["qr_text"]))) == {"marital_status"}
    assert shown["qr_svg"].startswith("<svg")
    assert shown["groups"] == ["marital_status"]
    every = {"groups": [group.value for group in Group]}
    shown = (await me.send("POST", f"/me/certificates/{made['id']}/presentations", json=every)).json()
    assert set(disclosed(await verify(home, shown["presentation"]))) == {"person", "marital_status"}


async def test_what_is_returned_is_amended_by_the_person_and_approved(home: Office, clerk: Staff) -> None:
    me = await holder(home, clerk, await clerk.person(HOME_COMMUNITY))
    asked = await me.made(OWN, WISH)
    back = {"reason": "consent_unclear", "note": "请确认是否载明子女出生日期"}
    returned = (await clerk.change(f"{PATH}/{asked['id']}/return", back, asked["version"])).json()
    assert returned["state_label"] == "已退回"
    step = (await me.get(f"{OWN}/{asked['id']}")).json()["history"][-1]
    assert (step["reason_label"], step["note"]) == ("所同意载明的内容不明确", back["note"])
    amended = await me.change(f"{OWN}/{asked['id']}/amendment", {"groups": ["person"]}, returned["version"])
    assert (amended.json()["state"], amended.json()["groups"]) == ("applied", ["person"])
    assert (await clerk.approved(amended.json()))["state"] == "approved"


async def test_a_clerk_who_amended_it_does_not_approve_it(home: Office, clerk: Staff) -> None:
    me = await holder(home, clerk, await clerk.person(HOME_COMMUNITY))
    asked = await me.made(OWN, WISH)
    path = f"{PATH}/{asked['id']}"
    returned = (await clerk.change(f"{path}/return", {"reason": "other"}, asked["version"])).json()
    amended = await clerk.change(f"{path}/amendment", {"groups": ["person"]}, returned["version"])
    refused = await clerk.change(f"{path}/approval", {}, amended.json()["version"])
    assert refusal(refused) == (409, "same_person")


async def test_a_withdrawn_and_a_rejected_application_end_there_and_can_be_made_again(
    home: Office, clerk: Staff
) -> None:
    me = await holder(home, clerk, await clerk.person(HOME_COMMUNITY))
    asked = await me.made(OWN, WISH)
    gone = (await me.change(f"{OWN}/{asked['id']}/withdrawal", {}, asked["version"])).json()
    assert gone["state"] == "withdrawn"
    again = await clerk.change(f"{PATH}/{asked['id']}/rejection", {"reason": "other"}, gone["version"])
    assert refusal(again) == (409, "application_state")
    second = await me.made(OWN, WISH)
    reason = {"reason": "not_asked_for"}
    turned_down = await clerk.change(f"{PATH}/{second['id']}/rejection", reason, second["version"])
    assert turned_down.json()["state"] == "rejected"
    listed = (await me.get(OWN)).json()["items"]
    assert [one["state"] for one in listed] == ["rejected", "withdrawn"]
    told = [one["data"] for one in await home.events() if one["data"].get("application_id") == second["id"]]
    lines = [(line["measure"], line["detail"], line["value"]) for one in told for line in one["lines"]]
    assert lines == [("certificate_applied", "first", 1), ("certificate_rejected", "first", 1)]


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": []},
        {"groups": ["marital_status"]},
        {"groups": ["person", "person"]},
        {"groups": ["person", "contraception"]},
        {"kind": "replacement"},
        {"kind": "first", "reason": "lost"},
        {"kind": "replacement", "reason": "key_compromised"},
        {"holder_key": {"kty": "EC", "crv": "P-256", "x": "A" * 43}},
        {"holder_key": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
        {"holder_key": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43}},
    ],
)
async def test_what_cannot_be_asked_for_is_refused(home: Office, clerk: Staff, changes: Json) -> None:
    body = WISH | {"person_id": str(uuid4())} | changes
    assert (await clerk.post(PATH, body)).status_code == 422


async def test_outside_the_area_an_application_does_not_exist(
    home: Office, clerk: Staff, neighbour: Staff
) -> None:
    made = await clerk.application(await clerk.person(HOME_COMMUNITY))
    path = f"{PATH}/{made['id']}"
    for tail in ("", "/contents"):
        assert (await neighbour.get(path + tail)).status_code == 404
        assert (await home.migrant.get(path + tail)).status_code == 401
    for tail in ("approval", "withdrawal"):
        assert (await neighbour.change(f"{path}/{tail}", {}, 1)).status_code == 404
    for tail in ("return", "rejection"):
        assert (await neighbour.change(f"{path}/{tail}", {"reason": "other"}, 1)).status_code == 404
    assert made["id"] not in (await neighbour.get(PATH)).text
    assert made["id"] in (await clerk.get(PATH, state="applied")).text
    me = await holder(home, clerk, await clerk.person(HOME_COMMUNITY))
    assert (await me.get(f"{OWN}/{made['id']}")).status_code == 404
    assert (await me.change(f"{OWN}/{made['id']}/withdrawal", {}, 1)).status_code == 404
    assert (await me.get(PATH)).status_code == 403


async def test_a_lost_certificate_is_replaced_and_the_old_one_refused_from_then_on(
    home: Office, clerk: Staff
) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    first = await clerk.certificate(person)
    shown = (await clerk.get(f"/certificates/{first['id']}/presentation")).text
    second = await clerk.certificate(person, kind="replacement", reason="lost")
    assert second["valid_to"] == first["valid_to"]
    old = (await clerk.get(f"/certificates/{first['id']}")).json()
    assert (old["status"], old["replacement_reason"]) == ("replaced", "lost")
    assert old["successor_id"] == second["id"]
    last = old["history"][-1]
    assert (last["step"], last["reason_label"], last["actor_id"]) == ("replaced", "遗失", str(clerk.id))
    assert (await verify(home, shown)).code == "revoked"
    new = (await clerk.get(f"/certificates/{second['id']}/presentation")).text
    assert (await verify(home, new)).valid
    standing = (await clerk.get("/certificates", person_id=person["id"], valid=True)).json()["items"]
    assert [one["id"] for one in standing] == [second["id"]]


async def test_there_is_nothing_to_replace_or_to_renew_before_its_time(clerk: Staff) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    body = WISH | {"person_id": person["id"], "kind": "replacement", "reason": "lost"}
    assert refusal(await clerk.post(PATH, body)) == (409, "no_certificate_stands")
    made = await clerk.certificate(person)
    early = await clerk.post(PATH, WISH | {"person_id": person["id"], "kind": "renewal"})
    assert refusal(early) == (409, "renewal_too_early")
    assert made["valid_to"] in early.json()["detail"]


async def test_a_certificate_bound_to_a_key_is_shown_with_a_proof(home: Office, clerk: Staff) -> None:
    key, made, me = await bound(home, clerk)
    path = f"/me/certificates/{made['id']}/presentations"
    shown = (await me.send("POST", path, json={"groups": ["person"]})).json()
    assert (shown["qr_text"], shown["qr_svg"]) == (None, None)
    await home.status_list()
    nonce, now = uuid4().hex, home.runtime.clock.now()
    proof = prove(shown["presentation"], key=key, audience="renkou:340103", nonce=nonce, now=now)
    codes = []
    for text, asked in ((shown["presentation"], nonce), (proof, uuid4().hex), (proof, nonce), (proof, nonce)):
        body = {"text": text, "nonce": asked}
        codes.append((await clerk.send("POST", "/certificate-verifications", json=body)).json()["code"])
    assert codes == ["holder_proof_missing", "holder_proof_nonce", "valid", "holder_proof_replayed"]


async def bound(home: Office, clerk: Staff) -> tuple[SigningKey, Json, Staff]:
    """A key, a certificate bound to it, and its holder."""
    key = SigningKey.generate("own", "EdDSA")
    public = {name: value for name, value in key.public.to_jwk().items() if name in ("kty", "crv", "x")}
    person = await clerk.person(HOME_COMMUNITY)
    made = await clerk.certificate(person, holder_key=public)
    return key, made, await holder(home, clerk, person)


async def test_a_holder_with_a_key_prints_a_paper_that_verifies_and_sees_that_it_was_printed(
    home: Office, clerk: Staff
) -> None:
    _, made, me = await bound(home, clerk)
    own = f"/me/certificates/{made['id']}"
    assert (await me.get(f"{own}/qr.png", groups="person,contraception")).status_code == 422
    assert [one["step"] for one in (await me.get(own)).json()["history"]] == ["issued"]
    page = await me.get(f"{own}/document.pdf", groups="person,marital_status")
    assert page.status_code == 200, page.text
    (image,) = pypdf.PdfReader(io.BytesIO(page.content)).pages[0].images
    assert image.image
    scanned = zxingcpp.read_barcode(ImageOps.expand(image.image.convert("L"), 40, 255))
    assert scanned
    found = await verify(home, scanned.text)
    assert (found.code, set(disclosed(found))) == ("valid", {"person", "marital_status"})
    text = (await clerk.get(f"/certificates/{made['id']}/qr.txt")).text
    assert (await verify(home, text)).valid
    assert 'id="result" class="valid"' in (await home.migrant.post("/verify", data={"text": text})).text
    again = await me.get(f"{own}/document.pdf", groups="person,marital_status")
    assert again.content == page.content
    history = (await me.get(own)).json()["history"]
    assert [(one["step"], one["actor_kind"]) for one in history] == [
        ("issued", "staff"),
        ("printed", "person"),
        ("printed", "staff"),
        ("printed", "person"),
    ]
    read = (await clerk.get(f"/certificates/{made['id']}")).json()
    revoked = await clerk.change(
        f"/certificates/{made['id']}/revocation", {"reason": "other"}, read["version"]
    )
    assert revoked.status_code == 200
    assert (await verify(home, text)).code == "revoked"
    assert refusal(await me.get(f"{own}/document.pdf")) == (409, "certificate_not_standing")
    assert len((await me.get(own)).json()["history"]) == len(history) + 1


async def test_one_issued_before_there_was_a_form_for_paper_says_how_to_get_one(
    home: Office, clerk: Staff
) -> None:
    _, made, me = await bound(home, clerk)
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        await tx.execute("UPDATE certificate SET paper_sealed = NULL WHERE id = $1", UUID(made["id"]))
    refused = await me.get(f"/me/certificates/{made['id']}/document.pdf")
    assert refusal(refused) == (409, "paper_form_missing")
