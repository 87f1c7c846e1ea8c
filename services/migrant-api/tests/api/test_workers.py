"""The processes together: what a clerk registers here comes back from the register and reaches the hub."""

from datetime import timedelta
from typing import Any

import pytest

from ..support import EVERYTHING, eventually
from .offices import Office, Staff

HOME_COMMUNITY = "340103002003"


async def rows(office: Office, query: str) -> list[dict[str, Any]]:
    async with office.runtime.database.transaction(EVERYTHING) as tx:
        return [dict(row) for row in await tx.fetch(query)]


@pytest.mark.timeout(180)
async def test_a_departure_comes_back_as_an_absence_that_the_certificate_covers(
    home: Office, clerk: Staff, workers: None
) -> None:
    today = home.runtime.clock.today()
    person = await clerk.person(HOME_COMMUNITY)
    certificate = await clerk.certificate(person)
    left = today - timedelta(days=2)
    body = {"person_id": person["id"], "destination_area": "310115", "departed_on": left.isoformat()}
    departure = await clerk.made("/departures", body)

    async def covered() -> list[dict[str, Any]]:
        return [
            event
            for event in await home.events()
            if event["type"] == "migrant.certificate.coverage-changed.v1"
            and event["data"]["certificate_id"] == certificate["id"]
        ]

    (event,) = await eventually(covered, 60)
    begins = event["data"]["lines"][0]
    assert (begins["on"], begins["measure"], begins["value"]) == (certificate["valid_from"], "in", 1)
    present = await clerk.send("GET", f"/persons/{person['id']}", to_registry=True)
    assert present.json()["present_area"] == "310115"

    back = {"returned_on": today.isoformat()}
    path = f"/departures/{departure['id']}/return"
    assert (await clerk.change(path, back, departure["version"])).status_code == 200

    async def taken_back() -> bool:
        return len(await covered()) == 2

    await eventually(taken_back, 60)

    async def published() -> bool:
        (row,) = await rows(home, "SELECT sequence, published_sequence FROM status_list")
        return bool(row["published_sequence"] == row["sequence"] > 0)

    await eventually(published, 60)
