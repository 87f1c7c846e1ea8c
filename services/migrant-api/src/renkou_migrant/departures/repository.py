"""Queries of departures. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.departures.domain import Departure, EndedBy

_SELECT = """
SELECT d.id, d.position, d.person_id, d.person_ref, d.registered_area, d.destination_area, d.departed_on,
    d.reason, d.ended_on, d.ended_by, d.version
FROM departure d
"""
_IN_SCOPE = """
EXISTS (
    SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE d.registered_area BETWEEN s.lo AND s.hi
)
"""


@dataclass(frozen=True, slots=True)
class NewDeparture:
    """A departure to write."""

    id: UUID
    person_id: UUID
    person_ref: UUID
    registered_area: int
    birth_month: str
    sex: int
    destination_area: int
    departed_on: date
    reason: str | None
    recorded_at: datetime
    recorded_by: UUID


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None means everything."""

    person_id: UUID | None = None
    area: tuple[int, int] | None = None
    away: bool | None = None


def _departure(row: asyncpg.Record) -> Departure:
    values = dict(row)
    values["ended_by"] = EndedBy(row["ended_by"]) if row["ended_by"] else None
    return Departure(**values)


async def insert(tx: Transaction, new: NewDeparture) -> bool:
    """Write a departure; returns False where the person is away already."""
    written = await tx.fetchval(
        """
        INSERT INTO departure (id, person_id, person_ref, registered_area, birth_month, sex, destination_area,
            departed_on, reason, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (person_ref) WHERE ended_on IS NULL DO NOTHING RETURNING true
        """,
        new.id,
        new.person_id,
        new.person_ref,
        new.registered_area,
        new.birth_month,
        new.sex,
        new.destination_area,
        new.departed_on,
        new.reason,
        new.recorded_at,
        new.recorded_by,
    )
    return bool(written)


async def find(
    tx: Transaction, scope: AreaScope, departure_id: UUID, *, lock: bool = False
) -> Departure | None:
    """Return a departure in scope."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE d.id = $3 AND {_IN_SCOPE} {'FOR UPDATE' if lock else ''}",
        scope.lows,
        scope.highs,
        departure_id,
    )
    return None if row is None else _departure(row)


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[Departure]:
    """Return departures, the last recorded first, before a position."""
    rows = await tx.fetch(
        f"""{_SELECT}
        WHERE {_IN_SCOPE}
          AND ($3::bigint IS NULL OR d.position < $3)
          AND ($4::uuid IS NULL OR d.person_id = $4)
          AND ($5::bigint IS NULL OR d.registered_area BETWEEN $5 AND $6::bigint)
          AND ($7::boolean IS NULL OR (d.ended_on IS NULL) = $7)
        ORDER BY d.position DESC LIMIT $8
        """,
        scope.lows,
        scope.highs,
        before,
        filters.person_id,
        filters.area[0] if filters.area else None,
        filters.area[1] if filters.area else None,
        filters.away,
        limit,
    )
    return [_departure(row) for row in rows]


async def away(tx: Transaction, refs: Sequence[UUID]) -> list[Departure]:
    """Return the departures that go on of some persons, whatever their area."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE d.person_ref = ANY($1::uuid[]) AND d.ended_on IS NULL", list(refs)
    )
    return [_departure(row) for row in rows]


async def end(tx: Transaction, departure_id: UUID, ended_on: date, ended_by: EndedBy) -> None:
    """Write the first day no longer away."""
    await tx.execute(
        "UPDATE departure SET ended_on = $2, ended_by = $3, version = version + 1 WHERE id = $1",
        departure_id,
        ended_on,
        ended_by,
    )


async def follow(tx: Transaction, person_ref: UUID, registered_area: int) -> None:
    """Let a person's open departure follow the registration within the district."""
    await tx.execute(
        """
        UPDATE departure SET registered_area = $2, version = version + 1
        WHERE person_ref = $1 AND ended_on IS NULL AND registered_area <> $2
        """,
        person_ref,
        registered_area,
    )
