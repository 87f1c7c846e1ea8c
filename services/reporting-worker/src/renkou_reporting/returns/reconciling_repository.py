"""Every query that compares signed returns with the facts made of them."""

from collections.abc import Collection, Sequence

import asyncpg

from renkou_common.database import Transaction
from renkou_reporting.facts.domain import Fact
from renkou_reporting.returns.domain import FEED

_LONG = 600.0
_FACTS = ", ".join(Fact._fields)
_HASHED = ", ".join(name for name in Fact._fields if name != "feed")
# What the entries of returns, which are their feed, make of the counts that were signed; and the facts that there are.
_EXPECTED = f"""
expected AS (
    SELECT r.form, '{FEED}' AS feed, e.seq, l.line_no, e.event_id, l.area, l.happened_on,
        (extract(year FROM l.happened_on) * 100 + extract(month FROM l.happened_on))::int AS month, l.population,
        l.measure, l.sex, l.birth_month, l.parity, l.value * e.sign AS value, l.detail
    FROM return_entry e JOIN aggregate_return r ON r.id = e.return_id JOIN return_line l ON l.return_id = e.return_id
)"""
_STORED = f"""
stored AS (
    SELECT coalesce(r.form, '') AS form, f.*
    FROM fact f LEFT JOIN return_entry e ON e.seq = f.seq LEFT JOIN aggregate_return r ON r.id = e.return_id
    WHERE f.feed = '{FEED}'
)"""


def _summed(rows: str) -> str:
    return (
        f"SELECT form, month, count(*) AS number, sum(hash_record_extended(ROW({_HASHED}), 0)::numeric) AS digest"
        f" FROM {rows} GROUP BY form, month"
    )


_GROUPS = f"""
WITH {_EXPECTED}, {_STORED}
SELECT form, month, coalesce(x.number, 0) AS counts, coalesce(s.number, 0) AS facts,
    coalesce(x.digest, 0)::text AS hash, coalesce(s.digest, 0)::text AS facts_hash
FROM ({_summed("expected")}) AS x FULL JOIN ({_summed("stored")}) AS s USING (form, month)
ORDER BY form, month
"""
_OF_GROUPS = f"""
WITH {{rows}} SELECT {_FACTS} FROM {{name}}
WHERE EXISTS (SELECT FROM unnest($1::text[], $2::int[]) AS g(form, month)
    WHERE g.form = {{name}}.form AND g.month = {{name}}.month)
"""
_MISCOUNTED = """
SELECT r.id, r.form, r.period, r.area, coalesce(sum(e.sign), 0)::int AS counted, (r.state = 'signed')::int AS due,
    array_remove(array_agg(e.seq), NULL) AS seqs
FROM aggregate_return r LEFT JOIN return_entry e ON e.return_id = r.id
GROUP BY r.id HAVING coalesce(sum(e.sign), 0) <> (r.state = 'signed')::int ORDER BY r.id
"""
_ENTERED = """
SELECT r.id, r.form, r.form_version, r.period, r.area, array_agg(e.seq) AS seqs, v.content
FROM aggregate_return r JOIN return_entry e ON e.return_id = r.id
    JOIN return_revision v ON v.return_id = r.id AND v.revision = r.revision
WHERE r.id IN (SELECT return_id FROM return_entry WHERE seq = ANY($1::bigint[]))
GROUP BY r.id, v.return_id, v.revision ORDER BY r.id
"""


async def in_force(tx: Transaction) -> dict[str, int]:
    """Return how many signed returns count, by form."""
    rows = await tx.fetch(
        "SELECT form, count(*) AS returns FROM aggregate_return WHERE state = 'signed' GROUP BY 1"
    )
    return {row["form"]: row["returns"] for row in rows}


async def feed_state(tx: Transaction) -> tuple[int, int]:
    """Return the last number given to an entry, and how many entries there are: as many, as none is left out."""
    row = await tx.fetchrow(
        "SELECT coalesce((SELECT high_water FROM feed_position WHERE feed = $1), 0), count(*) FROM return_entry",
        FEED,
    )
    assert row is not None
    return row[0], row[1]


async def groups(tx: Transaction) -> list[asyncpg.Record]:
    """Return by form and month what returns counted and the facts there are: numbers and hashes.

    The form of facts under a number that no entry has is ``''``.
    """
    return await tx.fetch(_GROUPS, timeout=_LONG)


async def expected_facts(tx: Transaction, of: Sequence[tuple[str, int]]) -> list[Fact]:
    """Return the facts that returns make, of some forms and months."""
    query = _OF_GROUPS.format(rows=_EXPECTED, name="expected")
    return [Fact(*row) for row in await tx.fetch(query, *zip(*of, strict=True), timeout=_LONG)]


async def stored_facts(tx: Transaction, of: Sequence[tuple[str, int]]) -> list[Fact]:
    """Return the facts that there are of returns, of some forms and months."""
    query = _OF_GROUPS.format(rows=_STORED, name="stored")
    return [Fact(*row) for row in await tx.fetch(query, *zip(*of, strict=True), timeout=_LONG)]


async def miscounted(tx: Transaction) -> list[asyncpg.Record]:
    """Return the returns whose entries do not make what their state says: a signed one counts once, others do not."""
    return await tx.fetch(_MISCOUNTED)


async def entered(tx: Transaction, seqs: Collection[int]) -> list[asyncpg.Record]:
    """Return the returns behind entries, each with all its entries' numbers and what was entered into it."""
    return await tx.fetch(_ENTERED, list(seqs))


async def missing_entries(tx: Transaction, last: int, limit: int) -> list[int]:
    """Return numbers up to the last one given out that no entry has."""
    rows = await tx.fetch(
        "SELECT n FROM generate_series(1, $1::bigint) AS n WHERE NOT EXISTS (SELECT FROM return_entry WHERE seq = n)"
        " ORDER BY n LIMIT $2",
        last,
        limit,
    )
    return [row["n"] for row in rows]
