"""Every query on population accounts: sums to make them of, checks over all of them, and incidents."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.contracts.lines import AREA_CHANGE
from renkou_common.database import Reader, Transaction
from renkou_common.scope import AreaScope
from renkou_reporting.accounts.domain import CohortSum, Finding, IncidentKind, Known
from renkou_reporting.facts.domain import BALANCE_SIGNS, level_of

type Intervals = Sequence[tuple[int, int]]
CAUSES = 20
"""So many cells and events at most are kept as the cause of an incident."""
_BALANCE = list(BALANCE_SIGNS)
_WITHIN = (
    "EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(low, high) WHERE {} BETWEEN s.low AND s.high)"
)
_SIGNED = "CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END"

_STOCK_MEASURE = "opening"
"""People of before a period are told as one signed sum under this measure."""
_OF_THEM = "reclassified "
"""Before a measure: those of it who only changed division, who are in its own sum too."""
# Cohort cells do not tell who only changed division, cells do, without birth months: they lead to the few facts, of a
# town or a district by the months of its area cells.
_RECLASSIFIED = f"""
SELECT f.sex, f.birth_month, '{_OF_THEM}' || f.measure, 0, sum(f.value)::bigint
FROM unnest($1::bigint[], $2::bigint[], $3::smallint[]) AS s(low, high, level)
    CROSS JOIN unnest(ARRAY['in', 'out']) AS o(measure)
    CROSS JOIN LATERAL (
        SELECT DISTINCT t.month FROM area_cell t
        WHERE s.level < 5 AND t.level = s.level AND t.population = $4 AND t.measure = o.measure
            AND t.area BETWEEN s.low AND s.high AND t.month BETWEEN $5 AND $6 AND t.detail = $8
        UNION ALL
        SELECT DISTINCT c.month FROM cell c
        WHERE s.level = 5 AND c.population = $4 AND c.measure = o.measure
            AND c.area BETWEEN s.low AND s.high AND c.month BETWEEN $5 AND $6 AND c.detail = $8
    ) AS m
    CROSS JOIN LATERAL (
        SELECT DISTINCT c.area FROM cell c
        WHERE c.population = $4 AND c.measure = o.measure AND c.area BETWEEN s.low AND s.high AND c.month = m.month
            AND c.detail = $8
    ) AS a
    JOIN fact f ON f.measure = o.measure AND f.area = a.area AND f.month = m.month AND f.population = $4
        AND f.detail = $8
WHERE $7::smallint IS NULL OR f.sex = $7
GROUP BY f.sex, f.birth_month, f.measure
"""
# What was there before a month: whole years and the months of its year out of the cohort stock (months of single
# communities out of their cohort cells), and what the stock does not hold yet. What came and went: cohort cells.
_COHORTS = f"""
SELECT f.sex, f.birth_month, f.measure, sum(f.before)::bigint AS before, sum(f.within)::bigint AS within
FROM unnest($1::bigint[], $2::bigint[], $3::smallint[]) AS s(low, high, level)
    CROSS JOIN LATERAL (
        SELECT y.sex, y.birth_month, '{_STOCK_MEASURE}' AS measure, y.value AS before, 0 AS within FROM cohort_stock y
        WHERE y.level = s.level AND y.population = $4 AND y.area BETWEEN s.low AND s.high AND y.month < $5 / 100
        UNION ALL
        SELECT m.sex, m.birth_month, '{_STOCK_MEASURE}', m.value, 0 FROM cohort_stock m
        WHERE s.level < 5 AND m.level = s.level AND m.population = $4 AND m.area BETWEEN s.low AND s.high
            AND m.month >= $5 / 100 * 100 AND m.month < $5
        UNION ALL
        SELECT c.sex, c.birth_month, '{_STOCK_MEASURE}', {_SIGNED}, 0 FROM cohort_cell c
        WHERE s.level = 5 AND c.population = $4 AND c.area BETWEEN s.low AND s.high
            AND c.month >= $5 / 100 * 100 AND c.month < $5
        UNION ALL
        SELECT r.sex, r.birth_month, '{_STOCK_MEASURE}', r.value, 0 FROM cohort_recent r
        WHERE r.population = $4 AND r.area BETWEEN s.low AND s.high
            AND r.month < CASE WHEN s.level = 5 THEN $5 / 100 * 100 ELSE $5 END
        UNION ALL
        SELECT w.sex, w.birth_month, w.measure, 0, w.value FROM cohort_cell w
        WHERE w.population = $4 AND w.area BETWEEN s.low AND s.high AND w.month BETWEEN $5 AND $6
    ) AS f
