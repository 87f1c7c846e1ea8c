"""Arrivals as the residence registers them, and the certificates they show."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from renkou_migrant.credentials import sdjwt

from ..support import EVERYTHING, HOME, Json
from .offices import Office, Staff, resident_id

COMMUNITY, HOME_COMMUNITY = "310115005001", "340103002003"
BORN = date(1996, 5, 3)
type Traveller = dict[str, Json]


@pytest.fixture
def today(residence: Office) -> date:
    return residence.runtime.clock.today()


def arrival(arrived_on: date, **person: Any) -> Json:
    return {
        "person": {
            "name": "欧阳娜娜",
            "sex": 2,
            "birth_date": BORN.isoformat(),
            "resident_id": resident_id(BORN, 2),
            "marital_status": "21",
            "registered_area": HOME_COMMUNITY,
            "registered_street": "安庆路1号",
        }
        | person,
        "arrived_on": arrived_on.isoformat(),
        "area": COMMUNITY,
        "street": "张杨路500号2幢301室",
        "phone": "13812341234",
    }


async def events(office: Office, arrival_id: str) -> list[Json]:
    return [one for one in await office.events() if one["data"].get("arrival_id") == arrival_id]


def lines(event: Json) -> list[tuple[str, str, int]]:
    return [(line["measure"], line["on"], line["value"]) for line in event["data"]["lines"]]


async def test_an_arrival_enters_the_register_and_is_told_to_the_home_district(
    residence: Office, host: Staff, today: date
) -> None:
    body, key = arrival(today - timedelta(days=2)), str(uuid4())
    made = await host.made("/arrivals", body, key=key)
    assert (await host.made("/arrivals", body, key=key))["id"] == made["id"]
    assert (made["registered_area"], made["area"]) == (HOME_COMMUNITY, COMMUNITY)
    due = (today + timedelta(days=28)).isoformat()
    assert made["check_due_on"] == due
    person = (await host.send("GET", f"/persons/{made['person_id']}", to_registry=True)).json()
    assert (person["present_area"], person["phone"]) == (COMMUNITY, "138****1234")
    read = (await host.get(f"/arrivals/{made['id']}")).json()
    assert read["person"]["resident_id"] == f"3401{'*' * 10}{body['person']['resident_id'][-4:]}"
    (event,) = await events(residence, made["id"])
    assert lines(event) == [("check_due", due, 1)]
    assert not event["data"]["returning"]
    assert await residence.notices(made["id"]) == ["arrival_notice"]


async def test_nobody_stays_here_twice(host: Staff, today: date) -> None:
    body = arrival(today)
    await host.made("/arrivals", body)
    again = await host.post("/arrivals", body)
    assert (again.status_code, again.json()["code"]) == (409, "arrival_exists")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"area": "310115005"}, "/area"),
        ({"area": HOME_COMMUNITY}, "/area"),
        ({"arrived_on": "2099-01-01"}, "/arrived_on"),
        ({"person": {"registered_area": COMMUNITY}}, "/person/registered_area"),
        ({"person": {"resident_id": "340103199605031240"}}, "/person/resident_id"),
        ({"person": {"birth_date": "1990-01-01"}}, "/person/resident_id"),
    ],
)
async def test_what_is_wrong_is_named_where_the_caller_wrote_it(
    host: Staff, today: date, changes: Json, pointer: str
) -> None:
    body = arrival(today, **changes.get("person", {}))
    body |= {name: value for name, value in changes.items() if name != "person"}
    answer = await host.post("/arrivals", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_clerk_registers_in_the_own_area_and_sees_nothing_else(
    residence: Office, host: Staff, today: date
) -> None:
    elsewhere = await residence.staff(area="310115007")
    assert (await elsewhere.post("/arrivals", arrival(today))).status_code == 404
    made = await host.made("/arrivals", arrival(today))
    assert (await elsewhere.get(f"/arrivals/{made['id']}")).status_code == 404
    leaving = {"departed_on": today.isoformat()}
    assert (await elsewhere.change(f"/arrivals/{made['id']}/departure", leaving, 1)).status_code == 404
    check = {"text": "x~", "arrival_id": made["id"]}
    assert (await elsewhere.post("/certificate-checks", check)).status_code == 404
    assert (await elsewhere.get("/arrivals")).json()["items"] == []
    assert (await residence.migrant.get(f"/arrivals/{made['id']}")).status_code == 401


async def test_leaving_before_the_check_was_due_takes_it_back(
    residence: Office, host: Staff, today: date
) -> None:
    made = await host.made("/arrivals", arrival(today - timedelta(days=10)))
    path, body = f"/arrivals/{made['id']}/departure", {"departed_on": today.isoformat()}
    assert (await host.send("POST", path, json=body)).status_code == 428
    assert (await host.change(path, body, 9)).status_code == 412
    assert (await host.change(path, body | {"destination_area": "310115"}, 1)).status_code == 422
    left = await host.change(path, body | {"destination_area": "320102"}, made["version"])
    assert left.status_code == 200, left.text
    assert (left.json()["left_on"], left.json()["destination_area"]) == (today.isoformat(), "320102")
    again = await host.change(path, body, left.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "stay_ended")
    came, went = await events(residence, made["id"])
    assert lines(went) == [(measure, day, -1) for measure, day, _ in lines(came)]
    assert went["data"]["destination_area"] == "320102000000"
    assert await residence.notices(made["id"]) == ["arrival_notice", "departure_notice"]


async def test_somebody_who_comes_again_is_the_same_person_whom_the_register_moves(
    residence: Office, host: Staff, today: date
) -> None:
    first_day, left_on = today - timedelta(days=20), today - timedelta(days=8)
    body = arrival(first_day)
    made = await host.made("/arrivals", body)
    leaving = {"departed_on": left_on.isoformat()}
    assert (await host.change(f"/arrivals/{made['id']}/departure", leaving, 1)).status_code == 200
    move = {
        "person_id": made["person_id"],
        "happened_on": left_on.isoformat(),
        "to_area": HOME_COMMUNITY,
    }
    moved = await host.post("/life-events/moves", move, to_registry=True)
    assert moved.status_code == 201, moved.text
    again = await host.made("/arrivals", body | {"arrived_on": today.isoformat()})
    assert again["id"] != made["id"]
    assert again["person_id"] == made["person_id"]
    (event,) = await events(residence, again["id"])
    assert event["data"]["returning"]
    assert await _days_of(residence, again["person_id"]) == [(first_day, left_on), (today, None)]
    other_name = arrival(today, name="司徒静", resident_id=body["person"]["resident_id"])
    refused = await host.post("/arrivals", other_name)
    assert (refused.status_code, refused.json()["code"]) == (409, "person_exists")


async def _days_of(residence: Office, person_id: str) -> list[tuple[date, date | None]]:
    async with residence.runtime.database.transaction(EVERYTHING) as tx:
        rows = await tx.fetch(
            "SELECT arrived_on, left_on FROM arrival WHERE person_id = $1 ORDER BY position", person_id
        )
    return [(row["arrived_on"], row["left_on"]) for row in rows]


async def test_nobody_comes_back_before_having_left(host: Staff, today: date) -> None:
    body = arrival(today - timedelta(days=20))
    made = await host.made("/arrivals", body)
    leaving = {"departed_on": (today - timedelta(days=8)).isoformat()}
    assert (await host.change(f"/arrivals/{made['id']}/departure", leaving, 1)).status_code == 200
    early = await host.post("/arrivals", body | {"arrived_on": (today - timedelta(days=9)).isoformat()})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "/arrived_on")


@pytest.fixture
async def traveller(home: Office, residence: Office, clerk: Staff, host: Staff, today: date) -> Traveller:
    """Somebody with a certificate of home who has arrived in the residence: certificate and arrival."""
    person = await clerk.person(HOME_COMMUNITY)
    certificate = await clerk.certificate(person)
    made = await host.made("/arrivals", arrival(today, resident_id=person["resident_id"]))
    await residence.take_status_list(HOME, await home.status_list())
    return {"certificate": certificate, "arrival": made}


async def shown(
    clerk: Staff, traveller: Traveller, groups: str = "person,registered_area,marital_status"
) -> str:
    path = f"/certificates/{traveller['certificate']['id']}/presentation"
    return (await clerk.get(path, groups=groups)).text


async def check(host: Staff, arrival_id: str, **body: str) -> Json:
    return await host.made("/certificate-checks", body | {"arrival_id": arrival_id})


async def test_a_good_certificate_is_valid_and_told_to_its_issuer(
    residence: Office, clerk: Staff, host: Staff, traveller: Traveller
) -> None:
    arrived, key = traveller["arrival"], str(uuid4())
    body = {"text": await shown(clerk, traveller), "arrival_id": arrived["id"]}
    answer = await host.made("/certificate-checks", body, key=key)
    assert (answer["result"], answer["code"], answer["issuer"]) == ("valid", "valid", HOME)
    assert (answer["reason_zh"], answer["reason_en"]) == ("证明有效", "The certificate is valid.")
    assert answer["claims"]["person"]["name"] == "欧阳娜娜"
    assert set(answer["claims"]) == {"person", "registered_area", "marital_status"}
    again = await host.made("/certificate-checks", body, key=key)
    assert again == answer
    _, event = await events(residence, arrived["id"])
    assert lines(event) == [("check_made", arrived["check_due_on"], 1)]
    assert await residence.notices(arrived["id"]) == ["arrival_notice", "certificate_checked"]
    read = (await host.get(f"/arrivals/{arrived['id']}")).json()
    assert read["checked_on"] == residence.runtime.clock.today().isoformat()
    async with residence.runtime.database.transaction(EVERYTHING) as tx:
        stored = repr(await tx.fetch("SELECT * FROM certificate_check"))
    assert "欧阳" not in stored


async def test_the_qr_code_of_the_paper_is_checked_too(
    clerk: Staff, host: Staff, traveller: Traveller
) -> None:
    path = f"/certificates/{traveller['certificate']['id']}/qr.txt"
    answer = await check(host, traveller["arrival"]["id"], text=(await clerk.get(path)).text)
    assert answer["result"] == "valid"
    assert set(answer["claims"]) == {"person"}


async def test_another_persons_certificate_is_refused_and_the_check_still_made(
    residence: Office, clerk: Staff, host: Staff, traveller: Traveller, today: date
) -> None:
    other = await host.made("/arrivals", arrival(today, name="司徒静"))
    answer = await check(host, other["id"], text=await shown(clerk, traveller))
    assert (answer["result"], answer["code"]) == ("refused", "person_differs")
    hidden = await check(host, other["id"], text=await shown(clerk, traveller, "marital_status"))
    assert (hidden["result"], hidden["code"]) == ("unknown", "person_not_shown")
    _, first, second = await events(residence, other["id"])
    assert [line[0] for line in lines(first)] == ["check_made"]
    assert lines(second) == []
    assert await residence.notices(other["id"]) == ["arrival_notice"]


async def test_altered_forged_and_revoked_ones_are_refused_each_with_its_reason(
    home: Office, residence: Office, clerk: Staff, host: Staff, traveller: Traveller
) -> None:
    good = await shown(clerk, traveller)
    token, disclosures = sdjwt.split(good)
    head, payload, signature = token.split(".")
    forged = sdjwt.join(".".join([head, payload, signature[:-4] + "AAAA"]), disclosures)
    foreign = sdjwt.join(token, [disclosures[0][:-4] + "AAAA", *disclosures[1:]])
    arrival_id = traveller["arrival"]["id"]
    assert (await check(host, arrival_id, text=forged))["code"] == "bad_signature"
    assert (await check(host, arrival_id, text=foreign))["result"] == "refused"
    assert (await check(host, arrival_id, text="什么也不是"))["code"] == "malformed"
    certificate = traveller["certificate"]
    path = f"/certificates/{certificate['id']}/revocation"
    assert (await clerk.change(path, {"reason": "holder_request"}, certificate["version"])).status_code == 200
    assert (await check(host, arrival_id, text=good))["code"] == "valid"
    await residence.take_status_list(HOME, await home.status_list())
    assert (await check(host, arrival_id, text=good))["code"] == "revoked"


async def test_a_verification_without_an_arrival_is_kept_nowhere(
    residence: Office, clerk: Staff, host: Staff, traveller: Traveller
) -> None:
    async def kept() -> int:
        async with residence.runtime.database.transaction(EVERYTHING) as tx:
            return int(await tx.fetchval("SELECT count(*) FROM certificate_check"))

    before, told = await kept(), len(await residence.events())
    body = {"text": await shown(clerk, traveller, "person,id_number")}
    answer = (await host.send("POST", "/certificate-verifications", json=body)).json()
    assert (answer["result"], answer["issuer"], answer["reason_zh"]) == ("valid", HOME, "证明有效")
    assert answer["valid_until"] == traveller["certificate"]["valid_to"]
    assert answer["claims"]["id_number"][4:14] == "*" * 10
    assert (await kept(), len(await residence.events())) == (before, told)


async def test_a_check_names_what_was_shown_and_by_whom(residence: Office, host: Staff) -> None:
    arrival_id = str(uuid4())
    for body in ({}, {"text": "x~"}, {"arrival_id": arrival_id}, {"text": "x~", "arrival_id": "?"}):
        assert (await host.post("/certificate-checks", body)).status_code == 422
    assert (await residence.migrant.post("/certificate-checks", json={})).status_code == 401
    worker = await residence.staff("community_worker", COMMUNITY)
    for path in ("/certificate-checks", "/certificate-verifications"):
        shown = {"text": "x~", "arrival_id": arrival_id}
        assert (await worker.post(path, shown)).status_code == 403
