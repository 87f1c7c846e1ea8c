"""The one statement behind a figure, a series or a table of figures, whatever their size."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.database import Reader
from renkou_reporting.areas.service import TITLE
from renkou_reporting.facts.domain import level_of
from renkou_reporting.figures.ages import Probe, spread_over
from renkou_reporting.figures.domain import Span
from renkou_reporting.figures.plan import Counted, Plan, cumulate

# Months come from the cells of communities, or from area cells where whole towns or districts are asked for. A stock's
# sum before the first month is that of whole years (area cells whose month is yyyy) and of the months of its year.
_APART = 3
"""Up to how many areas of a level are read each alone; more of them are read as one range."""
_NARROWED = """{c}.population = s.population AND {c}.measure = s.measure AND {c}.area BETWEEN a.low AND a.high
    AND (s.sex IS NULL OR {c}.sex = s.sex) AND {c}.parity BETWEEN s.low AND s.high
    AND (s.detail IS NULL OR {c}.detail = s.detail)"""
_CELLS = f"""
cells AS (
    SELECT array_agg(slot) AS slots, array_agg(level) AS levels, array_agg(area) AS areas,
        array_agg(month) AS months, array_agg(total) AS totals
    FROM (
        SELECT s.slot, a.level, f.area, f.month, f.total::bigint AS total
        FROM unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::smallint[], $7::text[],
                $8::int[], $9::int[]) AS s(slot, population, measure, sex, low, high, detail, month, year)
            CROSS JOIN unnest($10::smallint[], $11::bigint[], $12::bigint[]) AS a(level, low, high)
            CROSS JOIN LATERAL (
                SELECT c.area, c.month, sum(c.value) AS total FROM cell c
                WHERE a.level = 5 AND c.month BETWEEN s.month AND $13::int AND {_NARROWED.format(c="c")}
                GROUP BY c.area, c.month
                UNION ALL
                SELECT t.area, t.month, sum(t.value) FROM area_cell t
                WHERE a.level < 5 AND t.level = a.level AND t.month BETWEEN s.month AND $13::int
                    AND {_NARROWED.format(c="t")}
                GROUP BY t.area, t.month
                UNION ALL
                SELECT y.area, 0, sum(y.value) FROM area_cell y
                WHERE y.level = a.level AND y.month < s.year AND {_NARROWED.format(c="y")}
                GROUP BY y.area HAVING sum(y.value) <> 0
            ) AS f
    ) AS each
)"""
# People of an age at the end of a month: whole years and the months of the last one out of the cohort stock (months of
# single communities out of their cohort cells), and what came in since the stock was last kept up. What is spread comes
# by birth month, and by month too unless years belong to it.
_OF_AGE = """{c}.population = p.population AND {c}.area BETWEEN a.low AND a.high
    AND {c}.birth_month BETWEEN p.born AND p.born_to AND (p.sex IS NULL OR {c}.sex = p.sex)"""
# The key of the town or district that a community lies in.
_AT_LEVEL = "{c}.area - {c}.area % CASE a.level WHEN 5 THEN 1 WHEN 4 THEN 1000 ELSE 1000000 END"


def _stocks(by: str) -> str:
    """Return the rows of people by area, and by what ``by`` names of each table ``{c}``."""
    return f"""
                SELECT y.area, {by.format(c="y")}, sum(y.value) AS total FROM cohort_stock y
                WHERE p.measure IS NULL AND y.level = a.level AND y.month < p.year AND {_OF_AGE.format(c="y")}
                GROUP BY 1, 2, 3
                UNION ALL
                SELECT m.area, {by.format(c="m")}, sum(m.value) FROM cohort_stock m
                WHERE p.measure IS NULL AND a.level < 5 AND m.level = a.level
                    AND m.month BETWEEN p.month AND p.month_to AND {_OF_AGE.format(c="m")}
                GROUP BY 1, 2, 3
                UNION ALL
                SELECT c.area, {by.format(c="c")},
                    sum(CASE WHEN c.measure IN ('death', 'out') THEN -c.value ELSE c.value END)
                FROM cohort_cell c
                WHERE p.measure IS NULL AND a.level = 5
                    AND c.month BETWEEN p.month AND p.month_to AND {_OF_AGE.format(c="c")}
                GROUP BY 1, 2, 3
                UNION ALL
                SELECT {_AT_LEVEL.format(c="r")}, {by.format(c="r")}, sum(r.value) FROM cohort_recent r
                WHERE p.measure IS NULL AND r.month <= p.month_to AND {_OF_AGE.format(c="r")}
                    AND CASE WHEN a.level = 5 THEN p.year > 0 AND r.month < p.month
                        ELSE p.year > 0 OR r.month >= p.month END
                GROUP BY 1, 2, 3"""


def _people(name: str, first: int, rows: str) -> str:
    """Return a table of one row: arrays of probes, levels, areas, birth months, months and totals."""
    types = ("int", "text", "text", "smallint", "int", "int", "int", "int", "int")
    given = ", ".join(f"${first + at}::{of}[]" for at, of in enumerate(types))
    return f"""
{name} AS (
    SELECT array_agg(probe) AS {name}_probes, array_agg(level) AS {name}_levels, array_agg(area) AS {name}_areas,
        array_agg(born) AS {name}_born, array_agg(month) AS {name}_months, array_agg(total) AS {name}_totals
    FROM (
        SELECT p.probe, a.level, f.area, f.born, f.month, sum(f.total)::bigint AS total
        FROM unnest({given})
                AS p(probe, population, measure, sex, born, born_to, month, month_to, year)
            CROSS JOIN unnest($10::smallint[], $11::bigint[], $12::bigint[]) AS a(level, low, high)
            CROSS JOIN LATERAL ({rows}
            ) AS f(area, born, month, total)
        GROUP BY p.probe, a.level, f.area, f.born, f.month
    ) AS each
)"""


_PEOPLE = _people(
    "people",
    17,
    f"""{_stocks("0, 0")}
                UNION ALL
                SELECT {_AT_LEVEL.format(c="c")}, 0, 0, sum(c.value) FROM cohort_cell c
                WHERE c.measure = p.measure AND c.month BETWEEN p.month AND p.month_to AND {_OF_AGE.format(c="c")}
                GROUP BY 1""",
)
_SPREAD = _people("spread", 26, _stocks("{c}.birth_month, CASE WHEN p.year = 0 THEN {c}.month ELSE 0 END"))
# The positions of the feeds and the state of the definitions come from the same statement: they belong to the sums. So
# do the names of the areas, which would take a visit of their own.
_SELECT = f"""
SELECT (SELECT jsonb_object_agg(feed, high_water) FROM feed_position) AS as_of,
    (SELECT revision FROM definition_revision) AS revision,
    (SELECT array_agg({TITLE.format(day="$16")} ORDER BY w.number)
        FROM unnest($14::bigint[], $15::smallint[]) WITH ORDINALITY AS w(key, level, number)
            LEFT JOIN area a USING (key, level)) AS names,"""
_WITHOUT_AGES = f"WITH {_CELLS} {_SELECT} cells.* FROM cells"
_WITH_AGES = f"WITH {_CELLS}, {_PEOPLE} {_SELECT} cells.*, people.* FROM cells, people"
_WITH_SERIES = (
    f"WITH {_CELLS}, {_PEOPLE}, {_SPREAD} {_SELECT} cells.*, people.*, spread.* FROM cells, people, spread"
)


@dataclass(frozen=True, slots=True)
class Read:
    """Sums, the positions of the feeds that they stand at, and the names of the spans' areas by code."""

    counted: Counted
    names: dict[str, str]
    as_of: dict[str, int]
    revision: UUID


