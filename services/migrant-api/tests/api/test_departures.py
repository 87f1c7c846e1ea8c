"""Departures as a clerk registers them."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ..support import Json
from .offices import Office, Staff

HOME_COMMUNITY = "340103002003"


@pytest.fixture
def today(home: Office) -> date:
    return home.runtime.clock.today()


async def leave(clerk: Staff, person: Json, day: date, **changes: Any) -> httpx.Response:
    body = {"person_id": person["id"], "destination_area": "310115", "departed_on": day.isoformat()}
    return await clerk.post("/departures", body | changes)


async def test_a_departure_is_registered_and_names_nobody(home: Office, clerk: Staff, today: date) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    body = {
        "person_id": person["id"],
        "destination_area": "310115005001",
        "departed_on": today.isoformat(),
        "reason": "务工",
    }
    key = str(uuid4())
    made = await clerk.made("/departures", body, key=key)
    assert made["away"]
    assert (made["registered_area"], made["destination_area"]) == (HOME_COMMUNITY, "310115005001")
    assert (await clerk.made("/departures", body, key=key))["id"] == made["id"]
    read = (await clerk.get(f"/departures/{made['id']}")).json()
    assert read["person"]["name"] == "欧阳娜娜"
    assert read["person"]["resident_id"] == f"3401{'*' * 10}{person['resident_id'][-4:]}"
    (event,) = [one for one in await home.events() if one["data"].get("departure_id") == made["id"]]
    assert event["type"] == "migrant.departure.registered.v1"
    assert event["data"]["destination_area"] == "310115005001"


async def test_somebody_away_cannot_leave_again(clerk: Staff, today: date) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    assert (await leave(clerk, person, today)).status_code == 201
    again = await leave(clerk, person, today)
    assert (again.status_code, again.json()["code"]) == (409, "away_already")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"destination_area": "340103013001"}, "inside_district"),
        ({"destination_area": "3401"}, "inside_district"),
        ({"destination_area": "3101"}, "area_level"),
        ({"destination_area": "99"}, "invalid_input"),
        ({"departed_on": "2099-01-01"}, "in_future"),
        ({"departed_on": "2019-01-01"}, "too_early"),
        ({"name": "欧阳娜娜"}, "invalid_input"),
    ],
)
async def test_what_is_wrong_is_named(clerk: Staff, today: date, changes: Json, code: str) -> None:
    person = await clerk.person(HOME_COMMUNITY, present_since="2020-01-01")
    answer = await leave(clerk, person, today, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


async def test_people_registered_elsewhere_do_not_leave_from_here(clerk: Staff, today: date) -> None:
    person = await clerk.person("310115005001", present_area=HOME_COMMUNITY)
    answer = await leave(clerk, person, today)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_registered_here")


async def test_a_return_needs_the_version_read_and_is_published(
    home: Office, clerk: Staff, today: date
) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    made = (await leave(clerk, person, today - timedelta(days=3))).json()
    path, body = f"/departures/{made['id']}/return", {"returned_on": today.isoformat()}
    assert (await clerk.send("POST", path, json=body)).status_code == 428
    assert (await clerk.change(path, body, 9)).status_code == 412
    early = {"returned_on": (today - timedelta(days=4)).isoformat()}
    assert (await clerk.change(path, early, made["version"])).status_code == 422
    back = await clerk.change(path, body, made["version"])
    assert back.status_code == 200, back.text
    assert (back.json()["away"], back.json()["returned_on"]) == (False, today.isoformat())
    again = await clerk.change(path, body, back.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "departure_ended")
    (event,) = [
        one
        for one in await home.events()
        if one["type"] == "migrant.departure.returned.v1" and one["data"]["departure_id"] == made["id"]
    ]
    assert event["data"]["area"] == HOME_COMMUNITY


async def test_a_clerk_of_another_area_sees_nothing(clerk: Staff, neighbour: Staff, today: date) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    made = (await leave(clerk, person, today)).json()
    assert (await neighbour.get(f"/departures/{made['id']}")).status_code == 404
    back = {"returned_on": today.isoformat()}
    assert (await neighbour.change(f"/departures/{made['id']}/return", back, 1)).status_code == 404
    assert (await leave(neighbour, person, today)).status_code == 404
    assert (await neighbour.get("/departures")).json() == {"items": [], "next": None}


async def test_the_list_is_paged_and_filtered(clerk: Staff, today: date) -> None:
    people = [await clerk.person("340103002004") for _ in range(5)]
    made = [(await leave(clerk, person, today)).json()["id"] for person in people]
    found, after = [], None
    while True:
        params = {"area": "340103002004", "limit": 2} | ({"after": after} if after else {})
        page = (await clerk.get("/departures", **params)).json()
        found += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == made[::-1]
    one = (await clerk.get("/departures", person_id=people[2]["id"])).json()["items"]
    assert [item["id"] for item in one] == [made[2]]
    assert "name" not in one[0]
    assert (await clerk.get("/departures", area="340103002004", away=False)).json()["items"] == []
    assert (await clerk.get("/departures", after="bm9uc2Vuc2U")).status_code == 422


async def test_nobody_gets_in_without_a_token_or_without_the_right(home: Office, today: date) -> None:
    assert (await home.migrant.get("/departures")).status_code == 401
    assert (await home.migrant.post("/departures", json={})).status_code == 401
    auditor = await home.staff("auditor")
    assert (await auditor.get("/departures")).status_code == 403
