"""Answers questions about figures: checks them, computes all at once, and says what came out."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.period import Period, PeriodKind
from renkou_common.contracts.lines import Population
from renkou_common.database import Reader
from renkou_common.errors import InvalidInput, NotFound, Text
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.areas import service as areas_service
from renkou_reporting.areas.domain import Obstacle, days_of
from renkou_reporting.areas.service import View
from renkou_reporting.figures import repository
from renkou_reporting.figures.domain import (
    Asked,
    Months,
    Outcome,
    ParityRange,
    Sliced,
    Span,
    decimal_text,
    parse_ages,
)
from renkou_reporting.figures.engine import compute_at
from renkou_reporting.figures.schemas import (
    MAX_FIGURES,
    MAX_PERIODS,
    FigureAnswer,
    FigureQuestion,
    MissingReturns,
    PeriodAnswer,
    SeriesAnswer,
    SeriesItem,
    SeriesQuestion,
    TableQuestion,
)
from renkou_reporting.indicators.domain import (
    Catalogue,
    Dimension,
    Indicator,
    IndicatorKind,
    TermKind,
    covers,
)
from renkou_reporting.indicators.service import current, last_read
from renkou_reporting.labels import Label
from renkou_reporting.periods import last_day_counted, parse_month, parse_period, steps_of
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.returns.completeness import Duty
from renkou_reporting.returns.coverage import Returned

_TABLE_PARITIES = ("1", "2", "3+")
NOT_VALID = Text("该指标在此统计期无效", "The indicator does not hold for this period")
type Question = FigureQuestion | TableQuestion | SeriesQuestion


@dataclass(frozen=True, slots=True)
class Column:
    """A period of a table with the last day counted."""

    period: Period
    end: date

    @property
    def months(self) -> Months:
        """The months counted."""
        return Months.of(self.period, self.end)


@dataclass(frozen=True, slots=True)
class Row:
    """An indicator as it is asked for, in each version that holds for one of the periods."""

    newest: Indicator
    sliced: Sliced


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by (row, area, period): None where the indicator does not hold for the period.

    ``missing``: those of aggregate returns that are not all signed. What every output is made of: answers, sheets,
    charts.
    """

    population: Population
    area: AreaCode
    rows: Sequence[Row]
    spans: Sequence[Span]
    columns: Sequence[Column]
    asked: dict[tuple[int, int], Asked]
    outcomes: dict[tuple[int, int, int], Outcome]
    names: Mapping[str, str]
    """Of the areas by code, as called on ``named_on``; those that are not known are left out."""
    as_of: dict[str, int]
    revision: UUID
    boundaries: date | None = None
    obstacles: Mapping[tuple[int, int, int], Obstacle] = field(default_factory=dict)
    missing: Mapping[tuple[int, int, int], Returned] = field(default_factory=dict)

    @property
    def named_on(self) -> date:
        """The day whose names its areas are called by."""
        return _named_on(self.columns, self.boundaries)


def _named_on(columns: Sequence[Column], boundaries: date | None) -> date:
    return boundaries or max(column.end for column in columns)


async def figure(
    tx: Reader, areas: AreaScope, question: FigureQuestion, duty: Duty | None = None
) -> FigureAnswer:
    """Return one figure; raises NotFound outside ``areas``, InvalidInput for what cannot be asked.

    With ``duty`` a figure of aggregate returns tells which are missing, and has no value without any.
    """
    found = await figure_of(tx, areas, question, duty)
    outcome, obstacle = found.outcomes[0, 0, 0], found.obstacles.get((0, 0, 0))
    return FigureAnswer(
        **figure_members(found),
        area_name=found.names.get(found.area.value),
        parts={name: decimal_text(number) for name, number in outcome.parts.items()},
        missing_returns=_missing(found, (0, 0, 0)),
        together=list(obstacle.together) if obstacle else [],
    )


async def figure_of(
    tx: Reader, areas: AreaScope, question: FigureQuestion, duty: Duty | None = None
) -> Table:
    """Return one figure as a table of one cell; raises as :func:`figure`."""
    area = area_within(areas, question.area)
    period = parse_period(question.period)
    column = Column(period, last_day_counted(period, question.through))
    return await _one_row(tx, question, area, [column], duty)


def figure_members(found: Table) -> dict[str, Any]:
    """Return what every answer about one figure says of it: its numbers, of what, of where, of when."""
    (asked,) = found.asked.values()
    return {
        **_frame(found),
        **_head(asked.indicator, asked.sliced),
        **_numbers(found.outcomes[0, 0, 0]),
        "area": found.area.value,
        "period": _period(found.columns[0]),
    }


