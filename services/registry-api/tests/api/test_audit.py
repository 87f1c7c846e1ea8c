"""The audit log: every reading and change of a person leaves an entry that nobody can change unnoticed."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from renkou_common.audit.acting import Acting, acting_as
from renkou_common.audit.log import Noted, append
from renkou_common.audit.root import RootKeys
from renkou_common.audit.sealing import is_due, seal, sign_root
from renkou_common.audit.verify import Flaw, NotProved, Report, verify
from renkou_common.database import Session
from renkou_common.http.middleware import Edge
from renkou_common.scope import AreaScope
from renkou_registry.audit.captured import CAPTURED, NOT_CAPTURED
from renkou_registry.metadata import FLOOR
from renkou_registry.privacy.purposes.holdings import HELD, NO_PERSON

from ..support import Caller, Json, Registry
from .people.people import HERE, People

EVERYWHERE = AreaScope.everything()


async def sealed(registry: Registry) -> None:
    """Seal as the worker does, once every transaction begun so far has ended."""
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtext('renkou.audit.sealing'))")
        await seal(tx)


async def found(auditor: Caller, **wanted: object) -> list[Json]:
    answer = await auditor.get("/audit/entries", params={"limit": 200, **wanted})
    assert answer.status_code == 200, answer.text
    return cast(list[Json], answer.json()["items"])


async def exported(auditor: Caller, **span: str) -> list[bytes]:
    answer = await auditor.post("/audit/exports", json={"reason": "年度审计", **span})
    assert answer.status_code == 200, answer.text
    return answer.content.splitlines()


async def keys(registry: Registry) -> RootKeys:
    return RootKeys.of((await registry.client.get("/.well-known/audit-keys.json")).json())


async def test_reading_and_changing_a_person_tells_who_when_what_for_and_from_where(
    registry: Registry,
) -> None:
    app = cast(httpx.ASGITransport, registry.client._transport).app
    outside = httpx.ASGITransport(app=Edge(app), client=("10.1.2.3", 40_000))
    auditor = await registry.staff("auditor", "340103")
    worker = await registry.staff("community_worker", HERE)
    entered = await People(worker, registry.runtime).enter()
    headers = {"User-Agent": "mobile/7 " + "x" * 200, "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    async with httpx.AsyncClient(transport=outside, base_url="http://registry", headers=headers) as client:
        mobile = Caller(client, worker.id, worker.username, worker.token)
        read = await mobile.get(f"/persons/{entered['id']}")
        assert read.status_code == 200, read.text
        changed = await mobile.patch(
            f"/persons/{entered['id']}", version=entered["version"], json={"phone": "13900008888"}
        )
        assert changed.status_code == 200, changed.text
    entries = await found(auditor, person_id=entered["id"], trace_id="ab" * 16)
    assert {(each["action"], each["what"]) for each in entries} == {
        ("read", "record"),
        ("change", "person"),
        ("create", "person_detail"),
    }
    for each in entries:
        assert (each["actor_id"], each["actor_kind"], each["actor_name"]) == (
            *(str(worker.id), "staff"),
            worker.username,
        )
        assert each["address"] == "10.1.2.3"
        assert each["agent"].startswith("mobile/7 x")
        assert len(each["agent"]) == 120
        assert each["person_ids"] == [entered["id"]]
    (change,) = (each for each in entries if each["action"] == "change")
    assert (change["record_id"], change["version"]) == (entered["id"], changed.json()["version"])
    assert change["fields"] == ["phone"]
    assert "13900008888" not in json.dumps(entries)
    created = await found(auditor, person_id=entered["id"], action="create", what="person")
    assert [each["record_id"] for each in created] == [entered["id"]]


async def test_the_auditor_finds_by_everything_and_every_search_is_an_entry(registry: Registry) -> None:
    auditor = await registry.staff("auditor", "340103")
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    entered = await People(clerk, registry.runtime).enter()
    unmasked = await clerk.post(
        f"/persons/{entered['id']}/unmask",
        json={"fields": ["phone"], "purpose": "contact", "reason": "核对电话"},
    )
    assert unmasked.status_code == 200, unmasked.text
    (entry,) = await found(auditor, person_id=entered["id"], action="unmask")
    assert (entry["reason"], entry["fields"], entry["purpose"]) == ("核对电话", ["phone"], "contact")
    assert entry in await found(auditor, actor_id=str(clerk.id), action="unmask", what="unmask")
    assert await found(auditor, person_id=entered["id"], since=entry["at"], action="unmask") == [entry]
    assert await found(auditor, person_id=entered["id"], until=entry["at"], action="unmask") == []
    assert await found(auditor, person_id=entered["id"], address="203.0.113.9") == []
    assert await found(auditor, person_id=entered["id"], purpose="visit") == []
    searches = await found(auditor, actor_id=str(auditor.id), action="search", person_id=entered["id"])
    assert len(searches) == 5
    assert set(searches[-1]["fields"]) == {"person_id", "actions"}
    paged: list[Json] = []
    cursor: str | None = None
    while cursor is not None or not paged:
        query: dict[str, Any] = {"actor_id": str(clerk.id), "limit": 2} | (
            {"after": cursor} if cursor else {}
        )
        page = (await auditor.get("/audit/entries", params=query)).json()
        paged, cursor = [*paged, *page["items"]], page["next"]
    assert paged == await found(auditor, actor_id=str(clerk.id))
    for path in ("/audit/entries", "/audit/roots"):
        assert (await clerk.get(path)).status_code == 403
    assert (await clerk.post("/audit/exports", json={"reason": "看看"})).status_code == 403


async def test_every_table_that_holds_people_is_captured_or_says_why_not(registry: Registry) -> None:
    assert set(FLOOR) == (set(CAPTURED) & set(FLOOR)) | set(NOT_CAPTURED)
    assert not set(CAPTURED) & set(NOT_CAPTURED)
    async with registry.runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        rows = await tx.fetch(
            "SELECT tgrelid::regclass::text AS name, count(*) AS events FROM pg_trigger"
            " WHERE tgname IN ('audit_insert', 'audit_update', 'audit_delete') AND tgenabled = 'O' GROUP BY 1"
        )
    assert {row["name"]: row["events"] for row in rows} == dict.fromkeys(CAPTURED, 3)


async def test_every_change_says_what_the_record_is_kept_for(registry: Registry) -> None:
    async with registry.runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        rows = await tx.fetch("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'renkou_audit_%'")
    written = {row["proname"]: row["prosrc"] for row in rows}
    silent = [
        table
        for table in CAPTURED.keys() & HELD.keys()
        if written[f"renkou_audit_{table}"].count(f", '{HELD[table].purpose}')") != 3
    ]
    assert silent == []
    assert {table for table in CAPTURED.keys() - HELD.keys() if table not in NO_PERSON} == set()

    auditor = await registry.staff("auditor", "340103")
    worker = await registry.staff("community_worker", HERE)
    person = await People(worker, registry.runtime).enter()
    card = await worker.post("/cards", json={"person_id": person["id"]})
    assert card.status_code == 201, card.text
    told = {
        (each["what"], each["purpose"])
        for each in await found(auditor, person_id=person["id"], action="create")
    }
    assert {("person", "register_upkeep"), ("card", HELD["card"].purpose)} <= told
    assert {purpose for _, purpose in told} <= {held.purpose for held in HELD.values()}


async def test_many_rows_in_one_statement_make_few_entries_that_name_everybody(registry: Registry) -> None:
    auditor = await registry.staff("auditor", "340103")
    worker = await registry.staff("community_worker", HERE)
    people = [await People(worker, registry.runtime).enter() for _ in range(2)]
    job = Acting(worker.id, "import", "a sheet", purpose="roster")
    with acting_as(job):
        async with registry.runtime.database.transaction(EVERYWHERE) as tx:
            await tx.execute(
                "INSERT INTO consent (id, person_id, purpose, given_at, given_by) SELECT gen_random_uuid(),"
                " ($1::uuid[])[1 + i % 2], 'tried-' || i, now(), $2 FROM generate_series(1, 1201) i",
                [each["id"] for each in people],
                worker.id,
            )
            await tx.execute(
                "UPDATE consent SET withdrawn_at = now(), withdrawn_by = $1 WHERE purpose LIKE 'tried-%'",
                worker.id,
            )
            await tx.execute("UPDATE consent SET withdrawn_at = withdrawn_at WHERE purpose = 'tried-1'")
            await tx.execute("DELETE FROM consent WHERE purpose = 'tried-1'")
    entries = [
        each
        for each in await found(auditor, person_id=people[1]["id"], what="consent", purpose="roster")
        if each["actor_kind"] == "import"
    ]
    assert sorted((each["action"], each["records"], each["fields"]) for each in entries) == [
        *[("change", count, ["withdrawn_at", "withdrawn_by"]) for count in (201, 500, 500)],
        *[("create", count, []) for count in (201, 500, 500)],
        ("delete", 1, []),
    ]
    for each in entries:
        named = [people[1]["id"]] if each["action"] == "delete" else sorted(one["id"] for one in people)
        assert sorted(each["person_ids"]) == named


async def test_nobody_changes_the_log_by_mistake_and_who_writes_past_the_services_is_named(
    registry: Registry,
) -> None:
    auditor = await registry.staff("auditor", "340103")
    for statement in ("UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_seal", "TRUNCATE audit_root"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with registry.runtime.database.transaction(EVERYWHERE) as tx:
                await tx.execute(statement)
    owner = await asyncpg.connect(registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    try:
        for statement in (
            "UPDATE audit_entry SET reason = 'x'",
            "DELETE FROM audit_seal",
            "TRUNCATE audit_root",
        ):
            with pytest.raises(asyncpg.RaiseError):
                await owner.execute(statement)
        worker = await registry.staff("community_worker", HERE)
        entered = await People(worker, registry.runtime).enter()
        async with owner.transaction():
            await owner.execute(f"SET LOCAL renkou.areas = '{EVERYWHERE.multirange}'")
            await owner.execute("UPDATE person SET employer = 'x' WHERE id = $1", entered["id"])
        user = await owner.fetchval("SELECT session_user")
    finally:
        await owner.close()
    (entry,) = await found(auditor, person_id=entered["id"], actor_kind="database")
    assert (entry["actor_name"], entry["actor_id"], entry["fields"]) == (user, None, ["employer"])


async def test_what_commits_late_is_sealed_before_what_began_after_it(fresh_registry: Registry) -> None:
    database = fresh_registry.runtime.database
    insert = "INSERT INTO audit_entry (actor_kind, actor_name, action, what, person_ids)"
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.transaction(AreaScope.nothing()) as tx:
            await tx.execute(f"{insert} VALUES ('service', 'slow', 'read', 'record', '{{}}')")
            started.set()
            await go_on.wait()

    await sealed(fresh_registry)
    async with database.transaction(AreaScope.nothing()) as tx:
        before = await tx.fetchval("SELECT coalesce(max(seq), 0) FROM audit_seal")
    writing = asyncio.create_task(slow())
    await started.wait()
    await database.execute(f"{insert} VALUES ('service', 'quick', 'read', 'record', '{{}}')")
    async with database.transaction(AreaScope.nothing()) as tx:
        assert await seal(tx) == 0
    go_on.set()
    await writing
    await sealed(fresh_registry)
    async with database.transaction(AreaScope.nothing()) as tx:
        rows = await tx.fetch(
            "SELECT s.seq, e.actor_name FROM audit_seal s JOIN audit_entry e ON e.id = s.entry_id"
            " WHERE s.seq > $1 ORDER BY s.seq",
            before,
        )
        assert [tuple(row) for row in rows] == [(before + 1, "slow"), (before + 2, "quick")]
        # Brought into another cluster, whose transactions count from the beginning: nothing stays without a place.
        await tx.execute(f"{insert} VALUES ('service', 'brought', 'read', 'record', '{{}}')")
    owner = await asyncpg.connect(fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    await owner.execute("ALTER TABLE audit_seal DISABLE TRIGGER USER")
    await owner.execute("UPDATE audit_seal SET tx = tx + 1000000000")
    await owner.close()
    await sealed(fresh_registry)
    async with database.transaction(AreaScope.nothing()) as tx:
        assert await tx.fetchval("SELECT count(*) FROM audit_seal") == before + 3
        assert await seal(tx) == 0


TAMPERING = {
    "another person": "UPDATE audit_entry SET person_ids = ARRAY[gen_random_uuid()] WHERE id = {middle}",
    "another actor": "UPDATE audit_entry SET actor_name = 'nobody' WHERE id = {middle}",
    "another moment": "UPDATE audit_entry SET at = at - interval '1 day' WHERE id = {middle}",
    "an entry deleted": "DELETE FROM audit_entry WHERE id = {middle}",
    "an entry and its place deleted": (
        "DELETE FROM audit_entry WHERE id = {middle}; DELETE FROM audit_seal WHERE entry_id = {middle}"
    ),
    "two in each other's place": (
        "UPDATE audit_seal SET entry_id = -entry_id WHERE entry_id IN ({middle}, {next});"
        " UPDATE audit_seal SET entry_id = CASE -entry_id WHEN {middle} THEN {next} ELSE {middle} END"
        " WHERE entry_id < 0"
    ),
    "one put in": (
        "UPDATE audit_entry SET actor_name = 'put in' WHERE id = {middle};"
        " UPDATE audit_seal SET hash = sha256('x') WHERE entry_id = {middle}"
    ),
}


@pytest.fixture
async def owner(fresh_registry: Registry) -> AsyncIterator[Session]:
    connection = await asyncpg.connect(fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    yield connection
    await connection.close()


async def test_what_the_databases_owner_does_to_the_log_is_found(
    fresh_registry: Registry, owner: Session
) -> None:
    auditor = await fresh_registry.staff("auditor", "340103")
    worker = await fresh_registry.staff("community_worker", HERE)
    person = await People(worker, fresh_registry.runtime).enter()
    for _ in range(5):
        assert (await worker.get(f"/persons/{person['id']}")).status_code == 200
    await sealed(fresh_registry)
    public = await keys(fresh_registry)
    honest = verify(await exported(auditor), public)
    (root,) = (await auditor.get("/audit/roots")).json()["items"]
    assert (int(root["last"]), honest.last) == (honest.last, int(root["last"]))
    middle = honest.last // 2
    ids = await owner.fetch(
        "SELECT entry_id FROM audit_seal WHERE seq IN ($1, $2) ORDER BY seq", middle, middle + 1
    )
    for table in ("audit_entry", "audit_seal", "audit_root"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await owner.execute(f"CREATE TABLE true_{table} AS TABLE {table}")
    for name, statements in TAMPERING.items():
        await owner.execute(statements.format(middle=ids[0][0], next=ids[1][0]))
        with pytest.raises(NotProved) as refused:
            verify(await exported(auditor), public)
        assert refused.value.seq == middle, name
        for table in ("audit_entry", "audit_seal", "audit_root"):
            await owner.execute(f"TRUNCATE {table}")
            override = " OVERRIDING SYSTEM VALUE" if table == "audit_entry" else ""
            await owner.execute(f"INSERT INTO {table}{override} TABLE true_{table}")
    # The end cut off with its root, and the rest signed anew with the node's own key: what somebody kept tells.
    await owner.execute(
        "TRUNCATE audit_root; DELETE FROM audit_seal WHERE seq > $1".replace("$1", str(middle))
    )
    await owner.execute("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_seal)")
    shorter = await exported(auditor)
    verify(shorter, public)
    with pytest.raises(NotProved) as refused:
        verify(shorter, public, [root["token"]])
    assert (refused.value.flaw, refused.value.seq) == (Flaw.LOG_CUT_OFF, middle + 1)


async def test_an_export_of_a_span_leaves_out_nothing_that_was_sealed_out_of_its_time(
    fresh_registry: Registry,
) -> None:
    """What a long transaction wrote is sealed before what others wrote meanwhile, or after it."""
    auditor, runtime = await fresh_registry.staff("auditor", "340103"), fresh_registry.runtime
    noon = runtime.clock.now() + timedelta(days=1)
    for minute, what in ((2, "late"), (1, "early"), (0, "before"), (9, "long after")):
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            await append(tx, [Noted(noon + timedelta(minutes=minute), None, "service", "", "read", what)])
        await sealed(fresh_registry)
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            await sign_root(tx, runtime.audit_key, runtime.audit_log, noon)

    async def told(since: int | None, until: int | None) -> set[str]:
        limits = {"since": since, "until": until}
        span = {k: (noon + timedelta(minutes=v)).isoformat() for k, v in limits.items() if v is not None}
        lines = await exported(auditor, **span)
        verify(lines, await keys(fresh_registry))
        entries = [json.loads(line).get("entry") for line in lines]
        return {each["what"] for each in entries if each} & {"late", "early", "before", "long after"}

    assert await told(1, 3) == {"late", "early"}
    assert await told(1, None) == {"late", "early", "before", "long after"}  # roots are whole, and in one row
    assert await told(None, 1) == {"late", "early", "before"}
    assert await told(3, 9) == await told(10, None) == set()
    assert await told(0, 2) == {"early", "before"}


async def test_a_root_is_signed_each_hour_and_an_export_may_hold_a_span(fresh_registry: Registry) -> None:
    auditor = await fresh_registry.staff("auditor", "340103")
    runtime = fresh_registry.runtime
    start = runtime.clock.now().replace(minute=20)
    assert not is_due(start, start + timedelta(minutes=39))
    assert is_due(start, start + timedelta(minutes=41))
    assert is_due(None, start)
    moments = []
    for hour in range(3):
        moments.append(runtime.clock.now())
        await found(auditor, actor_id=str(uuid4()))
        await sealed(fresh_registry)
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            await sign_root(tx, runtime.audit_key, runtime.audit_log, start + timedelta(hours=hour))
    roots = (await auditor.get("/audit/roots")).json()["items"]
    migrant = await fresh_registry.service("migrant-api")
    assert (await migrant.get("/audit/roots/newest")).json() == roots[-1]
    assert (await migrant.get("/audit/roots")).status_code == 403
    assert [each["number"] for each in roots] == [1, 2, 3]
    assert [int(each["first"]) for each in roots[1:]] == [int(each["last"]) + 1 for each in roots[:-1]]
    public = await keys(fresh_registry)
    span: Report = verify(await exported(auditor, since=moments[1].isoformat()), public, [roots[0]["token"]])
    assert (span.first, len(span.roots)) == (int(roots[1]["first"]), 2)
    whole = verify(await exported(auditor), public, [each["token"] for each in roots])
    assert whole.first == 1
    assert UUID(int=0) not in [UUID(each["actor_id"]) for each in await found(auditor, action="export")]
