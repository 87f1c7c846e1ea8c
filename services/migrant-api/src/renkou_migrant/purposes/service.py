"""The copy of the register's purposes that sending asks. Callers hold the transaction.

It starts with the purposes that every district starts with, and follows the register's feed: what the administrator
ends there is sent no more as soon as the event has come.
"""

from datetime import date

import asyncpg

from renkou_common.contracts.registry_privacy import NOTICE, PurposeChanged
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

MOST_ROWS = 5000
_TESTS = ["ping", "pong", "digest", "receipt"]


async def take_over(tx: Transaction, change: PurposeChanged) -> None:
    """Hold a purpose as the register has it now."""
    kinds = [each.removeprefix(NOTICE) for each in change.covers if each.startswith(NOTICE)]
    await tx.execute(
        "INSERT INTO exchange_purpose (code, kinds, active_from, active_to) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (code) DO UPDATE SET kinds = excluded.kinds, active_from = excluded.active_from,"
        " active_to = excluded.active_to",
        change.code,
        kinds,
        change.active_from,
        change.active_to,
    )


async def kinds_in_force(tx: Transaction, on: date) -> frozenset[str]:
    """Return the kinds of message that have a purpose in force on a day."""
    rows = await tx.fetch(
        "SELECT DISTINCT unnest(kinds) AS kind FROM exchange_purpose"
        " WHERE active_from <= $1 AND (active_to IS NULL OR $1 < active_to)",
        on,
    )
    return frozenset(row["kind"] for row in rows)


async def codes_by_kind(tx: Transaction) -> dict[str, str]:
    """Return by kind of message the purpose that covers it."""
    rows = await tx.fetch("SELECT code, unnest(kinds) AS kind FROM exchange_purpose ORDER BY code")
    return {row["kind"]: row["code"] for row in rows}


async def shared(tx: Transaction, areas: AreaScope, first: date | None) -> list[asyncpg.Record]:
    """Return what was sent out of some areas, in the year that begins with a day where given: by month, partner,
    kind and agreement, the latest month first."""
    return await tx.fetch(
        "SELECT date_trunc('month', sent_at AT TIME ZONE 'Asia/Shanghai')::date AS month, partner, kind,"
        " agreement_id, count(*) AS messages, min(sent_at) AS first_at, max(sent_at) AS last_at"
        " FROM message m WHERE direction = 'out' AND sent_at IS NOT NULL AND kind <> ALL($1)"
        " AND EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE m.area BETWEEN s.lo AND s.hi)"
        " AND ($4::date IS NULL OR (sent_at AT TIME ZONE 'Asia/Shanghai')::date >= $4"
        " AND (sent_at AT TIME ZONE 'Asia/Shanghai')::date < $4 + interval '1 year')"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 2, 3, 4 LIMIT $5",
        _TESTS,
        areas.lows,
        areas.highs,
        first,
        MOST_ROWS,
    )
