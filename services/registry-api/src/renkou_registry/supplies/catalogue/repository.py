"""Every query on products, specifications, points and reorder levels."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import AreaTable

PRODUCTS = AreaTable("supply_product", "药具品种", "product")
SPECIFICATIONS = AreaTable("supply_specification", "药具规格", "specification")
POINTS = AreaTable("supply_point", "药具发放点", "distribution point")
_SPECIFICATION = (
    "SELECT s.*, p.code AS product_code, p.name AS product_name, p.kind AS product_kind"
    " FROM supply_specification s JOIN supply_product p ON p.id = s.product_id"
)


async def specifications(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Return specifications with their products' code and name, by id."""
    rows = await tx.fetch(f"{_SPECIFICATION} WHERE s.id = ANY($1)", list(ids))
    return {row["id"]: row for row in rows}


async def specifications_of(tx: Transaction, product_id: UUID) -> list[asyncpg.Record]:
    """Return a product's specifications by name."""
    return await tx.fetch(f"{_SPECIFICATION} WHERE s.product_id = $1 ORDER BY s.name LIMIT 500", product_id)


async def point(tx: Transaction, point_id: UUID) -> asyncpg.Record | None:
    """Return a point of whatever area: a transfer may go to a neighbour."""
    return await tx.fetchrow("SELECT * FROM supply_point WHERE id = $1", point_id)


async def set_level(
    tx: Transaction, point: asyncpg.Record, specification_id: UUID, level: int, now: datetime, by: UUID
) -> None:
    """Write below how much stock a point is to order again."""
    await tx.execute(
        "INSERT INTO supply_level (point_id, specification_id, area, level, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (point_id, specification_id)"
        " DO UPDATE SET level = $4, recorded_at = $5, recorded_by = $6",
        point["id"],
        specification_id,
        point["area"],
        level,
        now,
        by,
    )


async def is_empty(tx: Transaction, point_id: UUID) -> bool:
    """Whether a point holds nothing and nothing is on its way to it."""
    busy: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM supply_stock WHERE point_id = $1 AND quantity > 0) OR EXISTS"
        " (SELECT FROM supply_transfer WHERE to_point = $1 AND state = 'in_transit')",
        point_id,
    )
    return not busy


async def product(tx: Transaction, product_id: UUID) -> asyncpg.Record | None:
    """Return a product; the whole district may read it."""
    return await tx.fetchrow("SELECT * FROM supply_product WHERE id = $1", product_id)


async def products(tx: Transaction, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Return products by id, the oldest first."""
    return await tx.fetch(
        "SELECT * FROM supply_product WHERE id > $1 ORDER BY id LIMIT $2", after or UUID(int=0), limit
    )


async def specifications_of_products(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the specifications of several products by name."""
    return await tx.fetch(f"{_SPECIFICATION} WHERE s.product_id = ANY($1) ORDER BY s.name, s.id", list(ids))


async def follow_point(tx: Transaction, point_id: UUID, area: int) -> None:
    """Let stock and reorder levels of a point lie where it lies."""
    for table in ("supply_stock", "supply_level"):
        await tx.execute(f"UPDATE {table} SET area = $2 WHERE point_id = $1", point_id, area)


async def product_of_code(tx: Transaction, code: str) -> asyncpg.Record | None:
    """Return a product by its code."""
    return await tx.fetchrow("SELECT * FROM supply_product WHERE code = $1", code)


async def specification_named(tx: Transaction, product_code: str, name: str) -> asyncpg.Record | None:
    """Return a specification by its product's code and its name."""
    return await tx.fetchrow(f"{_SPECIFICATION} WHERE p.code = $1 AND s.name = $2", product_code, name)


async def point_named(tx: Transaction, area: int, name: str) -> asyncpg.Record | None:
    """Return a point of an area that has not been ended, by its name."""
    return await tx.fetchrow(
        "SELECT * FROM supply_point WHERE area = $1 AND name = $2 AND ended_on IS NULL", area, name
    )
