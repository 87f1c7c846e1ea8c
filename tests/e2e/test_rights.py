"""Who gets in: nobody without a token, and for a clerk nobody outside the clerk's area, at any endpoint."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.e2e.api import Json
from tests.e2e.journey import HOME, Journey
from tests.e2e.office import employ
from tests.e2e.openapi import Operation, operations, send
from tests.e2e.progress import until
from tests.e2e.register.caller import Caller
from tests.e2e.register.records import Records
from tests.e2e.register.support import ELSEWHERE, HERE, OTHER_TOWN, Walk

SERVICES = ("registry", "migrant", "reporting")
# What is kept once for a district, and parts of an address that name no record.
OF_THE_WHOLE_DISTRICT = frozenset(
    {"staff_id", "change_id", "scheme_id", "number", "product_id", "code", "list_id"}
    | {"form_version", "step", "kind", "token", "purpose", "row", "client_id", "session_id"}
    | {"approval_id", "emergency_id", "substitution_id"}
)

NO_RECORD = OF_THE_WHOLE_DISTRICT | {"since"}


async def every_operation(http: httpx.AsyncClient, urls: dict[str, str]) -> list[Operation]:
    found: list[Operation] = []
    for service in SERVICES:
        document = (await http.get(f"{urls[service]}/openapi.json", timeout=60)).json()
        found += operations(service, document)
    return found


@pytest.mark.endurance
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


async def test_a_leaver_is_shut_out_of_every_service_within_seconds(
    walk: Walk, http: httpx.AsyncClient
) -> None:
    """Whose account is closed: the token in hand opens nothing any more, here, there and in the figures."""
    leaver = await walk.employ(("subdistrict_clerk", HERE))
    headers = {"Authorization": f"Bearer {leaver.api.token}"}
    asked = {"registry": "/auth/me", "migrant": "/notices", "reporting": "/indicators"}

    async def answered(*statuses: int) -> bool:
        answers = [
            await http.get(f"{walk.urls[each]}{path}", headers=headers) for each, path in asked.items()
        ]
        return all(answer.status_code in statuses for answer in answers)

    await until("the clerk's rights in every service", lambda: answered(200))
    account = await walk.administrator.get(f"/staff/{(await leaver.get('/auth/me'))['id']}")
    await walk.administrator.patch(f"/staff/{account['id']}", {"active": False}, account["version"])
    await until("the end of the leaver's sessions", lambda: answered(401), seconds=5)


@pytest.mark.parametrize("token", ["rubbish", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
@pytest.mark.endurance
async def test_a_bad_token_is_as_good_as_none(journey: Journey, http: httpx.AsyncClient, token: str) -> None:
    urls = journey.nodes.urls[HOME]
    for operation in await every_operation(http, urls):
        if not operation.public:
            response = await send(http, urls[operation.service], operation, token, {})
            assert response.status_code == 401, str(operation)


@pytest.mark.endurance
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
        if operation.public or operation.service == "registry" or not about_someone:
            continue
        checked += 1
        response = await send(http, clerk.urls[operation.service], operation, clerk.token, ids)
        if not closed(response):
            wrong.append(f"{operation}: {response.status_code} {response.text[:200]}")
    assert not wrong
    assert checked >= 15


def closed(response: httpx.Response) -> bool:
    """Whether there is nothing to see: no such record for the caller, or no right at all."""
    if response.status_code == 403:
        return response.json()["code"] in {"scope_missing", "person_only", "staff_only", "exact_figures"}
    return response.status_code == 404


def item_by_item(response: httpx.Response) -> bool:
    """Whether a device's batch was taken and each of its items refused, with nothing of the record shown."""
    items = response.json().get("items", []) if response.status_code == 200 else []
    return bool(items) and all(each["state"] == "refused" and not each["server"] for each in items)


def only_counted(response: httpx.Response) -> bool:
    """Whether records were asked for in number, and each was counted as hidden and none shown."""
    told = response.json() if response.status_code == 200 else {}
    return told.get("items") == [] and told.get("hidden", 0) > 0


@pytest.fixture(scope="module")
async def records(walk: Walk) -> Records:
    """One record of each kind in a community."""
    made = Records(walk)
    await made.make()
    return made


