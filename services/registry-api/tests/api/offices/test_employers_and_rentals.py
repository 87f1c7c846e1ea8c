"""Employers and rented houses: the register, the people linked to it, the paper of each year."""

import asyncio
from collections.abc import Callable

import pytest

from ...support import Caller, Registry
from ..people.people import People
from .desk import HERE, Offices, credit_code


def employer(**changes: object) -> dict[str, object]:
    return {
        "name": "庐阳服装厂",
        "credit_code": credit_code(),
        "representative": "李明",
        "phone": "05512345678",
        "area": HERE,
        "street": "安庆路 8 号",
        "since": "2020-05-01",
    } | changes


def rental(**changes: object) -> dict[str, object]:
    return {
        "area": HERE,
        "street": f"安庆路 {credit_code()[8:16]} 号",
        "rooms": 3,
        "landlord_name": "周杰",
        "landlord_phone": "13800001234",
        "since": "2024-03-01",
    } | changes


async def test_an_employer_is_entered_listed_changed_and_ended(
    clerk: Caller, neighbour: Caller, offices: Offices
) -> None:
    body = employer()
    changed = await offices.walk(
        clerk, neighbour, "/employers", body, {"representative": "王芳", "phone": None}
    )
    assert (changed["representative"], changed["phone"], changed["credit_code"]) == (
        "王芳",
        None,
        body["credit_code"],
    )
    path = f"/employers/{changed['id']}"
    twice = await clerk.post("/employers", json=employer(credit_code=body["credit_code"]))
    assert (twice.status_code, twice.json()["code"]) == (409, "employer_exists")
    ended = await clerk.post(f"{path}/end", json={"on": "2025-06-30"}, headers={"If-Match": '"2"'})
    assert ended.json()["ended_on"] == "2025-06-30"
    refused = await clerk.patch(path, version=3, json={"name": "别的厂"})
    assert (refused.status_code, refused.json()["code"]) == (409, "ended")
    moved = await clerk.post("/employers", json=employer(credit_code=body["credit_code"]))
    assert moved.status_code == 201


async def test_a_credit_code_with_a_wrong_check_digit_is_refused_by_name(clerk: Caller) -> None:
    code = credit_code()
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    refused = await clerk.post("/employers", json=employer(credit_code=wrong))
    error = refused.json()["errors"][0]
    assert (refused.status_code, error["pointer"], error["code"]) == (
        422,
        "/credit_code",
        "credit_code_check_digit",
    )
    english = await clerk.post(
        "/employers", json=employer(credit_code=wrong), headers={"Accept-Language": "en"}
    )
    assert "check character" in english.json()["errors"][0]["detail"]


