"""Every query on the budget beyond those of :mod:`renkou_registry.records`."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import AreaTable

LINES = AreaTable("budget_line", "事业费预算", "budget line")


async def add_plan(
    tx: Transaction, line: asyncpg.Record, reason: str | None, now: datetime, by: UUID
) -> None:
    """Write what a version of a line plans."""
    await tx.execute(
        "INSERT INTO budget_plan (line_id, version, planned, reason, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        line["id"],
        line["version"],
        line["planned"],
        reason,
        now,
        by,
    )


async def plans(tx: Transaction, line_id: UUID) -> list[asyncpg.Record]:
    """Return the versions of a line's plan, the newest first."""
    return await tx.fetch(
        "SELECT * FROM budget_plan WHERE line_id = $1 ORDER BY version DESC LIMIT 200", line_id
    )


async def add_spending(tx: Transaction, values: Mapping[str, Any]) -> bool:
    """Write a spending or a reversal; False where the spending has been reversed already."""
    columns = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    done = await tx.fetchval(
        f"INSERT INTO budget_spending ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING true",
        *values.values(),
    )
    return done is not None


async def spending(tx: Transaction, line_id: UUID, spending_id: UUID) -> asyncpg.Record | None:
    """Return a spending of a line."""
    return await tx.fetchrow(
        "SELECT * FROM budget_spending WHERE line_id = $1 AND id = $2", line_id, spending_id
    )


async def spendings(tx: Transaction, line_id: UUID, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Return a line's spendings in the order in which they were booked."""
    return await tx.fetch(
        "SELECT * FROM budget_spending WHERE line_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        line_id,
        after or UUID(int=0),
        limit,
    )


async def add_spent(tx: Transaction, line_id: UUID, amount: Decimal) -> asyncpg.Record:
    """Change what a locked line has spent."""
    row = await tx.fetchrow(
        "UPDATE budget_line SET spent = spent + $2 WHERE id = $1 RETURNING *", line_id, amount
    )
    assert row is not None
    return row
