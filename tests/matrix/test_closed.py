"""The floor fails closed: whatever a connection of the app role does, it sees the area that its transaction states."""

from uuid import UUID

import asyncpg
import pytest

from renkou_common.scope import AreaScope
from tests.e2e.register.support import ELSEWHERE, HERE
from tests.matrix.asking import NO_SUCH, in_body, item_by_item, only_counted, whole, wording
from tests.matrix.decisions import Decision, decide, in_path, rows
from tests.matrix.node import Node
from tests.matrix.world import OF_THE_WHOLE_DISTRICT, World

RIGHTS = (
    "staff_assignment",
    "role_scope",
    "sign_in_session",
    "ended_session",
    "set_config('renkou.areas', $1",
)
"""Statements about the caller, whose answer is held for a second."""
PEOPLE = (
    "person",
    "household",
    "life_event",
    "card",
    "visit",
    "service_given",
    "benefit_enrolment",
    "petition",
)
HERE_ONLY = AreaScope.of([(int(HERE), int(HERE))]).multirange
ELSEWHERE_ONLY = AreaScope.of([(int(ELSEWHERE), int(ELSEWHERE))]).multirange


async def count(app: "asyncpg.Connection[asyncpg.Record]", table: str = "person") -> int:
    return int(await app.fetchval(f"SELECT count(*) FROM {table}"))


async def test_without_a_good_setting_there_are_no_rows(world: World, node: Node) -> None:
    app = await node.app("registry")
    for table in PEOPLE:
        async with app.transaction():
            await app.execute("SELECT set_config('renkou.areas', $1, true)", HERE_ONLY)
            assert await count(app, table) > 0, table
            await app.execute("SELECT set_config('renkou.areas', $1, true)", ELSEWHERE_ONLY)
            assert await count(app, table) == 0, table
        assert await count(app, table) == 0, f"{table}: the setting outlived its transaction"
        for nothing in ("", "{}"):
            await app.execute("SELECT set_config('renkou.areas', $1, false)", nothing)
            assert await count(app, table) == 0, table
        for rubbish in ("everything", "{[1,2)", "[0,999999999999]", "{[5,1]}", "' OR true --"):
            await app.execute("SELECT set_config('renkou.areas', $1, false)", rubbish)
            with pytest.raises((asyncpg.InvalidTextRepresentationError, asyncpg.DataError)):
                await count(app, table)
        await app.execute("RESET renkou.areas")
        assert await count(app, table) == 0, table
    await app.close()


async def test_copies_cursors_and_parallel_workers_see_no_more(world: World, node: Node) -> None:
    app = await node.app("registry")
    for areas, some in ((HERE_ONLY, True), (ELSEWHERE_ONLY, False)):
        async with app.transaction():
            await app.execute("SELECT set_config('renkou.areas', $1, true)", areas)
            await app.execute("SET LOCAL debug_parallel_query = on")
            plan = await app.fetch("EXPLAIN SELECT count(*) FROM person")
            assert any("Gather" in line for (line,) in plan)
            assert (await count(app) > 0) is some
            found = [row async for row in app.cursor("SELECT name FROM person")]
            assert bool(found) is some
            copied = bytearray()

            async def take(chunk: bytes, into: bytearray = copied) -> None:
                into.extend(chunk)

            await app.copy_from_query("SELECT name FROM person", output=take)
            assert bool(copied) is some
    await app.close()


