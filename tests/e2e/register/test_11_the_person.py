"""Line 11: a person reads, corrects, consents and takes along everything that is held."""

import json

import pytest

from tests.e2e.api import Json
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import Walk, pdf_text


@pytest.fixture(scope="module")
async def herself(walk: Walk) -> tuple[Json, Caller]:
    """A woman with a card who has activated her account."""
    body = walk.body(name="古丽娜扎尔·艾力", marital_status="20", phone="13566667777")
    person = await walk.clerk.post("/persons", body)
    card = await walk.worker.post("/cards", {"person_id": person["id"]})
    told = {"method": "supplies", "told_on": str(walk.today), "consent": True}
    await walk.worker.patch(f"/cards/{card['id']}", {"method": told}, card["version"])
    return person | {"number": body["resident_id"]}, await walk.account(person)


async def test_the_own_record_is_masked_until_it_is_asked_for_in_the_clear(
    herself: tuple[Json, Caller],
) -> None:
    person, me = herself
    assert person["number"] not in str(await me.get("/me"))
    clear = await me.get("/me", clear=True)
    assert (clear["resident_id"], clear["phone"]) == (person["number"], "13566667777")


async def test_card_visits_household_and_benefits_are_read(herself: tuple[Json, Caller]) -> None:
    person, me = herself
    assert (await me.get("/me/card"))["person_id"] == person["id"]
    visits = (await me.get("/me/visits"))["items"]
    assert [each["state"] for each in visits] == ["offered"]
    assert "items" in await me.get("/me/household")
    assert (await me.get("/me/benefit-enrolments"))["items"] == []


async def test_a_certificate_is_shown_by_its_holder(walk: Walk, herself: tuple[Json, Caller]) -> None:
    person, me = herself
    left = {"person_id": person["id"], "destination_area": "310115", "departed_on": walk.before(days=1)}
    await walk.clerk.post("/departures", left, service="migrant")
    issued = await walk.certificate(person)
    (mine,) = (await me.get("/me/certificates", service="migrant"))["items"]
    assert mine["id"] == issued["id"]
    path = f"/me/certificates/{issued['id']}/document.pdf"
    paper = "".join(pdf_text(await me.content(path, service="migrant")).split())
    assert person["name"] in paper


async def test_who_read_the_record_is_seen_with_the_purpose(walk: Walk, herself: tuple[Json, Caller]) -> None:
    person, me = herself
    unmask = {"fields": ["phone"], "purpose": "contact", "reason": "电话回访"}
    await walk.clerk.post(f"/persons/{person['id']}/unmask", unmask)
    readings = await me.items("/me/readings")
    assert ("unmask", "电话回访") in {(each["what"], each["purpose"]) for each in readings}
    assert all(each["reader"] for each in readings)


async def test_a_correction_is_asked_for_by_the_person_and_approved_by_the_office(
    walk: Walk, herself: tuple[Json, Caller]
) -> None:
    person, me = herself
    wanted = {"person_id": person["id"], "changes": {"marital_status": "10"}, "reason": "本人未婚"}
    asked = await me.post("/me/corrections", wanted)
    assert asked["state"] == "requested"
    assert [each["id"] for each in (await me.get("/me/corrections"))["items"]] == [asked["id"]]
    await walk.clerk.post(f"/corrections/{asked['id']}/approval", {}, version=asked["version"])
    assert (await me.get("/me"))["marital_status"] == "10"


async def test_an_explanation_is_asked_for_and_given(walk: Walk, herself: tuple[Json, Caller]) -> None:
    _, me = herself
    asks = {"kind": "explanation", "wish": "为什么保存我的同意记录", "about": ["consent"]}
    asked = await me.post("/me/privacy-requests", asks)
    decision = {"outcome": "granted", "reason": "依法说明", "answer": "见所列规则。"}
    path = f"/privacy-requests/{asked['id']}"
    await walk.clerk.post(f"{path}/decision", decision, version=asked["version"])
    answer = await me.get(f"/me{path}")
    assert (answer["state"], answer["due_on"]) == ("answered", asked["due_on"])
    assert ["consent" in rule["records"] for rule in answer["explained"]] == [True]


async def test_consents_are_given_and_withdrawn(herself: tuple[Json, Caller]) -> None:
    _, me = herself
    for given in (True, False):
        answer = await me.put("/me/consents/contact_by_phone", {"given": given})
        state = {each["purpose"]: each["given"] for each in answer["items"]}
        assert state["contact_by_phone"] is given


async def test_the_full_copy_holds_everything_as_json_and_pdf(herself: tuple[Json, Caller]) -> None:
    person, me = herself
    copy = await me.get("/me/copy.json")
    text = json.dumps(copy, ensure_ascii=False)
    for held in (person["number"], "13566667777", "古丽娜扎尔·艾力"):
        assert held in text
    assert {"person", "life_event", "card", "consent", "visit"} <= {
        name for name, rows in copy["records"].items() if rows
    }
    paper = pdf_text(await me.content("/me/copy.pdf"))
    assert "古丽娜扎尔·艾力" in paper
    assert "13566667777" in paper


async def test_a_person_opens_nothing_of_the_office_and_nobody_elses_record(
    walk: Walk, herself: tuple[Json, Caller]
) -> None:
    person, me = herself
    for path in (f"/persons/{person['id']}", "/staff", "/cards?area=340103001001"):
        assert (await me.refused("GET", path))[0] == 403
    other = await walk.enter()
    offer = await walk.worker.post(
        f"/persons/{other['id']}/service-offers", {"kind": "examination", "offered_on": "2026-02-01"}
    )
    foreign = f"/me/services/{offer['id']}/decline"
    assert (await me.refused("POST", foreign, version=offer["version"]))[0] == 404