WHERE $7::smallint IS NULL OR f.sex = $7
GROUP BY f.sex, f.birth_month, f.measure
UNION ALL
{_RECLASSIFIED}
"""
# Whole towns and districts are read out of their area cells, anything else out of the cells of communities.
_CELLS = """
unnest($1::bigint[], $2::bigint[], $3::smallint[]) AS s(low, high, level)
    CROSS JOIN LATERAL (
        SELECT c.population, c.month, c.sex, c.measure, c.detail, c.value FROM cell c
        WHERE s.level = 5 AND c.area BETWEEN s.low AND s.high
            AND c.population = ANY($4::text[]) AND c.measure = ANY($5::text[]) AND c.month <= $6
        UNION ALL
        SELECT t.population, t.month, t.sex, t.measure, t.detail, t.value FROM area_cell t
        WHERE s.level < 5 AND t.level = s.level AND t.area BETWEEN s.low AND s.high
            AND t.population = ANY($4::text[]) AND t.measure = ANY($5::text[]) AND t.month BETWEEN 10000 AND $6
    ) AS c
"""
_PLAIN = f"""
SELECT c.sex, 0 AS birth_month, c.measure,
    coalesce(sum(c.value) FILTER (WHERE c.month < $7), 0)::bigint AS before,
    coalesce(sum(c.value) FILTER (WHERE c.month >= $7), 0)::bigint AS within,
    coalesce(sum(c.value) FILTER (WHERE c.month >= $7 AND c.detail = $9), 0)::bigint AS reclassified
FROM {_CELLS}
WHERE $8::smallint IS NULL OR c.sex = $8
GROUP BY c.sex, c.measure
"""
_MONTHLY = f"""
SELECT CASE WHEN c.month < $7 THEN 0 ELSE c.month END AS month, c.measure, sum(c.value)::bigint AS value,
    coalesce(sum(c.value) FILTER (WHERE c.detail = $9), 0)::bigint AS reclassified
FROM {_CELLS}
WHERE $8::smallint IS NULL OR c.sex = $8
GROUP BY 1, 2
"""
_STOCKS = f"SELECT c.population, sum({_SIGNED})::bigint AS stock FROM {_CELLS} GROUP BY c.population"


def _bounds(intervals: Intervals) -> tuple[list[int], list[int], list[int]]:
    return (
        [low for low, _ in intervals],
        [high for _, high in intervals],
        [level_of(each) for each in intervals],
    )


async def cohorts(
    tx: Reader, intervals: Intervals, population: str, first: int, last: int, sex: int | None
) -> list[CohortSum]:
    """Return sums by sex, birth month and measure within a period, and people of before it under ``opening``."""
    rows = await tx.fetch(_COHORTS, *_bounds(intervals), population, first, last, sex, AREA_CHANGE)
    return [_cohort_sum(*row) for row in rows]


def _cohort_sum(sex: int, birth_month: int, measure: str, before: int, within: int) -> CohortSum:
    counted = measure.removeprefix(_OF_THEM)
    if counted == measure:
        return CohortSum(sex, birth_month, measure, before, within)
    return CohortSum(sex, birth_month, counted, 0, 0, within)


async def plain(
    tx: Reader, intervals: Intervals, population: str, first: int, last: int, sex: int | None
) -> list[CohortSum]:
    """Return sums by sex and measure, before a period and within it; birth months are 0."""
    rows = await tx.fetch(_PLAIN, *_bounds(intervals), [population], _BALANCE, last, first, sex, AREA_CHANGE)
    return [CohortSum(*row) for row in rows]


async def monthly(
    tx: Reader, intervals: Intervals, population: str, first: int, last: int, sex: int | None
) -> list[tuple[int, str, int, int]]:
    """Return (month, measure, value, that of it by changed divisions); month 0 is everything before the first."""
    rows = await tx.fetch(
        _MONTHLY, *_bounds(intervals), [population], _BALANCE, last, first, sex, AREA_CHANGE
    )
    return [(row["month"], row["measure"], row["value"], row["reclassified"]) for row in rows]


async def stocks(tx: Reader, intervals: Intervals, populations: Sequence[str], month: int) -> dict[str, int]:
    """Return the stock of populations at a month's end."""
    rows = await tx.fetch(_STOCKS, *_bounds(intervals), populations, _BALANCE, month)
    return {row["population"]: row["stock"] for row in rows}


