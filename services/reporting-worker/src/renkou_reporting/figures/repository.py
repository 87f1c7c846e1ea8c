"""The one statement behind a figure, a series or a table of figures, whatever their size."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from renkou_common.database import Reader
from renkou_reporting.facts.domain import level_of
from renkou_reporting.figures.ages import Probe
from renkou_reporting.figures.domain import Span
from renkou_reporting.figures.plan import Counted, Plan, cumulate

# Months come from the cells of communities, or from area cells where whole towns or districts are asked for. A stock's
# sum before the first month is that of whole years (area cells whose month is yyyy) and of the months of its year.
_NARROWED = """{c}.population = s.population AND {c}.measure = s.measure AND {c}.area BETWEEN a.low AND a.high
    AND (s.sex IS NULL OR {c}.sex = s.sex) AND {c}.parity BETWEEN s.low AND s.high
    AND (s.detail IS NULL OR {c}.detail = s.detail)"""
_CELLS = f"""
cells AS (
    SELECT array_agg(slot) AS slots, array_agg(span) AS spans, array_agg(month) AS months,
        array_agg(total) AS totals
    FROM (
        SELECT s.slot, a.span, f.month, sum(f.total)::bigint AS total
        FROM unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::smallint[], $7::text[],
                $8::int[], $9::int[]) AS s(slot, population, measure, sex, low, high, detail, month, year)
            CROSS JOIN unnest($10::int[], $11::bigint[], $12::bigint[], $13::smallint[]) AS a(span, low, high, level)
            CROSS JOIN LATERAL (
                SELECT c.month, sum(c.value) AS total FROM cell c
                WHERE a.level = 5 AND c.month BETWEEN s.month AND $14::int AND {_NARROWED.format(c="c")}
                GROUP BY c.month
                UNION ALL
                SELECT t.month, sum(t.value) FROM area_cell t
                WHERE a.level < 5 AND t.level = a.level AND t.month BETWEEN s.month AND $14::int
                    AND {_NARROWED.format(c="t")}
                GROUP BY t.month
                UNION ALL
                SELECT 0, sum(y.value) FROM area_cell y
                WHERE y.level = a.level AND y.month < s.year AND {_NARROWED.format(c="y")}
                HAVING sum(y.value) <> 0
            ) AS f
        GROUP BY s.slot, a.span, f.month
    ) AS each
)"""
# People of an age at the end of a month: whole years and the months of the last one out of the cohort stock (months of
# single communities out of their cohort cells), and what came in since the stock was last kept up.
_OF_AGE = """{c}.population = p.population AND {c}.area BETWEEN a.low AND a.high
    AND {c}.birth_month BETWEEN p.born AND p.born_to AND (p.sex IS NULL OR {c}.sex = p.sex)"""
_PEOPLE = f"""
people AS (
    SELECT array_agg(probe) AS probes, array_agg(span) AS probe_spans, array_agg(total) AS probe_totals
    FROM (
        SELECT p.probe, a.span, sum(f.total)::bigint AS total
        FROM unnest($15::int[], $16::text[], $17::text[], $18::smallint[], $19::int[], $20::int[], $21::int[],
                $22::int[], $23::int[])
                AS p(probe, population, measure, sex, born, born_to, month, month_to, year)
            CROSS JOIN unnest($10::int[], $11::bigint[], $12::bigint[], $13::smallint[]) AS a(span, low, high, level)
            CROSS JOIN LATERAL (
                SELECT sum(y.value) AS total FROM cohort_stock y
                WHERE p.measure IS NULL AND y.level = a.level AND y.month < p.year AND {_OF_AGE.format(c="y")}
                UNION ALL
                SELECT sum(m.value) FROM cohort_stock m
                WHERE p.measure IS NULL AND a.level < 5 AND m.level = a.level
                    AND m.month BETWEEN p.month AND p.month_to AND {_OF_AGE.format(c="m")}
                UNION ALL
                SELECT sum(CASE WHEN c.measure IN ('death', 'out') THEN -c.value ELSE c.value END)
                FROM cohort_cell c
                WHERE p.measure IS NULL AND a.level = 5
                    AND c.month BETWEEN p.month AND p.month_to AND {_OF_AGE.format(c="c")}
                UNION ALL
                SELECT sum(r.value) FROM cohort_recent r
                WHERE p.measure IS NULL AND r.month <= p.month_to AND {_OF_AGE.format(c="r")}
                    AND CASE WHEN a.level = 5 THEN p.year > 0 AND r.month < p.month
                        ELSE p.year > 0 OR r.month >= p.month END
                UNION ALL
                SELECT sum(c.value) FROM cohort_cell c
                WHERE c.measure = p.measure AND c.month BETWEEN p.month AND p.month_to AND {_OF_AGE.format(c="c")}
            ) AS f
        WHERE f.total IS NOT NULL
        GROUP BY p.probe, a.span
    ) AS each
)"""
# The positions of the feeds and the state of the definitions come from the same statement: they belong to the sums.
_SELECT = """
SELECT (SELECT jsonb_object_agg(feed, high_water) FROM feed_position) AS as_of,
    (SELECT revision FROM definition_revision) AS revision,"""
_WITHOUT_AGES = f"WITH {_CELLS} {_SELECT} cells.* FROM cells"
_WITH_AGES = f"WITH {_CELLS}, {_PEOPLE} {_SELECT} cells.*, people.* FROM cells, people"


@dataclass(frozen=True, slots=True)
class Read:
    """Sums, and the positions of the feeds that they stand at."""

    counted: Counted
    as_of: dict[str, int]
    revision: UUID


async def read(tx: Reader, plan: Plan, spans: Sequence[Span]) -> Read:
    """Read everything that a plan needs of some areas in one statement."""
    slots = [
        (number, slot.population, slot.measure, slot.sex, *slot.parity, slot.detail, *plan.since(slot))
        for slot, number in plan.slots.items()
    ]
    intervals = [
        (number, *interval, level_of(interval))
        for number, span in enumerate(spans)
        for interval in span.intervals
    ]
    given: list[object] = [*_columns(slots, 9), *_columns(intervals, 4), plan.last]
    statement = _WITHOUT_AGES
    if asked := plan.probes:
        statement = _WITH_AGES
        probes = [
            (number, probe.population, probe.measure, probe.sex, *probe.born, *probe.months, probe.year)
            for number, probe in enumerate(asked)
        ]
        given += _columns(probes, 9)
    row = await tx.fetchrow(statement, *given)
    assert row is not None
    by_slot: dict[tuple[int, int], dict[int, int]] = {}
    columns = [row[name] or () for name in ("slots", "spans", "months", "totals")]
    for slot, span, month, total in zip(*columns, strict=True):
        by_slot.setdefault((slot, span), {})[month] = total
    people: list[dict[Probe, int]] = [{} for _ in spans]
    if asked:
        columns = [row[name] or () for name in ("probes", "probe_spans", "probe_totals")]
        for probe, span, total in zip(*columns, strict=True):
            people[span][asked[probe]] = total
    return Read(Counted(cumulate(plan, by_slot, len(spans)), people), row["as_of"] or {}, row["revision"])


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


async def areas_below(tx: Reader, low: int, high: int, level: int) -> list[int]:
    """Return the keys of the towns (4) or communities (5) between two keys in which anything was counted."""
    rows = await tx.fetch(
        "SELECT DISTINCT area FROM area_cell WHERE level = $3 AND area BETWEEN $1 AND $2 ORDER BY area",
        low,
        high,
        level,
    )
    return [row["area"] for row in rows]