async def test_the_phone_of_an_employer_is_masked_and_sealed(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    entered = await offices.enter(clerk, "/employers", **employer(phone="13800001234"))
    assert entered["phone"] == "138****1234"
    events = await offices.events(entered["id"])
    assert "13800001234" not in str([event.data for event in events])


async def test_a_statement_is_due_each_year_signed_with_its_scan_and_counted_exactly(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    entered = await offices.enter(clerk, "/employers", **employer(area="340103001003"))
    path = f"/employers/{entered['id']}/statements"
    year = registry.runtime.clock.today().year
    [statement] = (await clerk.get(path)).json()["items"]
    assert (statement["year"], statement["state"], statement["state_label"]) == (year, "due", "待签")
    assert await offices.counts(entered["id"]) == {"employer_statement_due": 1}
    one = f"{path}/{statement['id']}"
    incomplete = await clerk.patch(one, version=1, json={"state": "signed"})
    assert incomplete.json()["errors"][0]["code"] == "signed_on"
    signed = {"state": "signed", "signed_on": f"{year}-01-15", "scan_number": "ZRS-0012"}
    answers = await asyncio.gather(*(clerk.patch(one, version=1, json=signed) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert await offices.counts(entered["id"]) == {
        "employer_statement_due": 1,
        "employer_statement_signed": 1,
    }
    mistake = await clerk.patch(one, version=2, json={"state": "due"})
    assert mistake.json()["signed_on"] is None
    assert await offices.counts(entered["id"]) == {"employer_statement_due": 1}
    opening = {"area": "340103001003", "year": year + 1}
    opened = await clerk.post("/employers/statement-years", json=opening)
    assert opened.json() == {"opened": 1, "more": False}
    assert (await clerk.post("/employers/statement-years", json=opening)).json()["opened"] == 0
    assert [each["year"] for each in (await clerk.get(path)).json()["items"]] == [year + 1, year]


async def test_people_work_for_an_employer_from_a_day_to_a_day(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    person = await People(clerk, registry.runtime).enter(name="职工甲")
    entered = await offices.enter(clerk, "/employers", **employer())
    path = f"/employers/{entered['id']}/employees"
    body = {"person_id": person["id"], "since": "2024-09-01"}
    link = await offices.enter(clerk, path, **body)
    twice = await clerk.post(path, json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "linked_already")
    early = await clerk.post(f"{path}/{link['id']}/end", json={"until": "2024-08-01"})
    assert early.json()["errors"][0]["pointer"] == "/until"
    ended = await clerk.post(f"{path}/{link['id']}/end", json={"until": "2025-06-30"})
    assert ended.json()["until"] == "2025-06-30"
    again = await offices.enter(clerk, path, **(body | {"since": "2025-07-01"}))
    listed = (await clerk.get(path)).json()["items"]
    assert [each["id"] for each in listed] == [link["id"], again["id"]]
    assert set(listed[0]) == {"id", "person_id", "since", "until"}
    assert person["ref"] not in str([event.data for event in await offices.events(entered["id"])])


async def test_a_person_outside_the_callers_area_is_not_linked(
    clerk: Caller, neighbour: Caller, offices: Offices, registry: Registry
) -> None:
    stranger = await People(neighbour, registry.runtime).enter(
        registered_area="340103002001", present_area="340103002001"
    )
    entered = await offices.enter(clerk, "/employers", **employer())
    refused = await clerk.post(
        f"/employers/{entered['id']}/employees", json={"person_id": stranger["id"], "since": "2024-09-01"}
    )
    assert refused.status_code == 404


async def test_a_rented_house_is_entered_listed_changed_and_ended(
    clerk: Caller, neighbour: Caller, offices: Offices
) -> None:
    body = rental()
    changed = await offices.walk(clerk, neighbour, "/rentals", body, {"rooms": 4})
    assert (changed["rooms"], changed["landlord_name"], changed["landlord_phone"]) == (
        4,
        "周**",
        "138****1234",
    )
    twice = await clerk.post("/rentals", json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "rental_exists")
    path = f"/rentals/{changed['id']}"
    ended = await clerk.post(f"{path}/end", json={"on": "2025-06-30"}, headers={"If-Match": '"2"'})
    assert ended.json()["ended_on"] == "2025-06-30"


async def test_a_landlord_is_a_person_of_the_register_or_a_sealed_name(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    landlord = await People(clerk, registry.runtime).enter(name="房东乙")
    body = rental(landlord_id=landlord["id"])
    both = await clerk.post("/rentals", json=body)
    assert both.json()["errors"][0]["code"] == "landlord"
    known = {name: value for name, value in body.items() if name not in ("landlord_name", "landlord_phone")}
    entered = await offices.enter(clerk, "/rentals", **known)
    assert (entered["landlord_id"], entered["landlord_name"]) == (landlord["id"], None)
    path = f"/rentals/{entered['id']}"
    phone = await clerk.patch(path, version=1, json={"landlord_phone": "13800001234"})
    assert phone.status_code == 422
    changed = await clerk.patch(path, version=1, json={"landlord_name": "新房东"})
    assert (changed.json()["landlord_id"], changed.json()["landlord_name"]) == (None, "新**")
    phoned = await clerk.patch(path, version=2, json={"landlord_phone": "13800001234"})
    assert phoned.json()["landlord_phone"] == "138****1234"
    replaced = await clerk.patch(path, version=3, json={"landlord_name": "又一人"})
    assert (replaced.json()["landlord_name"], replaced.json()["landlord_phone"]) == ("又**", None)


async def test_tenants_and_yearly_agreements_of_a_rented_house(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    tenant = await People(clerk, registry.runtime).enter(name="租客丙")
    entered = await offices.enter(clerk, "/rentals", **rental())
    path = f"/rentals/{entered['id']}"
    link = await offices.enter(
        clerk, f"{path}/tenants", person_id=tenant["id"], room="301-2", since="2024-09-01"
    )
    assert link["room"] == "301-2"
    ended = await clerk.post(f"{path}/tenants/{link['id']}/end", json={"until": "2025-01-31"})
    assert ended.json()["until"] == "2025-01-31"
    [agreement] = (await clerk.get(f"{path}/agreements")).json()["items"]
    day = registry.runtime.clock.today()
    signed = {"state": "signed", "signed_on": str(day), "scan_number": "XY-1"}
    answer = await clerk.patch(f"{path}/agreements/{agreement['id']}", version=1, json=signed)
    assert answer.status_code == 200, answer.text
    assert await offices.counts(entered["id"]) == {"rental_agreement_due": 1, "rental_agreement_signed": 1}
    other = await offices.enter(clerk, "/rentals", **rental())
    wrong = await clerk.patch(f"/rentals/{other['id']}/agreements/{agreement['id']}", version=2, json=signed)
    assert wrong.status_code == 404


async def test_nobody_is_linked_to_a_day_before_birth_or_after_death(
    clerk: Caller, offices: Offices, registry: Registry
) -> None:
    person = await People(clerk, registry.runtime).enter(birth_date="1990-03-07")
    employed = f"/employers/{(await offices.enter(clerk, '/employers', **employer()))['id']}/employees"
    rented = f"/rentals/{(await offices.enter(clerk, '/rentals', **rental()))['id']}/tenants"
    death = {"person_id": person["id"], "happened_on": "2025-06-01"}
    assert (await clerk.post("/life-events/deaths", json=death)).status_code == 201
    for path in (employed, rented):
        for since in ("1990-03-06", "2025-06-02"):
            refused = await clerk.post(path, json={"person_id": person["id"], "since": since})
            assert (refused.status_code, refused.json()["code"]) == (409, "not_alive")
        await offices.enter(clerk, path, person_id=person["id"], since="2025-05-31")


async def test_a_paper_of_a_year_is_not_signed_years_before(clerk: Caller, offices: Offices) -> None:
    entered = await offices.enter(clerk, "/employers", **employer())
    path = f"/employers/{entered['id']}/statements"
    [statement] = (await clerk.get(path)).json()["items"]
    signed = {"state": "signed", "scan_number": "ZRS-1"}
    one, year = f"{path}/{statement['id']}", statement["year"]
    early = await clerk.patch(one, version=1, json=signed | {"signed_on": f"{year - 2}-12-31"})
    assert [(each["pointer"], each["code"]) for each in early.json()["errors"]] == [
        ("/signed_on", "too_early")
    ]
    ahead = await clerk.patch(one, version=1, json=signed | {"signed_on": f"{year - 1}-12-20"})
    assert ahead.status_code == 200, ahead.text


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [("/employers", employer, ("name", "representative")), ("/rentals", rental, ("street", "rooms"))],
)
async def test_what_has_to_be_there_is_not_emptied_and_an_empty_change_is_none(
    clerk: Caller,
    offices: Offices,
    path: str,
    body: Callable[[], dict[str, object]],
    fields: tuple[str, ...],
) -> None:
    one = f"{path}/{(await offices.enter(clerk, path, **body()))['id']}"
    for name in fields:
        empty = await clerk.patch(one, version=1, json={name: None})
        assert [(each["pointer"], each["code"]) for each in empty.json()["errors"]] == [
            (f"/{name}", "not_empty")
        ]
    nothing = await clerk.patch(one, version=1, json={})
    assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (422, "no_change")
