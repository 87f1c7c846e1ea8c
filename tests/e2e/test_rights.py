"""Who gets in: nobody without a token, and for a clerk nobody outside the clerk's area, at any endpoint."""

from collections import Counter

import httpx
import pytest

from tests.e2e.journey import HOME, Journey
from tests.e2e.office import employ
from tests.e2e.openapi import Operation, operations, send
from tests.e2e.progress import until

SERVICES = ("registry", "migrant", "reporting")


async def every_operation(http: httpx.AsyncClient, urls: dict[str, str]) -> list[Operation]:
    found: list[Operation] = []
    for service in SERVICES:
        document = (await http.get(f"{urls[service]}/openapi.json")).json()
        found += operations(service, document)
    return found


async def test_without_a_token_only_health_and_public_material_answer(
    journey: Journey, http: httpx.AsyncClient
) -> None:
    urls = journey.nodes.urls[HOME]
    wrong = []
    for operation in await every_operation(http, urls):
        response = await send(http, urls[operation.service], operation, "", {})
        stopped = response.status_code == 401 and response.json()["code"] == "token_missing"
        if stopped == operation.public:
            wrong.append(f"{operation}: {response.status_code}")
    assert not wrong


@pytest.mark.parametrize("token", ["rubbish", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
async def test_a_bad_token_is_as_good_as_none(journey: Journey, http: httpx.AsyncClient, token: str) -> None:
    urls = journey.nodes.urls[HOME]
    for operation in await every_operation(http, urls):
        if not operation.public:
            response = await send(http, urls[operation.service], operation, token, {})
            assert response.status_code == 401, str(operation)


async def test_a_person_of_another_area_does_not_exist_for_a_clerk(
    journey: Journey, http: httpx.AsyncClient
) -> None:
    """A subdistrict's clerk has every right of a clerk, but for another subdistrict than the people's."""
    town = quietest_town(journey)
    clerk = await employ(http, journey.offices[HOME], "elsewhere", "别处经办人", "subdistrict_clerk", town)

    async def known() -> bool:
        headers = {"Authorization": f"Bearer {clerk.token}"}
        return (await http.get(f"{clerk.urls['migrant']}/notices", headers=headers)).status_code == 200

    await until("the clerk's rights in migrant-api", known)
    ids = await ids_outside(journey, town)
    wrong = []
    checked = 0
    for operation in await every_operation(http, clerk.urls):
        named = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
        body = operation.body if isinstance(operation.body, dict) else {}
        about_someone = [name for name in [*named, *body] if name in ids]
        if operation.public or not about_someone:
            continue
        checked += 1
        response = await send(http, clerk.urls[operation.service], operation, clerk.token, ids)
        lacks_the_right = response.status_code == 403 and response.json()["code"] == "scope_missing"
        if response.status_code != 404 and not lacks_the_right:
            wrong.append(f"{operation}: {response.status_code} {response.text[:200]}")
    assert not wrong
    assert checked > 20


async def test_lists_of_another_area_do_not_exist(journey: Journey, http: httpx.AsyncClient) -> None:
    town = quietest_town(journey)
    clerk = await employ(http, journey.offices[HOME], "elsewhere2", "别处经办人", "subdistrict_clerk", town)
    headers = {"Authorization": f"Bearer {clerk.token}"}
    for path in ("/persons", "/households"):
        answer = await http.get(f"{clerk.urls['registry']}{path}", params={"area": HOME}, headers=headers)
        assert answer.status_code == 404
    people = journey.imported[HOME].roster.people
    number = next(people[i] for i in journey.early if not _touches(journey, i, town)).document_number
    found = await clerk.post("registry", "/persons/search", {"resident_id": number}, key=None)
    assert found["items"] == []


def quietest_town(journey: Journey) -> str:
    """Return the subdistrict of the roster in which the fewest people live."""
    towns = Counter(
        p.present_area[:9] for p in journey.imported[HOME].roster.people if p.present_area.startswith(HOME)
    )
    return min(towns, key=lambda town: (towns[town], town))


def _touches(journey: Journey, index: int, town: str) -> bool:
    person = journey.imported[HOME].roster.people[index]
    return person.present_area.startswith(town) or person.registered_area.startswith(town)


async def ids_outside(journey: Journey, town: str) -> dict[str, str]:
    """Return ids of records that exist, of people who neither live nor are registered in ``town``."""
    travellers = journey.crossing.travellers.values()
    outside = (t for t in travellers if t.certificate and not _touches(journey, t.planned.person, town))
    traveller, another = next(outside), next(outside)
    person, relative = journey.home.ids[traveller.who], journey.home.ids[another.who]
    read = await journey.home.api.get("registry", f"/persons/{person}")
    notices = await journey.home.api.pages("migrant", "/notices", limit=200)
    born = [child for child in journey.home.events if child.startswith("b")]
    event = next(journey.home.events[b] for b in born if not _touches(journey, int(b[1:]), town))
    return {
        "person_id": person,
        **dict.fromkeys(("mother_id", "father_id", "spouse_id"), relative),
        "ref": read["ref"],
        "life_event_id": event,
        "event_id": event,
        "departure_id": traveller.departure,
        "certificate_id": traveller.certificate,
        "notice_id": next(n["id"] for n in notices if not n["area"].startswith(town)),
    }
