"""Every query on the register's own counts."""

from datetime import date

import asyncpg

from renkou_common.database import Transaction

_HELD = (
    "{0}.counted_from <= $1 AND ({0}.valid_until IS NULL OR {0}.valid_until > $1) AND {0}.known_until IS NULL"
)
_ELSEWHERE = f"""
NOT EXISTS (SELECT FROM person_address o WHERE o.person_id = a.person_id AND o.kind = '{{0}}'
    AND o.area BETWEEN $2 AND $3 AND {_HELD.format("o")})
"""
_COUNTED = (
    "SELECT '{0}' AS population, a.area, count(*) AS people FROM person_address a WHERE a.kind = '{1}'"
    f" AND a.area BETWEEN $2 AND $3 AND {_HELD.format('a')}{{2}} GROUP BY a.area"
)
_STOCK = " UNION ALL ".join(
    (
        _COUNTED.format("registered", "registered", ""),
        _COUNTED.format("resident", "usual", ""),
        _COUNTED.format("migrant_in", "present", f" AND {_ELSEWHERE.format('registered')}"),
        _COUNTED.format("migrant_out", "registered", f" AND {_ELSEWHERE.format('present')}"),
    )
)


async def one_snapshot(tx: Transaction) -> None:
    """Let everything that this transaction reads be of one moment; the first thing it does."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def stock(tx: Transaction, on: date, low: int, high: int) -> list[asyncpg.Record]:
    """Return (population, area, people) of an area interval at the end of a day, as known now."""
    return await tx.fetch(f"{_STOCK} ORDER BY 1, 2", on, low, high)


async def numbered(tx: Transaction) -> tuple[int, int]:
    """Return the last number that an event has, and how many events have none yet."""
    row = await tx.fetchrow(
        "SELECT coalesce((SELECT max(feed_seq) FROM outbox), 0) AS head,"
        " (SELECT count(*) FROM outbox WHERE feed_seq IS NULL) AS unnumbered"
    )
    assert row is not None
    return row["head"], row["unnumbered"]