async def spans_below(tx: Reader, area: AreaCode, question: FigureQuestion, wanted: str) -> list[Span]:
    """Return the areas below one, ``children`` or ``communities``, under the boundaries asked for."""
    view = await _view(tx, area, question, wanted)
    spans = view.spans if view is not None else await _spans(tx, area, wanted)
    return [span for span in spans if span.code != area.value]


async def series(
    tx: Reader, areas: AreaScope, question: SeriesQuestion, duty: Duty | None = None
) -> SeriesAnswer:
    """Return an indicator over one period after the other; raises as :func:`figure`."""
    area = area_within(areas, question.area)
    first, last = parse_month(question.first, "/query/first"), parse_month(question.last, "/query/last")
    columns = [Column(each, each.end) for each in steps_of(PeriodKind(question.by), first.start, last.end)]
    if not 1 <= len(columns) <= MAX_PERIODS:
        raise InvalidInput.field(
            "/query/last", "too_many_periods", f"应有 1-{MAX_PERIODS} 个统计期", f"1 to {MAX_PERIODS} periods"
        )
    found = await _one_row(tx, question, area, columns, duty)
    head = found.rows[0]
    return SeriesAnswer(
        **_frame(found),
        **_head(head.newest, head.sliced),
        area=area.value,
        area_name=found.names.get(area.value),
        items=[
            SeriesItem(
                period=_period(column),
                missing_returns=_missing(found, (0, 0, number)),
                **_numbers(found.outcomes[0, 0, number]),
            )
            for number, column in enumerate(columns)
        ],
    )


async def table_of(tx: Reader, areas: AreaScope, question: TableQuestion, duty: Duty | None = None) -> Table:
    """Return a table's figures; raises as :func:`figure`, and InvalidInput for one that is too large."""
    area = area_within(areas, question.area)
    columns = _columns(question)
    catalogue = await current(tx)
    rows = _rows(catalogue, question)
    view = await _view(tx, area, question, question.areas)
    spans = view.spans if view is not None else await _spans(tx, area, question.areas)
    if len(rows) * len(spans) * len(columns) > MAX_FIGURES:
        raise InvalidInput.field(
            "/query", "table_too_large", f"一张表最多 {MAX_FIGURES} 个数",
            f"a table has at most {MAX_FIGURES} figures",
        )  # fmt: skip
    found = await _computed(
        tx, catalogue, question.population, area, rows, spans, columns, duty, question.boundaries
    )
    return _bounded(found, catalogue, view, question.boundaries)


async def table(tx: Reader, areas: AreaScope, question: TableQuestion, duty: Duty | None = None) -> bytes:
    """Return a table as JSON (``TableAnswer``); births by parity are rows of their own."""
    found = await table_of(tx, areas, question, duty)
    return orjson.dumps(table_answer(found))


def table_answer(found: Table) -> dict[str, Any]:
    """Return a table as ``TableAnswer`` has it, in plain values: thousands of models would cost more."""
    reasons: dict[str, Label] = {}
    items = []
    for number, row in enumerate(found.rows):
        head = _head(row.newest, row.sliced)
        head["name"] = head["name"].model_dump()
        for place, span in enumerate(found.spans):
            outcomes = [found.outcomes[number, place, when] for when in range(len(found.columns))]
            numerators, denominators, values = zip(*(one.texts() for one in outcomes), strict=True)
            items.append(
                {
                    **head,
                    "area": span.code,
                    "numerators": numerators,
                    "denominators": denominators,
                    "values": values,
                    "reasons": [_reason_code(one.reason, reasons) for one in outcomes],
                    "missing_returns": _missing_in(found, number, place),
                }
            )
    frame = _frame(found)
    return {
        **frame,
        "revision": str(found.revision),
        "population_name": frame["population_name"].model_dump(),
        "area": found.area.value,
        "areas": [span.code for span in found.spans],
        "area_names": dict(found.names),
        "periods": [_period(column).model_dump() for column in found.columns],
        "reasons": {code: label.model_dump() for code, label in reasons.items()},
        "items": items,
    }


def _missing(found: Table, at: tuple[int, int, int]) -> MissingReturns | None:
    one = found.missing.get(at)
    return None if one is None else MissingReturns(signed=one.signed, due=one.due)


