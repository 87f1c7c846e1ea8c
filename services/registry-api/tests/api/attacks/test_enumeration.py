"""Numbers are tried one after another: through hashes, look-ups, refusals and the time that an answer takes."""

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import asyncpg
import orjson
import pytest

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry, an_hour_later
from ..people.people import PeopleOf
from ..rosters import Rosters

HERE, ELSEWHERE = "340103001001", "340103002001"
RIGHTS = (
    "staff_assignment",
    "role_scope",
    "sign_in_session",
    "ended_session",
    "set_config('renkou.areas', $1",
)
"""Statements about the caller, whose answer is held for a second."""


async def test_of_a_request_no_hash_is_kept_that_numbers_can_be_tried_against(
    registry: Registry, people_of: PeopleOf
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    content, key = orjson.dumps(people_of(clerk).body()), str(uuid4())
    headers = {"Content-Type": "application/json"}
    for _ in range(2):
        answer = await clerk.post("/persons", content=content, headers=headers, key=key)
        assert answer.status_code == 201, answer.text
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        kept = await tx.fetchval("SELECT request_hash FROM idempotency_record WHERE key = $1", key)
    bare = sha256(b"POST /persons?\n" + content).digest()
    assert kept == registry.runtime.cipher.mark(bare, "idempotency_record.request_hash") != bare


async def test_who_is_told_that_a_number_is_taken_elsewhere_is_written_down_and_counted(
    registry: Registry, people_of: PeopleOf
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    stranger = await registry.staff("subdistrict_clerk", "340103002")
    auditor = await registry.staff("auditor", "340103")
    body = people_of(clerk).body()
    person = (await clerk.post("/persons", json=body)).json()
    own = {"registered_area": ELSEWHERE, "present_area": ELSEWHERE}

    async def told(of: Json) -> tuple[int, str]:
        answer = await stranger.post("/persons", json=of | own)
        assert person["id"] not in answer.text
        return answer.status_code, answer.json().get("code", "")

    assert await told(body) == (409, "person_exists")
    (entry,) = (await auditor.get(f"/audit/entries?person_id={person['id']}&actor_id={stranger.id}")).json()[
        "items"
    ]
    assert (entry["action"], entry["what"]) == ("read", "taken")
    limit = registry.runtime.settings.taken_per_hour
    for _ in range(limit - 1):
        assert await told(body) == (409, "person_exists")
    free = people_of(stranger).body()
    assert await told(body) == await told(free) == (429, "taken_often")
    own_again = await clerk.post("/persons", json=body)
    assert (own_again.status_code, person["id"] in own_again.text) == (409, True)
    registry.set_now(registry.runtime.clock.now() + timedelta(minutes=61))
    assert await told(free) == (429, "taken_often")
    await an_hour_later(registry, stranger)
    assert await told(free) == (201, "")


@pytest.mark.parametrize("by", ["resident_id", "phone"])
async def test_a_number_elsewhere_is_looked_up_as_one_that_nobody_has(
    registry: Registry, people_of: PeopleOf, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    stranger = await registry.staff("subdistrict_clerk", "340103002")
    body = people_of(clerk).body(phone="13855501234")
    assert (await clerk.post("/persons", json=body)).status_code == 201
    nobody = people_of(clerk).body(phone="13855504321")
    statements: list[str] = []
    execute = vars(asyncpg.Connection)["_Connection__execute"]

    async def noted(connection: object, query: str, *rest: object, **more: object) -> object:
        if not any(each in query for each in RIGHTS):
            statements.append(query)
        return await execute(connection, query, *rest, **more)

    await stranger.post("/persons/search", json={by: nobody[by]})
    monkeypatch.setattr(asyncpg.Connection, "_Connection__execute", noted)
    answers = []
    for asked in (body[by], nobody[by]):
        statements.clear()
        found = await stranger.post("/persons/search", json={by: asked})
        answers.append((found.status_code, found.json(), list(statements)))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (200, {"items": [], "next": None}) or answers[0][1]["items"] == []
    assert answers[0][2]


async def told_taken(auditor: Caller, person: Json, reader: Caller) -> int:
    """How often the log says that a reader was told of a person's number."""
    query = {"person_id": person["id"], "actor_id": str(reader.id), "what": "taken"}
    return len((await auditor.get("/audit/entries", params=query)).json()["items"])


async def test_a_sheet_tells_of_no_more_numbers_than_single_entries_may(
    registry: Registry, people_of: PeopleOf, rosters: Rosters
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    stranger = await registry.staff("subdistrict_clerk", "340103002")
    auditor = await registry.staff("auditor", "340103")
    limit = registry.runtime.settings.taken_per_hour
    own = {"户籍地编码": ELSEWHERE, "现居住地编码": ELSEWHERE}
    known, rows = [], []
    for _ in range(limit + 1):
        body = people_of(clerk).body()
        known.append((await clerk.post("/persons", json=body)).json())
        born = body["birth_date"]
        rows.append(rosters.person(**own, 出生日期=born, 证件号码=body["resident_id"], 核实="是"))
    free = rosters.person(**own)

    one = await rosters.carry(registry, stranger, [rows[0], free], dry_run=True)
    assert "person_registered" in {each["code"] for each in await rosters.errors(stranger, one)}
    assert await told_taken(auditor, known[0], stranger) == 1

    many = await rosters.carry(registry, stranger, rows, dry_run=True)
    assert (many["state"], many["failure"]["code"]) == ("failed", "taken_often")
    assert await rosters.errors(stranger, many) == []
    assert sum([await told_taken(auditor, each, stranger) for each in known]) == limit

    innocent = await rosters.carry(registry, stranger, [free], dry_run=True)
    assert (innocent["state"], innocent["failure"]["code"]) == ("failed", "taken_often")
    single = await stranger.post(
        "/persons",
        json=people_of(stranger).body() | {"registered_area": ELSEWHERE, "present_area": ELSEWHERE},
    )
    assert (single.status_code, single.json()["code"]) == (429, "taken_often")
    await an_hour_later(registry, stranger)
    later = await rosters.carry(registry, stranger, [free], dry_run=True)
    assert (later["state"], later["rows_refused"]) == ("checked", 0)


async def test_a_match_that_finds_nobody_is_in_the_log_without_the_number(
    registry: Registry, people_of: PeopleOf
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    stranger = await registry.staff("subdistrict_clerk", "340103002")
    auditor = await registry.staff("auditor", "340103")
    body = people_of(clerk).body()
    assert (await clerk.post("/persons", json=body)).status_code == 201
    number, question = body["resident_id"], {"name": body["name"], "purpose": "arrival_notice"}
    for asker, name in ((stranger, body["name"]), (stranger, body["name"]), (clerk, "另一人")):
        answer = await asker.post("/persons/match", json=question | {"resident_id": number, "name": name})
        assert answer.json()["result"] == "none"
    query = {"action": "search", "what": "match", "actor_id": str(stranger.id)}
    told = await auditor.get("/audit/entries", params=query)
    first, second = told.json()["items"]
    assert number not in told.text
    assert first["record_id"] == second["record_id"] != sha256(number.encode()).hexdigest()
    same = await auditor.get("/audit/entries", params={"record_id": first["record_id"]})
    assert {each["actor_id"] for each in same.json()["items"]} == {str(stranger.id), str(clerk.id)}