_COUNTED_AREAS = """
WITH RECURSIVE found(area) AS (
    (SELECT area FROM cohort_cell WHERE area BETWEEN $1 AND $2 ORDER BY area LIMIT 1)
    UNION ALL
    SELECT (SELECT area FROM cohort_cell WHERE area > found.area AND area <= $2 ORDER BY area LIMIT 1)
    FROM found WHERE found.area IS NOT NULL
)
SELECT area FROM found WHERE area IS NOT NULL
"""


async def counted_areas(tx: Reader, low: int, high: int) -> list[int]:
    """Return the keys between two keys under which people were counted."""
    return [row["area"] for row in await tx.fetch(_COUNTED_AREAS, low, high)]


_RUNNING = """
SELECT DISTINCT ON (area, population, sex, birth_month)
    area, population, sex, birth_month, month, stock
FROM (
    SELECT area, population, sex, birth_month, month,
        sum(sum({signed})) OVER (PARTITION BY area, population, sex, birth_month ORDER BY month)::bigint AS stock
    FROM (SELECT area, {population} AS population, sex, birth_month, month, measure, {value} AS value
        FROM cohort_cell WHERE month <= $1 AND {where}) AS c
    GROUP BY area, population, sex, birth_month, month
) AS running
WHERE stock < 0
ORDER BY area, population, sex, birth_month, month
LIMIT $2
"""
_NEGATIVE = _RUNNING.format(signed=_SIGNED, population="population", value="value", where="true")
# Migrants out are people registered in the area: taken from those, nobody may be missing.
_BEYOND = _RUNNING.format(
    signed=_SIGNED,
    population="'migrant_out'",
    value="CASE WHEN population = 'registered' THEN value ELSE -value END",
    where="population IN ('registered', 'migrant_out')",
)
_UNBORN = """
SELECT area, population, sex, birth_month, min(month) AS month, sum(value)::bigint AS stock
FROM (SELECT area, population, sex, birth_month, month, sum(value) AS value FROM cohort_cell
    WHERE month <= $1 AND birth_month > month GROUP BY area, population, sex, birth_month, month
    HAVING sum(value) <> 0) AS c
GROUP BY area, population, sex, birth_month ORDER BY area, population, sex, birth_month LIMIT $2
"""
_NOT_ZERO = """
SELECT area, population, sex, birth_month, min(month) AS month, sum(value)::bigint AS stock
FROM cohort_cell
WHERE month <= $1 AND measure = 'birth' AND birth_month > 0 AND value <> 0
    AND (month / 100 - birth_month / 100) * 12 + month % 100 - birth_month % 100 >= 12
GROUP BY area, population, sex, birth_month ORDER BY area, population, sex, birth_month LIMIT $2
"""
_SUMS = """
SELECT area, population, measure, sex, month, coalesce(c.value, 0)::bigint AS counted,
    coalesce(b.value, 0)::bigint AS by_birth
FROM (SELECT area, population, measure, sex, month, sum(value) AS value FROM cell
        WHERE month <= $1 AND measure = ANY($3::text[]) GROUP BY area, population, measure, sex, month) AS c
    FULL JOIN (SELECT area, population, measure, sex, month, sum(value) AS value FROM cohort_cell
        WHERE month <= $1 GROUP BY area, population, measure, sex, month) AS b
    USING (area, population, measure, sex, month)
WHERE coalesce(c.value, 0) <> coalesce(b.value, 0)
ORDER BY area, population, measure, sex, month LIMIT $2
"""


async def find_broken(tx: Transaction, through: int, limit: int) -> list[Finding]:
    """Return what is wrong with cells up to a month, of each kind up to ``limit`` findings."""
    found: list[Finding] = []
    negative: set[tuple[int, int, int]] = set()
    for kind, query in (
        (IncidentKind.NEGATIVE_STOCK, _NEGATIVE),
        (IncidentKind.MORE_OUT_THAN_REGISTERED, _BEYOND),
        (IncidentKind.UNBORN, _UNBORN),
        (IncidentKind.BIRTH_NOT_AGE_ZERO, _NOT_ZERO),
    ):
        measure = "birth" if kind is IncidentKind.BIRTH_NOT_AGE_ZERO else "stock"
        for area, population, sex, birth_month, month, stock in await tx.fetch(query, through, limit):
            cohort = (area, sex, birth_month)
            if kind is IncidentKind.NEGATIVE_STOCK and population == "registered":
                negative.add(cohort)
            elif kind is IncidentKind.MORE_OUT_THAN_REGISTERED and cohort in negative:
                continue  # it is the registered people who are missing, which is said already
            found.append(Finding(kind, area, population, measure, sex, birth_month, month, 0, stock))
    for row in await tx.fetch(_SUMS, through, limit, _BALANCE):
        found.append(
            Finding(
                IncidentKind.CELLS_DIFFER, row["area"], row["population"], row["measure"], row["sex"], -1,
                row["month"], row["counted"], row["by_birth"],
            )
        )  # fmt: skip
    return found


