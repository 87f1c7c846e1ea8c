"""Every query on places."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.places.domain import PlaceEntry

_COLUMNS = (
    "q.id, q.area, q.parent_id, q.kind, q.code, q.name, q.valid_from, q.valid_to, q.version, q.recorded_at"
)
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE q.area BETWEEN s.lo AND s.hi)"
)


async def insert(
    tx: Transaction, place_id: UUID, entry: PlaceEntry, recorded_at: datetime, recorded_by: UUID
) -> bool:
    """Write a place; False where its community has the code already."""
    created = await tx.fetchval(
        "INSERT INTO place (id, area, parent_id, kind, code, name, valid_from, valid_to, version,"
        " recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)"
        " ON CONFLICT (area, code) DO NOTHING RETURNING true",
        place_id,
        entry.area,
        entry.parent_id,
        entry.kind,
        entry.code,
        entry.name,
        entry.valid_from,
        entry.valid_to,
        recorded_at,
        recorded_by,
    )
    return created is not None


async def find(
    tx: Transaction, place_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a place in scope."""
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM place q WHERE q.id = $1 AND {_IN_SCOPE}{' FOR UPDATE' if lock else ''}",
        place_id,
        scope.lows,
        scope.highs,
    )


async def seen(tx: Transaction, place_id: UUID) -> asyncpg.Record | None:
    """Return a place that the transaction's scope shows."""
    return await tx.fetchrow(f"SELECT {_COLUMNS} FROM place q WHERE q.id = $1", place_id)


async def of_code(tx: Transaction, area: int, code: str) -> asyncpg.Record | None:
    """Return a place by its community and code."""
    return await tx.fetchrow(f"SELECT {_COLUMNS} FROM place q WHERE q.area = $1 AND q.code = $2", area, code)


async def update(tx: Transaction, place_id: UUID, changes: dict[str, Any]) -> None:
    """Set columns of a place and count the version up."""
    assignments = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, 2))
    await tx.execute(
        f"UPDATE place SET {assignments}, version = version + 1 WHERE id = $1", place_id, *changes.values()
    )


async def open_inside(tx: Transaction, place_id: UUID, on: date) -> bool:
    """Say whether a place directly inside is valid on a day or later."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM place WHERE parent_id = $1 AND (valid_to IS NULL OR valid_to > $2))",
        place_id,
        on,
    )
    return found


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    kind: str | None,
    parent_id: UUID | None,
    on: date,
    after: tuple[int, str] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return the places of an area interval valid on a day by (area, code)."""
    area, code = after or (-1, "")
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM place q WHERE q.area BETWEEN $1 AND $2 AND ($3::text IS NULL OR q.kind = $3)"
        " AND ($4::uuid IS NULL OR q.parent_id = $4)"
        " AND q.valid_from <= $5 AND (q.valid_to IS NULL OR q.valid_to > $5)"
        " AND (q.area, q.code) > ($6, $7) ORDER BY q.area, q.code LIMIT $8",
        *interval,
        kind,
        parent_id,
        on,
        area,
        code,
        limit,
    )


async def with_inside(tx: Transaction, place_id: UUID) -> Sequence[UUID]:
    """Return a place and everything inside it."""
    rows = await tx.fetch(
        "WITH RECURSIVE inside (id) AS (SELECT $1::uuid UNION"
        " SELECT q.id FROM place q JOIN inside ON q.parent_id = inside.id) SELECT id FROM inside ORDER BY id",
        place_id,
    )
    return [row["id"] for row in rows]
