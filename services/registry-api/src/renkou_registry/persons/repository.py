"""Every query on persons. Explicit area predicates here, the row-level floor underneath."""

# ruff: noqa: S608 - only constants of this package are put into statements

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.persons.domain import PersonRecord

_INSERT_COLUMNS = {
    "id": "uuid",
    "ref": "uuid",
    "document_kind": "text",
    "resident_id_sealed": "bytea",
    "resident_id_index": "bytea",
    "name": "text",
    "sex": "smallint",
    "birth_date": "date",
    "nationality": "text",
    "marital_status": "text",
    "registered_area": "bigint",
    "registered_street": "text",
    "registered_since": "date",
    "present_area": "bigint",
    "present_street": "text",
    "present_since": "date",
    "phone_sealed": "bytea",
    "phone_index": "bytea",
    "employer": "text",
    "mother_id": "uuid",
    "father_id": "uuid",
    "spouse_id": "uuid",
    "children_count": "smallint",
    "usual_area": "bigint",
    "usual_next_area": "bigint",
    "usual_next_on": "date",
}
_INSERT = (
    f"INSERT INTO person ({', '.join(_INSERT_COLUMNS)}, alive, withdrawn, version, recorded_at, recorded_by)"
    f" SELECT t.*, true, false, 1, ${len(_INSERT_COLUMNS) + 1}, ${len(_INSERT_COLUMNS) + 2} FROM unnest("
    + ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_INSERT_COLUMNS.values(), 1))
    + f") AS t ({', '.join(_INSERT_COLUMNS)})"
    " ON CONFLICT (resident_id_index) WHERE resident_id_index IS NOT NULL DO NOTHING RETURNING id"
)
_RECORD = ", ".join(f"p.{each.name}" for each in fields(PersonRecord))
_PROTECTED = "p.document_kind, p.resident_id_sealed, p.phone_sealed, p.recorded_at"
VIEW = f"{_RECORD}, {_PROTECTED}"
_IN_SCOPE = """
NOT p.withdrawn AND EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi)
WHERE p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi)
"""
_FIND = f"SELECT {VIEW} FROM person p WHERE p.id = $1 AND {_IN_SCOPE}"
_FIND_BY_REF = f"SELECT {VIEW} FROM person p WHERE p.ref = $1 AND {_IN_SCOPE}"
_FIND_BY_INDEX = f"SELECT {VIEW} FROM person p WHERE p.resident_id_index = $1 AND {_IN_SCOPE}"


def _record(row: asyncpg.Record) -> PersonRecord:
    return PersonRecord(*row)


async def insert_many(
    tx: Transaction, rows: Sequence[dict[str, Any]], recorded_at: datetime, recorded_by: UUID
) -> set[UUID]:
    """Write persons; returns the ids of those whose resident ID was not in the register yet."""
    columns = [[row[name] for row in rows] for name in _INSERT_COLUMNS]
    inserted = await tx.fetch(_INSERT, *columns, recorded_at, recorded_by)
    return {row["id"] for row in inserted}


async def forget_kin(tx: Transaction, missing: Sequence[UUID]) -> None:
    """Clear kin links to persons who were not entered."""
    for column in ("mother_id", "father_id", "spouse_id"):
        await tx.execute(f"UPDATE person SET {column} = NULL WHERE {column} = ANY($1)", missing)


async def known_indexes(tx: Transaction, indexes: Sequence[bytes]) -> set[bytes]:
    """Return which blind indexes of resident IDs are taken."""
    rows = await tx.fetch("SELECT resident_id_index FROM person WHERE resident_id_index = ANY($1)", indexes)
    return {row["resident_id_index"] for row in rows}