async def read(tx: Reader, plan: Plan, spans: Sequence[Span], named_on: date | None) -> Read:
    """Read all that a plan needs of some areas, and what they are called on a day (None: now), in one statement."""
    slots = [
        (number, slot.population, slot.measure, slot.sex, *slot.parity, slot.detail, *plan.since(slot))
        for slot, number in plan.slots.items()
    ]
    regions = _Regions(spans)
    given: list[object] = [*_columns(slots, 9), *_columns(regions.read, 3), plan.last]
    areas = [_area(span) for span in spans]
    given += [[key for key, _ in areas], [level for _, level in areas], named_on]
    asked, spread = plan.probes, plan.spreads
    statement = _WITH_SERIES if spread else _WITH_AGES if asked else _WITHOUT_AGES
    for probes in (asked, spread):
        given += _columns(_probe_rows(probes), 9) if probes else []
    row = await tx.fetchrow(statement, *given)
    assert row is not None
    cells = (
        (slot, regions.spans_of(level, area), month, total)
        for slot, level, area, month, total in _rows(row, "slots", "levels", "areas", "months", "totals")
    )
    sums = cumulate(plan, cells, len(spans))
    people: list[dict[Probe, int]] = [{} for _ in spans]
    told_by: dict[Probe, tuple[str, int]] = {}
    for name, probes in (("people", asked), ("spread", spread)):
        columns = (f"{name}_{each}" for each in ("probes", "levels", "areas", "born", "months", "totals"))
        for number, level, area, born, month, total in _rows(row, *columns) if probes else ():
            probe = spread_over(probes[number], born, month) if born else probes[number]
            if told_by.setdefault(probe, (name, number)) != (name, number):
                continue  # bands that overlap spread the same months, each says the same of them
            for span in regions.spans_of(level, area):
                people[span][probe] = people[span].get(probe, 0) + total
    called = zip(spans, row["names"], strict=True)
    names = {span.code: name for span, name in called if name is not None}
    return Read(Counted(sums, people), names, row["as_of"] or {}, row["revision"])


