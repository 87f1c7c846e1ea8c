"""Every query on substitutions."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.staff.domain import RoleInArea, area_from_interval
from renkou_registry.substitutions.domain import Substitution

_COLUMNS = """
SELECT b.id, b.holder_id, b.substitute_id, b.valid_from, b.valid_to, b.every_duty, b.reason, b.given_by, b.given_at,
       b.ended_at, b.ended_by, b.version,
       ARRAY(SELECT (d.role, d.area, d.area_high) FROM substitution_duty d WHERE d.substitution_id = b.id
             ORDER BY d.area, d.area_high DESC, d.role) AS duties
FROM substitution b
"""


def _substitution(row: asyncpg.Record) -> Substitution:
    given = dict(row)
    every = given.pop("every_duty")
    duties = tuple(RoleInArea(role, area_from_interval(low, high)) for role, low, high in given.pop("duties"))
    return Substitution(**given, duties=None if every else duties)


async def insert(tx: Transaction, one: Substitution) -> None:
    """Add a substitution with its duties."""
    await tx.execute(
        "INSERT INTO substitution (id, holder_id, substitute_id, valid_from, valid_to, every_duty, reason, given_by,"
        " given_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
        one.id,
        one.holder_id,
        one.substitute_id,
        one.valid_from,
        one.valid_to,
        one.duties is None,
        one.reason,
        one.given_by,
        one.given_at,
    )
    await tx.executemany(
        "INSERT INTO substitution_duty (substitution_id, role, area, area_high) VALUES ($1, $2, $3, $4)",
        [(one.id, each.role, *each.area.interval()) for each in one.duties or ()],
    )


async def find(tx: Transaction, substitution_id: UUID, *, lock: bool = False) -> Substitution | None:
    """Return one substitution; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(
        f"{_COLUMNS} WHERE b.id = $1{' FOR UPDATE OF b' if lock else ''}", substitution_id
    )
    return _substitution(row) if row else None


async def page(
    tx: Transaction, of_staff: UUID | None, open_at: datetime | None, before: UUID | None, limit: int
) -> list[Substitution]:
    """Return the newest substitutions, those before an id: of one account or all, those not ended or all."""
    rows = await tx.fetch(
        f"{_COLUMNS} WHERE ($1::uuid IS NULL OR $1 IN (b.holder_id, b.substitute_id))"
        " AND ($2::timestamptz IS NULL OR (b.ended_at IS NULL AND b.valid_to > $2))"
        " AND ($3::uuid IS NULL OR b.id < $3) ORDER BY b.id DESC LIMIT $4",
        of_staff,
        open_at,
        before,
        limit,
    )
    return [_substitution(row) for row in rows]


async def end(tx: Transaction, substitution_id: UUID, ended_by: UUID, now: datetime) -> None:
    """End a substitution."""
    await tx.execute(
        "UPDATE substitution SET ended_at = $3, ended_by = $2, version = version + 1 WHERE id = $1",
        substitution_id,
        ended_by,
        now,
    )
