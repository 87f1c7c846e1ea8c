"""Answers questions about figures: checks them, adds cells up once, evaluates."""

from dataclasses import dataclass

from renkou_common.contracts.lines import Population
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, NotFound
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.facts.domain import month_number
from renkou_reporting.figures import repository
from renkou_reporting.figures.domain import CellSum, ParityRange, decimal_text, evaluate
from renkou_reporting.figures.repository import Window
from renkou_reporting.figures.schemas import (
    FigureAnswer,
    FigureQuestion,
    Frame,
    Numbers,
    PeriodAnswer,
    TableAnswer,
    TableQuestion,
)
from renkou_reporting.indicators.domain import Indicator
from renkou_reporting.indicators.service import catalogue
from renkou_reporting.labels import Label
from renkou_reporting.periods import last_day_counted, parse_period
from renkou_reporting.populations import POPULATION_NAMES

_TABLE_PARITIES = ("1", "2", "3+")


@dataclass(frozen=True, slots=True)
class _Row:
    """An indicator with the parity it is asked for."""

    indicator: Indicator
    parity: ParityRange | None


async def figure(tx: Transaction, areas: AreaScope, question: FigureQuestion) -> FigureAnswer:
    """Return one figure; raises NotFound outside ``areas``, InvalidInput for what cannot be asked."""
    indicator = _indicator(question)
    row = _Row(indicator, _parity(indicator, question.parity))
    frame, numbers = await _answer(tx, areas, question, [row])
    return FigureAnswer(**dict(frame), **dict(numbers[0]))


async def table(tx: Transaction, areas: AreaScope, question: TableQuestion) -> TableAnswer:
    """Return all figures over a population; births by parity in rows of their own."""
    rows = [row for one in catalogue().over(question.population) for row in _rows_of(one)]
    frame, numbers = await _answer(tx, areas, question, rows)
    return TableAnswer(**dict(frame), items=numbers)


def _rows_of(indicator: Indicator) -> list[_Row]:
    rows = [] if indicator.parity == "required" else [_Row(indicator, None)]
    if indicator.parity != "none":
        rows += [_Row(indicator, ParityRange.parse(text)) for text in _TABLE_PARITIES]
    return rows


async def _answer(
    tx: Transaction, areas: AreaScope, question: FigureQuestion | TableQuestion, rows: list[_Row]
) -> tuple[Frame, list[Numbers]]:
    area = area_within(areas, question.area)
    period = parse_period(question.period)
    end = last_day_counted(period, question.through)
    window = Window(*area.interval(), month_number(period.start), month_number(end))
    terms = [term for row in rows for term in row.indicator.terms]
    populations = {(term.population or question.population).value for term in terms}
    measures = {measure.value for term in terms for measure in term.measures}
    sums, as_of = await repository.sums(tx, sorted(populations), sorted(measures), window)
    frame = Frame(
        area=area.value,
        population=question.population,
        population_name=_label(*POPULATION_NAMES[question.population]),
        period=PeriodAnswer(
            code=str(period), start=period.start, end=end, label=_label(period.label_zh, period.label_en)
        ),
        as_of=as_of,
    )
    return frame, [_numbers(row, question.population, window.last_month, sums) for row in rows]


def _numbers(row: _Row, population: Population, end_month: int, sums: list[CellSum]) -> Numbers:
    outcome = evaluate(row.indicator, population, end_month, row.parity, sums)
    return Numbers(
        indicator=row.indicator.code,
        name=_label(row.indicator.zh, row.indicator.en),
        parity=row.parity.text if row.parity else None,
        numerator=decimal_text(outcome.numerator),
        denominator=decimal_text(outcome.denominator),
        factor=row.indicator.factor,
        unit=row.indicator.unit,
        value=None if outcome.value is None else format(outcome.value, "f"),
        reason=_label(outcome.reason.zh, outcome.reason.en) if outcome.reason else None,
        parts={name: decimal_text(number) for name, number in outcome.parts.items()},
    )


def _indicator(question: FigureQuestion) -> Indicator:
    found = catalogue().indicators.get(question.indicator)
    if found is None:
        raise NotFound.of("指标", "indicator")
    if question.population not in found.populations:
        allowed = ", ".join(found.populations)
        raise InvalidInput.field(
            "/query/population",
            "population_of_indicator",
            f"指标 {found.code} 的统计人口只能是 {allowed}",
            f"{found.code} runs over {allowed} only",
        )
    return found


def _parity(indicator: Indicator, text: str | None) -> ParityRange | None:
    if text is None:
        if indicator.parity == "required":
            raise InvalidInput.field(
                "/query/parity", "parity_required", "该指标须指明孩次", "this indicator needs a parity"
            )
        return None
    parity = ParityRange.parse(text)
    if indicator.parity == "none" or parity is None:
        raise InvalidInput.field(
            "/query/parity",
            "parity",
            "孩次应为 1-30，可加 + 表示及以上，且仅用于分孩次的指标",
            "a parity is 1-30, with + for later ones, and only for indicators by parity",
        )
    return parity


def _label(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)