def _missing_in(found: Table, row: int, place: int) -> list[dict[str, int] | None] | None:
    """Return what is missing of a row of the answer by period, None where nothing is."""
    each = (
        [found.missing.get((row, place, when)) for when in range(len(found.columns))] if found.missing else []
    )
    if not any(each):
        return None
    return [None if one is None else {"signed": one.signed, "due": one.due} for one in each]


def _reason_code(reason: Text | None, known: dict[str, Label]) -> str | None:
    if reason is None:
        return None
    for code, label in known.items():
        if label.zh == reason.zh:
            return code
    code = f"r{len(known) + 1}"
    known[code] = _label(reason)
    return code


async def _one_row(
    tx: Reader,
    question: FigureQuestion | SeriesQuestion,
    area: AreaCode,
    columns: Sequence[Column],
    duty: Duty | None,
) -> Table:
    """Compute one indicator of one area; raises InvalidInput for a period it does not hold for."""
    return await _in_force(tx, partial(_row_by, tx, question, area, columns, duty))


async def _in_force(tx: Reader, work: Callable[[Catalogue], Awaitable[Table]]) -> Table:
    """Do some work with the definitions in force, which the work itself tells the state of.

    Those that were read last will do where they still are in force: that saves asking first.
    """
    known = last_read()
    if known is not None:
        try:
            found = await work(known)
        except (InvalidInput, NotFound):
            found = None
        if found is not None and found.revision == known.revision:
            return found
    return await work(await current(tx))


async def _row_by(
    tx: Reader,
    question: FigureQuestion | SeriesQuestion,
    area: AreaCode,
    columns: Sequence[Column],
    duty: Duty | None,
    catalogue: Catalogue,
) -> Table:
    newest = _indicator(catalogue, question.indicator, question.population)
    row = Row(newest, _sliced(newest, question))
    for column in columns:
        months = column.months
        if catalogue.at(newest.code, months.first, months.last) is None:
            raise _outside_validity(newest, months)
    view = await _view(tx, area, question, "self")
    spans = view.spans if view is not None else [Span(area.value, (area.interval(),))]
    found = await _computed(
        tx, catalogue, question.population, area, [row], spans, columns, duty, question.boundaries
    )
    return _bounded(found, catalogue, view, question.boundaries)


async def _view(tx: Reader, area: AreaCode, question: Question, wanted: str) -> View | None:
    """Return the areas under the boundaries asked for, None where each fact counts under the code of its day."""
    if question.boundaries is None:
        return None
    below = None if wanted == "self" or area.level is AreaLevel.VILLAGE else _level_below(area, wanted)
    also = (
        [span.code for span in (await _spans(tx, area, wanted))[1:]] if area.level < AreaLevel.COUNTY else []
    )
    return await areas_service.view(tx, area, question.boundaries, below=below, also=also)


def _level_below(area: AreaCode, wanted: str) -> AreaLevel:
    return AreaLevel(area.level + 1) if wanted == "children" else AreaLevel.VILLAGE


def _bounded(found: Table, catalogue: Catalogue, view: View | None, boundaries: date | None) -> Table:
    """Return a table without the figures that do not exist under its boundaries: each says why."""
    if view is None:
        return found
    obstacles: dict[tuple[int, int, int], Obstacle] = {}
    for (number, when), asked in found.asked.items():
        for place, obstacle in _obstacles(catalogue, view, asked.indicator, found.columns[when].months):
            obstacles[number, place, when] = obstacle
    without = {position: _no_figure(one) for position, one in obstacles.items()}
    return replace(
        found,
        outcomes={**found.outcomes, **without},
        boundaries=boundaries,
        obstacles=obstacles,
        missing={position: one for position, one in found.missing.items() if position not in obstacles},
    )


def without_obstacles(
    catalogue: Catalogue,
    view: View,
    asked: Sequence[Asked],
    months: Sequence[Months],
    outcomes: Mapping[tuple[int, int, int], Outcome],
) -> dict[tuple[int, int, int], Outcome]:
    """Return outcomes of a view's areas by (asked, area, months); where a figure does not exist under its boundaries,
    the reason."""
    found = dict(outcomes)
    for number, one in enumerate(asked):
        for when, each in enumerate(months):
            for place, obstacle in _obstacles(catalogue, view, one.indicator, each):
                found[number, place, when] = _no_figure(obstacle)
    return found


def _obstacles(
    catalogue: Catalogue, view: View, indicator: Indicator, months: Months
) -> Iterator[tuple[int, Obstacle]]:
    for first, last in days_read(catalogue, indicator, months):
        for place in range(len(view.areas)):
            obstacle = view.obstacle(place, first, last)
            if obstacle is not None:
                yield place, obstacle


