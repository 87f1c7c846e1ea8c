"""The one query behind a figure or a table of figures."""

from dataclasses import dataclass

from renkou_common.database import Transaction
from renkou_reporting.figures.domain import CellSum

# The positions of the feeds come from the same statement, so that they belong to the sums.
_SUMS = """
SELECT
    (SELECT jsonb_object_agg(feed, high_water) FROM feed_position) AS as_of,
    coalesce(array_agg(s), '{}') AS sums
FROM (
    SELECT population, measure, sex, parity, birth_month,
        coalesce(sum(value) FILTER (WHERE month < $5), 0)::bigint,
        coalesce(sum(value) FILTER (WHERE month >= $5), 0)::bigint
    FROM cell
    WHERE population = ANY($1::text[]) AND measure = ANY($2::text[])
        AND area BETWEEN $3 AND $4 AND month <= $6
    GROUP BY population, measure, sex, parity, birth_month
) AS s
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when: a subtree of area keys, and the first and last month (yyyymm) of a period."""

    low: int
    high: int
    first_month: int
    last_month: int


async def sums(
    tx: Transaction, populations: list[str], measures: list[str], window: Window
) -> tuple[list[CellSum], dict[str, int]]:
    """Return cells added up by kind, and the positions of the feeds that they stand at."""
    row = await tx.fetchrow(
        _SUMS, populations, measures, window.low, window.high, window.first_month, window.last_month
    )
    if row is None:
        return [], {}
    return [CellSum(*one) for one in row["sums"]], row["as_of"] or {}
