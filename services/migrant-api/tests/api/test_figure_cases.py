"""The cases behind figures of the migrant service: records in the caller's area, persons as the register shows them."""

from datetime import timedelta
from uuid import uuid4

from ..support import Json
from .offices import Office, Staff
from .test_arrivals import COMMUNITY, arrival

PURPOSE = "figure_verification"


async def event_of(office: Office, arrival_id: str) -> str:
    """Id of the event by which a stay was counted."""
    (event,) = [one for one in await office.events() if one["data"].get("arrival_id") == arrival_id]
    return str(event["id"])


async def shown(staff: Staff, *event_ids: str) -> Json:
    answer = await staff.post("/figure-cases", {"event_ids": list(event_ids), "purpose": PURPOSE})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_an_arrival_is_shown_with_its_person_masked(residence: Office, host: Staff) -> None:
    today = residence.runtime.clock.today()
    made = await host.made("/arrivals", arrival(today - timedelta(days=3)))
    event_id = await event_of(residence, made["id"])
    found = await shown(host, event_id, str(uuid4()))
    (case,) = found["items"]
    assert (case["kind"], case["path"], found["hidden"]) == ("arrival", f"/arrivals/{made['id']}", 1)
    assert case["person"]["id"] == made["person_id"]
    assert "*" * 10 in case["person"]["resident_id"]
    assert (await host.get(case["path"])).status_code == 200


async def test_a_stay_of_another_area_is_counted_as_if_it_were_unknown(
    residence: Office, host: Staff
) -> None:
    today = residence.runtime.clock.today()
    made = await host.made("/arrivals", arrival(today - timedelta(days=3)))
    event_id = await event_of(residence, made["id"])
    elsewhere = await residence.staff("community_worker", "310115006001")
    assert await shown(elsewhere, event_id) == {"items": [], "hidden": 1}
    here = await residence.staff("community_worker", COMMUNITY)
    assert len((await shown(here, event_id))["items"]) == 1


async def test_a_statistician_sees_no_cases(residence: Office) -> None:
    statistician = await residence.staff("statistician")
    answer = await statistician.post("/figure-cases", {"event_ids": [str(uuid4())], "purpose": PURPOSE})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
