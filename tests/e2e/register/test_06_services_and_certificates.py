"""Line 6: services, pre-pregnancy checks, childbirth registrations, honour certificates, each with its proof."""

import re

from tests.e2e.api import Json
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import ABROAD, Walk, pdf_text

_NUMBER = re.compile(r"(?:FW|YQ)-[A-Z2-7]{26}|(?:SY|GR)-340103-\d{4}-\d{7}")
_CODE = re.compile(r"(?:[0-9A-F]{4}-){4}[0-9A-F]{4}")


async def proof_agrees(walk: Walk, by: Caller, path: str, *words: str) -> bool:
    """Print a proof, find the words on it, and have another office verify its number and code."""
    text = pdf_text(await by.content(path)).replace("\n", " ")
    for word in words:
        assert word in text
    number, code = _NUMBER.search(text), _CODE.search(text)
    assert number, text
    assert code, text
    answer = await walk.stranger.post("/proofs/verification", {"number": number[0], "code": code[0]})
    return bool(answer["agrees"])


async def test_a_service_is_offered_accepted_and_given_or_declined(walk: Walk) -> None:
    woman = await walk.enter()
    offer = {"kind": "examination", "offered_on": "2026-02-01"}
    path = f"/persons/{woman['id']}/service-offers"
    service = await walk.worker.post(path, offer)
    one = f"/services/{service['id']}"
    service = await walk.worker.post(f"{one}/acceptance", {}, version=service["version"])
    given = {"given_on": "2026-02-20", "share_with_home": False}
    service = await walk.station.post(f"{one}/giving", given, version=service["version"])
    assert (service["state"], service["given_on"]) == ("given", "2026-02-20")
    assert await proof_agrees(walk, walk.worker, f"{one}/proof.pdf", "健康检查", woman["name"])
    other = await walk.worker.post(path, offer | {"kind": "counselling"})
    declined = await walk.worker.post(f"/services/{other['id']}/decline", version=other["version"])
    assert declined["state"] == "declined"
    status, code, _ = await walk.worker.refused(
        "POST", f"/services/{other['id']}/giving", given, version=declined["version"]
    )
    assert (status, code) == (409, "service_state")


async def test_a_couple_is_checked_step_by_step_with_consent_and_may_withdraw(walk: Walk) -> None:
    couple = [await walk.enter(), await walk.enter(sex=1)]
    ids = [each["id"] for each in couple]
    day = "2026-02-03"
    check = await walk.station.post("/prepregnancy-checks", {"person_ids": ids, "registered_on": day})
    path = f"/prepregnancy-checks/{check['id']}"
    history = {
        "done_on": day,
        "persons": [
            {"person_id": ids[0], "values": {"chronic_disease": "no", "smoking": "no"}},
            {"person_id": ids[1], "values": {"smoking": "yes"}},
        ],
    }
    early = await walk.station.refused("POST", f"{path}/steps/history", history, version=check["version"])
    assert early[:2] == (409, "consent_missing")
    for each in ids:
        consent = {"person_id": each, "given_on": day, "given_how": "signed"}
        check = await walk.station.post(f"{path}/consents", consent, version=check["version"])
    check = await walk.station.post(f"{path}/steps/history", history, version=check["version"])
    laboratory = {
        "done_on": day,
        "persons": [
            {"person_id": ids[0], "values": {"haemoglobin": "121", "blood_type": "ab"}},
            {"person_id": ids[1], "values": {"haemoglobin": "148", "blood_type": "o"}},
        ],
    }
    check = await walk.station.post(f"{path}/steps/laboratory", laboratory, version=check["version"])
    assert (await walk.worker.refused("GET", path))[:2] == (403, "scope_missing")
    found = await walk.station.get(f"{path}/findings", purpose="advice")
    assert "121" in str(found)
    check = await walk.station.post(f"{path}/withdrawal", {}, version=check["version"])
    assert check["steps"] == []


async def test_a_childbirth_is_registered_whatever_the_status_and_linked_to_the_child(walk: Walk) -> None:
    migrant = await walk.enter(
        registered_area=ABROAD,
        marital_status="10",
        children_count=5,
        entry={"kind": "arrival", "on": "2025-05-01"},
    )
    body = {
        "person_id": migrant["id"],
        "address": "present",
        "child_ordinal": 6,
        "registered_on": "2026-01-06",
    }
    registration = await walk.worker.post("/childbirth-registrations", body)
    assert registration["state_label"] == "已登记"
    path = f"/childbirth-registrations/{registration['id']}"
    assert await proof_agrees(walk, walk.worker, f"{path}/proof.pdf", registration["number"])
    birth = await walk.worker.post(
        "/life-events/births",
        {
            "mother_id": migrant["id"],
            "happened_on": "2026-02-15",
            "child": {"name": "王来福", "sex": 1},
        },
    )
    walk.secrets.add("王来福")
    linked = await walk.worker.post(
        f"{path}/births", {"child_id": birth["person_id"]}, version=registration["version"]
    )
    assert (linked["state"], linked["child_ids"]) == ("linked", [birth["person_id"]])


async def test_an_honour_certificate_is_kept_replaced_and_never_issued_for_later_births(walk: Walk) -> None:
    async def family(born: str) -> Json:
        mother = await walk.enter(birth_date="1970-01-05", children_count=1)
        father = await walk.enter(sex=1, birth_date="1969-01-05", children_count=1)
        child = await walk.enter(birth_date=born, mother_id=mother["id"], father_id=father["id"])
        return {
            "first_holder_id": mother["id"],
            "second_holder_id": father["id"],
            "child_id": child["id"],
        }

    held = await family("1998-06-01") | {
        "kind": "existing",
        "number": "庐阳独字第1999号",
        "issued_on": "1999-02-03",
    }
    certificate = await walk.clerk.post("/honour-certificates", held)
    path = f"/honour-certificates/{certificate['id']}"
    assert certificate["number"] in pdf_text(await walk.clerk.content(f"{path}/document.pdf"))
    replaced = await walk.clerk.post(
        f"{path}/replacement", {"reason": "lost"}, version=certificate["version"]
    )
    assert replaced["number"].startswith("GR-340103-2026-")
    assert await proof_agrees(
        walk, walk.clerk, f"/honour-certificates/{replaced['id']}/document.pdf", replaced["number"]
    )
    late = await family("2016-01-01") | {"kind": "issued", "issued_on": "2026-02-03"}
    assert (await walk.clerk.refused("POST", "/honour-certificates", late))[:2] == (409, "born_from_2016")
