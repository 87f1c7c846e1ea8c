"""Scores of a scorecard: one typed table that answers, sheets and charts are made of.

Figures come from a reader: the live engine, or published versions; both give the same outcomes by position.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.database import Reader
from renkou_common.errors import Text
from renkou_reporting.areas import service as areas_service
from renkou_reporting.figures.domain import Asked, Months, Outcome, Span, exact_value, round_value
from renkou_reporting.figures.plan import Position
from renkou_reporting.figures.service import NOT_VALID, without_obstacles
from renkou_reporting.indicators.domain import Catalogue, Indicator
from renkou_reporting.indicators.service import current
from renkou_reporting.periods import period_of
from renkou_reporting.scorecards.domain import Scored, Total, light_of_share, ranks, score, total
from renkou_reporting.scorecards.schemas import Item, ScorecardDocument, Unit
from renkou_reporting.targets.domain import Goal, Light, Missing, light_of, missing_of, sliced_of
from renkou_reporting.targets.service import AMBER, SliceKey, goal_given, in_force

type Figures = Callable[
    [Reader, Sequence[Asked], Sequence[Span], Sequence[Months]], Awaitable[Mapping[Position, Outcome]]
]
"""Reads figures by position (asked, span, months): :func:`renkou_reporting.figures.engine.compute`, or published."""
NO_TARGET = Text("该区域此期没有生效的目标", "No target is in force for this area and period")
NOW, BEFORE = 0, 1
LIVE = "live"
"""The source of figures that are computed as they are asked for."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An item of one area: the figure, and what it gave. ``scored`` is None, with a reason, where nothing counts."""

    indicator: Indicator | None
    goal: Goal | None
    outcome: Outcome | None
    scored: Scored | None
    light: Light
    reason: Text | None
    missing: Missing | None


