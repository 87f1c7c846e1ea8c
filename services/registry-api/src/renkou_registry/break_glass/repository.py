"""Every query on emergency accesses."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.break_glass.domain import Emergency, Purpose, Verdict

_COLUMNS = """
SELECT e.id, e.staff_id, a.display_name AS staff_name, e.reason, e.purpose, e.area, e.area_high, e.granted_at,
       e.expires_at, e.ended_at, e.reviewed_by, e.reviewed_at, e.verdict, e.finding, e.version
FROM break_glass e JOIN staff_account a ON a.id = e.staff_id
"""


def _emergency(row: asyncpg.Record) -> Emergency:
    given = dict(row)
    verdict = given.pop("verdict")
    return Emergency(
        **given | {"purpose": Purpose(given["purpose"])},
        verdict=None if verdict is None else Verdict(verdict),
    )


async def used_today(tx: Transaction, staff_id: UUID) -> int:
    """Return how often an account broke the glass today in Shanghai; attempts of one account come one by one.

    The day is a real one, by the time in the ids: the domain's clock, which may be moved, gives no more of them.
    """
    await tx.execute("SELECT FROM staff_account WHERE id = $1 FOR UPDATE", staff_id)
    count: int = await tx.fetchval(
        "SELECT count(*) FROM break_glass WHERE staff_id = $1"
        " AND uuid_extract_timestamp(id) >= date_trunc('day', clock_timestamp(), 'Asia/Shanghai')",
        staff_id,
    )
    return count


async def insert(
    tx: Transaction,
    emergency_id: UUID,
    staff_id: UUID,
    reason: str,
    purpose: Purpose,
    interval: tuple[int, int],
    granted_at: datetime,
    expires_at: datetime,
) -> None:
    """Add an emergency access."""
    await tx.execute(
        "INSERT INTO break_glass (id, staff_id, reason, purpose, area, area_high, granted_at, expires_at, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
        emergency_id,
        staff_id,
        reason,
        purpose,
        *interval,
        granted_at,
        expires_at,
    )


async def find(tx: Transaction, emergency_id: UUID, *, lock: bool = False) -> Emergency | None:
    """Return one emergency access; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(f"{_COLUMNS} WHERE e.id = $1{' FOR UPDATE OF e' if lock else ''}", emergency_id)
    return _emergency(row) if row else None


async def page(
    tx: Transaction, of_staff: UUID | None, reviewed: bool | None, before: UUID | None, limit: int
) -> list[Emergency]:
    """Return the newest emergency accesses, those before an id: of one account or all, reviewed or not or both."""
    rows = await tx.fetch(
        f"{_COLUMNS} WHERE ($1::uuid IS NULL OR e.staff_id = $1)"
        " AND ($2::boolean IS NULL OR (e.reviewed_at IS NOT NULL) = $2)"
        " AND ($3::uuid IS NULL OR e.id < $3) ORDER BY e.id DESC LIMIT $4",
        of_staff,
        reviewed,
        before,
        limit,
    )
    return [_emergency(row) for row in rows]


async def end(tx: Transaction, emergency_id: UUID, now: datetime) -> None:
    """End an emergency access."""
    await tx.execute(
        "UPDATE break_glass SET ended_at = $2, version = version + 1 WHERE id = $1", emergency_id, now
    )


async def review(
    tx: Transaction, emergency_id: UUID, by: UUID, verdict: Verdict, finding: str, now: datetime
) -> None:
    """Write down what an auditor found."""
    await tx.execute(
        "UPDATE break_glass SET reviewed_by = $2, verdict = $3, finding = $4, reviewed_at = $5,"
        " version = version + 1 WHERE id = $1",
        emergency_id,
        by,
        verdict,
        finding,
        now,
    )
