"""Reading under the row-level floor: a single read sees its caller's areas, nothing more, and changes nothing.
And connections: one caller's mishap on a connection is not the next caller's.
"""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from renkou_common.codes.area import AreaCode
from renkou_common.database import TRANSIENT_ERRORS, Database
from renkou_common.errors import Unavailable
from renkou_common.migration import SCOPE_FUNCTION, area_floor
from renkou_common.scope import AreaScope

HERE, THERE = (
    AreaScope.of([AreaCode("340103001").interval()]),
    AreaScope.of([AreaCode("340103002").interval()]),
)


@pytest.fixture
async def database(database_factory) -> AsyncIterator[Database]:  # type: ignore[no-untyped-def]
    """A table under the floor with a hundred rows, half here and half there, as the app role reaches it."""
    access = await database_factory("reading")
    owner = await asyncpg.connect(access.owner_url)
    await owner.execute(SCOPE_FUNCTION)
    await owner.execute("CREATE TABLE thing (id int PRIMARY KEY, area bigint NOT NULL)")
    await owner.execute("INSERT INTO thing SELECT n, 340103001001 FROM generate_series(1, 100) n")
    await owner.execute("UPDATE thing SET area = 340103002001 WHERE id % 2 = 1")
    for statement in area_floor("thing", "renkou_in_scope(area)"):
        await owner.execute(statement)
    await owner.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON thing TO "{access.app_role}"')
    await owner.close()
    opened = Database(
        access.app_url, pool_size=1
    )  # one connection: what one caller leaves the next would find
    await opened.open()
    yield opened
    await opened.close()


async def ids(database: Database, scope: AreaScope, condition: str = "true", *arguments: object) -> list[int]:
    async with database.reading(scope) as reader:
        rows = await reader.fetch(f"SELECT id FROM thing WHERE {condition} ORDER BY id", *arguments)
    return [row["id"] for row in rows]


async def test_a_read_sees_its_callers_areas_from_the_first_row_on(database: Database) -> None:
    assert await ids(database, HERE) == list(range(2, 101, 2))
    assert await ids(database, THERE) == list(range(1, 101, 2))
    assert await ids(database, THERE, "id = $1", 1) == [1]
    assert await ids(database, HERE, "id = $1", 1) == []
    assert await ids(database, AreaScope.everything(), "id = ANY($1::int[])", [1, 2]) == [1, 2]


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("way", ["enable_seqscan", "enable_indexscan", "enable_bitmapscan"])
async def test_that_holds_however_the_statement_is_planned(database: Database, mode: str, way: str) -> None:
    assert database._pool is not None
    async with database._pool.acquire() as connection:
        await connection.execute(f"SET plan_cache_mode = {mode}; SET {way} = off")
    union = "id IN (SELECT id FROM thing WHERE id < $1 UNION ALL SELECT id FROM thing WHERE id >= $1)"
    for _ in range(8):
        assert await ids(database, HERE, union, 50) == list(range(2, 101, 2))
        assert await ids(database, AreaScope.nothing(), union, 50) == []


async def test_one_callers_scope_is_gone_with_the_statement(database: Database) -> None:
    assert len(await ids(database, AreaScope.everything())) == 100
    assert database._pool is not None
    async with database._pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM thing") == 0
        assert not await connection.fetchval("SELECT current_setting('renkou.areas', true)")
    assert await ids(database, AreaScope.nothing()) == []
    async with database.transaction(THERE, read_only=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM thing") == 50
    assert len(await ids(database, HERE)) == 50


async def test_a_read_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await ids(database, AreaScope.everything(), "1 / (id - id) = 1")
    assert len(await ids(database, HERE)) == 50
    assert await ids(database, AreaScope.nothing()) == []


async def test_a_read_changes_nothing(database: Database) -> None:
    for statement in (
        "DELETE FROM thing RETURNING id",
        "WITH gone AS (DELETE FROM thing RETURNING id) SELECT id FROM gone",
        "UPDATE thing SET area = area RETURNING id",
    ):
        async with database.reading(AreaScope.everything()) as reader:
            with pytest.raises((asyncpg.PostgresSyntaxError, asyncpg.FeatureNotSupportedError)):
                await reader.fetch(statement)
    assert len(await ids(database, AreaScope.everything())) == 100


async def test_single_values_and_rows_are_read_too(database: Database) -> None:
    async with database.reading(HERE) as reader:
        assert await reader.fetchval("SELECT count(*) FROM thing") == 50
        assert await reader.fetchrow("SELECT id FROM thing WHERE id = 1") is None
        row = await reader.fetchrow("SELECT id, area FROM thing WHERE id = 2")
        assert row is not None
        assert (row["id"], row["area"]) == (2, 340103001001)


async def test_many_callers_get_one_connection_in_turn(database: Database) -> None:
    async def changed(number: int) -> None:
        async with database.transaction(AreaScope.everything()) as tx:
            await tx.execute("UPDATE thing SET area = area WHERE id = $1", number)

    async with asyncio.timeout(20):
        found = await asyncio.gather(*(ids(database, HERE) for _ in range(30)), *map(changed, range(1, 31)))
    assert [len(each) for each in found[:30] if each] == [50] * 30
    assert database.reads_under_way == 0


async def test_after_a_statement_that_was_given_up_the_next_caller_is_served(database: Database) -> None:
    for _ in range(3):
        assert len(await ids(database, HERE)) == 50
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ids(database, HERE, "pg_sleep(60) IS NOT NULL")
    assert len(await ids(database, HERE)) == 50
    assert database.reads_under_way == 0


async def test_a_connection_that_the_server_ended_is_made_anew(database: Database) -> None:
    other = Database(database.dsn, pool_size=1)
    await other.open()
    try:
        for _ in range(3):
            async with database.reading(AreaScope.nothing()) as reader:
                idle = await reader.fetchval("SELECT pg_backend_pid()")
            async with other.reading(AreaScope.nothing()) as reader:
                assert await reader.fetchval(f"SELECT pg_terminate_backend({idle}, 20000)")
            refused = 0
            while not await _served(database):
                refused += 1
                assert refused < 100
                await asyncio.sleep(0.01)
    finally:
        await other.close()


async def _served(database: Database) -> bool:
    try:
        return len(await ids(database, HERE)) == 50
    except (Unavailable, *TRANSIENT_ERRORS):
        return False
