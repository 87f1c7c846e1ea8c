"""Every query on petitions beyond those of :mod:`renkou_registry.records`."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import AreaTable

PETITIONS = AreaTable("petition", "信访件", "petition")


async def add_reply(
    tx: Transaction,
    reply_id: UUID,
    petition: asyncpg.Record,
    on: date,
    content: bytes,
    now: datetime,
    by: UUID,
    *,
    closing: bool,
) -> None:
    """Write a reply."""
    await tx.execute(
        "INSERT INTO petition_reply (id, petition_id, area, replied_on, closing, content_sealed,"
        " recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        reply_id,
        petition["id"],
        petition["area"],
        on,
        closing,
        content,
        now,
        by,
    )


async def replies(tx: Transaction, petition_id: UUID) -> list[asyncpg.Record]:
    """Return the replies to a petition that the caller was found to see, in order."""
    return await tx.fetch(
        "SELECT * FROM petition_reply WHERE petition_id = $1 ORDER BY id LIMIT 500", petition_id
    )


async def last_reply(tx: Transaction, petition_id: UUID) -> date | None:
    """Return the day of the latest reply to a petition that the caller was found to see."""
    day: date | None = await tx.fetchval(
        "SELECT max(replied_on) FROM petition_reply WHERE petition_id = $1", petition_id
    )
    return day


async def log_reading(
    tx: Transaction, reading_id: UUID, petition: asyncpg.Record, reason: str, by: UUID, at: datetime
) -> None:
    """Write down that the petitioner was read."""
    await tx.execute(
        "INSERT INTO petition_reading (id, petition_id, area, reason, read_by, read_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        reading_id,
        petition["id"],
        petition["area"],
        reason,
        by,
        at,
    )


async def overdue(
    tx: Transaction, interval: tuple[int, int], today: date, after: tuple[date, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return open petitions of an area of which a clock has run out, the longest overdue first."""
    due, petition_id = after or (date.min, UUID(int=0))
    return await tx.fetch(
        "SELECT * FROM petition WHERE next_due < $3 AND area BETWEEN $1 AND $2 AND (next_due, id) > ($4, $5)"
        " ORDER BY next_due, id LIMIT $6",
        *interval,
        today,
        due,
        petition_id,
        limit,
    )