async def find(tx: Transaction, person_id: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return one person in scope with sealed fields."""
    return await tx.fetchrow(_FIND, person_id, scope.lows, scope.highs)


async def find_by_ref(tx: Transaction, ref: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return one person in scope by the reference that events carry."""
    return await tx.fetchrow(_FIND_BY_REF, ref, scope.lows, scope.highs)


async def find_by_index(tx: Transaction, index: bytes, scope: AreaScope) -> asyncpg.Record | None:
    """Return one person in scope by the blind index of the resident ID."""
    return await tx.fetchrow(_FIND_BY_INDEX, index, scope.lows, scope.highs)


async def find_many(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> list[asyncpg.Record]:
    """Return those of the persons that are in scope, by id."""
    return await tx.fetch(
        f"SELECT {VIEW} FROM person p WHERE p.id = ANY($1) AND {_IN_SCOPE} ORDER BY p.id LIMIT 1000",
        ids,
        scope.lows,
        scope.highs,
    )


async def find_by_name(tx: Transaction, name: str, scope: AreaScope, limit: int) -> list[asyncpg.Record]:
    """Return persons in scope whose name begins with ``name``, by name."""
    return await tx.fetch(
        f"SELECT {VIEW} FROM person p WHERE p.name ^@ $1 AND {_IN_SCOPE} ORDER BY p.name, p.id LIMIT $4",
        name,
        scope.lows,
        scope.highs,
        limit,
    )


async def lock(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> dict[UUID, PersonRecord]:
    """Lock persons in scope until the transaction ends, in the order of their ids."""
    rows = await tx.fetch(
        f"SELECT {_RECORD} FROM person p WHERE p.id = ANY($1) AND {_IN_SCOPE} ORDER BY p.id FOR UPDATE",
        ids,
        scope.lows,
        scope.highs,
    )
    return {row["id"]: _record(row) for row in rows}


async def id_of_ref(tx: Transaction, ref: UUID) -> UUID | None:
    """Return the person that a reference means."""
    person_id: UUID | None = await tx.fetchval("SELECT id FROM person WHERE ref = $1 AND NOT withdrawn", ref)
    return person_id


async def is_alive(tx: Transaction, person_id: UUID) -> bool:
    """Say whether a person is in the register and alive."""
    alive: bool | None = await tx.fetchval(
        "SELECT alive FROM person WHERE id = $1 AND NOT withdrawn", person_id
    )
    return bool(alive)


async def update(tx: Transaction, person_id: UUID, changes: dict[str, Any]) -> None:
    """Set columns of a person and count the version up."""
    assignments = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, 2))
    await tx.execute(
        f"UPDATE person SET {assignments}, version = version + 1 WHERE id = $1", person_id, *changes.values()
    )


async def add_children(tx: Transaction, parent_ids: Sequence[UUID], number: int) -> None:
    """Change the count of children of parents, never below zero."""
    await tx.execute(
        "UPDATE person SET children_count = greatest(children_count + $2, 0), version = version + 1"
        " WHERE id = ANY($1)",
        parent_ids,
        number,
    )


async def children_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the children in the register of a person whom the caller was found to see."""
    return await tx.fetch(
        "SELECT birth_date FROM person WHERE (mother_id = $1 OR father_id = $1) AND NOT withdrawn"
        " ORDER BY birth_date, id",
        person_id,
    )


async def refs_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the references that events carry, also of persons whose entry was retracted."""
    rows = await tx.fetch("SELECT id, ref FROM person WHERE id = ANY($1)", ids)
    return {row["id"]: row["ref"] for row in rows}


async def children_of_many(tx: Transaction, parent_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return (parent_id, id, birth_date, sex, died_on) of the children in the register of these parents."""
    return await tx.fetch(
        "SELECT q.id AS parent_id, c.id, c.birth_date, c.sex, c.died_on FROM unnest($1::uuid[]) q (id)"
        " CROSS JOIN LATERAL (SELECT * FROM person m WHERE m.mother_id = q.id"
        " UNION SELECT * FROM person f WHERE f.father_id = q.id) c"
        " WHERE NOT c.withdrawn ORDER BY q.id, c.birth_date, c.id",
        parent_ids,
    )


async def log_reading(
    tx: Transaction,
    *,
    log_id: UUID,
    person_id: UUID,
    kind: str,
    names: Sequence[str],
    purpose: str | None,
    reason: str | None,
    read_by: UUID,
    read_at: datetime,
) -> None:
    """Write down that protected fields of a person were read."""
    await tx.execute(
        "INSERT INTO unmask_log (id, person_id, kind, fields, purpose, reason, read_by, read_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        log_id,
        person_id,
        kind,
        names,
        purpose,
        reason,
        read_by,
        read_at,
    )


async def page(
    tx: Transaction,
    branches: Sequence[tuple[str, str]],
    interval: tuple[int, int],
    district: tuple[int, int],
    today: date,
    name: str,
    after: tuple[int, int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return up to ``limit`` persons of an area in the order of (branch, area, id).

    Each branch is an area column, whose index gives the order, and a condition of its own (constants of
    :mod:`.listing`). ``after`` is the last row's (branch, area, id).
    """
    part, area, person_id = after or (-1, 0, UUID(int=0))
    selects = [
        f"(SELECT {number} AS part, p.{column} AS listed_area, {VIEW} FROM person p"
        f" WHERE p.{column} BETWEEN $1 AND $2 AND NOT p.withdrawn AND ({condition})"
        f" AND ($6 = '' OR p.name ^@ $6)"
        f" AND ($7::int < {number} OR ($7::int = {number} AND (p.{column}, p.id) > ($8::bigint, $9::uuid)))"
        f" ORDER BY p.{column}, p.id LIMIT $10)"
        for number, (column, condition) in enumerate(branches)
    ]
    unused = "$3::bigint IS NOT NULL AND $4::bigint IS NOT NULL AND $5::date IS NOT NULL"
    return await tx.fetch(
        f"SELECT * FROM ({' UNION ALL '.join(selects)}) AS found WHERE {unused}"
        " ORDER BY part, listed_area, id LIMIT $10",
        *interval,
        *district,
        today,
        name,
        part,
        area,
        person_id,
        limit,
    )
