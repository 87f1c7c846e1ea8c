"""Clocks of retention that run: what is due goes by itself, what is held stays, and nobody is named."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from renkou_common.scope import AreaScope
from renkou_registry.exports.jobs import trim_exports
from renkou_registry.privacy.erasure import service as erasure
from renkou_registry.privacy.erasure.carrying import erase_once
from renkou_registry.privacy.purposes.holdings import HELD
from renkou_registry.privacy.retention import repository
from renkou_registry.privacy.retention.jobs import retain_once
from renkou_registry.privacy.retention.rules import BY_TABLE, RULES, By

from ...support import Caller, Json, Registry
from ..duplicates.test_duplicates import merge, twice
from ..me.test_own_account import activate, opened
from ..people.people import HERE, People
from ..people.revising import carried_out
from ..test_exports import exported

_BATCH = """
WITH batch AS (
    INSERT INTO visit_batch (id, sent_by, device_id, batch_id, request_hash, received_at)
    VALUES ($1, $2, 'tablet', 'of a day', '', now()) RETURNING id
)
INSERT INTO visit_batch_item (id, batch_id, place, client_id, state, person_id, errors)
SELECT gen_random_uuid(), id, 1, '1', 'applied', $3, '[]' FROM batch
"""


def test_every_table_about_people_is_in_one_rule() -> None:
    assert sorted(BY_TABLE) == sorted(HELD)
    assert sum(len(rule.tables) for rule in RULES) == len(BY_TABLE)
    assert {rule.code for rule in RULES if rule.by is By.CLOCK} == repository.CLOCKED
    assert all(rule.law and rule.law.startswith("《个人信息保护法》第") for rule in RULES)


async def left(registry: Registry, table: str) -> int:
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))


async def due(registry: Registry) -> dict[str, tuple[int, int]]:
    report: Json = (await registry.administrator.get("/retention/due")).json()
    return {each["code"]: (each["due"], each["held"]) for each in report["items"]}


async def rejected_correction(clerk: Caller, second: Caller, person: Json) -> str:
    asked = {"person_id": person["id"], "details": {"name": "王晓鸣"}, "reason": "姓名录错"}
    request = (await clerk.post("/corrections", json=asked)).json()
    answer = await second.post(
        f"/corrections/{request['id']}/rejection",
        json={"reason": "与证件不符"},
        headers={"If-Match": f'"{request["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    return str(request["id"])


async def test_what_has_had_its_time_goes_by_itself_and_what_is_held_stays(
    fresh_registry: Registry, monkeypatch: Any
) -> None:
    registry = fresh_registry
    monkeypatch.setattr(repository, "BATCH", 1)
    clerk = await registry.staff("subdistrict_clerk", "340103")
    second = await registry.staff("subdistrict_clerk", "340103")
    await exported(registry, clerk, filters={"area": HERE})
    await exported(registry, clerk, filters={"area": HERE})
    entered, account = await opened(registry, clerk)
    assert await activate(registry, account) == 204
    assert (await clerk.post(f"/persons/{entered['id']}/account/closing")).status_code == 204
    for _ in range(2):
        await rejected_correction(clerk, second, entered)
    disputed = await People(clerk, registry.runtime).enter()
    held_request = await rejected_correction(clerk, second, disputed)
    hold = {"person_id": disputed["id"], "cause": "petition", "reason": "信访办理中"}
    placed = await second.post("/retention/holds", json=hold)
    assert placed.status_code == 201, placed.text
    kept, gone = await twice(registry, clerk, "上官晓晨")
    joined_request = await rejected_correction(clerk, second, kept)
    for_gone = (await second.post("/retention/holds", json=hold | {"person_id": gone["id"]})).json()
    await merge(clerk, kept, gone)
    await reported(registry, UUID(disputed["id"]))
    assert await retain_once(registry.runtime) == 0

    today = registry.runtime.clock.today()
    registry.set_today(today + timedelta(days=1200))
    clerk, second = await again(registry, clerk), await again(registry, second)
    registry.administrator = await again(registry, registry.administrator)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await trim_exports(registry.runtime, tx)
    waiting = await due(registry)
    assert waiting["refused_corrections"] == (2, 2), "whose records were joined is held with them"
    assert waiting["device_reports"] == (0, 1), "also for whom a device's report names"
    assert (waiting["export_jobs"], waiting["closed_accounts"]) == ((2, 0), (1, 0))
    assert await retain_once(registry.runtime) == 5
    assert await left(registry, "export_job") == 0
    assert await left(registry, "export_log") > 0
    assert await left(registry, "person_account") == 0
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch("SELECT id FROM correction_request")
    assert {str(row["id"]) for row in rows} == {held_request, joined_request}
    assert await retain_once(registry.runtime) == 0, "once a day"

    runs = (await registry.administrator.get("/retention/runs", params={"limit": 200})).json()["items"]
    told = [each for each in runs if each["code"] == "refused_corrections" and each["removed"]]
    assert sum(each["removed"] for each in told) == 2
    closing = next(each for each in runs if each["code"] == "refused_corrections" and each["finished"])
    assert closing["held"] == 2
    assert disputed["id"] not in str(runs)
    lifted = await second.post(f"/retention/holds/{placed.json()['id']}/lifting")
    assert lifted.json()["lifted_by"] == str(second.id)
    assert (await second.post(f"/retention/holds/{for_gone['id']}/lifting")).status_code == 200
    registry.set_today(today + timedelta(days=1201))
    assert await retain_once(registry.runtime) == 3


async def reported(registry: Registry, person_id: UUID) -> None:
    """A batch of a device that names somebody."""
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute(_BATCH, uuid4(), registry.administrator.id, person_id)


async def again(registry: Registry, caller: Caller) -> Caller:
    """Sign in again, as the clock has moved past the token's end."""
    return await registry.caller(caller.username, "a phrase of one's own")


