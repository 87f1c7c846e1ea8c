"""Rows of other features that name a person, made to name another, and back.

Found by following the foreign keys of the tables' metadata, so that a table added later is moved as well.
What may never change stays: append-only rows keep the record they were written for.
"""

# ruff: noqa: S608 - names come from the tables' metadata only

from collections.abc import Iterator
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from renkou_common.database import Transaction
from renkou_registry.metadata import APPEND_ONLY, metadata

OWN = frozenset({"duplicate_candidate", "duplicate_merge", "person_account"})
"""Tables of this feature, and the account: each person signs in to the own one."""


def movable() -> Iterator[tuple[Table, str]]:
    """Yield table and column of every foreign key to a person that a merge moves."""
    for table in metadata.sorted_tables:
        if table.name in OWN or table.name in APPEND_ONLY:
            continue
        for column in table.columns:
            if any(key.column.table.name == "person" for key in column.foreign_keys):
                yield table, column.name


def kin_columns() -> tuple[str, ...]:
    """Return the columns by which persons name persons."""
    return ("mother_id", "father_id", "spouse_id")


async def move(tx: Transaction, merge_id: UUID, gone_id: UUID, kept_id: UUID) -> int:
    """Make every movable row that names ``gone_id`` name ``kept_id``, and remember each; returns how many.

    A row that cannot stand beside one of the kept record's (the same household, the same payment) stays with
    the record that leaves.
    """
    moved = 0
    for table, column in movable():
        moved += await _move_rows(tx, merge_id, table.name, _key_of(table), column, gone_id, kept_id)
    for column in kin_columns():
        moved += await _move_rows(tx, merge_id, "person", "id", column, gone_id, kept_id)
    return moved


def _key_of(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key.columns)


async def _move_rows(
    tx: Transaction, merge_id: UUID, table: str, key: str, column: str, gone_id: UUID, kept_id: UUID
) -> int:
    packed = f"(jsonb_build_array({key}))::text"
    keys = [
        row["key"]
        for row in await tx.fetch(f'SELECT {packed} AS key FROM "{table}" WHERE "{column}" = $1', gone_id)
    ]
    moved = 0
    for each in keys:
        if await _try_move(tx, table, packed, column, each, gone_id, kept_id):
            moved += 1
            await tx.execute(
                "INSERT INTO duplicate_moved (merge_id, table_name, column_name, row_key)"
                " VALUES ($1, $2, $3, $4)",
                merge_id,
                table,
                column,
                each,
            )
    return moved


async def _try_move(
    tx: Transaction, table: str, packed: str, column: str, key: str, gone_id: UUID, kept_id: UUID
) -> bool:
    await tx.execute("SAVEPOINT moving")
    try:
        await tx.execute(
            f'UPDATE "{table}" SET "{column}" = $1 WHERE {packed} = $2 AND "{column}" = $3',
            kept_id,
            key,
            gone_id,
        )
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError):
        await tx.execute("ROLLBACK TO SAVEPOINT moving")
        return False
    await tx.execute("RELEASE SAVEPOINT moving")
    return True


async def move_back(tx: Transaction, merge_id: UUID, gone_id: UUID, kept_id: UUID) -> int:
    """Make the rows that a merge moved name ``gone_id`` again, the last first; returns how many."""
    rows = await tx.fetch(
        "SELECT table_name, column_name, row_key FROM duplicate_moved WHERE merge_id = $1"
        " ORDER BY position DESC",
        merge_id,
    )
    keys = {table.name: _key_of(table) for table in metadata.sorted_tables}
    for row in rows:
        table, column = row["table_name"], row["column_name"]
        packed = f"(jsonb_build_array({keys[table]}))::text"
        await tx.execute(
            f'UPDATE "{table}" SET "{column}" = $1 WHERE {packed} = $2 AND "{column}" = $3',
            gone_id,
            row["row_key"],
            kept_id,
        )
    return len(rows)
