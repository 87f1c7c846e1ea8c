"""Every query of the change of field keys. Names of tables and columns come from the services' own lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from renkou_common.database import Transaction
from renkou_common.field_keys.columns import ProtectedColumn
from renkou_common.field_keys.keyring import Kind


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a column has come."""

    kind: Kind
    version: int
    table_name: str
    column_name: str
    position: list[str] | None
    total: int | None
    done: int
    conflicts: int
    started_at: datetime | None
    finished_at: datetime | None


_PROGRESS = (
    "kind, version, table_name, column_name, position, total, done, conflicts, started_at, finished_at"
)
_OF_ONE = "kind = $1 AND version = $2 AND table_name = $3 AND column_name = $4"


def _progress(row: asyncpg.Record) -> Progress:
    kind, *others = row
    return Progress(Kind(kind), *others)


async def begin(tx: Transaction, kind: Kind, version: int, columns: Sequence[ProtectedColumn]) -> None:
    """Note that columns go to a version, where that is not noted yet."""
    await tx.execute(
        "INSERT INTO key_rotation (kind, version, table_name, column_name)"
        " SELECT $1, $2, * FROM unnest($3::text[], $4::text[]) ON CONFLICT DO NOTHING",
        str(kind),
        version,
        [each.table for each in columns],
        [each.column for each in columns],
    )


async def take(tx: Transaction, kind: Kind, version: int, now: datetime) -> Progress | None:
    """Return a column that has not come to its version and that no other worker holds; locked until the end."""
    row = await tx.fetchrow(
        f"SELECT {_PROGRESS} FROM key_rotation WHERE kind = $1 AND version = $2 AND finished_at IS NULL"
        " AND (again_at IS NULL OR again_at <= $3)"
        " ORDER BY table_name, column_name LIMIT 1 FOR UPDATE SKIP LOCKED",
        str(kind),
        version,
        now,
    )
    return _progress(row) if row else None


async def progress(tx: Transaction) -> list[Progress]:
    """Return how far everything has come, the newest versions first."""
    rows = await tx.fetch(
        f"SELECT {_PROGRESS} FROM key_rotation ORDER BY version DESC, kind, table_name, column_name"
    )
    return [_progress(row) for row in rows]


async def save(tx: Transaction, at: Progress, **changes: Any) -> None:
    """Set columns of a progress."""
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, 5))
    await tx.execute(
        f"UPDATE key_rotation SET {assignments} WHERE {_OF_ONE}",
        str(at.kind),
        at.version,
        at.table_name,
        at.column_name,
        *changes.values(),
    )


def stored_in(column: ProtectedColumn, kind: Kind) -> str:
    """Return the column that a kind of key makes the values of."""
    if kind is Kind.DATA:
        return column.column
    assert column.index is not None
    return column.index.column


def _version_of(column: ProtectedColumn, kind: Kind) -> str:
    stored = f"t.{stored_in(column, kind)}"
    byte = f"get_byte(substring({stored}, 1, 1), 0)"
    return byte if kind is Kind.DATA else f"CASE octet_length({stored}) WHEN 32 THEN 1 ELSE {byte} END"


async def by_version(tx: Transaction, column: ProtectedColumn, kind: Kind) -> dict[int, int]:
    """Return how many values of a column each version has. Reads the whole table."""
    rows = await tx.fetch(
        f"SELECT {_version_of(column, kind)} AS version, count(*) AS number FROM {column.table} t"
        f" WHERE t.{stored_in(column, kind)} IS NOT NULL GROUP BY 1"
    )
    return {row["version"]: row["number"] for row in rows}


async def key_types(tx: Transaction, column: ProtectedColumn) -> list[str]:
    """Return the types of a table's primary key."""
    rows = await tx.fetch(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a"
        " WHERE a.attrelid = $1::text::regclass AND a.attname = ANY($2)",
        column.table,
        column.key,
    )
    found = {row["attname"]: row["type"] for row in rows}
    return [found[name] for name in column.key]


async def others(
    tx: Transaction,
    column: ProtectedColumn,
    kind: Kind,
    version: int,
    types: Sequence[str],
    after: Sequence[str] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return rows by primary key whose value has another version, with all that writing it anew asks for."""
    index = column.index
    names = [*column.key, column.column, *column.reads]
    names += [index.column, *index.reads] if index else []
    key = ", ".join(f"t.{name}" for name in column.key)
    start = ", ".join(f"${number}::text::{type_}" for number, type_ in enumerate(types, 3))
    beyond = f" AND ({key}) > ({start})" if after is not None else ""
    return await tx.fetch(
        f"SELECT {', '.join(f't.{name}' for name in dict.fromkeys(names))} FROM {column.table} t"
        f" WHERE t.{stored_in(column, kind)} IS NOT NULL AND {_version_of(column, kind)} <> $1{beyond}"
        f" ORDER BY {key} LIMIT $2",
        version,
        limit,
        *(after or ()),
    )


async def replace(
    tx: Transaction,
    column: ProtectedColumn,
    kind: Kind,
    types: Sequence[str],
    rows: Sequence[asyncpg.Record],
    made: Sequence[bytes],
) -> int:
    """Write values anew where they are still what they were; returns how many. Nothing else of a row changes."""
    stored = stored_in(column, kind)
    keys = [f"k{number}" for number in range(len(types))]
    arrays = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate([*types, "bytea", "bytea"], 1))
    same = " AND ".join(f"t.{name} = n.{key}" for name, key in zip(column.key, keys, strict=True))
    done = await tx.execute(
        f"UPDATE {column.table} t SET {stored} = n.made"
        f" FROM unnest({arrays}) AS n({', '.join(keys)}, was, made) WHERE {same} AND t.{stored} = n.was",
        *([row[name] for row in rows] for name in column.key),
        [row[stored] for row in rows],
        list(made),
    )
    return int(done.split()[-1])
