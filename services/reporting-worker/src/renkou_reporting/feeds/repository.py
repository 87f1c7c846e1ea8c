"""Reading incidents; positions and held events are read by the messaging's inbox."""

import asyncpg

from renkou_common.database import Transaction


async def incidents(tx: Transaction, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Return incidents, newest first."""
    return await tx.fetch(
        "SELECT id, feed, seq, kind, detail, at FROM feed_incident"
        " WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        before,
        limit,
    )
