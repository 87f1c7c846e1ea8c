"""Every query on persons' links to relatives as their own rows keep them, and on numbers of children."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.http.changes import NOTE


async def forget_kin(tx: Transaction, missing: Sequence[UUID]) -> None:
    """Clear kin links to persons who were not entered."""
    for column in ("mother_id", "father_id", "spouse_id"):
        await tx.execute(f"UPDATE person SET {column} = NULL WHERE {column} = ANY($1)", missing)


async def kin_columns(
    tx: Transaction, ids: Sequence[UUID]
) -> dict[UUID, tuple[UUID | None, UUID | None, UUID | None]]:
    """Return mother, father and spouse of persons."""
    rows = await tx.fetch("SELECT id, mother_id, father_id, spouse_id FROM person WHERE id = ANY($1)", ids)
    return {row["id"]: (row["mother_id"], row["father_id"], row["spouse_id"]) for row in rows}


async def answer_spouses(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Make the spouses whom persons name name them back; who names another already stays as is."""
    await tx.execute(
        "WITH changed AS (UPDATE person s SET spouse_id = p.id, version = s.version + 1 FROM person p"
        " WHERE p.id = ANY($1) AND s.id = p.spouse_id AND s.spouse_id IS NULL RETURNING s.id, s.version)"
        f" {NOTE} SELECT id, version, '{{spouse_id}}' FROM changed",
        ids,
    )


async def spouses_of(tx: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Return the spouses whom persons name."""
    rows = await tx.fetch("SELECT spouse_id FROM person WHERE id = ANY($1) AND spouse_id IS NOT NULL", ids)
    return [row["spouse_id"] for row in rows]


async def part(tx: Transaction, person_id: UUID, spouse_id: UUID) -> None:
    """Clear the spouse of a person as long as it is this one."""
    await tx.execute(
        "WITH changed AS (UPDATE person SET spouse_id = NULL, version = version + 1"
        " WHERE id = $1 AND spouse_id = $2 RETURNING id, version)"
        f" {NOTE} SELECT id, version, '{{spouse_id}}' FROM changed",
        person_id,
        spouse_id,
    )


async def forget(tx: Transaction, person_id: UUID) -> None:
    """Clear every kin link to a person who leaves the register."""
    for column in ("mother_id", "father_id", "spouse_id"):
        await tx.execute(
            f"WITH changed AS (UPDATE person SET {column} = NULL, version = version + 1"
            f" WHERE {column} = $1 RETURNING id, version)"
            f" {NOTE} SELECT id, version, '{{{column}}}' FROM changed",
            person_id,
        )


async def add_children(tx: Transaction, parent_ids: Sequence[UUID], number: int) -> None:
    """Change the count of children of parents, never below zero."""
    await tx.execute(
        "WITH changed AS (UPDATE person SET children_count = greatest(children_count + $2, 0),"
        " version = version + 1 WHERE id = ANY($1) RETURNING id, version)"
        f" {NOTE} SELECT id, version, '{{children_count}}' FROM changed",
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


async def children_born(tx: Transaction, mother_id: UUID, since: date) -> list[UUID]:
    """Return a mother's children born on a day or later."""
    rows = await tx.fetch(
        "SELECT id FROM person WHERE mother_id = $1 AND birth_date >= $2 AND NOT withdrawn ORDER BY id",
        mother_id,
        since,
    )
    return [row["id"] for row in rows]


async def children_of_many(tx: Transaction, parent_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return (parent_id, id, birth_date, sex, died_on) of the children in the register of these parents."""
    return await tx.fetch(
        "SELECT q.id AS parent_id, c.id, c.birth_date, c.sex, c.died_on FROM unnest($1::uuid[]) q (id)"
        " CROSS JOIN LATERAL (SELECT * FROM person m WHERE m.mother_id = q.id"
        " UNION SELECT * FROM person f WHERE f.father_id = q.id) c"
        " WHERE NOT c.withdrawn ORDER BY q.id, c.birth_date, c.id",
        parent_ids,
    )


async def has_child(tx: Transaction, mother_id: UUID, birth_date: date, name: str) -> bool:
    """Say whether a mother has a child of that name and birth date in the register."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM person WHERE mother_id = $1 AND birth_date = $2 AND name = $3"
        " AND NOT withdrawn)",
        mother_id,
        birth_date,
        name,
    )
    return found
