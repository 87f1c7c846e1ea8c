"""The one statement that adds facts and all their sums; the database groups what it is given.

A batch goes over the wire once, as an array for each column, and nothing but the driver touches it row by row.
Every writer adds in the same order within a table, so that two of them wait for each other instead of both
failing. What all areas of a district meet in, the area cells, comes last: PostgreSQL carries the parts of such a
statement out from the last to the first, so those rows are locked for the shortest time.
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
_CELL = 'area, month, population COLLATE "C", measure COLLATE "C", sex, parity, detail COLLATE "C"'
_ADD = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest({arrays}) AS u ({columns})
), counted AS MATERIALIZED (
    SELECT area, month, population, measure, sex, parity, detail, sum(value)::bigint AS value
    FROM given GROUP BY area, month, population, measure, sex, parity, detail
    ORDER BY {cell}
), by_birth AS MATERIALIZED (
    SELECT area, month, population, measure, sex, birth_month, sum(value)::bigint AS value
    FROM given WHERE measure = ANY({balance}) GROUP BY area, month, population, measure, sex, birth_month
    ORDER BY area, month, population COLLATE "C", measure COLLATE "C", sex, birth_month
), areas AS (
    INSERT INTO area_cell AS t (level, area, month, population, measure, sex, parity, detail, value)
    SELECT level, of_area, of_month, population, measure, sex, parity, detail, sum(value)::bigint
    FROM counted CROSS JOIN LATERAL (VALUES
        (4, area / 1000 * 1000, month), (3, area / 1000000 * 1000000, month), (5, area, month / 100),
        (4, area / 1000 * 1000, month / 100), (3, area / 1000000 * 1000000, month / 100)
    ) AS v (level, of_area, of_month)
    WHERE of_month > 9999 OR measure = ANY({yearly})
    GROUP BY level, of_area, of_month, population, measure, sex, parity, detail
    ORDER BY level, of_area, of_month, population COLLATE "C", measure COLLATE "C", sex, parity, detail COLLATE "C"
    ON CONFLICT (level, area, month, population, measure, sex, parity, detail)
    DO UPDATE SET value = t.value + excluded.value
), cohorts AS (
    INSERT INTO cohort_cell AS t (area, month, population, measure, sex, birth_month, value)
    SELECT * FROM by_birth
    ON CONFLICT (area, month, population, measure, sex, birth_month) DO UPDATE SET value = t.value + excluded.value
), logged AS (
    INSERT INTO cohort_recent (area, month, population, sex, birth_month, value)
    SELECT area, month, population, sex, birth_month,
        CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END
    FROM by_birth WHERE value <> 0
), cells AS (
    INSERT INTO cell AS t (area, month, population, measure, sex, parity, detail, value)
    SELECT * FROM counted
    ON CONFLICT (area, month, population, measure, sex, parity, detail)
    DO UPDATE SET value = t.value + excluded.value
), facts AS (
    INSERT INTO fact ({columns}) SELECT {columns} FROM given
)
SELECT 1
"""


def _listed(measures: frozenset[str]) -> str:
    """Return measures of the code as an array in SQL."""
    return "ARRAY[" + ", ".join(f"'{measure}'" for measure in sorted(measures)) + "]"


def statement() -> str:
    """Return the statement; it takes an array for each of :data:`COLUMNS`."""
    return _ADD.format(
        arrays=", ".join(f"${number}::{kind}[]" for number, kind in enumerate(COLUMNS.values(), 1)),
        columns=", ".join(COLUMNS),
        cell=_CELL,
        balance=_listed(frozenset(BALANCE_SIGNS)),
        yearly=_listed(YEARLY_MEASURES),
    )
