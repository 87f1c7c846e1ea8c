"""No column of bytes of the exchange is forgotten, and each value opens under what its column says."""

from uuid import uuid4

import asyncpg

from renkou_local.databases import DatabaseAccess
from renkou_migrant.certificates.service import paper_column, sealed_column
from renkou_migrant.field_keys.columns import PROTECTED, UNPROTECTED

COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND data_type = 'bytea'"
)
KEYS = (
    "SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i"
    " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
    " WHERE i.indrelid = $1::text::regclass AND i.indisprimary"
)


async def test_every_column_of_bytes_is_protected_or_says_why_not(
    migrated: dict[str, DatabaseAccess],
) -> None:
    connection = await asyncpg.connect(next(iter(migrated.values())).owner_url)
    try:
        held = {tuple(row) for row in await connection.fetch(COLUMNS)}
        keys = {each.table: await connection.fetchval(KEYS, each.table) for each in PROTECTED}
    finally:
        await connection.close()
    sealed = {(each.table, each.column) for each in PROTECTED}
    clear = {(each.table, each.column) for each in UNPROTECTED}
    assert not sealed & clear
    assert sealed | clear == held
    assert keys == {each.table: list(each.key) for each in PROTECTED}


def test_a_certificate_is_bound_to_its_row() -> None:
    sealed, paper = (each for each in PROTECTED if each.table == "certificate")
    row = {"id": uuid4()}
    assert (sealed.bound_to(row), paper.bound_to(row)) == (sealed_column(row["id"]), paper_column(row["id"]))