_KEYS = """
unnest($1::bigint[], $2::text[], $3::text[], $4::smallint[], $5::int[], $6::int[]) WITH ORDINALITY
    AS k(area, population, measure, sex, birth_month, month, n)
    JOIN {table} c ON c.area = k.area AND c.month <= k.month AND c.measure = ANY($7::text[])
        AND (c.population = k.population OR (k.population = 'migrant_out' AND c.population = 'registered'))
        AND (k.sex < 0 OR c.sex = k.sex) AND (k.birth_month < 0 OR c.birth_month = k.birth_month)
        AND (k.measure = 'stock' OR (c.measure = k.measure AND (k.birth_month >= 0 OR c.month = k.month)))
"""
_CAUSE_CELLS = f"""
SELECT n, population, month, measure, sex, birth_month, value FROM (
    SELECT k.n, c.*, row_number() OVER (PARTITION BY k.n ORDER BY c.month DESC, c.population, c.measure) AS place
    FROM {_KEYS.format(table="cohort_cell")}
) AS found WHERE place <= {CAUSES} ORDER BY n, place
"""
_CAUSE_EVENTS = f"""
SELECT n, feed, seq, population, month, measure, value FROM (
    SELECT k.n, c.*, row_number() OVER (PARTITION BY k.n ORDER BY c.month DESC, c.feed, c.seq DESC) AS place
    FROM {_KEYS.format(table="fact")}
) AS found WHERE place <= {CAUSES} ORDER BY n, place
"""


async def causes(
    tx: Transaction, findings: Sequence[Finding]
) -> tuple[dict[int, list[dict[str, object]]], dict[int, list[dict[str, object]]]]:
    """Return the latest cells and the latest events behind each finding, by its position."""
    keys = [
        [getattr(one, name) for one in findings]
        for name in ("area", "population", "measure", "sex", "birth_month", "month")
    ]
    cells: dict[int, list[dict[str, object]]] = {}
    for row in await tx.fetch(_CAUSE_CELLS, *keys, _BALANCE):
        told = {name: value for name, value in row.items() if name != "n"}
        cells.setdefault(row["n"] - 1, []).append(told)
    events: dict[int, list[dict[str, object]]] = {}
    for row in await tx.fetch(_CAUSE_EVENTS, *keys, _BALANCE):
        told = {name: value for name, value in row.items() if name != "n"}
        events.setdefault(row["n"] - 1, []).append(told)
    return cells, events


async def known(tx: Transaction, kinds: Sequence[str]) -> list[Known]:
    """Return the incidents of some kinds that are not solved; locks them."""
    rows = await tx.fetch(
        "SELECT kind, area, population, measure, sex, birth_month, month, expected, found, state"
        " FROM account_incident WHERE state <> 'solved' AND kind = ANY($1::text[]) ORDER BY id FOR UPDATE",
        kinds,
    )
    return [Known(Finding(IncidentKind(row["kind"]), *list(row)[1:-1]), row["state"]) for row in rows]


async def unsolved(tx: Reader) -> list[Known]:
    """Return every incident that is not solved."""
    rows = await tx.fetch(
        "SELECT kind, area, population, measure, sex, birth_month, month, expected, found, state"
        " FROM account_incident WHERE state <> 'solved' ORDER BY id"
    )
    return [Known(Finding(IncidentKind(row["kind"]), *list(row)[1:-1]), row["state"]) for row in rows]


_SAME = (
    "kind = $1 AND area = $2 AND population = $3 AND measure = $4 AND sex = $5 AND birth_month = $6"
    " AND state <> 'solved'"
)


async def open_incident(
    tx: Transaction,
    incident_id: UUID,
    one: Finding,
    cells: Sequence[object],
    events: Sequence[object],
    at: datetime,
) -> None:
    """Store a new incident."""
    await tx.execute(
        "INSERT INTO account_incident (id, kind, area, population, measure, sex, birth_month, month, expected,"
        " found, cells, events, state, opened_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13)",
        incident_id,
        *one,
        cells,
        events,
        at,
    )


