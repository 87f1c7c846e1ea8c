"""Every query on aggregate returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_reporting.returns.domain import FEED, Count, Entry

_COUNT_COLUMNS = "area, happened_on, population, measure, sex, birth_month, parity, value"
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(low, high)"
    " WHERE r.area BETWEEN s.low AND s.high)"
)
_LIST = f"""
SELECT r.* FROM aggregate_return r
WHERE {_IN_SCOPE} AND r.area BETWEEN $3 AND $4
    AND ($5::int IS NULL OR r.month = $5) AND ($6::uuid IS NULL OR r.id < $6)
ORDER BY r.id DESC LIMIT $7
"""
_ONE = f"SELECT r.* FROM aggregate_return r WHERE {_IN_SCOPE} AND r.id = $3"
_INSERT_LINES = """
INSERT INTO return_line (return_id, line_no, area, happened_on, population, measure, sex, birth_month,
    parity, value)
SELECT $1, n - 1, area, happened_on, population, measure, sex, birth_month, parity, value
FROM unnest($2::bigint[], $3::date[], $4::text[], $5::text[], $6::smallint[], $7::int[], $8::smallint[],
    $9::bigint[]) WITH ORDINALITY
    AS u(area, happened_on, population, measure, sex, birth_month, parity, value, n)
"""


@dataclass(frozen=True, slots=True)
class NewReturn:
    """The head of a return to be stored."""

    id: UUID
    title: str
    source: str
    area: int
    month: int
    submitted_by: UUID
    submitted_at: datetime


async def insert(tx: Transaction, head: NewReturn, counts: Sequence[Count]) -> None:
    """Store a return with its lines."""
    await tx.execute(
        "INSERT INTO aggregate_return (id, title, source, area, month, line_count, submitted_by,"
        " submitted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        head.id,
        head.title,
        head.source,
        head.area,
        head.month,
        len(counts),
        head.submitted_by,
        head.submitted_at,
    )
    await tx.execute(_INSERT_LINES, head.id, *zip(*counts, strict=True))


async def append_entry(tx: Transaction, return_id: UUID, event_id: UUID, sign: int) -> Entry:
    """Give the next number of the returns' feed to an entry; writers wait for each other here."""
    seq = await tx.fetchval(
        "INSERT INTO feed_position AS p (feed, high_water) VALUES ($1, 1)"
        " ON CONFLICT (feed) DO UPDATE SET high_water = p.high_water + 1, updated_at = now()"
        " RETURNING high_water",
        FEED,
    )
    await tx.execute(
        "INSERT INTO return_entry (seq, event_id, return_id, sign) VALUES ($1, $2, $3, $4)",
        seq,
        event_id,
        return_id,
        sign,
    )
    return Entry(seq, event_id, sign)


async def entries(tx: Transaction, after: int, until: int, limit: int) -> list[tuple[Entry, UUID]]:
    """Return entries numbered ``after`` < seq <= ``until`` in order, each with its return."""
    rows = await tx.fetch(
        "SELECT seq, event_id, sign, return_id FROM return_entry"
        " WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
        after,
        until,
        limit,
    )
    return [(Entry(row["seq"], row["event_id"], row["sign"]), row["return_id"]) for row in rows]


async def counts(tx: Transaction, return_id: UUID) -> list[Count]:
    """Return a return's lines in order."""
    rows = await tx.fetch(
        f"SELECT {_COUNT_COLUMNS} FROM return_line WHERE return_id = $1 ORDER BY line_no",
        return_id,
    )
    return [Count(*row) for row in rows]


async def find(tx: Transaction, areas: AreaScope, return_id: UUID) -> asyncpg.Record | None:
    """Return a return's head, None outside the caller's areas."""
    return await tx.fetchrow(_ONE, areas.lows, areas.highs, return_id)


async def page(
    tx: Transaction,
    areas: AreaScope,
    within: tuple[int, int],
    month: int | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return heads of returns, newest first."""
    return await tx.fetch(_LIST, areas.lows, areas.highs, *within, month, after, limit)


async def lock(tx: Transaction, return_id: UUID) -> bool:
    """Lock a return; says whether it is still entered."""
    withdrawn = await tx.fetchval(
        "SELECT withdrawn_at IS NOT NULL FROM aggregate_return WHERE id = $1 FOR UPDATE", return_id
    )
    return withdrawn is False


async def mark_withdrawn(tx: Transaction, return_id: UUID, by: UUID, at: datetime, reason: str) -> None:
    """Record who withdrew a return, when and why."""
    await tx.execute(
        "UPDATE aggregate_return SET withdrawn_by = $2, withdrawn_at = $3, withdrawal_reason = $4"
        " WHERE id = $1",
        return_id,
        by,
        at,
        reason,
    )
