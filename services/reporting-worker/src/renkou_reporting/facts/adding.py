"""The one statement that adds facts and all their sums; the database groups what it is given.

A batch goes over the wire once: few facts as an array for each column, many by COPY into a temporary table, which costs
the driver a quarter of that. Every writer adds in the same order within a table, so that two of them wait for each
other instead of both failing. What all areas of a district meet in, the area cells, comes last: PostgreSQL carries the
parts of such a statement out from the last to the first, so those rows are locked for the shortest time.
"""

from renkou_reporting.facts.domain import BALANCE_SIGNS, YEARLY_MEASURES

COLUMNS = {
    "feed": "text",
    "seq": "bigint",
    "line_no": "int",
    "event_id": "uuid",
    "area": "bigint",
    "happened_on": "date",
    "month": "int",
    "population": "text",
    "measure": "text",
    "sex": "smallint",
    "birth_month": "int",
    "parity": "smallint",
    "value": "bigint",
    "detail": "text",
}
"""Columns of a fact in the order in which they are given, with their types."""
_COUNTED = "population, measure, sex, parity, detail"
_IN_ORDER = 'population COLLATE "C", measure COLLATE "C", area, month, sex, parity, detail COLLATE "C"'
"""The order of the keys of cells and area cells, so that neighbours in the index are written together."""
_ADD = """
WITH given AS MATERIALIZED (
    SELECT {columns} FROM {source}
), cell_sum AS MATERIALIZED (
    SELECT area, month, {counted}, sum(value)::bigint AS value FROM given GROUP BY area, month, {counted}
    ORDER BY {in_order}
), town_sum AS MATERIALIZED (
    SELECT area / 1000 * 1000 AS area, month, {counted}, sum(value)::bigint AS value
    FROM cell_sum GROUP BY 1, 2, {counted}
), town_year AS MATERIALIZED (
    SELECT area, month / 100 AS month, {counted}, sum(value)::bigint AS value
    FROM town_sum WHERE measure = ANY({yearly}) GROUP BY 1, 2, {counted}
), birth_sum AS MATERIALIZED (
    SELECT area, month, population, measure, sex, birth_month, sum(value)::bigint AS value
    FROM given WHERE measure = ANY({balance}) GROUP BY area, month, population, measure, sex, birth_month
    ORDER BY population COLLATE "C", area, month, birth_month, measure COLLATE "C", sex
), areas AS (
    INSERT INTO area_cell AS t (level, area, month, {counted}, value)
    SELECT * FROM (
        SELECT 4 AS level, area, month, {counted}, value FROM town_sum
        UNION ALL SELECT 3, area / 1000000 * 1000000, month, {counted}, sum(value)::bigint
            FROM town_sum GROUP BY 2, 3, {counted}
        UNION ALL SELECT 5, area, month / 100, {counted}, sum(value)::bigint
            FROM cell_sum WHERE measure = ANY({yearly}) GROUP BY 2, 3, {counted}
        UNION ALL SELECT 4, area, month, {counted}, value FROM town_year
        UNION ALL SELECT 3, area / 1000000 * 1000000, month, {counted}, sum(value)::bigint
            FROM town_year GROUP BY 2, 3, {counted}
    ) AS u ORDER BY level, {in_order}
    ON CONFLICT (level, area, month, {counted}) DO UPDATE SET value = t.value + excluded.value
), cohorts AS (
    INSERT INTO cohort_cell AS t (area, month, population, measure, sex, birth_month, value)
    SELECT * FROM birth_sum
    ON CONFLICT (area, month, population, measure, sex, birth_month) DO UPDATE SET value = t.value + excluded.value
), logged AS (
    INSERT INTO cohort_recent (area, month, population, sex, birth_month, value)
    SELECT area, month, population, sex, birth_month,
        CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END
    FROM birth_sum WHERE value <> 0
), cells AS (
    INSERT INTO cell AS t (area, month, {counted}, value) SELECT * FROM cell_sum
    ON CONFLICT (area, month, {counted}) DO UPDATE SET value = t.value + excluded.value
), facts AS (
    INSERT INTO fact ({columns}) SELECT {columns} FROM given
)
SELECT 1
"""


def _listed(measures: frozenset[str]) -> str:
    """Return measures of the code as an array in SQL."""
    return "ARRAY[" + ", ".join(f"'{measure}'" for measure in sorted(measures)) + "]"


def _statement(source: str) -> str:
    return _ADD.format(
        source=source,
        columns=", ".join(COLUMNS),
        counted=_COUNTED,
        in_order=_IN_ORDER,
        balance=_listed(frozenset(BALANCE_SIGNS)),
        yearly=_listed(YEARLY_MEASURES),
    )


MANY = 100
"""Facts from which on a temporary table is worth its round trips."""
GIVEN = "given_fact"
_MAKE_GIVEN = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({columns}) ON COMMIT DELETE ROWS; DELETE FROM {table}"
)
EMPTY_GIVEN = _MAKE_GIVEN.format(
    table=GIVEN, columns=", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
)
"""Leaves the temporary table empty; emptied anew it would be planned for anew, deleting nothing costs nothing."""
ADD_GIVEN = _statement(GIVEN)
"""Adds what is in the temporary table."""
ADD_LISTED = _statement(
    f"unnest({', '.join(f'${n}::{kind}[]' for n, kind in enumerate(COLUMNS.values(), 1))}) AS u ({', '.join(COLUMNS)})"
)
"""Adds what is given as an array for each of :data:`COLUMNS`."""
