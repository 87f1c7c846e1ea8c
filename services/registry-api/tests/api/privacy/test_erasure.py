"""Deletion on request: what no law has kept goes, from histories as well, and exactly what is said to stay stays."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.duplicates import merging
from renkou_registry.life_events.recording import Desk
from renkou_registry.me.copy import full_copy
from renkou_registry.me.paper import known_of, shown
from renkou_registry.me.repository import everything_of, sources
from renkou_registry.me.words import FIELDS
from renkou_registry.metadata import metadata
from renkou_registry.privacy.erasure import repository, service
from renkou_registry.privacy.erasure.carrying import advance, erase_once
from renkou_registry.privacy.erasure.rules import KEPT, OF_NOBODY_ALONE, STEPS, Effect
from renkou_registry.privacy.purposes.holdings import HELD

from ...support import Caller, Json, Registry
from ..duplicates.records import Records, open_records
from ..duplicates.test_duplicates import merge
from ..me.test_own_account import WAITED_FOR
from ..me.test_own_words import BARE
from ..people.people import People
from .lives import findings_of, found_anywhere, full_life

OF_THE_ACCOUNT = {"person_account", "sign_in_session", "sign_in_event"}
CLERK, SECOND = uuid4(), uuid4()
PARTS = [part for step in STEPS for part in step.parts]


def test_every_table_and_column_about_people_is_decided_on() -> None:
    going = {part.table for part in PARTS}
    assert sorted(going | KEPT.keys() | OF_NOBODY_ALONE.keys()) == sorted(HELD)
    assert not (going | KEPT.keys()) & OF_NOBODY_ALONE.keys()
    assert {table.name for table in sources()} <= going | KEPT.keys() | {"external_list_row"}
    for part in PARTS:
        assert set(part.columns) <= set(HELD[part.table].fields)
        assert bool(part.columns) == (part.effect is Effect.EMPTY)
        columns = metadata.tables[part.table].columns
        assert all(columns[name].nullable for name in part.columns), part.table
        assert part.versioned <= ("version" in columns)


@pytest.fixture
async def records(registry: Registry) -> Records:
    return await open_records(registry)


async def ordered(registry: Registry, person: Json, one: UUID = CLERK, two: UUID = SECOND) -> UUID:
    runtime = registry.runtime
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        return await service.begin(runtime, tx, UUID(person["id"]), None, one, two)


async def result(registry: Registry, erasure: UUID) -> service.Result:
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return await service.result(tx, erasure)


async def counted(registry: Registry, record_ids: Sequence[UUID]) -> dict[str, int]:
    """How many rows of each table are about a person, save the log, to which every look adds."""
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await everything_of(tx, record_ids)
    return {each.table: len(each.rows) for each in found if each.table != "audit_entry"}


async def test_what_no_law_keeps_goes_and_what_is_kept_is_what_the_answer_says(
    fresh_registry: Registry,
) -> None:
    registry, runtime = fresh_registry, fresh_registry.runtime
    records = await open_records(registry)
    life = await full_life(records)
    before = await counted(registry, life.ids)
    there = await found_anywhere(registry, life.marks, life.ids)
    assert {mark for marks in there.values() for mark in marks} >= set(life.marks)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        planned = await service.plan(runtime, tx, life.ids[0])
    assert await counted(registry, life.ids) == before, "a plan changes nothing"
    wanted = {(part.table, part.effect) for part in PARTS}
    assert wanted <= {(each.table, each.effect) for each in planned}, "this life has something of everything"

    erasure = await ordered(registry, life.person)
    assert await erase_once(runtime) == len(STEPS) - 1
    told = await result(registry, erasure)
    assert (told.state, [each.cause for each in told.waiting]) == ("running", ["answer"])
    assert await found_anywhere(registry, life.marks, life.ids) == {}
    left = await counted(registry, life.ids)
    assert {each.table: each.rows for each in told.kept if each.table != "audit_entry"} == {
        table: rows for table, rows in left.items() if table != "person_account"
    }
    assert all(each.law and each.until_zh and each.until_en for each in told.kept)
    going = Counter(
        {(each.table, each.effect): each.rows for each in planned if each.effect is not Effect.KEEP}
    )
    assert +Counter({key: rows for key, rows in going.items() if key[0] not in OF_THE_ACCOUNT}) == Counter(
        {(each.table, each.effect): each.rows for each in told.erased}
    )
    assert (await records.people.read(life.person["id"]))["phone"] is None
    for each in (life.person, life.joined):
        types = [event.type for event in await records.people.events(each["ref"])]
        assert types.count("registry.person.erased.v1") == 1, "the other services hear of it once"
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        copy = await full_copy(runtime, tx, life.ids[0])
    on_paper = [
        text
        for table in ("erasure", "erasure_step")
        for row in copy["records"][table]
        for label, text in shown(row, table, known_of(copy))
        if label not in (FIELDS["ordered_by"], FIELDS["approved_by"])  # nobody, in this test
    ]
    assert not [text for text in on_paper if BARE.search(text)]

    registry.set_today(records.today + timedelta(days=31))
    assert await erase_once(runtime) == 1
    told = await result(registry, erasure)
    assert (told.state, told.waiting) == ("finished", [])
    assert "person_account" not in await counted(registry, life.ids)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        assert await tx.fetchval("SELECT count(*) FROM sign_in_session WHERE kind = 'person'") == 0
        assert await tx.fetchval("SELECT count(*) FROM sign_in_event WHERE kind = 'person'") == 0
        assert await tx.fetchval("SELECT count(*) FROM sign_in_event WHERE kind = 'staff'") > 0
    assert await erase_once(runtime) == 0


async def held(caller: Caller, **subject: str) -> Json:
    body = subject | {"cause": "dispute", "reason": "对记录有争议"}
    answer = await caller.post("/retention/holds", json=body)
    assert answer.status_code == 201, answer.text
    placed: Json = answer.json()
    return placed


async def lift(caller: Caller, hold: Json) -> None:
    assert (await caller.post(f"/retention/holds/{hold['id']}/lifting")).status_code == 200


async def waiting(registry: Registry, erasure: UUID) -> dict[str, str]:
    """What waits, and why, save what has not had its turn."""
    return {each.code: each.cause for each in (await result(registry, erasure)).waiting if each.cause}


async def visits_of(registry: Registry, person: Json) -> list[str]:
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch("SELECT id FROM visit WHERE person_id = $1", UUID(person["id"]))
    return [str(row["id"]) for row in rows]


class Stopped(BaseException):
    """As if the process were gone: what was not committed is lost."""


async def test_a_job_that_is_stopped_at_every_step_goes_on_and_counts_every_row_once(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman("card", "services", "supplies", "work", "consent", phone="13855550001")
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        planned = await service.plan(runtime, tx, UUID(person["id"]))
    erasure = await ordered(registry, person)
    stopped_at: list[str] = []
    note_counts = repository.note_counts

    async def stop_once_at_each(tx: Any, erasure_id: UUID, code: str, *more: Any) -> None:
        await note_counts(tx, erasure_id, code, *more)
        if code not in stopped_at:
            stopped_at.append(code)
            raise Stopped

    monkeypatch.setattr(repository, "note_counts", stop_once_at_each)
    for _ in STEPS:
        with pytest.raises(Stopped):
            await advance(runtime, erasure)
    assert await advance(runtime, erasure) == 1, "only the last step was left to be done again"
    assert stopped_at == [step.code for step in STEPS]
    told = await result(registry, erasure)
    assert {(each.table, each.effect, each.rows) for each in told.erased} == {
        (each.table, each.effect, each.rows) for each in planned if each.effect is not Effect.KEEP
    }


async def test_two_workers_at_once_do_each_step_once(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman("services", "supplies", phone="13855550002")
    erasure = await ordered(registry, person)
    assert sum(await asyncio.gather(*(advance(runtime, erasure) for _ in range(3)))) == len(STEPS)
    counts = {(each.step, each.table): each.rows for each in (await result(registry, erasure)).erased}
    assert counts == {
        ("services", "service_given"): 1,
        ("supplies", "supply_recipient"): 1,
        ("supplies", "supply_user"): 1,
        ("contact", "person"): 1,
    }


async def test_a_hold_an_open_correction_and_an_open_case_keep_what_they_are_for(records: Records) -> None:
    registry, runtime, caller = records.registry, records.registry.runtime, records.caller
    person = await records.woman("card", "benefit", phone="13855550003")
    hold = await held(caller, person_id=person["id"])
    correction = await records.post(
        "/corrections", person_id=person["id"], details={"name": "端木改"}, reason="姓名录错"
    )
    erasure = await ordered(registry, person)
    assert await advance(runtime, erasure) == 0
    turn_has_come = {step.code for step in STEPS[:-2]}
    assert await waiting(registry, erasure) == dict.fromkeys(turn_has_come, "hold")
    (visit,) = await visits_of(registry, person)
    of_visit = await held(caller, record_id=visit)

    await lift(caller, hold)
    await advance(runtime, erasure)
    expected = {"visits": "record_held", "contact": "correction", "corrections": "correction"}
    assert await waiting(registry, erasure) == expected
    assert await visits_of(registry, person) == [visit]
    by_law = {each.table for each in (await result(registry, erasure)).kept}
    assert by_law >= {"person", "benefit_enrolment"}
    assert "visit" not in by_law, "it waits, and no law keeps it"
    assert (await records.people.read(person["id"]))["phone"] is not None
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        planned = await service.plan(runtime, tx, UUID(person["id"]))
    assert {each.table: each.held for each in planned if each.held} == {
        "visit": "record_held",
        "person": "correction",
    }

    await lift(caller, of_visit)
    await records.post(f"/corrections/{correction['id']}/withdrawal", correction["version"])
    await advance(runtime, erasure)
    assert await waiting(registry, erasure) == {"contact": "benefit"}
    assert await visits_of(registry, person) == []
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        case = await tx.fetchrow(
            "SELECT id, version FROM benefit_enrolment WHERE person_id = $1", UUID(person["id"])
        )
    assert case is not None
    await records.post(f"/benefit-enrolments/{case['id']}/withdrawal", case["version"])
    assert await advance(runtime, erasure) == 3
    told = await result(registry, erasure)
    assert (told.state, told.waiting, told.account_due_on) == ("finished", [], None), "there is no account"
    assert (await records.people.read(person["id"]))["phone"] is None


async def test_a_hold_on_a_single_record_keeps_it_whichever_step_would_take_it(records: Records) -> None:
    registry, runtime, caller = records.registry, records.registry.runtime, records.caller
    person = await records.woman("card", "check", "consent", phone="13855550010", employer="庐阳纺织厂")
    changed = await caller.patch(
        f"/persons/{person['id']}", version=person["version"], json={"employer": "新厂"}
    )
    assert changed.status_code == 200, changed.text
    await findings_of(records, person)
    kept = {
        "prepregnancy_step": "SELECT id FROM prepregnancy_step WHERE person_id = $1",
        "card_fact": "SELECT id FROM card_fact WHERE person_id = $1 AND sealed IS NOT NULL",
        "person": "SELECT id FROM person WHERE id = $1 AND phone_sealed IS NOT NULL AND employer IS NOT NULL",
        "person_detail": "SELECT position FROM person_detail WHERE person_id = $1 AND field = 'employer'",
    }

    async def there() -> dict[str, list[Any]]:
        async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            rows = {table: await tx.fetch(query, UUID(person["id"])) for table, query in kept.items()}
        return {table: [each[0] for each in found] for table, found in rows.items() if found}

    before = await there()
    assert before.keys() == kept.keys()
    holds = [
        await held(caller, record_id=str(each))
        for table, found in before.items()
        for each in found
        if table != "person_detail"
    ]
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        planned = await service.plan(runtime, tx, UUID(person["id"]))
    erasure = await ordered(registry, person)
    await advance(runtime, erasure)
    assert await there() == before
    steps = {"consents", "card_facts", "findings", "contact"}
    assert await waiting(registry, erasure) == dict.fromkeys(steps, "record_held")
    assert {each.table for each in planned if each.held} == kept.keys() | {"consent"}
    assert await standing(registry, person) == 1
    for hold in holds:
        await lift(caller, hold)
    await advance(runtime, erasure)
    assert await there() == {}
    assert await standing(registry, person) == 0


async def test_what_is_written_while_the_job_runs_is_caught(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman("benefit", phone="13855550004")
    path = f"/persons/{person['id']}"
    erasure = await ordered(registry, person)
    async with runtime.database.transaction(AreaScope.everything()) as writing:
        await writing.execute(
            "UPDATE person SET employer = '迟到公司', version = version + 1 WHERE id = $1", UUID(person["id"])
        )
        job = asyncio.create_task(advance(runtime, erasure))
        async with asyncio.timeout(10):
            while not await writing.fetchval(WAITED_FOR):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await result(registry, erasure)).erased == []
    await job
    assert await waiting(registry, erasure) == {"contact": "benefit"}
    offer = await records.post(f"{path}/service-offers", kind="examination", offered_on="2025-03-01")
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute(
            "UPDATE benefit_enrolment SET state = 'withdrawn' WHERE person_id = $1", UUID(person["id"])
        )
    await advance(runtime, erasure)
    told = await result(registry, erasure)
    assert [(each.step, each.table) for each in told.erased] == [
        ("contact", "person"),
        ("closing", "service_given"),
    ]
    assert (await records.people.read(person["id"]))["employer"] is None
    assert (await records.caller.get(f"/services/{offer['id']}")).status_code == 404


async def standing(registry: Registry, person: Json) -> int:
    """How many consents of a record stand."""
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return len(await service.standing_consents(tx, [UUID(person["id"])]))


async def test_who_is_separated_while_a_step_waits_keeps_everything(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    gone = await records.woman("consent", phone="13855550006")
    person = await records.woman("supplies", phone="13855550007")
    merged = await merge(records.caller, person, gone)
    erasure = await ordered(registry, person)
    async with runtime.database.transaction(AreaScope.everything()) as separating:
        desk = Desk(runtime, separating, AreaScope.everything(), CLERK)
        await merging.undo(desk, UUID(merged["id"]), merged["version"], "核实为两人")
        job = asyncio.create_task(advance(runtime, erasure))
        async with asyncio.timeout(10):
            while not await separating.fetchval(WAITED_FOR):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    await job
    assert await standing(registry, gone) == 1
    assert (await records.people.read(gone["id"]))["phone"] is not None
    assert (await records.people.read(person["id"]))["phone"] is None
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        noted = await tx.fetchval("SELECT record_ids FROM erasure WHERE id = $1", erasure)
    assert noted == [UUID(person["id"])], "the database deletes from append-only tables for these only"


async def test_a_record_that_joins_is_taken_through_the_steps_that_were_done(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman("benefit", phone="13855550008")
    erasure = await ordered(registry, person)
    await advance(runtime, erasure)
    assert await waiting(registry, erasure) == {"contact": "benefit"}
    joining = await records.woman("card", "consent", phone="13855550009")
    await merge(records.caller, person, joining)
    await advance(runtime, erasure)
    assert await waiting(registry, erasure) == {"contact": "benefit"}
    told = {(each.step, each.table): each.rows for each in (await result(registry, erasure)).erased}
    assert told == {("consents", "consent"): 1, ("card_facts", "card_fact"): 1, ("visits", "visit"): 1}
    assert await visits_of(registry, person) == []


async def test_a_deletion_that_waits_is_left_alone_for_a_while_and_one_that_breaks_off_stops_no_other(
    fresh_registry: Registry,
) -> None:
    registry, runtime = fresh_registry, fresh_registry.runtime
    caller = await registry.staff("subdistrict_clerk", "340103", "administrator", "340103")
    people = People(caller, runtime)
    broken, other = [await people.enter(phone=f"1385555002{last}") for last in range(2)]
    first, second = [await ordered(registry, each) for each in (broken, other)]
    hold = await held(caller, person_id=other["id"])
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute("UPDATE erasure_step SET counts = '[{}]' WHERE erasure_id = $1", first)
    assert await erase_once(runtime) == 0
    assert set((await waiting(registry, second)).values()) == {"hold"}
    await lift(caller, hold)
    assert await erase_once(runtime) == 0, "both are left alone for a while"
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute("UPDATE erasure_step SET counts = '[]' WHERE erasure_id = $1", first)
    registry.set_now(runtime.clock.now() + timedelta(minutes=11))
    await erase_once(runtime)
    assert {(await result(registry, each)).state for each in (first, second)} == {"finished"}


async def test_a_check_that_somebody_ends_meanwhile_breaks_no_deletion_off(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman("check", "consent")
    erasure = await ordered(registry, person)
    async with runtime.database.transaction(AreaScope.everything()) as ending:
        await ending.execute(
            "UPDATE prepregnancy_check SET state = 'withdrawn' WHERE first_person_id = $1", UUID(person["id"])
        )
        job = asyncio.create_task(advance(runtime, erasure))
        async with asyncio.timeout(10):
            while not await ending.fetchval(WAITED_FOR):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert await job == len(STEPS)


async def test_a_deletion_that_an_older_release_ordered_goes_on_and_can_be_read(records: Records) -> None:
    registry, runtime = records.registry, records.registry.runtime
    person = await records.woman("card", phone="13855550040")
    erasure = await ordered(registry, person)
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute(
            "UPDATE erasure_step SET code = 'once_done', state = 'done', done_at = now(),"
            ' counts = \'[{"table_name": "no_table", "effect": "erase", "rows": 2}]\''
            " WHERE erasure_id = $1 AND code = 'visits'",
            erasure,
        )
        await tx.execute(
            "UPDATE erasure_step SET code = 'never_done' WHERE erasure_id = $1 AND code = 'corrections'",
            erasure,
        )
    assert await advance(runtime, erasure) == len(STEPS), "also those that it did not have"
    assert await visits_of(registry, person) == []
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute(
            'UPDATE erasure SET kept = \'[{"table_name": "no_table", "rows": 1, "until": null}]\' WHERE id = $1',
            erasure,
        )
    told = await result(registry, erasure)
    assert (told.state, told.waiting) == ("finished", [])
    assert [(each.table, each.law) for each in told.kept] == [("no_table", None)]
    assert ("once_done", "no_table", 2) in {(each.step, each.table, each.rows) for each in told.erased}


async def attempt(connection: Any, statement: str, *values: object, erasing: str = "") -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL renkou.areas = '{(,)}'")
        await connection.execute(f"SET LOCAL renkou.erasing = '{erasing}'")
        await connection.execute(statement, *values)


async def test_what_is_append_only_goes_for_an_ordered_deletion_and_in_no_other_way(records: Records) -> None:
    registry = records.registry
    person = await records.woman("supplies", phone="13855550005")
    app = await asyncpg.connect(registry.environment["RENKOU_DATABASE_URL"])
    owner = await asyncpg.connect(registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    refused = (asyncpg.InsufficientPrivilegeError, asyncpg.RaiseError)
    alone = (
        "INSERT INTO erasure (id, person_id, record_ids, state, ordered_at, ordered_by, approved_by) VALUES"
    )
    try:
        for connection in (app, owner):
            for table in ("person_detail", "service_change", "supply_recipient", "sign_in_event"):
                with pytest.raises(refused):
                    await attempt(connection, f"DELETE FROM {table}", erasing=table)
        for erasure in (uuid4(), UUID(person["id"])):
            with pytest.raises(asyncpg.RaiseError, match="no deletion is running"):
                await attempt(app, "SELECT renkou_erase($1, 'person_detail', '{}', current_date)", erasure)
        with pytest.raises(asyncpg.CheckViolationError):
            await attempt(app, f"{alone} ($1, $2, '{{}}', 'running', now(), $1, $1)", uuid4(), person["id"])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await attempt(app, "DELETE FROM erasure")
    finally:
        await app.close()
        await owner.close()


async def test_a_deletion_is_ordered_by_two_and_once_at_a_time(records: Records) -> None:
    registry = records.registry
    person = await records.people.enter()
    one = uuid4()
    with pytest.raises(Conflict) as alone:
        await ordered(registry, person, one, one)
    assert alone.value.code == "same_person"
    await ordered(registry, person)
    with pytest.raises(Conflict) as again:
        await ordered(registry, person)
    assert again.value.code == "erasure_running"
