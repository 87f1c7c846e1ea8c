"""A key that somebody else may hold, from the declaration to the holders' new certificates, as an office walks it."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from renkou_common.identity.roles import Role
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.reissues import service as reissues

from ..support import HOME, Databases, Json, trust_list, write_secrets
from .offices import Office, Staff, open_beside
from .test_applications import refusal
from .test_certificates import HOME_COMMUNITY, verify
from .test_own_certificates import holder

FIRST, SECOND = f"{HOME}-1", f"{HOME}-2"
PATH = "/certificate-reissues"
WHOLE = {"kid": FIRST, "area": HOME}


@pytest_asyncio.fixture
async def office(home: Office, databases: Databases, tmp_path: Path) -> AsyncIterator[Office]:
    """A node with two listed keys, of which the first began last and signs."""
    anchor = SigningKey.generate("anchor-2", "EdDSA")
    files = write_secrets(tmp_path / "migrant", HOME, anchor)
    (first,) = json.loads(files["certificate_keys_file"].read_text())["keys"]
    first["valid_from"] = "2026-01-01T00:00:00+08:00"
    keys = [first, SigningKey.generate(SECOND).to_jwk()]
    files["certificate_keys_file"].write_text(json.dumps({"keys": keys}))
    async with AsyncExitStack() as stack:
        made = await open_beside(stack, home, await databases(HOME), files)
        await made.trust(trust_list(anchor, [made.runtime]))
        yield made


@pytest_asyncio.fixture
async def clerk(office: Office) -> Staff:
    made = await office.staff()
    made.colleague = await office.staff()
    return made


async def declare(office: Office) -> Json:
    administrator = await office.staff(Role.ADMINISTRATOR)
    answer = await administrator.post(f"/certificate-keys/{FIRST}/compromise", {"reason": "密钥文件外泄"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def approve(clerk: Staff, asked: Json) -> Json:
    assert clerk.colleague
    answer = await clerk.colleague.change(f"{PATH}/{asked['id']}/approval", {}, asked["version"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def carried_out(office: Office) -> None:
    """Work as the worker does until nothing waits."""
    while await reissues.step(office.runtime):
        pass


async def test_it_is_declared_listed_and_reissued_and_the_holder_shows_the_new_one(
    office: Office, clerk: Staff
) -> None:
    key = SigningKey.generate("own", "EdDSA").public.to_jwk()
    public = {name: key[name] for name in ("kty", "crv", "x")}
    people = [await clerk.person(HOME_COMMUNITY) for _ in range(3)]
    old = [await clerk.certificate(person) for person in people[:2]]
    old.append(await clerk.certificate(people[2], holder_key=public, groups=["person", "children_count"]))
    shown = (await clerk.get(f"/certificates/{old[0]['id']}/presentation")).text
    paper = (await clerk.get(f"/certificates/{old[2]['id']}/qr.txt")).text
    assert (await verify(office, shown)).valid
    assert (await declare(office))["ended"] == 3
    for text in (shown, paper):
        assert (await verify(office, text)).code == "revoked"
        answer = await clerk.send("POST", "/certificate-verifications", json={"text": text})
        assert (answer.json()["result"], answer.json()["code"]) == ("refused", "unknown_key")
    listed = (await clerk.get("/certificates", kid=FIRST, valid=True)).json()["items"]
    assert {one["id"] for one in listed} == {one["id"] for one in old}
    assert all(one["key_compromised"] for one in listed)

    key_of_request = str(uuid4())
    asked = await clerk.made(PATH, WHOLE, key=key_of_request)
    assert (await clerk.made(PATH, WHOLE, key=key_of_request))["id"] == asked["id"]
    assert (asked["state"], asked["total"], asked["done"]) == ("requested", 3, 0)
    await carried_out(office)
    assert (await clerk.get(f"{PATH}/{asked['id']}")).json()["done"] == 0
    assert (await approve(clerk, asked))["state"] == "running"
    await carried_out(office)
    done = (await clerk.get(f"{PATH}/{asked['id']}")).json()
    assert (done["state"], done["total"], done["done"], done["failed"]) == ("done", 3, 3, 0)
    assert [one["id"] for one in (await clerk.get(PATH)).json()["items"]] == [asked["id"]]
    assert (await clerk.get("/certificates", kid=FIRST, valid=True)).json()["items"] == []

    me = await holder(office, clerk, people[0])
    new, replaced = (await me.get("/me/certificates")).json()["items"]
    assert (new["kid"], new["valid_to"], new["groups"]) == (SECOND, old[0]["valid_to"], old[0]["groups"])
    assert (new["key_compromised"], replaced["status"]) == (False, "replaced")
    history = (await me.get(f"/me/certificates/{old[0]['id']}")).json()["history"]
    assert (history[-1]["step"], history[-1]["reason_label"]) == ("replaced", "签发密钥泄露")
    assert (await verify(office, (await me.get(f"/me/certificates/{new['id']}/presentation")).text)).valid
    bound = (await clerk.get("/certificates", person_id=people[2]["id"], valid=True)).json()["items"][0]
    assert (await verify(office, (await clerk.get(f"/certificates/{bound['id']}/qr.txt")).text)).valid
    unproven = (await clerk.get(f"/certificates/{bound['id']}/presentation")).text
    assert (await verify(office, unproven)).code == "holder_proof_missing"


async def test_a_reissue_is_approved_by_another_once_and_withdrawn_before_that_only(
    office: Office, clerk: Staff
) -> None:
    await clerk.certificate(await clerk.person(HOME_COMMUNITY))
    await declare(office)
    asked = await clerk.made(PATH, WHOLE)
    path = f"{PATH}/{asked['id']}"
    assert refusal(await clerk.post(PATH, WHOLE)) == (409, "reissue_open")
    assert refusal(await clerk.change(f"{path}/approval", {}, asked["version"])) == (409, "same_person")
    assert (await clerk.send("POST", f"{path}/approval")).status_code == 428
    assert refusal(await clerk.change(f"{path}/withdrawal", {}, 7)) == (412, "version_mismatch")
    gone = (await clerk.change(f"{path}/withdrawal", {}, asked["version"])).json()
    assert (gone["state"], gone["finished_at"] is None) == ("withdrawn", False)
    assert clerk.colleague
    late = await clerk.colleague.change(f"{path}/approval", {}, gone["version"])
    assert refusal(late) == (409, "reissue_state")
    running = await approve(clerk, await clerk.made(PATH, WHOLE))
    for step in ("approval", "withdrawal"):
        again = await clerk.colleague.change(f"{PATH}/{running['id']}/{step}", {}, running["version"])
        assert refusal(again) == (409, "reissue_state")
    await carried_out(office)
    assert refusal(await clerk.post(PATH, WHOLE)) == (409, "nothing_to_reissue")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kid": FIRST},
        {"kid": "", "area": HOME},
        {"kid": FIRST, "area": "3401035"},
        {"kid": FIRST, "area": HOME, "reason": "x"},
    ],
)
async def test_a_request_of_another_form_is_refused(clerk: Staff, body: Json) -> None:
    assert (await clerk.post(PATH, body)).status_code == 422


async def test_the_key_that_signs_and_one_that_signed_nothing_are_not_reissued(clerk: Staff) -> None:
    await clerk.certificate(await clerk.person(HOME_COMMUNITY))
    assert refusal(await clerk.post(PATH, WHOLE)) == (409, "key_in_use")
    assert refusal(await clerk.post(PATH, WHOLE | {"kid": SECOND})) == (409, "nothing_to_reissue")


async def test_outside_the_area_and_without_the_right_there_is_no_reissue(
    office: Office, clerk: Staff
) -> None:
    await clerk.certificate(await clerk.person(HOME_COMMUNITY))
    await declare(office)
    asked = await clerk.made(PATH, WHOLE)
    path = f"{PATH}/{asked['id']}"
    neighbour = await office.staff(area="340103013")
    assert (await neighbour.post(PATH, WHOLE)).status_code == 404
    assert (await neighbour.get(path)).status_code == 404
    assert (await neighbour.get(PATH)).json()["items"] == []
    for step in ("approval", "withdrawal"):
        assert (await neighbour.change(f"{path}/{step}", {}, 1)).status_code == 404
    worker = await office.staff("community_worker", HOME_COMMUNITY)
    answers: list[Any] = [await worker.post(PATH, WHOLE), await worker.get(path), await worker.get(PATH)]
    assert {answer.status_code for answer in answers} == {403}
    assert (await office.migrant.get(path)).status_code == 401
    assert (await clerk.get(f"{PATH}/{uuid4()}")).status_code == 404


async def test_who_has_lost_the_entitlement_is_listed_and_the_others_go_on(
    office: Office, clerk: Staff
) -> None:
    people = [await clerk.person(HOME_COMMUNITY) for _ in range(2)]
    old = [await clerk.certificate(person) for person in people]
    await declare(office)
    death = {"person_id": people[0]["id"], "happened_on": str(office.runtime.clock.today())}
    recorded = await clerk.post("/life-events/deaths", death, to_registry=True)
    assert recorded.status_code == 201, recorded.text
    asked = await approve(clerk, await clerk.made(PATH, WHOLE))
    await carried_out(office)
    done = (await clerk.get(f"{PATH}/{asked['id']}")).json()
    assert (done["done"], done["failed"]) == (1, 1)
    assert done["failures"] == [{"certificate_id": old[0]["id"], "code": "deceased"}]
