"""Every query on approvals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.approvals.domain import Approval, ApprovalKind, ApprovalState

_COLUMNS = """
SELECT id, kind, subject_id, wanted, asked_by, asked_at, expires_at, state AS stored_state, decided_by, decided_at,
       remark, version FROM approval
"""


def _approval(row: asyncpg.Record) -> Approval:
    given = dict(row)
    given["kind"], given["stored_state"] = ApprovalKind(given["kind"]), ApprovalState(given["stored_state"])
    return Approval(**given)


async def insert(tx: Transaction, one: Approval) -> None:
    """Add a request."""
    await tx.execute(
        "INSERT INTO approval (id, kind, subject_id, wanted, asked_by, asked_at, expires_at, state, decided_by,"
        " decided_at, remark, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)",
        one.id,
        one.kind,
        one.subject_id,
        one.wanted,
        one.asked_by,
        one.asked_at,
        one.expires_at,
        one.stored_state,
        one.decided_by,
        one.decided_at,
        one.remark,
    )


async def find(tx: Transaction, approval_id: UUID, *, lock: bool = False) -> Approval | None:
    """Return one request; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(f"{_COLUMNS} WHERE id = $1{' FOR UPDATE' if lock else ''}", approval_id)
    return _approval(row) if row else None


async def pending(tx: Transaction, subject_ids: Sequence[UUID], now: datetime) -> list[Approval]:
    """Return what is asked for about some accounts or roles and still open, in order."""
    rows = await tx.fetch(
        f"{_COLUMNS} WHERE subject_id = ANY($1) AND state = 'pending' AND expires_at > $2 ORDER BY id",
        subject_ids,
        now,
    )
    return [_approval(row) for row in rows]


async def given_power(tx: Transaction) -> list[UUID]:
    """Return the accounts that were once given a role that manages accounts or audits."""
    rows = await tx.fetch(
        "SELECT DISTINCT subject_id FROM approval WHERE kind = 'assignment' AND state = 'executed'"
    )
    return [row["subject_id"] for row in rows]


async def page(tx: Transaction, open_at: datetime | None, before: UUID | None, limit: int) -> list[Approval]:
    """Return the newest requests, those before an id: those open at a moment or all."""
    rows = await tx.fetch(
        f"{_COLUMNS} WHERE ($1::timestamptz IS NULL OR (state = 'pending' AND expires_at > $1))"
        " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        open_at,
        before,
        limit,
    )
    return [_approval(row) for row in rows]


async def close(
    tx: Transaction, approval_id: UUID, state: ApprovalState, by: UUID, now: datetime, remark: str | None
) -> None:
    """Write down how a request ended."""
    await tx.execute(
        "UPDATE approval SET state = $2, decided_by = $3, decided_at = $4, remark = $5, version = version + 1"
        " WHERE id = $1",
        approval_id,
        state,
        by,
        now,
        remark,
    )