def _no_figure(obstacle: Obstacle) -> Outcome:
    return Outcome(0, 0, None, 0, obstacle.reason)


def days_read(catalogue: Catalogue, indicator: Indicator, months: Months) -> list[tuple[date, date]]:
    """Return the first and last days of facts that a figure reads; a stock that of one day, what was published
    none."""
    if indicator.kind is IndicatorKind.ERROR:
        return []
    basis = indicator if indicator.of is None else catalogue.indicators[indicator.of]
    kinds = {term.kind for term in basis.terms}
    found = []
    for each in [months, months.year_before()] if indicator.kind is IndicatorKind.GROWTH else [months]:
        first, last = days_of(each, opening=bool(kinds & {TermKind.OPENING, TermKind.MEAN}))
        found.append((last if kinds == {TermKind.STOCK} else first, last))
    return found


async def _computed(
    tx: Reader,
    catalogue: Catalogue,
    population: Population,
    area: AreaCode,
    rows: Sequence[Row],
    spans: Sequence[Span],
    columns: Sequence[Column],
    duty: Duty | None,
    boundaries: date | None,
) -> Table:
    """Compute each row in the version that holds for each period, all in one go."""
    asked: dict[tuple[str, int, Sliced], int] = {}
    distinct: list[Asked] = []
    chosen: dict[tuple[int, int], int] = {}
    months = [column.months for column in columns]
    for number, row in enumerate(rows):
        for when, each in enumerate(months):
            indicator = catalogue.at(row.newest.code, each.first, each.last)
            if indicator is not None and population in indicator.populations:
                key = (indicator.code, indicator.version, row.sliced)
                if key not in asked:
                    asked[key] = len(distinct)
                    distinct.append(Asked(indicator, population, row.sliced))
                chosen[number, when] = asked[key]
    named_on = _named_on(columns, boundaries)
    computed = await compute_at(
        tx, distinct, spans, months, catalogue=catalogue, duty=duty, named_on=named_on
    )
    invalid = Outcome(0, 0, None, 0, NOT_VALID)
    outcomes = {
        (number, place, when): (
            computed.outcomes[chosen[number, when], place, when] if (number, when) in chosen else invalid
        )
        for number in range(len(rows))
        for place in range(len(spans))
        for when in range(len(months))
    }
    of = {position: distinct[number] for position, number in chosen.items()}
    missing = {
        (number, place, when): one
        for (number, when), position in (chosen.items() if computed.returned else ())
        for place in range(len(spans))
        if (one := computed.returned.get((position, place, when))) is not None and one.missing
    }
    return Table(
        population,
        area,
        rows,
        spans,
        columns,
        of,
        outcomes,
        computed.names,
        computed.as_of,
        computed.revision,
        missing=missing,
    )


async def _spans(tx: Reader, area: AreaCode, wanted: str) -> list[Span]:
    """Return the area, and below it the areas that anything was counted in."""
    spans = [Span(area.value, (area.interval(),))]
    if wanted == "self" or area.level is AreaLevel.VILLAGE:
        return spans
    level = _level_below(area, wanted)
    for key in await repository.areas_below(tx, *area.interval(), level):
        code = AreaCode.from_key(key)
        if code != area:
            spans.append(Span(code.value, (code.interval(),)))
    return spans


def _columns(question: TableQuestion) -> list[Column]:
    columns = []
    for text in question.period:
        period = parse_period(text)
        end = last_day_counted(period, question.through)
        if question.by is None:
            columns.append(Column(period, end))
        else:
            columns += [
                Column(each, min(each.end, end))
                for each in steps_of(PeriodKind(question.by), period.start, end)
            ]
    if len(columns) > MAX_PERIODS:
        raise InvalidInput.field(
            "/query/period",
            "too_many_periods",
            f"最多 {MAX_PERIODS} 个统计期",
            f"at most {MAX_PERIODS} periods",
        )
    return columns


def _rows(catalogue: Catalogue, question: TableQuestion) -> list[Row]:
    if question.indicator:
        chosen = [_indicator(catalogue, code, question.population) for code in question.indicator]
        return [row for one in chosen for row in _rows_of(one, question)]
    asked = {dimension for dimension in Dimension if getattr(question, dimension) is not None}
    chosen = [one for one in catalogue.over(question.population) if asked <= one.dimensions.keys()]
    return [row for one in chosen for row in _rows_of(one, question)]


