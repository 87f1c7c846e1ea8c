"""Every query on targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.targets.domain import Dimensions

_FIND_OR_INSERT = """
INSERT INTO target (id, indicator, population, area, period, sex, parity, ages, detail, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
ON CONFLICT ON CONSTRAINT target_of DO UPDATE SET version = target.version
RETURNING id
"""
_LIST = """
SELECT * FROM target
WHERE area BETWEEN $1 AND $2 AND ($3::text IS NULL OR period = $3) AND ($4::text IS NULL OR indicator = $4)
    AND ($5::uuid IS NULL OR id > $5)
ORDER BY id LIMIT $6
"""
_IN_FORCE = """
SELECT t.id, t.indicator, t.population, t.area, t.sex, t.parity, t.ages, t.detail, v.comparison, v.low, v.high,
    v.below
FROM target t JOIN target_version v ON v.target_id = t.id AND v.state = 'active'
WHERE t.period = $1 AND t.area = ANY ($2::bigint[])
ORDER BY t.id
"""


@dataclass(frozen=True, slots=True)
class TargetOf:
    """What a target is on."""

    indicator: str
    population: str
    area: int
    period: str
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class NewValues:
    """The values of a draft, who wrote it, when and why."""

    comparison: str
    low: Decimal | None
    high: Decimal | None
    below: bool
    reason: str
    made_by: UUID
    made_at: datetime


async def find_or_insert(tx: Transaction, target_id: UUID, of: TargetOf) -> UUID:
    """Return the id of the target on this, made now where there was none; it is locked."""
    found: UUID = await tx.fetchval(
        _FIND_OR_INSERT, target_id, of.indicator, of.population, of.area, of.period,
        *(value or "" for value in of.dimensions),
    )  # fmt: skip
    return found


async def lock(tx: Transaction, target_id: UUID) -> asyncpg.Record | None:
    """Return a target locked, None where there is none."""
    return await tx.fetchrow("SELECT * FROM target WHERE id = $1 FOR UPDATE", target_id)


async def find(tx: Reader, target_id: UUID) -> asyncpg.Record | None:
    """Return a target."""
    return await tx.fetchrow("SELECT * FROM target WHERE id = $1", target_id)


async def versions(tx: Reader, targets: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the versions of targets, the newest first."""
    return await tx.fetch(
        "SELECT * FROM target_version WHERE target_id = ANY ($1::uuid[]) ORDER BY target_id, number DESC",
        targets,
    )


async def insert_draft(tx: Transaction, target_id: UUID, new: NewValues) -> None:
    """Store the next version as a draft."""
    await tx.execute(
        "INSERT INTO target_version (target_id, number, state, comparison, low, high, below, reason, made_by, made_at)"
        " VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM target_version WHERE target_id = $1), 'draft',"
        " $2, $3, $4, $5, $6, $7, $8)",
        target_id, new.comparison, new.low, new.high, new.below, new.reason, new.made_by, new.made_at,
    )  # fmt: skip


async def change_draft(tx: Transaction, target_id: UUID, new: NewValues) -> None:
    """Change the draft; whoever changes it is its author from now on."""
    await tx.execute(
        "UPDATE target_version SET comparison = $2, low = $3, high = $4, below = $5, reason = $6, made_by = $7,"
        " made_at = $8 WHERE target_id = $1 AND state = 'draft'",
        target_id, new.comparison, new.low, new.high, new.below, new.reason, new.made_by, new.made_at,
    )  # fmt: skip


async def activate(tx: Transaction, target_id: UUID, by: UUID, at: datetime) -> None:
    """Put the draft in force in place of the version before."""
    await tx.execute(
        "UPDATE target_version SET state = 'superseded' WHERE target_id = $1 AND state = 'active'", target_id
    )
    await tx.execute(
        "UPDATE target_version SET state = 'active', approved_by = $2, approved_at = $3"
        " WHERE target_id = $1 AND state = 'draft'",
        target_id,
        by,
        at,
    )


async def withdraw(tx: Transaction, target_id: UUID, by: UUID, at: datetime, reason: str) -> None:
    """Take the version in force out of it."""
    await tx.execute(
        "UPDATE target_version SET state = 'withdrawn', withdrawn_by = $2, withdrawn_at = $3, withdrawal_reason = $4"
        " WHERE target_id = $1 AND state = 'active'",
        target_id,
        by,
        at,
        reason,
    )


async def count_up(tx: Transaction, target_id: UUID) -> None:
    """Note that the record has changed."""
    await tx.execute("UPDATE target SET version = version + 1 WHERE id = $1", target_id)


async def page(
    tx: Reader,
    within: tuple[int, int],
    period: str | None,
    indicator: str | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return targets of areas, in the order they were made."""
    return await tx.fetch(_LIST, *within, period, indicator, after, limit)


async def in_force(tx: Reader, period: str, areas: Sequence[int]) -> list[asyncpg.Record]:
    """Return the targets in force of some areas for a period."""
    return await tx.fetch(_IN_FORCE, period, areas)
