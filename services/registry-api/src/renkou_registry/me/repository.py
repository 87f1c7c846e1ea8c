"""Everything the database holds about one person, found by following the foreign keys.

A table that names a person (a foreign key to ``person``) gives the rows that name this one. A table without a
person of its own gives the rows that hang on rows found before (a visit on its card). So a table added later
is in the copy without anybody thinking of it; ``test_own_copy`` compares with the schema.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Table

from renkou_common.database import Transaction
from renkou_registry.metadata import metadata

PERSON = "person"
NOT_ABOUT = frozenset({"idempotency_record", "outbox"})
"""Transport, trimmed by itself; what it carries is in the other tables."""
AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one table that are about a person."""

    table: str
    rows: list[asyncpg.Record]


def person_columns(table: Table) -> list[str]:
    """Return the columns of a table that name persons, by a foreign key or by their name."""
    named = [
        column.name
        for column in table.columns
        if any(key.column.table.name == PERSON for key in column.foreign_keys)
        or column.name in ("person_id", "person_ids")
    ]
    return ["id"] if table.name == PERSON else named


def parents(table: Table) -> list[tuple[str, str, str]]:
    """Return (column, table, column there) by which rows hang on rows of other tables."""
    found = [
        (column.name, key.column.table.name, key.column.name)
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name not in (PERSON, table.name)
    ]
    return sorted(found)


def sources() -> Iterator[Table]:
    """Yield the tables in which something about a person may stand, parents before what hangs on them."""
    reached: set[str] = set()
    for table in metadata.sorted_tables:
        if table.name in NOT_ABOUT:
            continue
        if person_columns(table) or any(parent in reached for _, parent, _ in parents(table)):
            reached.add(table.name)
            yield table


async def everything_of(tx: Transaction, record_ids: Sequence[UUID]) -> list[Found]:
    """Return every row about a person, whose records these are, table by table; at most ten thousand of each
    table."""
    found: dict[str, Found] = {}
    for table in sources():
        rows = await _rows(tx, table, list(record_ids), found)
        name = str(table.name)  # a plain string, not SQLAlchemy's
        found[name] = Found(name, rows)
    return [each for each in found.values() if each.rows]


async def _rows(
    tx: Transaction, table: Table, record_ids: list[UUID], found: dict[str, Found]
) -> list[asyncpg.Record]:
    order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    own = person_columns(table)
    if own:
        condition = " OR ".join(_names_person(table, column) for column in own)
        return await tx.fetch(
            f'SELECT * FROM "{table.name}" WHERE {condition} ORDER BY {order} LIMIT {AT_MOST}', record_ids
        )
    for column, parent, key in parents(table):
        if parent in found and found[parent].rows:
            return await _hanging(tx, table.name, column, [row[key] for row in found[parent].rows], order)
    return []


def _names_person(table: Table, column: str) -> str:
    if isinstance(table.columns[column].type, ARRAY):
        return f'"{column}" && $1::uuid[]'
    return f'"{column}" = ANY ($1::uuid[])'


async def _hanging(
    tx: Transaction, table: str, column: str, keys: Sequence[object], order: str
) -> list[asyncpg.Record]:
    return await tx.fetch(
        f'SELECT * FROM "{table}" WHERE "{column}" = ANY($1) ORDER BY {order} LIMIT {AT_MOST}', keys
    )
