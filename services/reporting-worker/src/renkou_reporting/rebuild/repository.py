"""Every query on rebuild jobs."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.facts.service import Difference
from renkou_reporting.rebuild.domain import Job

_POSITIONS = "SELECT feed, high_water FROM feed_position ORDER BY feed"


async def insert(tx: Transaction, rebuild_id: UUID, by: UUID, at: datetime) -> bool:
    """Queue a rebuild; False where one is queued or underway."""
    made = await tx.fetchval(
        "INSERT INTO rebuild (id, state, active, requested_by, requested_at, positions, targets, skipped,"
        " difference_count) VALUES ($1, 'queued', true, $2, $3, '{}', '{}', '{}', 0)"
        " ON CONFLICT (active) WHERE active DO NOTHING RETURNING true",
        rebuild_id,
        by,
        at,
    )
    return made is not None


async def last_finished(tx: Reader) -> datetime | None:
    """Return when a rebuild went live last."""
    at: datetime | None = await tx.fetchval("SELECT max(finished_at) FROM rebuild WHERE state = 'done'")
    return at


async def find(tx: Transaction, rebuild_id: UUID) -> asyncpg.Record | None:
    """Return a rebuild's row."""
    return await tx.fetchrow("SELECT * FROM rebuild WHERE id = $1", rebuild_id)


async def differences(tx: Transaction, rebuild_id: UUID, limit: int) -> list[asyncpg.Record]:
    """Return recorded differences."""
    return await tx.fetch(
        "SELECT * FROM rebuild_difference WHERE rebuild_id = $1 ORDER BY id LIMIT $2", rebuild_id, limit
    )


async def active_job(tx: Transaction) -> Job | None:
    """Return the rebuild to be worked on, None where there is none."""
    return _job(await tx.fetchrow("SELECT * FROM rebuild WHERE active"))


async def lock_job(tx: Transaction, rebuild_id: UUID) -> Job | None:
    """Lock an active rebuild and return it as it is now."""
    return _job(await tx.fetchrow("SELECT * FROM rebuild WHERE id = $1 AND active FOR UPDATE", rebuild_id))


async def save_job(tx: Transaction, job: Job) -> None:
    """Store how far a rebuild is."""
    await tx.execute(
        "UPDATE rebuild SET state = $2, positions = $3, targets = $4, skipped = $5 WHERE id = $1",
        job.id,
        job.state,
        job.positions,
        job.targets,
        job.skipped,
    )


async def record_result(tx: Transaction, rebuild_id: UUID, found: Sequence[Difference], total: int) -> None:
    """Record what a rebuild's comparison found."""
    await tx.execute(
        "UPDATE rebuild SET equal = $2, difference_count = $3 WHERE id = $1", rebuild_id, total == 0, total
    )
    await tx.executemany(
        "INSERT INTO rebuild_difference (rebuild_id, kind, area, month, population, measure, sex, parity,"
        " birth_month, detail, live, rebuilt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        [(rebuild_id, *astuple(one)) for one in found],
    )


async def stock_differs(tx: Transaction, rebuild_id: UUID) -> bool:
    """Say whether the cohort stock came out other than it was."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM rebuild_difference WHERE rebuild_id = $1 AND kind = 'cohort_stock')",
        rebuild_id,
    )
    return found


async def finish(tx: Transaction, rebuild_id: UUID, at: datetime) -> None:
    """Record that a rebuild is live."""
    await tx.execute(
        "UPDATE rebuild SET state = 'done', active = false, finished_at = $2 WHERE id = $1", rebuild_id, at
    )


async def fail(tx: Transaction, rebuild_id: UUID, at: datetime, reason: str) -> None:
    """Record why a rebuild cannot be finished; the live tables stay as they are."""
    await tx.execute(
        "UPDATE rebuild SET state = 'failed', active = false, finished_at = $2, reason = $3 WHERE id = $1",
        rebuild_id,
        at,
        reason,
    )


async def high_waters(tx: Transaction) -> dict[str, int]:
    """Return the live position of each feed."""
    return {row["feed"]: row["high_water"] for row in await tx.fetch(_POSITIONS)}


async def one_snapshot(tx: Transaction) -> None:
    """Let everything that this transaction reads be of one moment; the first thing it does."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def held(tx: Transaction, feed: str, numbers: list[int]) -> set[int]:
    """Return which of these events are held and so not among the live facts."""
    rows = await tx.fetch(
        "SELECT seq FROM held_event WHERE feed = $1 AND seq = ANY($2::bigint[]) AND resolved_at IS NULL",
        feed,
        numbers,
    )
    return {row["seq"] for row in rows}


async def held_between(tx: Transaction, feed: str, after: int, until: int) -> frozenset[int]:
    """Return which events after a number, up to another, are held."""
    rows = await tx.fetch(
        "SELECT seq FROM held_event WHERE feed = $1 AND seq > $2 AND seq <= $3 AND resolved_at IS NULL",
        feed,
        after,
        until,
    )
    return frozenset(row["seq"] for row in rows)


def _job(row: asyncpg.Record | None) -> Job | None:
    if row is None:
        return None
    return Job(row["id"], row["state"], row["positions"], row["targets"], row["skipped"])
