"""Every query on households."""

# ruff: noqa: S608 - only constants of this module are put into statements

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.households.domain import HouseholdEntry, Member

_COLUMNS = "h.id, h.number, h.kind, h.area, h.street, h.version, h.recorded_at"
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE h.area BETWEEN s.lo AND s.hi)"
)
_UPSERT = """
INSERT INTO household (id, number, kind, area, street, version, recorded_at, recorded_by)
SELECT t.id, t.number, t.kind, t.area, t.street, 1, $6, $7
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[])
     AS t (id, number, kind, area, street)
ON CONFLICT (area, number) DO UPDATE SET version = household.version + 1
RETURNING id, area, number
"""
_ADD_MEMBERS = """
INSERT INTO household_member (id, household_id, person_id, relation, area, since)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::date[])
ON CONFLICT (household_id, person_id) WHERE until IS NULL DO NOTHING
"""


async def upsert_many(
    tx: Transaction,
    ids: Sequence[UUID],
    households: Sequence[HouseholdEntry],
    recorded_at: datetime,
    recorded_by: UUID,
) -> dict[tuple[int, str], UUID]:
    """Write households, each (area, number) once; returns the ids by it, of old and new ones."""
    rows = await tx.fetch(
        _UPSERT,
        ids,
        [each.number for each in households],
        [each.kind for each in households],
        [each.area for each in households],
        [each.street for each in households],
        recorded_at,
        recorded_by,
    )
    return {(row["area"], row["number"]): row["id"] for row in rows}


async def insert(
    tx: Transaction, household_id: UUID, entry: HouseholdEntry, recorded_at: datetime, recorded_by: UUID
) -> bool:
    """Write one household; False where its (area, number) is taken."""
    created = await tx.fetchval(
        "INSERT INTO household (id, number, kind, area, street, version, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT (area, number) DO NOTHING RETURNING true",
        household_id,
        entry.number,
        entry.kind,
        entry.area,
        entry.street,
        recorded_at,
        recorded_by,
    )
    return created is not None


async def add_members(tx: Transaction, members: Sequence[Member]) -> None:
    """Write memberships; who is a member of that household already stays as is."""
    await tx.execute(
        _ADD_MEMBERS,
        [each.id for each in members],
        [each.household_id for each in members],
        [each.entry.person_id for each in members],
        [each.entry.relation for each in members],
        [each.area for each in members],
        [each.entry.since for each in members],
    )


async def find(tx: Transaction, household_id: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return a household in scope."""
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM household h WHERE h.id = $1 AND {_IN_SCOPE}",
        household_id,
        scope.lows,
        scope.highs,
    )


async def members_of(tx: Transaction, household_id: UUID) -> list[asyncpg.Record]:
    """Return the memberships of a household that the caller was found to see."""
    return await tx.fetch(
        "SELECT person_id, relation, since, until FROM household_member"
        " WHERE household_id = $1 ORDER BY relation, id",
        household_id,
    )


async def current_member_ids(tx: Transaction, number: str, scope: AreaScope) -> list[UUID]:
    """Return who lives in the households in scope with this number."""
    rows = await tx.fetch(
        "SELECT m.person_id FROM household h JOIN household_member m ON m.household_id = h.id"
        f" WHERE h.number = $1 AND {_IN_SCOPE} AND m.until IS NULL ORDER BY m.person_id",
        number,
        scope.lows,
        scope.highs,
    )
    return [row["person_id"] for row in rows]


async def page(
    tx: Transaction, interval: tuple[int, int], number: str, after: tuple[int, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return households of an area interval by (area, id); ``number`` is how theirs begins."""
    area, household_id = after or (-1, UUID(int=0))
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM household h WHERE h.area BETWEEN $1 AND $2"
        " AND ($3 = '' OR h.number ^@ $3)"
        " AND (h.area, h.id) > ($4, $5) ORDER BY h.area, h.id LIMIT $6",
        *interval,
        number,
        area,
        household_id,
        limit,
    )


async def remove_person(tx: Transaction, person_id: UUID) -> None:
    """Delete every membership of a person."""
    await tx.execute("DELETE FROM household_member WHERE person_id = $1", person_id)


async def headed(tx: Transaction, numbers: Sequence[str]) -> list[asyncpg.Record]:
    """Return (number, area) of the households that have a head now, of those with one of the numbers."""
    return await tx.fetch(
        "SELECT h.number, h.area FROM household h WHERE h.number = ANY($1::text[]) AND EXISTS"
        " (SELECT FROM household_member m"
        " WHERE m.household_id = h.id AND m.relation = '02' AND m.until IS NULL)",
        list(numbers),
    )


async def members_without_resident_id(tx: Transaction, numbers: Sequence[str]) -> list[asyncpg.Record]:
    """Return (number, name, birth_date) of present members who carry no resident ID."""
    return await tx.fetch(
        "SELECT h.number, p.name, p.birth_date FROM household h"
        " JOIN household_member m ON m.household_id = h.id AND m.until IS NULL"
        " JOIN person p ON p.id = m.person_id AND p.resident_id_index IS NULL AND NOT p.withdrawn"
        " WHERE h.number = ANY($1::text[])",
        list(numbers),
    )


async def in_areas(tx: Transaction, areas: Sequence[int], after: UUID, limit: int) -> list[asyncpg.Record]:
    """Return (id, area, street, head_area) of households in areas by id; ``head_area`` is where the head
    lives now, null without one."""
    return await tx.fetch(
        "SELECT h.id, h.area, h.street, (SELECT p.present_area FROM household_member m"
        " JOIN person p ON p.id = m.person_id WHERE m.household_id = h.id AND m.relation = '02'"
        " AND m.until IS NULL LIMIT 1) AS head_area"
        " FROM household h WHERE h.area = ANY($1::bigint[]) AND h.id > $2 ORDER BY h.id LIMIT $3",
        list(areas),
        after,
        limit,
    )


async def reassign(tx: Transaction, household_id: UUID, area: int) -> bool:
    """Put a household and its memberships under another area; False where its number is taken there."""
    moved = await tx.fetchval(
        "UPDATE household h SET area = $2, version = version + 1 WHERE h.id = $1 AND NOT EXISTS"
        " (SELECT FROM household o WHERE o.area = $2 AND o.number = h.number) RETURNING true",
        household_id,
        area,
    )
    if moved is None:
        return False
    await tx.execute("UPDATE household_member SET area = $2 WHERE household_id = $1", household_id, area)
    return True