def _rows_of(indicator: Indicator, question: TableQuestion) -> list[Row]:
    """Return an indicator's rows: those that take a parity also by parity, where none is asked for."""
    parity = indicator.dimensions.get(Dimension.PARITY)
    if parity is None or question.parity is not None:
        return [Row(indicator, _sliced(indicator, question))]
    without = question.model_copy(update={"parity": _TABLE_PARITIES[0]})
    rows = [] if parity == "required" else [Row(indicator, _sliced(indicator, question))]
    plain = _sliced(indicator, without)
    return rows + [Row(indicator, plain._replace(parity=ParityRange.parse(text))) for text in _TABLE_PARITIES]


def _indicator(catalogue: Catalogue, code: str, population: Population) -> Indicator:
    found = catalogue.indicators.get(code)
    if found is None:
        raise NotFound.of("指标", "indicator")
    if population not in found.populations:
        allowed = ", ".join(found.populations)
        raise InvalidInput.field(
            "/query/population",
            "population_of_indicator",
            f"指标 {found.code} 的统计人口只能是 {allowed}",
            f"{found.code} runs over {allowed} only",
        )
    return found


def _sliced(indicator: Indicator, question: Question) -> Sliced:
    """Return the dimensions asked for; raises InvalidInput for one that the indicator has not, or needs."""
    for dimension in Dimension:
        given = getattr(question, dimension)
        taken = indicator.dimensions.get(dimension)
        if given is None and taken == "required":
            raise InvalidInput.field(
                f"/query/{dimension}",
                f"{dimension}_required",
                "该指标须指明此维度",
                "this indicator needs it",
            )
        if given is not None and taken is None:
            raise InvalidInput.field(
                f"/query/{dimension}",
                str(dimension),
                "该指标不分此维度",
                "this indicator is not told apart by it",
            )
    parity = None if question.parity is None else ParityRange.parse(question.parity)
    if question.parity is not None and parity is None:
        raise InvalidInput.field(
            "/query/parity",
            "parity",
            "孩次应为 1-30，可加 + 表示及以上",
            "a parity is 1-30, with + for later ones",
        )
    ages = None if question.ages is None else parse_ages(question.ages)
    if question.ages is not None and ages is None:
        raise InvalidInput.field(
            "/query/ages", "ages", "年龄应写作 15-49、65+ 或 30", "ages are written 15-49, 65+ or 30"
        )
    return Sliced(None if question.sex is None else int(question.sex), parity, ages, question.detail)


def _outside_validity(indicator: Indicator, months: Months) -> InvalidInput:
    since = indicator.valid_from.isoformat() if indicator.valid_from else "…"
    until = indicator.valid_to.isoformat() if indicator.valid_to else "…"
    pointer = "/query/period"
    assert not covers(indicator, months.first, months.last)
    return InvalidInput.field(
        pointer,
        "period_outside_validity",
        f"指标 {indicator.code} 只统计 {since} 至 {until}",
        f"{indicator.code} holds from {since} to {until} only",
    )


def _frame(found: Table) -> dict[str, Any]:
    return {
        "population": found.population,
        "population_name": Label(**dict(zip(("zh", "en"), POPULATION_NAMES[found.population], strict=True))),
        "as_of": found.as_of,
        "revision": found.revision,
        "boundaries": found.boundaries,
    }


def _head(indicator: Indicator, sliced: Sliced) -> dict[str, Any]:
    return {
        "indicator": indicator.code,
        "version": indicator.version,
        "name": Label(zh=indicator.zh, en=indicator.en),
        "factor": indicator.factor,
        "divisor": indicator.divisor,
        "unit": indicator.unit,
        "sex": sliced.sex,
        "parity": sliced.parity.text if sliced.parity else None,
        "ages": f"{sliced.ages[0]}-{sliced.ages[1]}" if sliced.ages else None,
        "detail": sliced.detail,
    }


def _numbers(outcome: Outcome) -> dict[str, Any]:
    return {
        "numerator": outcome.numerator_text,
        "denominator": outcome.denominator_text,
        "value": outcome.value_text,
        "reason": _label(outcome.reason) if outcome.reason else None,
    }


def _period(column: Column) -> PeriodAnswer:
    period = column.period
    return PeriodAnswer(
        code=str(period),
        start=period.start,
        end=column.end,
        label=Label(zh=period.label_zh, en=period.label_en),
    )


def _label(text: Text) -> Label:
    return Label(zh=text.zh, en=text.en)
