"""Rows on their way into a statement: few by arrays and many by COPY come in alike."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from renkou_common import bulk
from renkou_common.database import Database
from renkou_common.scope import AreaScope

SHAPE = bulk.Shape("kept", {"id": "uuid", "text": "text", "number": "bigint"}, ordered=True)
KEEP = "INSERT INTO kept (place, id, text, number, by) SELECT r.place, r.id, r.text, r.number, $1 FROM <rows>"
COUNTS = [1, bulk.MANY - 1, bulk.MANY, 3 * bulk.MANY]


@pytest.fixture
async def database(database_factory) -> AsyncIterator[Database]:  # type: ignore[no-untyped-def]
    """A table under row-level security that lets nothing larger than 5,000 in."""
    access = await database_factory("registry", "340103")
    owner = await asyncpg.connect(access.owner_url)
    await owner.execute(
        "CREATE TABLE kept (place int, id uuid, text text, number bigint, by text);"
        f'GRANT SELECT, INSERT ON kept TO "{access.app_role}";'
        "ALTER TABLE kept ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY small ON kept USING (true) WITH CHECK (number IS NULL OR number <= 5000)"
    )
    await owner.close()
    database = Database(access.app_url)
    await database.open()
    yield database
    await database.close()


def records(count: int) -> list[tuple[object, ...]]:
    return [(UUID(int=n), f"行 {n}\n\\N", None if n % 7 == 0 else n) for n in range(1, count + 1)]


async def keep(database: Database, given: list[tuple[object, ...]]) -> int:
    async with database.transaction(AreaScope.nothing()) as tx:
        source = await bulk.rows(tx, SHAPE, given, after=1)
        return bulk.count(await tx.execute(KEEP.replace("<rows>", source.sql), "me", *source.arguments))


@pytest.mark.parametrize("count", COUNTS)
async def test_every_row_comes_in_as_it_was_given_and_in_its_place(database: Database, count: int) -> None:
    assert await keep(database, records(count)) == count
    async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
        rows = await tx.fetch("SELECT place, id, text, number, by FROM kept ORDER BY place")
    assert [tuple(row) for row in rows] == [
        (place, *record, "me") for place, record in enumerate(records(count), 1)
    ]


async def test_a_second_lot_in_one_transaction_does_not_bring_the_first_again(database: Database) -> None:
    async with database.transaction(AreaScope.nothing()) as tx:
        for count in (bulk.MANY, bulk.MANY + 5):
            source = await bulk.rows(tx, SHAPE, records(count), after=1)
            await tx.execute(KEEP.replace("<rows>", source.sql), "me", *source.arguments)
        assert await tx.fetchval("SELECT count(*) FROM kept") == 2 * bulk.MANY + 5
    assert await keep(database, records(bulk.MANY)) == bulk.MANY


@pytest.mark.parametrize("count", [1, bulk.MANY])
async def test_the_policies_hold_for_rows_brought_in_either_way(database: Database, count: int) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await keep(database, [*records(count), (UUID(int=0), "too large", 5001)])