@dataclass(frozen=True, slots=True)
class Row:
    """One area: its cells by item, now and in the period before, and their sums."""

    area: AreaCode
    office: str
    cells: tuple[Sequence[Cell], Sequence[Cell]]
    totals: tuple[Total, Total]
    light: Light


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores by area and item, with what they are judged by. Rows are in the order of the scorecard's areas."""

    scorecard_id: UUID
    number: int
    document: ScorecardDocument
    period: Period
    end: date
    before: Period
    rows: Sequence[Row]
    places: Mapping[AreaCode, int]
    source: str
    names: Mapping[str, str]

    def row(self, area: AreaCode) -> Row | None:
        """Return the row of an area."""
        return next((row for row in self.rows if row.area == area), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """Which version of a scorecard is scored, how far into its period, and from which figures."""

    scorecard_id: UUID
    number: int
    document: ScorecardDocument
    period: Period
    end: date
    source: str = LIVE


async def score_table(tx: Reader, judged: Judged, figures: Figures) -> ScoreTable:
    """Return the scores of every area of a scorecard; figures are read in one go.

    Areas are taken as they are bounded on the last day counted, in the period before too: so both compare the same
    people's homes, and what was merged into an area counts from the beginning.
    """
    document, catalogue = judged.document, await current(tx)
    before = period_of(judged.period.kind, judged.period.start - timedelta(days=1))
    months = [Months.of(judged.period, judged.end), Months.of(before, _as_far(judged, before))]
    areas = [AreaCode.parse(unit.area) for unit in document.units]
    goals = await _goals(tx, judged.period, areas, document.items)
    asked, chosen = _asked(catalogue, document.items, months)
    view = await areas_service.view_near(tx, areas, judged.end)
    outcomes = await figures(tx, asked, view.spans, months)
    if judged.source == LIVE:
        outcomes = without_obstacles(catalogue, view, asked, months, outcomes)
    names = await areas_service.names(tx, {area.value for area in areas}, judged.end)

    def cell(item: int, place: int, when: int) -> Cell:
        number = chosen.get((item, when))
        if number is None:
            return Cell(None, goals[item, place], None, None, Light.GREY, NOT_VALID, None)
        indicator, outcome = asked[number].indicator, outcomes[number, place, when]
        return _cell(document.items[item], goals[item, place], indicator, outcome, catalogue)

    rows = [
        _row(
            document,
            area,
            unit,
            [[cell(item, place, when) for item in range(len(document.items))] for when in (0, 1)],
        )
        for place, (area, unit) in enumerate(zip(areas, document.units, strict=True))
    ]
    places = ranks({row.area: row.totals[NOW].share for row in rows})
    return ScoreTable(
        judged.scorecard_id,
        judged.number,
        document,
        judged.period,
        judged.end,
        before,
        rows,
        places,
        judged.source,
        names,
    )


def _as_far(judged: Judged, before: Period) -> date:
    """Return the last day of as many months of the period before as are counted of this one."""
    counted = sum(month <= judged.end for month in judged.period.months())
    return Period.month_of(before.months()[counted - 1]).end


async def _goals(
    tx: Reader, period: Period, areas: Sequence[AreaCode], items: Sequence[Item]
) -> dict[tuple[int, int], Goal | None]:
    held = await in_force(tx, period, areas) if any(item.target is None for item in items) else {}
    goals: dict[tuple[int, int], Goal | None] = {}
    for number, item in enumerate(items):
        key: SliceKey = (item.indicator, item.population, item.dimensions)
        for place, area in enumerate(areas):
            found = held.get((area, key))
            own = goal_given(item.target) if item.target is not None else None
            goals[number, place] = own or (found.goal if found else None)
    return goals


def _asked(
    catalogue: Catalogue, items: Sequence[Item], months: Sequence[Months]
) -> tuple[list[Asked], dict[tuple[int, int], int]]:
    """Return what to ask of the reader, and which of it belongs to an item now and before."""
    asked: list[Asked] = []
    known: dict[tuple[object, ...], int] = {}
    chosen: dict[tuple[int, int], int] = {}
    for number, item in enumerate(items):
        for when, each in enumerate(months):
            indicator = catalogue.at(item.indicator, each.first, each.last)
            if indicator is None or item.population not in indicator.populations:
                continue
            sliced, wrong = sliced_of("", indicator, item.dimensions)
            if wrong:
                continue
            key = (indicator.code, indicator.version, item.population, sliced)
            if key not in known:
                known[key] = len(asked)
                asked.append(Asked(indicator, Population(item.population), sliced))
            chosen[number, when] = known[key]
    return asked, chosen


def _cell(
    item: Item, goal: Goal | None, indicator: Indicator, outcome: Outcome, catalogue: Catalogue
) -> Cell:
    value = exact_value(indicator, outcome)
    if goal is None or value is None:
        reason = NO_TARGET if goal is None else outcome.reason
        return Cell(indicator, goal, outcome, None, Light.GREY, reason, None)
    return Cell(
        indicator,
        goal,
        outcome,
        score(item.weight, item.rule, item.bonus, goal, value),
        light_of(goal, value, AMBER),
        None,
        missing_of(goal, indicator, outcome, catalogue),
    )


def _row(document: ScorecardDocument, area: AreaCode, unit: Unit, cells: Sequence[Sequence[Cell]]) -> Row:
    now, before = (_total(document.items, each) for each in cells)
    light = light_of_share(now.share, document.lights.green, document.lights.amber)
    return Row(area, unit.office, (cells[NOW], cells[BEFORE]), (now, before), light)


def _total(items: Sequence[Item], cells: Sequence[Cell]) -> Total:
    counted: list[tuple[Decimal, Scored]] = [
        (item.weight, cell.scored) for item, cell in zip(items, cells, strict=True) if cell.scored is not None
    ]
    return total(counted)


def share_text(share: Fraction | None) -> str | None:
    """Return a share in per cent with two decimals."""
    return None if share is None else format(round_value(share, 2), "f")
