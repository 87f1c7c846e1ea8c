"""Queries of arrivals. Explicit area predicates here, the row-level floor underneath."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.arrivals.domain import Arrival

_SELECT = """
SELECT a.id, a.position, a.person_id, a.person_ref, a.home_area, a.area, a.arrived_on, a.birth_month, a.sex,
    a.check_applies, a.due_on, a.checked_on, a.left_on, a.destination_area, a.workplace_district,
    a.retracted_at IS NOT NULL AS retracted, a.version
FROM arrival a
"""
_IN_SCOPE = """
EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE a.area BETWEEN s.lo AND s.hi)
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None means everything."""

    person_id: UUID | None = None
    area: tuple[int, int] | None = None
    staying: bool | None = None


async def insert(tx: Transaction, new: Arrival, recorded_at: datetime, recorded_by: UUID) -> bool:
    """Write an arrival; its position is the database's. Returns False where the person stays here already."""
    written = await tx.fetchval(
        """
        INSERT INTO arrival (id, person_id, person_ref, home_area, area, arrived_on, birth_month, sex,
            check_applies, due_on, recorded_at, recorded_by, workplace_district)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (person_ref) WHERE left_on IS NULL DO NOTHING RETURNING true
        """,
        new.id,
        new.person_id,
        new.person_ref,
        new.home_area,
        new.area,
        new.arrived_on,
        new.birth_month,
        new.sex,
        new.check_applies,
        new.due_on,
        recorded_at,
        recorded_by,
        new.workplace_district,
    )
    return bool(written)


async def find(tx: Transaction, scope: AreaScope, arrival_id: UUID, *, lock: bool = False) -> Arrival | None:
    """Return an arrival in scope."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE a.id = $3 AND {_IN_SCOPE} {'FOR UPDATE' if lock else ''}",
        scope.lows,
        scope.highs,
        arrival_id,
    )
    return None if row is None else _arrival(row)


async def staying_on(tx: Transaction, person_ref: UUID, day: date) -> Arrival | None:
    """Return the stay of a person that a day falls into, as far as the transaction's floor shows it."""
    row = await tx.fetchrow(
        f"""{_SELECT}
        WHERE a.person_ref = $1 AND a.retracted_at IS NULL AND a.arrived_on <= $2
          AND (a.left_on IS NULL OR a.left_on >= $2)
        ORDER BY a.arrived_on DESC LIMIT 1""",
        person_ref,
        day,
    )
    return None if row is None else _arrival(row)


async def last_left(tx: Transaction, person_ref: UUID) -> date | None:
    """Return the end of a person's last stay that the transaction's floor shows."""
    left_on: date | None = await tx.fetchval(
        "SELECT max(left_on) FROM arrival WHERE person_ref = $1 AND retracted_at IS NULL", person_ref
    )
    return left_on


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[Arrival]:
    """Return arrivals, the last recorded first, before a position."""
    rows = await tx.fetch(
        f"""{_SELECT}
        WHERE {_IN_SCOPE}
          AND ($3::bigint IS NULL OR a.position < $3)
          AND ($4::uuid IS NULL OR a.person_id = $4)
          AND ($5::bigint IS NULL OR a.area BETWEEN $5 AND $6::bigint)
          AND ($7::boolean IS NULL OR (a.left_on IS NULL) = $7)
        ORDER BY a.position DESC LIMIT $8
        """,
        scope.lows,
        scope.highs,
        before,
        filters.person_id,
        filters.area[0] if filters.area else None,
        filters.area[1] if filters.area else None,
        filters.staying,
        limit,
    )
    return [_arrival(row) for row in rows]


async def end(tx: Transaction, arrival_id: UUID, left_on: date, destination_area: int | None) -> None:
    """Write the first day no longer here and where the person went, if told."""
    await tx.execute(
        "UPDATE arrival SET left_on = $2, destination_area = $3, version = version + 1 WHERE id = $1",
        arrival_id,
        left_on,
        destination_area,
    )


async def of_person(tx: Transaction, person_ref: UUID) -> list[Arrival]:
    """Return a person's stays, the first first, and lock them; those taken back are left out."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE a.person_ref = $1 AND a.retracted_at IS NULL ORDER BY a.arrived_on FOR UPDATE",
        person_ref,
    )
    return [_arrival(row) for row in rows]


async def correct(tx: Transaction, stay: Arrival, retracted_at: datetime | None) -> None:
    """Write the days and areas of a stay as the register has them; one that never was ends as it began."""
    await tx.execute(
        """
        UPDATE arrival SET arrived_on = $2, due_on = $3, left_on = $4, destination_area = $5, home_area = $6,
            area = $7, retracted_at = $8, version = version + 1
        WHERE id = $1
        """,
        stay.id,
        stay.arrived_on,
        stay.due_on,
        stay.left_on,
        stay.destination_area,
        stay.home_area,
        stay.area,
        retracted_at,
    )


async def set_workplace(tx: Transaction, arrival_id: UUID, district: str | None) -> None:
    """Write in which district the person works."""
    await tx.execute(
        "UPDATE arrival SET workplace_district = $2, version = version + 1 WHERE id = $1",
        arrival_id,
        district,
    )


async def mark_checked(tx: Transaction, arrival_id: UUID, checked_on: date) -> None:
    """Write the day of the first check."""
    await tx.execute(
        "UPDATE arrival SET checked_on = $2, version = version + 1 WHERE id = $1 AND checked_on IS NULL",
        arrival_id,
        checked_on,
    )


def _arrival(row: asyncpg.Record) -> Arrival:
    return Arrival(**dict(row))


async def homes_of(tx: Transaction, person_id: UUID) -> list[tuple[UUID, int]]:
    """Return the person's reference and registered area of each stay here."""
    rows = await tx.fetch("SELECT person_ref, home_area FROM arrival WHERE person_id = $1", person_id)
    return [(row["person_ref"], row["home_area"]) for row in rows]
