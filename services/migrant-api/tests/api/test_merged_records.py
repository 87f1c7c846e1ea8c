"""Two records of one person: what was issued to and asked for by the one that leaves follows, and comes back."""

from typing import Any

import pytest

from ..support import Json, eventually
from .offices import Office, Staff
from .test_applications import OWN, refusal
from .test_certificates import HOME_COMMUNITY, verify
from .test_own_certificates import holder

pytestmark = pytest.mark.timeout(180)


async def entered_again(clerk: Staff) -> Json:
    """The same person a second time, by another name and without a number."""
    return await clerk.person(
        HOME_COMMUNITY, name="欧阳娜", document_kind="none", resident_id=None, marital_status="10"
    )


async def merge(clerk: Staff, kept: Json, gone: Json) -> Json:
    body = {"kept_id": kept["id"], "gone_id": gone["id"], "reason": "同一人重复登记, 已核对"}
    answer = await clerk.post("/duplicate-merges", body, to_registry=True)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def separate(clerk: Staff, merged: Json) -> None:
    answer = await clerk.send(
        "POST",
        f"/duplicate-merges/{merged['id']}/undoing",
        to_registry=True,
        json={"reason": "实为两人"},
        headers={"If-Match": f'"{merged["version"]}"'},
    )
    assert answer.status_code == 200, answer.text


async def certificates_of(clerk: Staff, person: Json) -> list[str]:
    page = (await clerk.get("/certificates", person_id=person["id"])).json()
    return [one["id"] for one in page["items"]]


async def followed(clerk: Staff, person: Json, certificate: Json) -> None:
    """Wait until the clerk finds a certificate under a person."""

    async def there() -> bool:
        return certificate["id"] in await certificates_of(clerk, person)

    await eventually(there, 60)


def steps(read: Json) -> list[tuple[str, str]]:
    return [(one["step"], one["actor_kind"]) for one in read["history"]]


async def test_certificates_follow_the_record_that_stays_and_come_back(
    home: Office, clerk: Staff, workers: None
) -> None:
    kept, gone = await clerk.person(HOME_COMMUNITY), await entered_again(clerk)
    theirs = await clerk.certificate(gone)
    shown = (await clerk.get(f"/certificates/{theirs['id']}/presentation")).text
    me = await holder(home, clerk, kept)
    assert (await me.get("/me/certificates")).json()["items"] == []

    merged = await merge(clerk, kept, gone)
    await followed(clerk, kept, theirs)
    assert await certificates_of(clerk, gone) == []
    (own,) = (await me.get("/me/certificates")).json()["items"]
    assert own["id"] == theirs["id"]
    assert own["facts_changed"] == ["marital_status", "name"]
    assert own["offer"]["reason"] == "facts_changed"
    read = (await me.get(f"/me/certificates/{theirs['id']}")).json()
    assert steps(read)[1:] == [("merged", "register"), ("facts_changed", "register")]
    assert (await me.get(f"/me/certificates/{theirs['id']}/document.pdf")).status_code == 200
    assert (await verify(home, shown)).valid
    ref = (await me.send("GET", "/me/ids", to_registry=True)).json()["person_ref"]
    told = [one["data"] for one in await home.events(ref) if one["type"].endswith("reassigned.v1")]
    assert [(one["certificate_id"], one["cause"]) for one in told] == [(theirs["id"], "merged")]
    twice = {"groups": ["person"], "person_id": kept["id"]}
    assert refusal(await clerk.post("/certificate-applications", twice)) == (409, "certificate_exists")

    await separate(clerk, merged)
    await followed(clerk, gone, theirs)
    assert (await me.get("/me/certificates")).json()["items"] == []
    assert (await me.get(f"/me/certificates/{theirs['id']}")).status_code == 404
    back = (await clerk.get(f"/certificates/{theirs['id']}")).json()
    assert (back["facts_changed"], back["offer"], back["status"]) == ([], None, "valid")
    assert steps(back)[-1] == ("separated", "register")
    assert (await verify(home, shown)).valid


async def test_a_replacement_takes_the_place_of_the_certificates_of_both_records(
    home: Office, clerk: Staff, workers: None
) -> None:
    kept, gone = await clerk.person(HOME_COMMUNITY), await entered_again(clerk)
    old = [await clerk.certificate(kept), await clerk.certificate(gone)]
    texts = [(await clerk.get(f"/certificates/{one['id']}/presentation")).text for one in old]
    await merge(clerk, kept, gone)
    await followed(clerk, kept, old[1])
    new = await clerk.certificate(kept, kind="replacement", reason="facts_changed")
    standing = (await clerk.get("/certificates", person_id=kept["id"], valid=True)).json()["items"]
    assert [one["id"] for one in standing] == [new["id"]]
    assert [(await verify(home, text)).code for text in texts] == ["revoked", "revoked"]


async def test_an_open_application_follows_and_one_too_many_is_closed_until_they_are_separated(
    home: Office, clerk: Staff, workers: None
) -> None:
    kept, gone = await clerk.person(HOME_COMMUNITY), await entered_again(clerk)
    me = await holder(home, clerk, kept)
    asked = await clerk.approved(await clerk.application(gone))
    path = f"/certificate-applications/{asked['id']}"

    async def state(wanted: str, owner: Json) -> Json:
        async def there() -> Any:
            read = (await clerk.get(path)).json()
            return read if (read["state"], read["person_id"]) == (wanted, owner["id"]) else None

        return dict(await eventually(there, 60))

    merged = await merge(clerk, kept, gone)
    await state("approved", kept)
    assert [one["id"] for one in (await me.get(OWN)).json()["items"]] == [asked["id"]]
    read = (await me.get(f"{OWN}/{asked['id']}")).json()
    assert steps(read) == [("apply", "staff"), ("approve", "staff"), ("merge", "register")]
    await separate(clerk, merged)
    await state("approved", gone)

    mine = await me.made(OWN, {"groups": ["person"]})
    again = await merge(clerk, kept, gone)
    closed = await state("withdrawn", kept)
    assert closed["closed_on"] == str(home.runtime.clock.today())
    await separate(clerk, again)
    reopened = await state("approved", gone)
    assert reopened["closed_on"] is None
    made = await clerk.made("/certificates", {"application_id": asked["id"]})
    assert made["person_id"] == gone["id"]
    assert (await me.get(f"{OWN}/{mine['id']}")).json()["state"] == "applied"
    told = [one["data"] for one in await home.events() if one["data"].get("application_id") == asked["id"]]
    lines = [(line["measure"], line["value"]) for one in told for line in one["lines"]]
    assert lines == [
        ("certificate_applied", 1),
        ("certificate_withdrawn", 1),
        ("certificate_withdrawn", -1),
        ("certificate_issued", 1),
    ]
