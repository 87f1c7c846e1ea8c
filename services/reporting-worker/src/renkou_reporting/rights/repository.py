"""Every query on rights of staff."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def replace(tx: Transaction, staff_id: UUID, rows: Sequence[tuple[str, int, int]]) -> None:
    """Let ``rows`` (role, low, high) be the whole of an account's assignments."""
    await tx.execute("DELETE FROM staff_assignment WHERE staff_id = $1", staff_id)
    if rows:
        await tx.execute(
            "INSERT INTO staff_assignment (staff_id, role, area, area_high)"
            " SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])",
            staff_id,
            *zip(*rows, strict=True),
        )


async def load(tx: Transaction, staff_id: UUID) -> list[asyncpg.Record]:
    """Return an account's assignments."""
    return await tx.fetch("SELECT role, area, area_high FROM staff_assignment WHERE staff_id = $1", staff_id)
