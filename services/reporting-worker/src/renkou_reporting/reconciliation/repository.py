"""Every query on reconciliations, on seals of facts, and on what reconciliations compare."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_common.messaging.digest import BLOCK
from renkou_reporting.facts.domain import BALANCE_SIGNS, Fact
from renkou_reporting.reconciliation.domain import Difference, Noted

_LONG = 3600.0
_SUMMED = """
SELECT (seq - 1) / 1024 AS block, count(*) AS facts,
    sum(hash_record_extended(ROW(seq, line_no, event_id, area, happened_on, month, population, measure, sex,
        birth_month, parity, value, detail), 0)::numeric) AS digest
FROM fact WHERE feed = $1 AND seq BETWEEN $2 AND $3 GROUP BY 1
"""
_UNSEALED = f"""
SELECT b.block FROM generate_series(0, ($3::bigint - 1) / 1024) AS b (block)
LEFT JOIN ({_SUMMED}) AS s USING (block)
LEFT JOIN fact_seal AS e ON e.feed = $1 AND e.block = b.block
WHERE e.block IS NULL OR e.last <> least((b.block + 1) * 1024, $3) OR e.facts <> coalesce(s.facts, 0)
    OR e.digest <> coalesce(s.digest, 0)
ORDER BY 1
"""
_SEAL = f"""
INSERT INTO fact_seal (feed, block, last, facts, digest)
SELECT $1, b.block, least((b.block + 1) * 1024, $3), coalesce(s.facts, 0), coalesce(s.digest, 0)
FROM generate_series(($2::bigint - 1) / 1024, ($3::bigint - 1) / 1024) AS b (block)
LEFT JOIN ({_SUMMED}) AS s USING (block)
ON CONFLICT (feed, block) DO UPDATE
SET last = excluded.last, facts = excluded.facts, digest = excluded.digest
"""
_SIGNED = f"""sum(CASE WHEN measure IN ({
    ", ".join(f"'{measure}'" for measure, sign in sorted(BALANCE_SIGNS.items()) if sign < 0)
}) THEN -value ELSE value END)::bigint"""
_STOCK = f"""
WITH parts AS (
    SELECT population, area, {_SIGNED} AS people FROM cell
    WHERE measure = ANY($1::text[]) AND month <= $2 AND area BETWEEN $4 AND $5 GROUP BY 1, 2
    UNION ALL
    SELECT population, area, -{_SIGNED} FROM fact
    WHERE feed = 'registry' AND seq > $3 AND measure = ANY($1::text[]) AND month <= $2
        AND area BETWEEN $4 AND $5 GROUP BY 1, 2
    UNION ALL
    SELECT population, area, -{_SIGNED} FROM fact
    WHERE feed <> 'registry' AND measure = ANY($1::text[]) AND month <= $2
        AND area BETWEEN $4 AND $5 GROUP BY 1, 2
)
SELECT population, area, sum(people)::bigint AS people FROM parts GROUP BY 1, 2
"""


async def insert(tx: Transaction, run: UUID, by: UUID | None, at: datetime) -> bool:
    """Queue a reconciliation; False where one waits or is at work."""
    made = await tx.fetchval(
        "INSERT INTO reconciliation (id, state, active, requested_by, requested_at, feeds, returns, stock, found,"
        " healed) VALUES ($1, 'waiting', true, $2, $3, '{}', '{}', '{}', 0, 0)"
        " ON CONFLICT (active) WHERE active DO NOTHING RETURNING true",
        run,
        by,
        at,
    )
    return made is not None


async def last_requested(tx: Transaction) -> datetime | None:
    """Return when a reconciliation was queued last."""
    at: datetime | None = await tx.fetchval("SELECT max(requested_at) FROM reconciliation")
    return at


async def active(tx: Transaction) -> UUID | None:
    """Return the reconciliation to be worked on."""
    run: UUID | None = await tx.fetchval("SELECT id FROM reconciliation WHERE active")
    return run


async def find(tx: Reader, run: UUID) -> asyncpg.Record | None:
    """Return a reconciliation's row."""
    return await tx.fetchrow("SELECT * FROM reconciliation WHERE id = $1", run)


async def latest(tx: Reader) -> asyncpg.Record | None:
    """Return the last reconciliation that was finished."""
    return await tx.fetchrow(
        "SELECT * FROM reconciliation WHERE state = 'done' ORDER BY finished_at DESC LIMIT 1"
    )


async def page(tx: Transaction, before: tuple[datetime, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """Return reconciliations, the newest first."""
    at, run = before or (None, None)
    return await tx.fetch(
        "SELECT * FROM reconciliation WHERE $1::timestamptz IS NULL OR (requested_at, id) < ($1, $2)"
        " ORDER BY requested_at DESC, id DESC LIMIT $3",
        at,
        run,
        limit,
    )


async def differences(tx: Transaction, run: UUID, limit: int) -> list[asyncpg.Record]:
    """Return differences that a reconciliation found."""
    return await tx.fetch(
        "SELECT * FROM reconciliation_difference WHERE reconciliation_id = $1 ORDER BY id LIMIT $2",
        run,
        limit,
    )


async def log(tx: Transaction, run: UUID, found: Sequence[Difference]) -> None:
    """Write differences down, those that are about to be put right as healed."""
    await tx.executemany(
        "INSERT INTO reconciliation_difference (reconciliation_id, kind, feed, seq, line_no, area, population,"
        " stored, expected, healed, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            (
                run,
                one.kind.value,
                one.feed,
                one.seq,
                one.line_no,
                one.area,
                one.population,
                one.stored,
                one.expected,
                one.healed,
                one.reason,
            )
            for one in found
        ],
    )


