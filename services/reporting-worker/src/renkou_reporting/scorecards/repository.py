"""Every query on scorecards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction

_LIST = """
SELECT s.id, s.area, s.period, s.version, v.state, v.rules ->> 'title' AS title
FROM scorecard s CROSS JOIN LATERAL (
    SELECT state, rules FROM scorecard_version WHERE scorecard_id = s.id ORDER BY number DESC LIMIT 1
) v
WHERE s.area BETWEEN $1 AND $2 AND ($3::text IS NULL OR s.period = $3) AND ($4::uuid IS NULL OR s.id > $4)
ORDER BY s.id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to be stored as a draft, who wrote it, when and why."""

    document: dict[str, Any]
    reason: str
    made_by: UUID
    made_at: datetime


async def insert(tx: Transaction, scorecard_id: UUID, area: int, period: str) -> None:
    """Store a scorecard without a version."""
    await tx.execute(
        "INSERT INTO scorecard (id, area, period, version) VALUES ($1, $2, $3, 0)", scorecard_id, area, period
    )


async def lock(tx: Transaction, scorecard_id: UUID) -> asyncpg.Record | None:
    """Return a scorecard locked."""
    return await tx.fetchrow("SELECT * FROM scorecard WHERE id = $1 FOR UPDATE", scorecard_id)


async def find(tx: Reader, scorecard_id: UUID) -> asyncpg.Record | None:
    """Return a scorecard."""
    return await tx.fetchrow("SELECT * FROM scorecard WHERE id = $1", scorecard_id)


async def versions(tx: Reader, scorecard_id: UUID) -> list[asyncpg.Record]:
    """Return the versions of a scorecard, the newest first."""
    return await tx.fetch(
        "SELECT * FROM scorecard_version WHERE scorecard_id = $1 ORDER BY number DESC", scorecard_id
    )


async def put_draft(tx: Transaction, scorecard_id: UUID, new: NewDocument) -> None:
    """Change the draft, or store the next version as one; whoever changes it is its author from now on."""
    changed = await tx.fetchval(
        "UPDATE scorecard_version SET rules = $2, reason = $3, made_by = $4, made_at = $5"
        " WHERE scorecard_id = $1 AND state = 'draft' RETURNING number",
        scorecard_id, new.document, new.reason, new.made_by, new.made_at,
    )  # fmt: skip
    if changed is None:
        await tx.execute(
            "INSERT INTO scorecard_version (scorecard_id, number, state, rules, reason, made_by, made_at) VALUES"
            " ($1, (SELECT coalesce(max(number), 0) + 1 FROM scorecard_version WHERE scorecard_id = $1), 'draft',"
            " $2, $3, $4, $5)",
            scorecard_id, new.document, new.reason, new.made_by, new.made_at,
        )  # fmt: skip


async def activate(tx: Transaction, scorecard_id: UUID, by: UUID, at: datetime) -> None:
    """Put the draft in force in place of the version before."""
    await tx.execute(
        "UPDATE scorecard_version SET state = 'superseded' WHERE scorecard_id = $1 AND state = 'active'",
        scorecard_id,
    )
    await tx.execute(
        "UPDATE scorecard_version SET state = 'active', approved_by = $2, approved_at = $3"
        " WHERE scorecard_id = $1 AND state = 'draft'",
        scorecard_id,
        by,
        at,
    )


async def withdraw(tx: Transaction, scorecard_id: UUID, by: UUID, at: datetime, reason: str) -> None:
    """Take the version in force out of it."""
    await tx.execute(
        "UPDATE scorecard_version SET state = 'withdrawn', withdrawn_by = $2, withdrawn_at = $3,"
        " withdrawal_reason = $4 WHERE scorecard_id = $1 AND state = 'active'",
        scorecard_id,
        by,
        at,
        reason,
    )


async def count_up(tx: Transaction, scorecard_id: UUID) -> None:
    """Note that the record has changed."""
    await tx.execute("UPDATE scorecard SET version = version + 1 WHERE id = $1", scorecard_id)


async def page(
    tx: Reader, within: tuple[int, int], period: str | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return scorecards of areas, in the order they were made."""
    return await tx.fetch(_LIST, *within, period, after, limit)
