"""Queries of staff rights."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.database import Transaction


async def replace_assignments(
    tx: Transaction, staff_id: UUID, assignments: Sequence[tuple[str, int, int]]
) -> None:
    """Make ``(role, low, high)`` the whole of an account's rights."""
    await tx.execute("DELETE FROM staff_assignment WHERE staff_id = $1", staff_id)
    await tx.executemany(
        "INSERT INTO staff_assignment (staff_id, role, area, area_high) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        [(staff_id, *assignment) for assignment in assignments],
    )


async def assignments_of(tx: Transaction, staff_id: UUID) -> list[tuple[str, int, int]]:
    """Return an account's rights as ``(role, low, high)``."""
    rows = await tx.fetch("SELECT role, area, area_high FROM staff_assignment WHERE staff_id = $1", staff_id)
    return [(row["role"], row["area"], row["area_high"]) for row in rows]
