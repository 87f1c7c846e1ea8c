"""Every query on restrictions of processing."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def in_force(tx: Transaction, person_id: UUID) -> UUID | None:
    """Return the first restriction of a person that is in force."""
    found: UUID | None = await tx.fetchval(
        "SELECT id FROM processing_restriction WHERE person_id = $1 AND lifted_at IS NULL"
        " ORDER BY imposed_at, id LIMIT 1",
        person_id,
    )
    return found


async def insert(
    tx: Transaction,
    restriction_id: UUID,
    person_id: UUID,
    reason: str,
    request_id: UUID | None,
    at: datetime,
    by: UUID,
) -> None:
    """Write a restriction."""
    await tx.execute(
        "INSERT INTO processing_restriction (id, person_id, reason, request_id, imposed_at, imposed_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        restriction_id,
        person_id,
        reason,
        request_id,
        at,
        by,
    )


async def lift(tx: Transaction, person_id: UUID, reason: str, at: datetime, by: UUID) -> bool:
    """End what restricts a person; False where nothing does."""
    done: str = await tx.execute(
        "UPDATE processing_restriction SET lifted_at = greatest($2, imposed_at), lifted_by = $3, lifted_reason = $4"
        " WHERE person_id = $1 AND lifted_at IS NULL",
        person_id,
        at,
        by,
        reason,
    )
    return done != "UPDATE 0"


async def last_change(tx: Transaction, person_id: UUID) -> datetime | None:
    """Return when a person was last restricted or freed, whichever clock timed it."""
    found: datetime | None = await tx.fetchval(
        "SELECT max(greatest(imposed_at, lifted_at)) FROM processing_restriction WHERE person_id = $1",
        person_id,
    )
    return found


async def history(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the restrictions of a person, the last first."""
    return await tx.fetch(
        "SELECT * FROM processing_restriction WHERE person_id = $1 ORDER BY imposed_at DESC, id DESC LIMIT 200",
        person_id,
    )