async def finish(
    tx: Transaction,
    run: UUID,
    at: datetime,
    feeds: Mapping[str, Any],
    returns: Mapping[str, Any],
    stock: Mapping[str, Any],
) -> asyncpg.Record:
    """Record a reconciliation's result; returns (found, healed)."""
    row = await tx.fetchrow(
        "UPDATE reconciliation SET state = 'done', active = false, finished_at = $2, feeds = $3,"
        " returns = $4, stock = $5,"
        " found = (SELECT count(*) FROM reconciliation_difference d WHERE d.reconciliation_id = $1),"
        " healed = (SELECT count(*) FROM reconciliation_difference d WHERE d.reconciliation_id = $1 AND d.healed)"
        " WHERE id = $1 RETURNING found, healed",
        run,
        at,
        dict(feeds),
        dict(returns),
        dict(stock),
    )
    assert row is not None
    return row


async def fail(tx: Transaction, run: UUID, at: datetime, reason: str) -> None:
    """Record why a reconciliation cannot be finished."""
    await tx.execute(
        "UPDATE reconciliation SET state = 'failed', active = false, finished_at = $2, reason = $3 WHERE id = $1",
        run,
        at,
        reason,
    )


async def one_snapshot(tx: Transaction) -> None:
    """Let everything that this transaction reads be of one moment; the first thing it does."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def unhurried(tx: Transaction) -> None:
    """Let statements of this transaction take the time that a scan of all facts takes."""
    await tx.execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '128MB'")


async def noted(tx: Transaction, feed: str, first: int, last: int) -> dict[int, Noted]:
    """Return the events noted as taken in, by number."""
    rows = await tx.fetch(
        "SELECT seq, event_id, content_hash FROM applied_event WHERE feed = $1 AND seq BETWEEN $2 AND $3",
        feed,
        first,
        last,
    )
    return {row["seq"]: Noted(row["event_id"], row["content_hash"]) for row in rows}


async def note(tx: Transaction, feed: str, events: Mapping[int, Noted]) -> None:
    """Note events as taken in."""
    await tx.executemany(
        "INSERT INTO applied_event (feed, seq, event_id, content_hash) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        [(feed, seq, one.event_id, one.content_hash) for seq, one in events.items()],
    )


async def unsealed(tx: Transaction, feed: str, last: int) -> list[int]:
    """Return the blocks up to a number whose facts are not as they were when they were compared last."""
    rows = await tx.fetch(_UNSEALED, feed, 1, last, timeout=_LONG)
    return [row["block"] for row in rows]


async def seal(tx: Transaction, feed: str, first: int, last: int) -> None:
    """Note the facts of the blocks of a range as right, as far as ``last``."""
    await tx.execute(_SEAL, feed, first, last, timeout=_LONG)


async def facts_between(tx: Transaction, feed: str, first: int, last: int) -> list[Fact]:
    """Return the stored facts of a range of events."""
    rows = await tx.fetch(
        f"SELECT {', '.join(Fact._fields)} FROM fact WHERE feed = $1 AND seq BETWEEN $2 AND $3",
        feed,
        first,
        last,
    )
    return [Fact(*row) for row in rows]


async def facts_of_events(tx: Transaction, feed: str, seqs: Collection[int]) -> list[Fact]:
    """Return the stored facts of events."""
    rows = await tx.fetch(
        f"SELECT {', '.join(Fact._fields)} FROM fact WHERE feed = $1 AND seq = ANY($2::bigint[])", feed, seqs
    )
    return [Fact(*row) for row in rows]


async def held(tx: Transaction, feed: str, first: int, last: int) -> set[int]:
    """Return which events of a range are held: their facts may be there, or in part, or not."""
    rows = await tx.fetch(
        "SELECT seq FROM held_event WHERE feed = $1 AND seq BETWEEN $2 AND $3 AND resolved_at IS NULL",
        feed,
        first,
        last,
    )
    return {row["seq"] for row in rows}


async def stock(
    tx: Transaction, month: int, head: int, interval: tuple[int, int]
) -> dict[tuple[str, int], int]:
    """Return the people by population and area at a month's end that the register's events up to a number make."""
    rows = await tx.fetch(_STOCK, sorted(BALANCE_SIGNS), month, head, *interval, timeout=_LONG)
    return {(row["population"], row["area"]): row["people"] for row in rows}


def block_range(first: int, last: int, most: int) -> tuple[int, int]:
    """Return the numbers of a run of blocks, none above ``most``."""
    return first * BLOCK + 1, min((last + 1) * BLOCK, most)
