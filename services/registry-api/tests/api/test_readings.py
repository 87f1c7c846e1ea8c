"""Whoever is shown a person leaves a reading that the person can see, whichever list or record showed it."""

import asyncio
from collections import Counter
from typing import Any

from renkou_common.scope import AreaScope

from ..support import Caller, Json, Registry
from .me.test_own_account import person
from .offices.desk import credit_code

HOME, COMMUNITY = "340103001001", "340103001002"
IN_AREA = {"area": COMMUNITY, "limit": 200}


async def made(caller: Caller, path: str, **body: Any) -> Json:
    answer = await caller.post(path, json=body)
    assert answer.status_code == 201, (path, answer.text)
    entered: Json = answer.json()
    return entered


async def readings(me: Caller, reader: Caller) -> Counter[str]:
    """What the person's own log says of one reader, with how often."""
    answer = await me.get("/me/readings", params={"limit": 200})
    name = f"工作人员 {reader.username}"
    return Counter(each["what"] for each in answer.json()["items"] if each["reader"] == name)


async def test_every_way_of_being_shown_is_in_the_own_log_of_readings(registry: Registry) -> None:
    worker = await registry.staff("community_worker", "340103001")
    place = await made(
        worker, "/places", area=COMMUNITY, kind="building", code="R-1", name="一栋", valid_from="2020-01-01"
    )
    woman, me = await person(registry, registered_area=HOME, present_area=COMMUNITY, marital_status="20")
    moved_in = {"place_id": place["id"]}
    answer = await worker.patch(f"/persons/{woman['id']}", version=woman["version"], json=moved_in)
    assert answer.status_code == 200, answer.text
    card = await made(worker, "/cards", person_id=woman["id"])
    told = {"method": "supplies", "told_on": str(registry.runtime.clock.today()), "consent": True}
    answer = await worker.patch(f"/cards/{card['id']}", version=card["version"], json={"method": told})
    assert answer.status_code == 200, answer.text
    (visit,) = (await worker.get(f"/cards/{card['id']}/visits")).json()["items"]
    wrong = {"person_id": woman["id"], "details": {"name": "王小鸣"}, "reason": "姓名录错"}
    correction = await made(worker, "/corrections", **wrong)
    employer = await made(
        worker,
        "/employers",
        name="庐阳服装厂",
        credit_code=credit_code(),
        representative="李明",
        phone="05512345678",
        area=COMMUNITY,
        street="安庆路 8 号",
        since="2020-05-01",
    )
    rental = await made(
        worker,
        "/rentals",
        area=COMMUNITY,
        street="安庆路 8 号 2 栋 301",
        rooms=3,
        landlord_name="周杰",
        landlord_phone="13800001234",
        since="2024-03-01",
    )
    since = {"person_id": woman["id"], "since": "2025-01-01"}
    await made(worker, f"/employers/{employer['id']}/employees", **since)
    await made(worker, f"/rentals/{rental['id']}/tenants", **since)
    person_path, card_path = f"/persons/{woman['id']}", f"/cards/{card['id']}"
    shown_by: list[tuple[str, dict[str, Any], str]] = [
        (person_path, {}, "record"),
        (f"{person_path}/events", {}, "history"),
        (f"{person_path}/as-of", {}, "history"),
        (f"{person_path}/addresses", {}, "history"),
        (f"{person_path}/kin", {}, "kin"),
        (f"{person_path}/kin/history", {}, "kin"),
        (f"{person_path}/card", {}, "card"),
        ("/persons", IN_AREA, "list"),
        (f"/areas/{COMMUNITY}/persons/as-of", {"limit": 200}, "list"),
        ("/persons/separated", IN_AREA | {"direction": "living_here", "at_least_months": 0}, "list"),
        (f"/places/{place['id']}/persons", {}, "list"),
        ("/cards", IN_AREA | {"by": "place"}, "card"),
        (card_path, {}, "card"),
        (f"{card_path}/methods", {}, "card"),
        (f"{card_path}/expected-deliveries", {}, "card"),
        (f"{card_path}/visits", {}, "visits"),
        (f"/visits/{visit['id']}", {}, "visits"),
        ("/worklists", IN_AREA | {"on": "2099-12-31"}, "visits"),
        ("/corrections", IN_AREA, "corrections"),
        (f"/corrections/{correction['id']}", {}, "corrections"),
        (f"/employers/{employer['id']}/employees", {}, "employment"),
        (f"/rentals/{rental['id']}/tenants", {}, "tenancy"),
    ]
    reader = await registry.staff("community_worker", "340103001")
    for path, query, what in shown_by:
        before = await readings(me, reader)
        answer = await reader.get(path, params=query)
        assert answer.status_code == 200, (path, answer.text)
        assert await readings(me, reader) - before == Counter({what: 1}), path


async def test_readings_of_one_moment_share_commits_and_wait_for_nobody_who_is_slow(
    registry: Registry,
) -> None:
    worker = await registry.staff("community_worker", "340103001")
    everybody = [await person(registry, registered_area=HOME, present_area=COMMUNITY) for _ in range(2)]
    paths = [f"/persons/{each['id']}" for each, _ in everybody] * 12
    async with registry.runtime.database.reading(AreaScope.nothing()) as slow:
        assert await slow.fetchval("SELECT 1") == 1  # a read that goes on for as long as it likes
        answers = await asyncio.gather(*map(worker.get, paths))
    assert {answer.status_code for answer in answers} == {200}
    for _, me in everybody:
        assert (await readings(me, worker))["record"] == 12
    async with registry.runtime.database.reading(AreaScope.nothing()) as reader:
        written = await reader.fetchrow(
            "SELECT count(*) AS entries, count(DISTINCT tx) AS commits FROM audit_entry"
            " WHERE action = 'read' AND what = 'record' AND person_ids && $1::uuid[]",
            [each["id"] for each, _ in everybody],
        )
    assert written is not None
    assert written["entries"] == 24
    assert written["commits"] < 24
