"""Every query on services given."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def insert(
    tx: Transaction,
    service_id: UUID,
    person_id: UUID,
    kind: str,
    given_on: date,
    area: int,
    share_with_home: bool,
    recorded_at: datetime,
    recorded_by: UUID,
) -> None:
    """Write one service."""
    await tx.execute(
        "INSERT INTO service_given (id, person_id, kind, given_on, area, share_with_home, recorded_at,"
        " recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        service_id,
        person_id,
        kind,
        given_on,
        area,
        share_with_home,
        recorded_at,
        recorded_by,
    )


async def find(tx: Transaction, service_id: UUID) -> asyncpg.Record | None:
    """Return a service whose person the transaction's scope shows."""
    return await tx.fetchrow("SELECT * FROM service_given WHERE id = $1", service_id)


async def of_person(
    tx: Transaction, person_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Return services of a person whom the caller was found to see, the newest first."""
    given_on, service_id = after or (date.max, UUID(int=(1 << 128) - 1))
    return await tx.fetch(
        "SELECT * FROM service_given WHERE person_id = $1 AND (given_on, id) < ($2, $3)"
        " ORDER BY given_on DESC, id DESC LIMIT $4",
        person_id,
        given_on,
        service_id,
        limit,
    )


async def is_recorded(tx: Transaction, person_id: UUID, kind: str, given_on: date) -> bool:
    """Say whether a person was given this service on that day."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM service_given WHERE person_id = $1 AND given_on = $3 AND kind = $2)",
        person_id,
        kind,
        given_on,
    )
    return found