async def change_incident(
    tx: Transaction, one: Finding, cells: Sequence[object], events: Sequence[object]
) -> None:
    """Store other numbers of an incident; an explanation no longer holds."""
    await tx.execute(
        f"UPDATE account_incident SET month = $7, expected = $8, found = $9, cells = $10, events = $11,"
        f" state = 'open' WHERE {_SAME}",
        *one,
        cells,
        events,
    )


async def solve_incident(tx: Transaction, one: Finding, at: datetime) -> None:
    """Mark an incident as solved."""
    await tx.execute(
        f"UPDATE account_incident SET state = 'solved', solved_at = $7 WHERE {_SAME}", *one[:6], at
    )


async def explain(tx: Transaction, incident_id: UUID, by: UUID, at: datetime, text: str) -> None:
    """Store why an incident is no mistake of the figures."""
    await tx.execute(
        "UPDATE account_incident SET state = 'explained', explained_by = $2, explained_at = $3,"
        " explanation = $4 WHERE id = $1",
        incident_id,
        by,
        at,
        text,
    )


async def find_incident(tx: Transaction, areas: AreaScope, incident_id: UUID) -> asyncpg.Record | None:
    """Return an incident in areas that the caller may see, None for any other."""
    return await tx.fetchrow(
        f"SELECT i.* FROM account_incident i WHERE {_WITHIN.format('i.area')} AND i.id = $3",
        areas.lows,
        areas.highs,
        incident_id,
    )


async def lock_incident(tx: Transaction, incident_id: UUID) -> str | None:
    """Lock an incident; returns its state."""
    state: str | None = await tx.fetchval(
        "SELECT state FROM account_incident WHERE id = $1 FOR UPDATE", incident_id
    )
    return state


async def page(
    tx: Transaction,
    areas: AreaScope,
    within: tuple[int, int],
    state: str | None,
    before: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return incidents, newest first."""
    return await tx.fetch(
        f"SELECT i.* FROM account_incident i WHERE {_WITHIN.format('i.area')} AND i.area BETWEEN $3 AND $4"
        " AND ($5::text IS NULL OR i.state = $5) AND ($6::uuid IS NULL OR i.id < $6)"
        " ORDER BY i.id DESC LIMIT $7",
        areas.lows,
        areas.highs,
        *within,
        state,
        before,
        limit,
    )


async def count_open(tx: Reader) -> dict[str, int]:
    """Return how many incidents of each kind are open."""
    rows = await tx.fetch(
        "SELECT kind, count(*) AS number FROM account_incident WHERE state = 'open' GROUP BY kind"
    )
    return {row["kind"]: row["number"] for row in rows}


async def request_check(
    tx: Transaction, check_id: UUID, through: int, reason: str, by: UUID | None, at: datetime
) -> UUID:
    """Queue a check; returns the id of the one that waits already where there is one."""
    await tx.execute(
        "INSERT INTO account_check (id, through, reason, active, requested_by, requested_at)"
        " VALUES ($1, $2, $3, true, $4, $5) ON CONFLICT (active) WHERE active DO NOTHING",
        check_id,
        through,
        reason,
        by,
        at,
    )
    waiting: UUID = await tx.fetchval("SELECT id FROM account_check WHERE active")
    return waiting


async def waiting_check(tx: Transaction) -> asyncpg.Record | None:
    """Return the check that waits, locked; None where there is none or another process has it."""
    return await tx.fetchrow("SELECT * FROM account_check WHERE active FOR UPDATE SKIP LOCKED")


async def find_check(tx: Reader, check_id: UUID) -> asyncpg.Record | None:
    """Return a check."""
    return await tx.fetchrow("SELECT * FROM account_check WHERE id = $1", check_id)


async def last_check(tx: Reader) -> asyncpg.Record | None:
    """Return the check that was asked for last."""
    return await tx.fetchrow("SELECT * FROM account_check ORDER BY requested_at DESC, id DESC LIMIT 1")


async def finish_check(tx: Transaction, check_id: UUID, at: datetime, found: int) -> None:
    """Store what a check found."""
    await tx.execute(
        "UPDATE account_check SET active = false, finished_at = $2, found = $3 WHERE id = $1",
        check_id,
        at,
        found,
    )
