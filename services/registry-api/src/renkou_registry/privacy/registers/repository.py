"""Every query of the registers: counts, and what was exported to whom."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def rows_of(tx: Transaction) -> dict[str, int]:
    """Return about how many rows each table has, as the database's statistics have it; quick at any size."""
    rows = await tx.fetch(
        "SELECT relname, greatest(reltuples, 0)::bigint AS rows FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    return {row["relname"]: row["rows"] for row in rows}


async def exported(tx: Transaction, since: datetime) -> dict[str, tuple[int, int]]:
    """Return by purpose how many exports were made since a time, and how many rows stood in them."""
    rows = await tx.fetch(
        "SELECT purpose_code, count(*) AS exports, sum(rows)::bigint AS rows FROM export_log"
        " WHERE kind = 'finished' AND purpose_code IS NOT NULL AND logged_at >= $1 GROUP BY 1",
        since,
    )
    return {row["purpose_code"]: (row["exports"], row["rows"]) for row in rows}


async def loaded(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """Return who took which list out and what for, the last first, with the purpose's basis."""
    at, log_id = after or (None, UUID(int=0))
    return await tx.fetch(
        "SELECT l.id, l.logged_at, l.logged_by, l.list_name, l.columns, l.rows, l.purpose, l.purpose_code,"
        " b.articles FROM export_log l LEFT JOIN purpose p ON p.code = l.purpose_code"
        " LEFT JOIN legal_basis b ON b.code = p.basis"
        " WHERE l.kind = 'downloaded' AND ($1::timestamptz IS NULL OR (l.logged_at, l.id) < ($1, $2))"
        " ORDER BY l.logged_at DESC, l.id DESC LIMIT $3",
        at,
        log_id,
        limit,
    )
