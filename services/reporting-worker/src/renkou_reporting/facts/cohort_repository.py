"""Every query on the cohort stock, which follows the cohort cells behind a log."""

from secrets import randbits

import asyncpg

from renkou_common.database import Transaction

_SUMMED = """CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month), (3, area / 1000000 * 1000000, month),
        (5, area, month / 100), (4, area / 1000 * 1000, month / 100), (3, area / 1000000 * 1000000, month / 100)
    ) AS v(level, of_area, of_month)"""
"""The sums of the stock in which a count of a community and a month is."""
_FOLD = f"""
WITH taken AS (
    DELETE FROM cohort_recent WHERE id IN (SELECT id FROM cohort_recent ORDER BY id LIMIT $1) RETURNING *
), added AS (
    INSERT INTO cohort_stock AS s (level, population, area, month, birth_month, sex, value)
    SELECT level, population, of_area, of_month, birth_month, sex, sum(value)::bigint
    FROM taken {_SUMMED}
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(value) <> 0
    ON CONFLICT (level, population, area, month, birth_month, sex) DO UPDATE SET value = s.value + excluded.value
)
SELECT count(*) FROM taken
"""
_FOLD_LOCK = 0x434F484F5254  # "COHORT": one fold at a time
# The stock with what is still in the log, and the sums of the shadow's cohort cells.
_LIVE = f"""
    SELECT level, population, area, month, birth_month, sex, value AS live, NULL::bigint AS rebuilt FROM cohort_stock
    UNION ALL
    SELECT level, population, of_area, of_month, birth_month, sex, value, NULL FROM cohort_recent {_SUMMED}"""
_REBUILT = f"""
    SELECT level, population, of_area, of_month, birth_month, sex, NULL,
        CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END
    FROM cohort_cell_shadow {_SUMMED}"""
_SIDES = f"{_LIVE} UNION ALL {_REBUILT}"
# Each row times a weight drawn for its key, a number of 42 bits out of a hash with a seed of the moment. Sides that
# agree on every key make 0; others do so by a chance of one in some 10^12. It takes a sixth of the time of grouping.
_BALANCED = f"""
SELECT coalesce(sum(weight * value) FILTER (WHERE value BETWEEN -1048575 AND 1048575), 0)
    + coalesce(sum(weight::numeric * value) FILTER (WHERE value NOT BETWEEN -1048575 AND 1048575), 0) = 0
FROM (
    SELECT coalesce(live, -rebuilt) AS value,
        hashint8extended(area * 1000000 + month, hashint8extended((birth_month * 10 + sex) * 10 + level,
            hashtextextended(population COLLATE "C", $1))) >> 22 AS weight
    FROM ({_SIDES}) AS sides
) AS weighed
"""
_DIFFERENCES = f"""
SELECT area, month, population, 'stock' AS measure, sex, 0 AS parity, birth_month, '' AS detail,
    sum(live)::bigint AS live, sum(rebuilt)::bigint AS rebuilt, count(*) OVER () AS total
FROM ({_SIDES}) AS sides
GROUP BY level, population, area, month, birth_month, sex
HAVING coalesce(sum(live), 0) <> coalesce(sum(rebuilt), 0)
ORDER BY level, population, area, month, birth_month, sex LIMIT $1
"""


async def fold(tx: Transaction, limit: int) -> int:
    """Move up to ``limit`` rows of the log into the cohort stock; returns how many, 0 while somebody else does."""
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", _FOLD_LOCK):
        return 0
    moved: int = await tx.fetchval(_FOLD, limit)
    return moved


async def reset(tx: Transaction) -> None:
    """Make the cohort stock anew from the cohort cells."""
    await tx.execute("SELECT renkou_reset_cohorts()")


async def differences(tx: Transaction, limit: int, patience: float) -> list[asyncpg.Record]:
    """Return up to ``limit`` rows on which the stock, with what is still in the log, differs from the shadow's
    cohort cells, each with the number of all of them; ``patience`` in seconds."""
    if await tx.fetchval(_BALANCED, randbits(63), timeout=patience):
        return []
    return await tx.fetch(_DIFFERENCES, limit, timeout=patience)