@pytest.fixture(scope="module")
async def neighbour(walk: Walk) -> Caller:
    """Somebody with every right there is, in another subdistrict."""
    # an auditor audits the whole district and may hold no other role
    roles = ("community_worker", "subdistrict_clerk", "service_station", "statistician")
    return await walk.employ(*((role, OTHER_TOWN) for role in roles))


async def test_no_record_of_any_kind_exists_for_another_area_whatever_the_role(
    walk: Walk, records: Records, neighbour: Caller, http: httpx.AsyncClient
) -> None:
    wrong = []
    asked = set()
    for operation in await registry_operations(walk, http):
        ids = records.of(operation.path)
        named = [name for name in parameters(operation) if name in ids and name not in NO_RECORD]
        if not named or operation.public:
            continue
        asked |= set(named)
        response = await send(http, walk.urls["registry"], operation, neighbour.api.token, ids)
        if not (closed(response) or item_by_item(response) or only_counted(response)):
            wrong.append(f"{operation}: {response.status_code} {response.text[:300]}")
    assert not wrong
    everything = set(records.ids).union(*records.at.values())
    assert everything - asked - NO_RECORD == set()


async def test_nobody_of_another_area_is_named_as_a_landlord(
    walk: Walk, records: Records, neighbour: Caller
) -> None:
    body: Json = {"area": ELSEWHERE, "street": "寿春路9号", "rooms": 2, "since": "2024-01-01"}
    landlord = {"landlord_id": records.ids["person_id"]}
    assert (await neighbour.refused("POST", "/rentals", body | landlord))[0] == 404


async def test_every_parameter_of_a_path_is_walked_or_names_no_record_of_a_place(
    walk: Walk, records: Records, http: httpx.AsyncClient
) -> None:
    left = set()
    for operation in await registry_operations(walk, http):
        known = {*records.of(operation.path), *OF_THE_WHOLE_DISTRICT}
        if not operation.public:
            left |= {name for name in in_path(operation) if name not in known}
    # see the walks of duplicates, benefits and changes of areas, and registry-api's own tests of holds
    assert left == {"candidate_id", "overpayment_id", "batch_id", "unsettled_id", "hold_id"}


async def test_no_list_and_no_creation_reaches_into_another_area(
    walk: Walk, records: Records, neighbour: Caller, http: httpx.AsyncClient
) -> None:
    wrong = []
    asked = 0
    for operation in await registry_operations(walk, http):
        if operation.public or "{" in operation.path or "area" not in {*operation.query, *fields(operation)}:
            continue
        if operation.path == "/break-glass":  # what it is for: an hour elsewhere, told to the auditor at once
            continue
        asked += 1
        operation.query.update({"area": HERE} if "area" in operation.query else {})
        body = fields(operation) | {"area": HERE} if "area" in fields(operation) else operation.body
        there = replace(operation, body=body)
        response = await send(http, walk.urls["registry"], there, neighbour.api.token, records.ids)
        if not closed(response):
            wrong.append(f"{operation}: {response.status_code} {response.text[:300]}")
    assert not wrong
    assert asked > 40


async def test_a_person_opens_nothing_but_what_is_the_persons_own(
    walk: Walk, records: Records, http: httpx.AsyncClient
) -> None:
    me = await walk.account(await walk.enter())
    wrong = []
    for operation in await every_operation(http, walk.urls):
        if operation.public:
            continue
        ids = records.of(operation.path)
        response = await send(http, walk.urls[operation.service], operation, me.api.token, ids)
        own = operation.path.startswith(("/me", "/auth/sessions"))
        if own and not in_path(operation):
            continue
        if not (closed(response) or (own and response.status_code in {409, 422})):
            wrong.append(f"{operation}: {response.status_code} {response.text[:200]}")
    assert not wrong


async def registry_operations(walk: Walk, http: httpx.AsyncClient) -> list[Operation]:
    document = (await http.get(f"{walk.urls['registry']}/openapi.json", timeout=60)).json()
    return list(operations("registry", document))


def in_path(operation: Operation) -> list[str]:
    return re.findall(r"\{(\w+)\}", operation.path)


def fields(operation: Operation) -> dict[str, Any]:
    return operation.body if isinstance(operation.body, dict) else {}


def parameters(operation: Operation) -> set[str]:
    return {*in_path(operation), *fields(operation), *operation.query}


@pytest.mark.endurance
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
        "application_id": traveller.application,
        "notice_id": next(n["id"] for n in notices if not n["area"].startswith(town)),
    }