async def test_the_administrator_sets_periods_within_what_the_law_leaves_open(registry: Registry) -> None:
    admin = registry.administrator
    rules = {each["code"]: each for each in (await admin.get("/retention/rules")).json()["items"]}
    path, version = "/retention/rules/import_jobs", rules["import_jobs"]["version"]
    body = {"days": 200, "reason": "档案局期限表"}
    changed = await admin.patch(path, version=version, json=body)
    assert (changed.status_code, changed.json()["days"]) == (200, 200)
    assert (await admin.patch(path, version=version, json=body)).status_code == 412
    assert (await admin.patch(path, version=version + 1, json=body | {"days": 1})).status_code == 422
    fixed = await admin.patch("/retention/rules/register", version=1, json=body)
    assert (fixed.status_code, fixed.json()["code"]) == (409, "retention_fixed")
    assert "第四十七条第二款" in rules["register"]["law"]
    clerk = await registry.staff("subdistrict_clerk", "340103")
    assert (await clerk.patch(path, version=2, json=body)).status_code == 403
    assert (await clerk.get("/retention/due")).status_code == 403


async def test_a_hold_is_placed_by_the_office_of_the_person(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    entered = await People(clerk, registry.runtime).enter()
    hold = {"person_id": entered["id"], "cause": "dispute", "reason": "对记录有争议"}
    elsewhere = await registry.staff("subdistrict_clerk", "340103002")
    assert (await elsewhere.post("/retention/holds", json=hold)).status_code == 404
    worker = await registry.staff("community_worker", HERE)
    assert (await worker.post("/retention/holds", json=hold)).status_code == 403
    placed = (await clerk.post("/retention/holds", json=hold)).json()
    listed = await clerk.get("/retention/holds", params={"person_id": entered["id"]})
    assert [each["id"] for each in listed.json()["items"]] == [placed["id"]]
    assert (await elsewhere.post(f"/retention/holds/{placed['id']}/lifting")).status_code == 404
    both = hold | {"record_id": str(uuid4())}
    assert (await clerk.post("/retention/holds", json=both)).status_code == 422
    single = {name: text for name, text in hold.items() if name != "person_id"}
    second = await registry.staff("subdistrict_clerk", "340103")
    single["record_id"] = await rejected_correction(clerk, second, entered)
    assert (await elsewhere.post("/retention/holds", json=single)).status_code == 404
    assert (
        await clerk.post("/retention/holds", json=single | {"record_id": str(uuid4())})
    ).status_code == 404
    one = (await clerk.post("/retention/holds", json=single)).json()
    assert one["id"] in (await clerk.get("/retention/holds")).text
    assert one["id"] not in (await elsewhere.get("/retention/holds")).text
    assert (await elsewhere.post(f"/retention/holds/{one['id']}/lifting")).status_code == 404
    past = hold | {"until": "2020-01-01"}
    assert (await clerk.post("/retention/holds", json=past)).json()["errors"][0]["pointer"] == "/until"


async def test_sign_ins_and_sessions_go_when_they_have_had_their_time(fresh_registry: Registry) -> None:
    registry = fresh_registry
    staff, stranger = uuid4(), None
    old = {"young": (staff, 10), "kept": (staff, 200), "old": (staff, 1100), "unknown": (stranger, 200)}
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        for agent, (subject, days) in old.items():
            await tx.execute(
                "INSERT INTO sign_in_event (happened_at, outcome, kind, subject, agent)"
                " VALUES (now() - make_interval(days => $1), 'failed', 'staff', $2, $3)",
                days,
                subject,
                agent,
            )
        for days in (10, 100):
            session = uuid4()
            await tx.execute(
                "INSERT INTO sign_in_session (id, subject, kind, name, expires_at, address, agent)"
                " VALUES ($1, $2, 'staff', 'x', now() - make_interval(days => $3), '', $4)",
                session,
                staff,
                days,
                f"session {days}",
            )
            await tx.execute(
                "INSERT INTO refresh_token (hash, session_id) VALUES ($1, $2)", session.bytes, session
            )
    waiting = await due(registry)
    codes = ("sign_ins", "unknown_sign_ins", "ended_sessions")
    assert [waiting[code] for code in codes] == [(1, 0)] * 3
    assert await retain_once(registry.runtime) == 3
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        events = await tx.fetch("SELECT agent FROM sign_in_event WHERE agent = ANY ($1)", list(old))
        sessions = await tx.fetch(
            "SELECT s.agent FROM sign_in_session s JOIN refresh_token r ON r.session_id = s.id WHERE s.subject = $1",
            staff,
        )
    assert sorted(row["agent"] for row in events) == ["kept", "young"]
    assert [row["agent"] for row in sessions] == ["session 10"]


async def test_nothing_of_the_last_month_goes_whatever_day_the_clock_says(fresh_registry: Registry) -> None:
    registry = fresh_registry
    before = await left(registry, "sign_in_event")
    registry.set_today(registry.runtime.clock.today() + timedelta(days=4000))
    await retain_once(registry.runtime)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        ids = [row["id"] for row in await tx.fetch("SELECT id FROM sign_in_event")]
        assert await tx.fetchval("SELECT renkou_trim_sign_ins($1)", ids) == 0
    assert len(ids) == before > 0


async def test_an_entry_that_was_taken_back_loses_what_a_person_may_have_deleted(
    fresh_registry: Registry,
) -> None:
    registry = fresh_registry
    clerk = await registry.staff("subdistrict_clerk", "340103")
    second = await registry.staff("subdistrict_clerk", "340103")
    people = People(clerk, registry.runtime)
    entered, other = await people.enter(phone="13855551111"), await people.enter(phone="13855552222")
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        event = await tx.fetchval("SELECT id FROM life_event WHERE person_id = $1", UUID(entered["id"]))
        await erasure.begin(registry.runtime, tx, UUID(entered["id"]), None, uuid4(), uuid4())
    await erase_once(registry.runtime)
    now = await people.read(entered["id"])
    assert now["phone"] is None
    again = await clerk.patch(
        f"/persons/{entered['id']}", version=now["version"], json={"phone": "13855553333"}
    )
    assert again.status_code == 200, "told anew after the deletion"
    await carried_out(clerk, second, event_id=str(event), retract=True, reason="误登")
    registry.set_today(registry.runtime.clock.today() + timedelta(days=1100))
    await retain_once(registry.runtime)
    await erase_once(registry.runtime)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch("SELECT id FROM person WHERE phone_sealed IS NOT NULL")
        ordered = await tx.fetch(
            "SELECT person_id, ordered_by, carried_out_at FROM erasure WHERE ordered_by IS NULL"
        )
    assert [str(row["id"]) for row in rows] == [other["id"]]
    assert [(str(row["person_id"]), row["ordered_by"]) for row in ordered] == [(entered["id"], None)]
    assert ordered[0]["carried_out_at"] is not None
