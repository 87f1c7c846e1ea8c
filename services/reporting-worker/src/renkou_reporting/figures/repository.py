"""The one statement behind a figure, a series or a table of figures, whatever their size."""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_common.database import Reader
from renkou_reporting.figures.domain import Span
from renkou_reporting.figures.plan import Counted, Plan, cumulate

# A stock's sum before the first month is that of whole years and of the months of its year; month 0 stands for it.
_CELLS = """
cells AS (
    SELECT array_agg(slot) AS slots, array_agg(span) AS spans, array_agg(month) AS months,
        array_agg(total) AS totals
    FROM (
        SELECT s.slot, a.span, f.month, sum(f.total)::bigint AS total
        FROM unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::smallint[], $7::text[],
                $8::int[], $9::int[]) AS s(slot, population, measure, sex, low, high, detail, month, year)
            CROSS JOIN unnest($10::int[], $11::bigint[], $12::bigint[]) AS a(span, low, high)
            CROSS JOIN LATERAL (
                SELECT c.month, sum(c.value) AS total FROM cell c
                WHERE c.population = s.population AND c.measure = s.measure AND c.area BETWEEN a.low AND a.high
                    AND c.month BETWEEN s.month AND $13::int
                    AND (s.sex IS NULL OR c.sex = s.sex) AND (s.detail IS NULL OR c.detail = s.detail)
                    AND c.parity BETWEEN s.low AND s.high
                GROUP BY c.month
                UNION ALL
                SELECT 0, sum(y.value) FROM year_cell y
                WHERE y.population = s.population AND y.measure = s.measure
                    AND y.area BETWEEN a.low AND a.high AND y.year < s.year
                    AND (s.sex IS NULL OR y.sex = s.sex) AND (s.detail IS NULL OR y.detail = s.detail)
                    AND y.parity BETWEEN s.low AND s.high
                HAVING sum(y.value) <> 0
            ) AS f
        GROUP BY s.slot, a.span, f.month
    ) AS each
)"""
_PEOPLE = """
people AS (
    SELECT array_agg(probe) AS probes, array_agg(span) AS probe_spans, array_agg(total) AS probe_totals
    FROM (
        SELECT p.probe, a.span, sum(f.total)::bigint AS total
        FROM unnest($14::int[], $15::text[], $16::text[], $17::smallint[], $18::int[], $19::int[], $20::int[],
                $21::int[]) AS p(probe, population, measure, sex, born, born_to, month, month_to)
            CROSS JOIN unnest($10::int[], $11::bigint[], $12::bigint[]) AS a(span, low, high)
            CROSS JOIN LATERAL (
                SELECT sum(CASE WHEN p.measure IS NULL AND c.measure IN ('death', 'out')
                    THEN -c.value ELSE c.value END) AS total
                FROM cohort_cell c
                WHERE c.population = p.population AND c.area BETWEEN a.low AND a.high
                    AND c.birth_month BETWEEN p.born AND p.born_to AND c.month BETWEEN p.month AND p.month_to
                    AND (p.measure IS NULL OR c.measure = p.measure) AND (p.sex IS NULL OR c.sex = p.sex)
            ) AS f
        WHERE f.total IS NOT NULL
        GROUP BY p.probe, a.span
    ) AS each
)"""
# The positions of the feeds come from the same statement, so that they belong to the sums.
_SELECT = "SELECT (SELECT jsonb_object_agg(feed, high_water) FROM feed_position) AS as_of,"
_WITHOUT_AGES = f"WITH {_CELLS} {_SELECT} cells.* FROM cells"
_WITH_AGES = f"WITH {_CELLS}, {_PEOPLE} {_SELECT} cells.*, people.* FROM cells, people"


@dataclass(frozen=True, slots=True)
class Read:
    """Sums, and the positions of the feeds that they stand at."""

    counted: Counted
    as_of: dict[str, int]


async def read(tx: Reader, plan: Plan, spans: Sequence[Span]) -> Read:
    """Read everything that a plan needs of some areas in one statement."""
    slots = [
        (number, slot.population, slot.measure, slot.sex, *slot.parity, slot.detail, *plan.since(slot))
        for slot, number in plan.slots.items()
    ]
    intervals = [(number, *interval) for number, span in enumerate(spans) for interval in span.intervals]
    given: list[object] = [*_columns(slots, 9), *_columns(intervals, 3), plan.last]
    statement = _WITHOUT_AGES
    if plan.probes:
        statement = _WITH_AGES
        probes = [
            (number, probe.population, probe.measure, probe.sex, *probe.born, *probe.months)
            for probe, number in plan.probes.items()
        ]
        given += _columns(probes, 8)
    row = await tx.fetchrow(statement, *given)
    assert row is not None
    by_slot: dict[tuple[int, int], dict[int, int]] = {}
    columns = [row[name] or () for name in ("slots", "spans", "months", "totals")]
    for slot, span, month, total in zip(*columns, strict=True):
        by_slot.setdefault((slot, span), {})[month] = total
    people: list[dict[int, int]] = [{} for _ in spans]
    if plan.probes:
        columns = [row[name] or () for name in ("probes", "probe_spans", "probe_totals")]
        for probe, span, total in zip(*columns, strict=True):
            people[span][probe] = total
    return Read(Counted(cumulate(plan, by_slot, len(spans)), people), row["as_of"] or {})


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


_AREAS_BELOW = """
WITH RECURSIVE found(child) AS (
    (SELECT area / $3::bigint * $3::bigint FROM cell WHERE area BETWEEN $1 AND $2 ORDER BY area LIMIT 1)
    UNION ALL
    SELECT (SELECT area / $3::bigint * $3::bigint FROM cell
        WHERE area BETWEEN found.child + $3::bigint AND $2 ORDER BY area LIMIT 1)
    FROM found WHERE found.child IS NOT NULL
)
SELECT child FROM found WHERE child IS NOT NULL
"""


async def areas_below(tx: Reader, low: int, high: int, size: int) -> list[int]:
    """Return the keys of the areas of ``size`` keys each between two keys in which anything was counted."""
    return [row["child"] for row in await tx.fetch(_AREAS_BELOW, low, high, size)]
