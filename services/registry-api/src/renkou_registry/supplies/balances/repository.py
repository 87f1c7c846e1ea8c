"""Every query on balances, expiry and reorder levels."""

from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def stock_now(tx: Transaction, point_id: UUID) -> dict[UUID, int]:
    """Return a point's present stock by specification."""
    rows = await tx.fetch(
        "SELECT specification_id, sum(quantity)::bigint AS quantity FROM supply_stock WHERE point_id = $1"
        " GROUP BY specification_id",
        point_id,
    )
    return {row["specification_id"]: row["quantity"] for row in rows}


async def moved(tx: Transaction, point_id: UUID, start: date, end: date) -> list[asyncpg.Record]:
    """Return a point's sums since ``start`` by specification and kind, up to and after ``end``."""
    return await tx.fetch(
        "SELECT specification_id, kind,"
        " coalesce(sum(quantity) FILTER (WHERE happened_on <= $3), 0)::bigint AS within,"
        " coalesce(sum(quantity) FILTER (WHERE happened_on > $3), 0)::bigint AS later"
        " FROM supply_entry WHERE point_id = $1 AND happened_on >= $2 GROUP BY specification_id, kind",
        point_id,
        start,
        end,
    )


async def expiring(
    tx: Transaction, interval: tuple[int, int], until: date, after: tuple[date, UUID, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return stock of an area that expires up to a day, the earliest first."""
    expires_on, point_id, batch_id = after or (date.min, UUID(int=0), UUID(int=0))
    return await tx.fetch(
        "SELECT s.*, b.number AS batch_number FROM supply_stock s JOIN supply_batch b ON b.id = s.batch_id"
        " WHERE s.quantity > 0 AND s.expires_on <= $3 AND s.area BETWEEN $1 AND $2"
        " AND (s.expires_on, s.point_id, s.batch_id) > ($4, $5, $6)"
        " ORDER BY s.expires_on, s.point_id, s.batch_id LIMIT $7",
        *interval,
        until,
        expires_on,
        point_id,
        batch_id,
        limit,
    )


async def short(
    tx: Transaction, interval: tuple[int, int], today: date, after: tuple[int, UUID, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return points of an area whose usable stock of a specification is below its reorder level."""
    area, point_id, specification_id = after or (-1, UUID(int=0), UUID(int=0))
    return await tx.fetch(
        "SELECT l.area, l.point_id, l.specification_id, l.level, coalesce(s.usable, 0)::bigint AS usable"
        " FROM supply_level l LEFT JOIN LATERAL (SELECT sum(quantity) AS usable FROM supply_stock s"
        "  WHERE s.point_id = l.point_id AND s.specification_id = l.specification_id AND s.expires_on >= $3)"
        " s ON true WHERE l.area BETWEEN $1 AND $2 AND coalesce(s.usable, 0) < l.level"
        " AND (l.area, l.point_id, l.specification_id) > ($4, $5, $6)"
        " ORDER BY l.area, l.point_id, l.specification_id LIMIT $7",
        *interval,
        today,
        area,
        point_id,
        specification_id,
        limit,
    )