async def test_a_hidden_row_cannot_be_changed_named_or_guessed_by_its_keys(world: World, node: Node) -> None:
    app = await node.app("registry")
    person = world.records.ids["person_id"]

    async def attempt(statement: str, *arguments: object) -> None:
        async with app.transaction():
            await app.execute("SELECT set_config('renkou.areas', $1, true)", ELSEWHERE_ONLY)
            await app.execute(statement, *arguments)

    async def refused(statement: str, *arguments: object) -> asyncpg.PostgresError:
        with pytest.raises(asyncpg.PostgresError) as told:
            await attempt(statement, *arguments)
        return told.value

    async with app.transaction():
        await app.execute("SELECT set_config('renkou.areas', $1, true)", ELSEWHERE_ONLY)
        assert await app.execute("UPDATE person SET name = 'x' WHERE id = $1", person) == "UPDATE 0"
        assert await app.execute("DELETE FROM visit WHERE person_id = $1", person) == "DELETE 0"
    enter = (
        "INSERT INTO service_change SELECT (jsonb_populate_record(NULL::service_change,"
        " jsonb_build_object('id', gen_random_uuid(), 'service_id', $1::text))).*"
    )
    known = await refused(enter, world.records.ids["service_id"])
    unknown = await refused(enter, NO_SUCH)
    assert (type(known), str(known)) == (type(unknown), str(unknown))
    async with app.transaction():
        await app.execute("SELECT set_config('renkou.areas', $1, true)", HERE_ONLY)
        (row,) = await app.fetch("SELECT * FROM household LIMIT 1")
    same_number = await refused(
        "INSERT INTO household (id, number, kind, area, version, recorded_at, recorded_by)"
        " VALUES (gen_random_uuid(), $1, 'family', $2, 1, now(), gen_random_uuid())",
        row["number"],
        row["area"],
    )
    assert isinstance(same_number, asyncpg.InsufficientPrivilegeError)
    assert row["number"] not in f"{same_number} {same_number.detail}"
    await app.close()


async def test_a_record_elsewhere_takes_the_same_statements_as_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    execute = vars(asyncpg.Connection)["_Connection__execute"]

    async def noted(connection: object, query: str, *rest: object, **more: object) -> object:
        if not any(table in query for table in RIGHTS):
            statements.append(query)
        return await execute(connection, query, *rest, **more)

    monkeypatch.setattr(asyncpg.Connection, "_Connection__execute", noted)
    wrong, compared = [], 0
    for row in rows():
        operation = row.operation
        ids = world.of(operation)
        own = {name for name in in_path(operation) if name in ids} - OF_THE_WHOLE_DISTRICT
        if operation.method != "GET" or operation.service == "reporting" or not own:
            continue
        for caller, who in world.callers.items():
            if caller[1] != "sibling" or decide(row, caller, record=True) is not Decision.HIDDEN:
                continue
            answers = []
            for asked in (ids, {**ids, **dict.fromkeys(own, NO_SUCH)}):
                statements.clear()
                came = await whole(world, operation, who, asked)
                problem = came.json() if "json" in came.headers.get("content-type", "") else {}
                answers.append(
                    (came.status_code, problem.get("code"), problem.get("detail"), list(statements))
                )
            compared += answers[0][0] == 404
            if answers[0][0] == 404 and answers[0] != answers[1]:
                wrong.append(f"{caller} {operation}: {answers}")
    assert not wrong, "\n".join(wrong)
    assert compared > 100


async def test_an_id_of_another_area_in_a_body_is_answered_as_one_that_nobody_has(world: World) -> None:
    wrong, compared = [], 0
    for row in rows():
        operation = row.operation
        if operation.method == "GET" or not (inside := in_body(world, operation)):
            continue
        ids = world.of(operation)
        own = sorted(inside | set(in_path(operation)) & ids.keys() - OF_THE_WHOLE_DISTRICT)
        numbers = {value: number for number, value in enumerate(sorted({ids[name] for name in own}))}
        nobodys = {name: str(UUID(int=0xDEAD00 + numbers[ids[name]])) for name in own}
        asking = (
            (caller, who)
            for caller, who in world.callers.items()
            if caller[1] == "sibling" and decide(row, caller, record=True) is Decision.HIDDEN
        )
        for caller, who in asking:
            there = await whole(world, operation, who, ids)
            nowhere = await whole(world, operation, who, {**ids, **nobodys})
            compared += 1
            hidden = there.status_code in (404, 409, 422) or item_by_item(there) or only_counted(there)
            if not hidden or wording(there, ids) != wording(nowhere, {**ids, **nobodys}):
                wrong.append(f"{caller} {operation}: {there.text[:300]} / {nowhere.text[:300]}")
            break  # the area decides, not the role: tests of the matrix ask every role
    assert not wrong, "\n".join(wrong)
    assert compared > 35
