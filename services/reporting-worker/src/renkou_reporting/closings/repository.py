"""Every query on closings, and what a closing reads of facts and their sums."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.closings.domain import LateFact
from renkou_reporting.facts.service import keep_tables

_LATE = """
SELECT f.feed, f.seq, f.area, f.month, f.population, f.measure, f.sex, f.parity, f.detail
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS p(feed, after, until)
    JOIN fact f ON f.feed = p.feed AND f.seq > p.after AND f.seq <= p.until
WHERE f.month <= $4
"""
_AREAS = """
SELECT DISTINCT area / $3::bigint * $3::bigint AS area FROM cell WHERE area BETWEEN $1 AND $2 ORDER BY 1
"""


async def one_snapshot(tx: Transaction) -> None:
    """Let everything that this transaction reads be of one moment; the first thing it does."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    await keep_tables(tx)


async def insert(
    tx: Transaction, closing_id: UUID, area: int, period: str, months: tuple[int, int], by: UUID, at: datetime
) -> UUID | None:
    """Store a closing; returns the id of the one that the period has already, None where it has none."""
    done = await tx.fetchval(
        "INSERT INTO closing (id, area, period, first_month, last_month, state, version, opened_by, opened_at)"
        " VALUES ($1, $2, $3, $4, $5, 'open', 0, $6, $7) ON CONFLICT (area, period) DO NOTHING RETURNING true",
        closing_id, area, period, *months, by, at,
    )  # fmt: skip
    if done:
        return None
    existing: UUID = await tx.fetchval("SELECT id FROM closing WHERE area = $1 AND period = $2", area, period)
    return existing


async def find(tx: Reader, closing_id: UUID) -> asyncpg.Record | None:
    """Return a closing with its frozen figures' hash and first signature."""
    return await tx.fetchrow(
        "SELECT c.*, f.content_hash, f.signed_by, f.signed_at, f.reason FROM closing c"
        " LEFT JOIN frozen_figures f ON f.id = c.frozen_id WHERE c.id = $1",
        closing_id,
    )


async def page(tx: Reader, before: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Return closings, the newest first."""
    return await tx.fetch(
        "SELECT c.*, f.content_hash, f.signed_by, f.signed_at, f.reason FROM closing c"
        " LEFT JOIN frozen_figures f ON f.id = c.frozen_id WHERE $1::uuid IS NULL OR c.id < $1"
        " ORDER BY c.id DESC LIMIT $2",
        before,
        limit,
    )


async def lock(tx: Transaction, closing_id: UUID) -> asyncpg.Record | None:
    """Return a closing that nobody else changes until the end of the transaction."""
    return await tx.fetchrow("SELECT * FROM closing WHERE id = $1 FOR UPDATE", closing_id)


async def move(
    tx: Transaction, closing_id: UUID, state: str, *, version: int, frozen_id: UUID | None = None
) -> None:
    """Put a closing into a state."""
    await tx.execute(
        "UPDATE closing SET state = $2, version = $3, frozen_id = $4 WHERE id = $1",
        closing_id,
        state,
        version,
        frozen_id,
    )


async def log(
    tx: Transaction, closing_id: UUID, kind: str, by: UUID, at: datetime, reason: str, detail: dict[str, Any]
) -> None:
    """Note who did what to a closing."""
    await tx.execute(
        "INSERT INTO closing_step (closing_id, kind, by, at, reason, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        closing_id,
        kind,
        by,
        at,
        reason,
        detail,
    )


async def steps(tx: Reader, closing_id: UUID) -> list[asyncpg.Record]:
    """Return the log of a closing in order."""
    return await tx.fetch(
        "SELECT kind, by, at, reason, detail FROM closing_step WHERE closing_id = $1 ORDER BY id", closing_id
    )


async def insert_frozen(
    tx: Transaction,
    frozen_id: UUID,
    closing_id: UUID,
    by: UUID,
    at: datetime,
    reason: str,
    content_hash: bytes,
    content: bytes,
) -> None:
    """Store what was signed first."""
    await tx.execute(
        "INSERT INTO frozen_figures (id, closing_id, signed_by, signed_at, reason, content_hash, content)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        frozen_id, closing_id, by, at, reason, content_hash, content,
    )  # fmt: skip


async def frozen(tx: Reader, frozen_id: UUID) -> asyncpg.Record:
    """Return what was signed first."""
    row = await tx.fetchrow("SELECT * FROM frozen_figures WHERE id = $1", frozen_id)
    assert row is not None
    return row


async def positions(tx: Reader) -> dict[str, int]:
    """Return how far each feed is taken in."""
    return {
        row["feed"]: row["high_water"] for row in await tx.fetch("SELECT feed, high_water FROM feed_position")
    }


async def areas_below(tx: Reader, low: int, high: int, size: int) -> list[int]:
    """Return the keys of areas of ``size`` keys each in which anything was counted."""
    return [row["area"] for row in await tx.fetch(_AREAS, low, high, size)]


async def details(tx: Reader, last: int) -> dict[tuple[str, str], list[str]]:
    """Return the details that were counted up to a month, by population and measure."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in await tx.fetch(
        "SELECT DISTINCT population, measure, detail FROM cell WHERE detail <> '' AND month <= $1 ORDER BY 1, 2, 3",
        last,
    ):
        found.setdefault((row["population"], row["measure"]), []).append(row["detail"])
    return found


async def late_facts(
    tx: Reader, before: Mapping[str, int], now: Mapping[str, int], last: int
) -> list[LateFact]:
    """Return the facts of months up to ``last`` that came between two positions of the feeds."""
    after = [before.get(feed, 0) for feed in now]
    return [LateFact(*row) for row in await tx.fetch(_LATE, list(now), after, list(now.values()), last)]


async def late_events(tx: Reader, before: Mapping[str, int], last: int) -> int:
    """Return how many events changed months up to ``last`` since given positions."""
    feeds = await positions(tx)
    return int(
        await tx.fetchval(
            f"SELECT count(DISTINCT (feed, seq)) FROM ({_LATE}) AS late",
            list(feeds),
            [before.get(feed, 0) for feed in feeds],
            list(feeds.values()),
            last,
        )
    )


async def last_rebuild(tx: Reader) -> asyncpg.Record | None:
    """Return the newest rebuild that was finished."""
    return await tx.fetchrow(
        "SELECT id, equal, finished_at FROM rebuild WHERE state = 'done' ORDER BY finished_at DESC LIMIT 1"
    )
