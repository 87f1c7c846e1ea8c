"""Every query on childbirth registrations. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.childbirth.domain import Registration
from renkou_registry.floor import PERSON_IN_SCOPE

_COLUMNS = tuple(each.name for each in fields(Registration))
_INSERT = (
    f"INSERT INTO childbirth_registration ({', '.join(_COLUMNS)}, recorded_at, changed_at, recorded_by)"
    f" VALUES ({', '.join(f'${number}' for number in range(1, len(_COLUMNS) + 1))},"
    f" ${len(_COLUMNS) + 1}, ${len(_COLUMNS) + 1}, ${len(_COLUMNS) + 2})"
)
_CHANGED = ("partner_id", "partner_name", "address", "area", "child_ordinal", "state", "withdrawn_on")
_UPDATE = (
    "UPDATE childbirth_registration SET "
    + ", ".join(f"{name} = ${number}" for number, name in enumerate(_CHANGED, 3))
    + ", changed_at = $2, version = version + 1 WHERE id = $1"
)
_VIEW = """
SELECT r.*, ARRAY(SELECT b.child_id FROM childbirth_birth b WHERE b.registration_id = r.id
ORDER BY b.born_on, b.child_id) AS child_ids FROM childbirth_registration r
"""
_IN_SCOPE = f"EXISTS (SELECT FROM person p WHERE p.id = r.person_id AND {PERSON_IN_SCOPE})"


async def next_number(tx: Transaction) -> int:
    """Return the next position in the row of numbers; gaps are possible."""
    position: int = await tx.fetchval("SELECT nextval('childbirth_number')")
    return position


async def insert(
    tx: Transaction, registration: Registration, recorded_at: datetime, recorded_by: UUID
) -> None:
    """Write a registration."""
    values = asdict(registration)
    await tx.execute(_INSERT, *(values[name] for name in _COLUMNS), recorded_at, recorded_by)


async def update(tx: Transaction, registration: Registration, changed_at: datetime) -> None:
    """Write what can change of a registration and count its version up."""
    values = asdict(registration)
    await tx.execute(_UPDATE, registration.id, changed_at, *(values[name] for name in _CHANGED))


async def find(
    tx: Transaction, registration_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a registration whose person is in scope, with the children linked to it."""
    locking = "FOR UPDATE OF r" if lock else ""
    return await tx.fetchrow(
        f"{_VIEW} WHERE r.id = $1 AND {_IN_SCOPE} {locking}", registration_id, scope.lows, scope.highs
    )


async def id_of_number(tx: Transaction, number: str) -> UUID | None:
    """Return the registration with a number."""
    found: UUID | None = await tx.fetchval("SELECT id FROM childbirth_registration WHERE number = $1", number)
    return found


async def add_birth(
    tx: Transaction, registration_id: UUID, child_id: UUID, born_on: date, at: datetime, by: UUID
) -> bool:
    """Link a child; False where the child is linked already."""
    added = await tx.fetchval(
        "INSERT INTO childbirth_birth (child_id, registration_id, born_on, linked_at, linked_by)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (child_id) DO NOTHING RETURNING true",
        child_id,
        registration_id,
        born_on,
        at,
        by,
    )
    return added is not None


async def remove_birth(tx: Transaction, registration_id: UUID, child_id: UUID) -> bool:
    """Take a link away; False where there was none."""
    removed = await tx.fetchval(
        "DELETE FROM childbirth_birth WHERE registration_id = $1 AND child_id = $2 RETURNING true",
        registration_id,
        child_id,
    )
    return removed is not None


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the registrations of a person whom the caller was found to see, the latest first."""
    return await tx.fetch(
        f"{_VIEW} WHERE r.person_id = $1 ORDER BY r.registered_on DESC, r.id DESC LIMIT 100", person_id
    )


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    days: tuple[date, date],
    after: tuple[int, date, UUID],
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return registrations of an area by (area, day, id)."""
    return await tx.fetch(
        f"{_VIEW} WHERE r.area BETWEEN $1 AND $2 AND r.registered_on BETWEEN $3 AND $4"
        " AND (r.area, r.registered_on, r.id) > ($5, $6, $7)"
        " AND EXISTS (SELECT FROM person p WHERE p.id = r.person_id AND NOT p.withdrawn OFFSET 0)"
        " ORDER BY r.area, r.registered_on, r.id LIMIT $8",
        *interval,
        *days,
        *after,
        limit,
    )
