"""The floor under every query: row-level security by area, append-only history, for both database roles."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from renkou_common.database import Session

from ..support import Registry
from .rosters import Rosters


@pytest.fixture
async def owner(fresh_registry: Registry) -> AsyncIterator[Session]:
    connection = await asyncpg.connect(fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    yield connection
    await connection.close()


async def test_the_app_role_sees_no_person_without_a_scope_and_cannot_rewrite_history(
    fresh_registry: Registry, rosters: Rosters
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    await rosters.carry(fresh_registry, clerk, [rosters.person() for _ in range(3)])
    app = await asyncpg.connect(fresh_registry.environment["RENKOU_DATABASE_URL"])
    try:
        tables = [
            "person",
            "household",
            "household_member",
            "life_event",
            "import_job",
            "import_file",
            "import_error",
        ]
        for table in tables:
            assert await app.fetchval(f"SELECT count(*) FROM {table}") == 0
        async with app.transaction():
            await app.execute("SET LOCAL renkou.areas = '{[340103009000,340103009999]}'")
            assert await app.fetchval("SELECT count(*) FROM person") == 3
            assert await app.fetchval("SELECT count(*) FROM import_job") == 0
        async with app.transaction():
            await app.execute("SET LOCAL renkou.areas = '{[340103001000,340103001999]}'")
            assert await app.fetchval("SELECT count(*) FROM person") == 0
        for statement in (
            "UPDATE life_event SET kind = 'move'",
            "DELETE FROM life_event",
            "DROP TABLE person",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)
    finally:
        await app.close()


async def test_not_even_the_owner_sees_persons_or_rewrites_history(
    fresh_registry: Registry, owner: Session, rosters: Rosters
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    await rosters.carry(fresh_registry, clerk, [rosters.person()])
    assert await owner.fetchval("SELECT count(*) FROM person") == 0
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute("DELETE FROM life_event")


async def test_persons_are_never_deleted_a_membership_names_one_and_new_rows_stay_in_the_area(
    fresh_registry: Registry, rosters: Rosters
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    await rosters.carry(fresh_registry, clerk, [rosters.person()])
    app = await asyncpg.connect(fresh_registry.environment["RENKOU_DATABASE_URL"])
    join = (
        "INSERT INTO household_member (id, household_id, person_id, relation, area, kind, known_from)"
        " SELECT gen_random_uuid(), {}, {}, '99', h.area, 'living', now() FROM household h"
    )
    try:
        for table in ("person", "household"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(f"DELETE FROM {table}")
        for household, person in (
            ("gen_random_uuid()", "(SELECT min(id::text)::uuid FROM person)"),
            ("h.id", "gen_random_uuid()"),
        ):
            async with app.transaction():
                await app.execute("SET LOCAL renkou.areas = '{(,)}'")
                with pytest.raises(asyncpg.ForeignKeyViolationError):
                    await app.execute(join.format(household, person))
        enter = (
            "INSERT INTO household (id, number, kind, area, version, recorded_at, recorded_by)"
            " VALUES (gen_random_uuid(), 'X', 'family', {}, 1, now(), gen_random_uuid())"
        )
        async with app.transaction():
            await app.execute("SET LOCAL renkou.areas = '{[340103009000,340103009999]}'")
            await app.execute(enter.format("340103009001"))
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with app.transaction():
                    await app.execute(enter.format("340103001001"))
    finally:
        await app.close()