def _area(span: Span) -> tuple[int, int]:
    """Return key and level of a span's area; (0, 0), which has no name, for a label that is none's code."""
    try:
        area = AreaCode.parse(span.code)
    except AreaCodeError:
        return 0, 0
    return area.key, int(area.level)


def _rows(row: asyncpg.Record, *names: str) -> Iterable[tuple[int, ...]]:
    """Return arrays of a row side by side."""
    return zip(*(row[name] or () for name in names), strict=True)


def _probe_rows(probes: Sequence[Probe]) -> list[tuple[object, ...]]:
    return [
        (number, probe.population, probe.measure, probe.sex, *probe.born, *probe.months, probe.year)
        for number, probe in enumerate(probes)
    ]


class _Regions:
    """The ranges of keys to read for some spans: neighbours together, which costs a fraction of each alone."""

    def __init__(self, spans: Sequence[Span]) -> None:
        levels: dict[int, list[tuple[int, int, int]]] = {}
        for number, span in enumerate(spans):
            for low, high in span.intervals:
                levels.setdefault(level_of((low, high)), []).append((low, high, number))
        self._intervals = {level: sorted(intervals) for level, intervals in levels.items()}
        self._lows = {level: [low for low, _, _ in each] for level, each in self._intervals.items()}
        self._reach = {
            level: list(accumulate((high for _, high, _ in each), max))
            for level, each in self._intervals.items()
        }
        self._found: dict[tuple[int, int], list[int]] = {}
        self.read = [region for level in levels for region in self._ranges(level)]

    def _ranges(self, level: int) -> list[tuple[int, int, int]]:
        apart = sorted({(low, high) for low, high, _ in self._intervals[level]})
        if len(apart) <= _APART and all(one[1] < next_[0] for one, next_ in pairwise(apart)):
            return [(level, low, high) for low, high in apart]
        return [(level, apart[0][0], self._reach[level][-1])]

    def spans_of(self, level: int, area: int) -> list[int]:
        """Return the spans that an area of a level counts for."""
        found = self._found.get((level, area))
        if found is None:
            intervals, reach = self._intervals[level], self._reach[level]
            found = []
            at = bisect_right(self._lows[level], area) - 1
            while at >= 0 and reach[at] >= area:
                if intervals[at][1] >= area:
                    found.append(intervals[at][2])
                at -= 1
            self._found[level, area] = found
        return found


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
