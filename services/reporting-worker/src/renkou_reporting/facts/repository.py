"""Every query on facts and cells that writes them or compares them."""

from collections.abc import Sequence

import asyncpg

from renkou_common.database import Transaction
from renkou_reporting.facts.domain import AGED_POPULATIONS, CellKey, Fact

_INSERT_FACTS = """
INSERT INTO fact (feed, seq, line_no, event_id, area, happened_on, month,
    population, measure, sex, birth_month, parity, value, detail)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::bigint[], $6::date[], $7::int[],
    $8::text[], $9::text[], $10::smallint[], $11::int[], $12::smallint[], $13::bigint[], $14::text[])
"""
_ADD_TO_CELLS = """
INSERT INTO cell AS c (area, month, population, measure, sex, parity, birth_month, detail, value)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::smallint[], $6::smallint[],
    $7::int[], $8::text[], $9::bigint[])
ON CONFLICT (area, month, population, measure, sex, parity, birth_month, detail)
DO UPDATE SET value = c.value + excluded.value
"""
_COPY_FACTS = """
INSERT INTO fact_shadow SELECT * FROM fact WHERE feed = $1 AND (seq > $2 OR seq = ANY($3::bigint[]))
"""
_COPY_CELLS = """
INSERT INTO cell_shadow AS c (area, month, population, measure, sex, parity, birth_month, detail, value)
SELECT area, month, population, measure, sex, parity,
    CASE WHEN population = ANY($4::text[]) THEN birth_month ELSE 0 END AS aged, detail, sum(value)::bigint
FROM fact WHERE feed = $1 AND (seq > $2 OR seq = ANY($3::bigint[]))
GROUP BY area, month, population, measure, sex, parity, aged, detail
ORDER BY area, month, population, measure, sex, parity, aged, detail
ON CONFLICT (area, month, population, measure, sex, parity, birth_month, detail)
DO UPDATE SET value = c.value + excluded.value
"""
_DIFFERENCES = """
SELECT area, month, population, measure, sex, parity, birth_month, detail,
    c.value AS live, s.value AS rebuilt, count(*) OVER () AS total
FROM cell c FULL JOIN cell_shadow s USING (area, month, population, measure, sex, parity, birth_month, detail)
WHERE c.value IS DISTINCT FROM s.value
ORDER BY area, month, population, measure, sex, parity, birth_month, detail
LIMIT $1
"""


def _shadow(statement: str) -> str:
    return statement.replace("INTO fact", "INTO fact_shadow").replace("INTO cell", "INTO cell_shadow")


_STATEMENTS = {
    False: (_INSERT_FACTS, _ADD_TO_CELLS),
    True: (_shadow(_INSERT_FACTS), _shadow(_ADD_TO_CELLS)),
}


async def insert(
    tx: Transaction, facts: Sequence[Fact], cells: Sequence[tuple[CellKey, int]], *, shadow: bool
) -> None:
    """Write facts and add their sums to the cells; ``cells`` must be sorted."""
    insert_facts, add_to_cells = _STATEMENTS[shadow]
    await tx.execute(insert_facts, *zip(*facts, strict=True))
    keys = zip(*(key for key, _ in cells), strict=True)
    await tx.execute(add_to_cells, *keys, [value for _, value in cells])


async def copy_to_shadow(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Copy live facts numbered above ``after``, and those in ``also``, into the shadow with their sums."""
    await tx.execute(_COPY_FACTS, feed, after, also)
    await tx.execute(_COPY_CELLS, feed, after, also, sorted(AGED_POPULATIONS))


async def differences(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Return cells that differ between live and shadow, each with the total number of such cells."""
    return await tx.fetch(_DIFFERENCES, limit)


async def empty_shadow(tx: Transaction) -> None:
    """Throw the shadow's rows away."""
    await tx.execute("SELECT renkou_empty_shadow()")


async def swap_shadow(tx: Transaction) -> None:
    """Make the shadow live and the live tables the shadow; readers wait for the commit at most."""
    await tx.execute("SELECT renkou_swap_shadow()")
