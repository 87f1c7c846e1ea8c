"""Every query on stocktakings."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import AreaTable

COUNTS = AreaTable("supply_count", "盘点单", "stocktaking")


async def add_lines(
    tx: Transaction, count_id: UUID, area: int, lines: Sequence[tuple[UUID, int, int]]
) -> None:
    """Write (batch, expected, counted) of a stocktaking."""
    await tx.executemany(
        "INSERT INTO supply_count_line (count_id, area, batch_id, expected, counted)"
        " VALUES ($1, $2, $3, $4, $5)",
        [(count_id, area, *line) for line in lines],
    )


async def lines(tx: Transaction, count_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the lines of stocktakings with batch number, specification and expiry."""
    return await tx.fetch(
        "SELECT l.*, b.number AS batch_number, b.specification_id, b.expires_on FROM supply_count_line l"
        " JOIN supply_batch b ON b.id = l.batch_id WHERE l.count_id = ANY($1)"
        " ORDER BY l.count_id, b.specification_id, b.expires_on, b.id",
        list(count_ids),
    )
