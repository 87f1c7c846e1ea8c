"""From what is asked to the sums that have to be read, and from the sums to figures. No I/O.

A *slot* is one count of cells (population, measure and what narrows it), read month by month for every area; people by
age are read by *probes* (:mod:`.ages`). What several indicators share is read and added up once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import accumulate
from operator import add, sub
from typing import NamedTuple

from renkou_reporting.facts.domain import BALANCE_SIGNS, YEARLY_MEASURES
from renkou_reporting.figures.ages import People, Probe, Series, counted, series
from renkou_reporting.figures.domain import (
    UNITS,
    Asked,
    Months,
    Outcome,
    add_months,
    born_between,
    exact_value,
    growth,
    quotient,
    reporting_error,
)
from renkou_reporting.indicators.domain import (
    BALANCE_PARTS,
    Catalogue,
    Dimension,
    Indicator,
    IndicatorKind,
    Term,
    TermKind,
)
from renkou_reporting.measures.domain import Measures, MeasureUnit

type Range = tuple[int, int]
type Position = tuple[int, int, int]
type Published = Callable[[Asked, int, int], tuple[Fraction, Fraction] | None]
"""First published and restated count of (asked, position of the span, position of the months)."""
_FEN_UNITS = UNITS // 100
_EVERY_PARITY = (-1, 99)
_FIRST_MONTH = 100_01


class Slot(NamedTuple):
    """A count of cells. ``stock`` also reads what was before the months asked for."""

    population: str
    measure: str
    sex: int | None
    parity: Range
    detail: str | None
    stock: bool


class Narrowed(NamedTuple):
    """Which counts a term takes: its own conditions, and in their place the dimensions that were asked for."""

    population: str
    sex: int | None
    parity: Range | None
    ages: Range | None
    details: tuple[str, ...]


def narrowed(asked: Asked, term: Term) -> Narrowed:
    """Return which counts a term takes as it is asked for."""
    sliced = asked.sliced
    sex: int | None = term.sex
    parity, ages, details = term.parity, term.ages, term.details
    if Dimension.SEX in term.asked and sliced.sex is not None:
        sex = sliced.sex
    if Dimension.PARITY in term.asked and sliced.parity is not None:
        parity = (sliced.parity.low, sliced.parity.high)
    if Dimension.AGES in term.asked and sliced.ages is not None:
        ages = sliced.ages
    if Dimension.DETAIL in term.asked and sliced.detail is not None:
        details = (sliced.detail,)
    return Narrowed((term.population or asked.population).value, sex, parity, ages, details)


def in_fen(term: Term, measures: Measures) -> bool:
    """Whether a term counts hundredths of a yuan."""
    return term.measure is not None and measures[term.measure].unit is MeasureUnit.FEN


@dataclass(slots=True)
class Counted:
    """What was read: by span, for each slot the cumulated sums over the grid of months; probes by span."""

    sums: list[dict[int, list[int]]]
    probes: list[dict[Probe, int]]


@dataclass(slots=True)
class _Reading:
    """How a term is computed: signed slots (or none: it is by age), and units of one."""

    term: Term
    units: int
    slots: tuple[tuple[int, int], ...] = ()
    aged: People | None = None
    people: bool = False


@dataclass(slots=True)
class _Formula:
    """A ratio or count as it is asked for."""

    asked: Asked
    numerator: list[tuple[int, _Reading]]
    denominator: list[tuple[int, _Reading]]


@dataclass
class Plan:
    """Everything that a request needs, each slot and probe once."""

    measures: Measures
    months: Sequence[Months]
    slots: dict[Slot, int] = field(default_factory=dict)
    flows: set[Probe] = field(default_factory=set)
    _ends: dict[People, set[int]] = field(default_factory=dict)
    _series: dict[People, Series] = field(default_factory=dict)
    _firsts: dict[Slot, int] = field(default_factory=dict)
    _grid: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = min(each.first for each in self.months)
        last = max(each.last for each in self.months)
        month = add_months(first, -1)
        while month <= last:
            self._grid[month] = len(self._grid)
            month = add_months(month, 1)

    @property
    def last(self) -> int:
        """The last month counted."""
        return max(each.last for each in self.months)

    @property
    def grid(self) -> dict[int, int]:
        """Position of each month among the cumulated sums; the first holds everything before the first month."""
        return self._grid

    @property
    def probes(self) -> list[Probe]:
        """What is read of people by age, each once."""
        stocks = (
            probe for each in self._ends for step in self.series(each).steps for probe, _ in step.probes
        )
        return list(dict.fromkeys((*sorted(self.flows, key=str), *stocks)))

    @property
    def spreads(self) -> list[Probe]:
        """What is read of people by each birth month, each once."""
        return list(dict.fromkeys(probe for each in self._ends for probe in self.series(each).spreads))

    def series(self, people: People) -> Series:
        """Return how the numbers of people of an age are counted at every month's end that is asked for."""
        if people not in self._series:
            self._series[people] = series(people, self._ends[people])
        return self._series[people]

    def since(self, slot: Slot) -> Range:
        """Return from which month on months are read, and before which year whole years are; 0: none.

        A stock is that of whole years and of the months of the first year asked for; one that is not kept by
        year is that of all months there are.
        """
        first = self._firsts[slot]
        if not slot.stock:
            return first, 0
        year = first // 100
        return (year * 100, year) if slot.measure in YEARLY_MEASURES else (_FIRST_MONTH, 0)

    def add(self, asked: Asked, months: Sequence[Months]) -> _Formula:
        """Take over what a ratio or a count over some periods needs; returns its formula."""
        indicator = asked.indicator
        readings = {term.part: self._reading(asked, term, months) for term in indicator.terms}
        return _Formula(
            asked,
            [(term.weight, readings[term.part]) for term in indicator.numerator],
            [(term.weight, readings[term.part]) for term in indicator.denominator],
        )

    def _reading(self, asked: Asked, term: Term, months: Sequence[Months]) -> _Reading:
        counted = narrowed(asked, term)
        reading = _Reading(
            term, _FEN_UNITS if in_fen(term, self.measures) else UNITS, people=term.measure is None
        )
        if counted.ages is not None:
            reading.aged = People(counted.population, counted.sex, counted.ages)
            for each in months:
                if term.kind is TermKind.FLOW:
                    self.flows.add(_flow(reading, each))
                else:
                    self._ends.setdefault(reading.aged, set()).update(_ends(term.kind, each))
            return reading
        signed = BALANCE_SIGNS if term.measure is None else {term.measure: 1}
        stock = term.kind is not TermKind.FLOW
        first = min(each.first for each in months)
        reading.slots = tuple(
            (
                self._slot(
                    Slot(
                        counted.population,
                        measure,
                        counted.sex,
                        counted.parity or _EVERY_PARITY,
                        detail,
                        stock,
                    ),
                    first,
                ),
                sign,
            )
            for measure, sign in signed.items()
            for detail in counted.details or (None,)
        )
        return reading

    def _slot(self, slot: Slot, first: int) -> int:
        self._firsts[slot] = min(first, self._firsts.get(slot, first))
        return self.slots.setdefault(slot, len(self.slots))


def _flow(reading: _Reading, months: Months) -> Probe:
    """Return what a flow of people reads who are of an age at the end of a period."""
    assert reading.aged is not None
    population, sex, ages = reading.aged
    born = born_between(ages, months.last)
    return Probe(population, reading.term.measure, sex, born, (months.first, months.last))


def _ends(kind: TermKind, months: Months) -> list[int]:
    """Return the months at whose ends people are counted: for a mean before the period and at its end."""
    match kind:
        case TermKind.STOCK:
            return [months.last]
        case TermKind.OPENING:
            return [months.before]
        case _:
            return [months.before, months.last]


class Evaluation:
    """Figures of one area out of what was read for it."""

    def __init__(self, plan: Plan, sums: dict[int, list[int]], probes: dict[Probe, int]) -> None:
        self._plan = plan
        self._sums = sums
        self._probes = probes
        self._series: dict[tuple[tuple[int, int], ...], list[int]] = {}
        self._people: dict[People, dict[int, int]] = {}
        self._nothing = [0] * len(plan.grid)

    def outcomes(self, formula: _Formula, months: Sequence[Months]) -> list[Outcome]:
        """Return a ratio or a count over each of the periods."""
        indicator = formula.asked.indicator
        numerators = self._sum(formula.numerator, months)
        if indicator.kind is IndicatorKind.COUNT:
            denominators = [UNITS] * len(months)
        else:
            denominators = self._sum(formula.denominator, months)
        return [
            quotient(indicator, numerator, denominator, partial(self._parts, formula, each))
            for numerator, denominator, each in zip(numerators, denominators, months, strict=True)
        ]

    def _sum(self, terms: list[tuple[int, _Reading]], months: Sequence[Months]) -> list[int]:
        """Return the weighted sum of terms over each of the periods, in units."""
        if len(terms) == 1 and terms[0][0] == 1:
            return self._units(terms[0][1], months)
        columns = [(weight, self._units(reading, months)) for weight, reading in terms]
        return [sum(weight * column[at] for weight, column in columns) for at in range(len(months))]

    def _units(self, reading: _Reading, months: Sequence[Months]) -> list[int]:
        """Return a term over each of the periods, in units."""
        kind, units = reading.term.kind, reading.units
        if reading.aged is not None:
            return [self._aged(reading, each) for each in months]
        series = self._cumulated(reading.slots)
        grid = self._plan.grid
        match kind:
            case TermKind.FLOW:
                return [(series[grid[each.last]] - series[grid[each.first] - 1]) * units for each in months]
            case TermKind.STOCK:
                return [series[grid[each.last]] * units for each in months]
            case TermKind.OPENING:
                return [series[grid[each.first] - 1] * units for each in months]
            case TermKind.MEAN:
                half = units // 2
                return [(series[grid[each.first] - 1] + series[grid[each.last]]) * half for each in months]

    def _aged(self, reading: _Reading, months: Months) -> int:
        """Return a term by age over a period, in units."""
        if reading.term.kind is TermKind.FLOW:
            return self._probes.get(_flow(reading, months), 0) * reading.units
        found = self._at_ends(reading, months)
        return sum(found) * reading.units // len(found)

    def _at_ends(self, reading: _Reading, months: Months) -> list[int]:
        """Return the numbers of people of an age that a stock, an opening or a mean is made of."""
        assert reading.aged is not None
        if reading.aged not in self._people:
            self._people[reading.aged] = counted(self._plan.series(reading.aged).steps, self._probes)
        return [self._people[reading.aged][end] for end in _ends(reading.term.kind, months)]

    def _cumulated(self, slots: tuple[tuple[int, int], ...]) -> list[int]:
        """Return the signed sum of slots, cumulated over the grid."""
        found = self._series.get(slots)
        if found is None:
            if len(slots) == 1 and slots[0][1] == 1:
                found = self._sums.get(slots[0][0], self._nothing)
            else:
                columns = [(self._sums[slot], sign) for slot, sign in slots if slot in self._sums]
                found = self._nothing
                for column, sign in columns:
                    found = list(map(add if sign > 0 else sub, found, column))
            self._series[slots] = found
        return found

    def _parts(self, formula: _Formula, months: Months) -> dict[str, Fraction]:
        """Return the terms by part, and beside a mean population what it is made of."""
        parts: dict[str, Fraction] = {}
        for _, reading in (*formula.numerator, *formula.denominator):
            if reading.term.kind is TermKind.MEAN:
                parts |= self._balance(reading, months)
            parts[reading.term.part] = Fraction(self._units(reading, [months])[0], UNITS)
        return parts

    def _balance(self, reading: _Reading, months: Months) -> dict[str, Fraction]:
        """Return opening and closing, and between them, for people of all ages, what came and went."""
        if reading.aged is not None:
            opening, closing = self._at_ends(reading, months)
            return {"opening": Fraction(opening), "closing": Fraction(closing)}
        grid = self._plan.grid
        first, last = grid[months.first] - 1, grid[months.last]
        series = self._cumulated(reading.slots)
        numbers = [series[first], series[last]]
        if reading.people:
            flows = [self._sums.get(slot, self._nothing) for slot, _ in reading.slots]
            within = dict(zip(BALANCE_SIGNS, (flow[last] - flow[first] for flow in flows), strict=True))
            numbers[1:1] = [within[name] for name in ("opening", "birth", "death", "in", "out")]
            return {name: Fraction(number) for name, number in zip(BALANCE_PARTS, numbers, strict=True)}
        return {"opening": Fraction(numbers[0]), "closing": Fraction(numbers[1])}


class Request:
    """A whole request: builds the plan, then gives every outcome once the sums are read."""

    def __init__(self, catalogue: Catalogue, asked: Sequence[Asked], months: Sequence[Months]) -> None:
        self._asked = asked
        self._months = months
        self._of = [basis(catalogue, one) for one in asked]
        both = [*months, *(each.year_before() for each in months)]
        grows = any(one.indicator.kind is IndicatorKind.GROWTH for one in asked)
        self.plan = Plan(catalogue.measures, both if grows else months)
        self._formulas = [self._formula(one, of, both) for one, of in zip(asked, self._of, strict=True)]

    def _formula(self, asked: Asked, of: Asked, both: Sequence[Months]) -> _Formula | None:
        match asked.indicator.kind:
            case IndicatorKind.ERROR:
                return None
            case IndicatorKind.GROWTH:
                return self.plan.add(of, both)
            case _:
                return self.plan.add(of, self._months)

    def outcomes(self, counted: Counted, published: Published) -> dict[Position, Outcome]:
        """Return every figure by the positions of what is asked, the span and the months."""
        found: dict[Position, Outcome] = {}
        for place, (sums, probes) in enumerate(zip(counted.sums, counted.probes, strict=True)):
            evaluation = Evaluation(self.plan, sums, probes)
            for number, (asked, of, formula) in enumerate(
                zip(self._asked, self._of, self._formulas, strict=True)
            ):
                if formula is None:
                    pairs = [published(of, place, when) or (None, None) for when in range(len(self._months))]
                    outcomes = [reporting_error(asked.indicator, *pair) for pair in pairs]
                elif asked.indicator.kind is IndicatorKind.GROWTH:
                    outcomes = _growth(evaluation, asked.indicator, formula, self._months)
                else:
                    outcomes = evaluation.outcomes(formula, self._months)
                for when, outcome in enumerate(outcomes):
                    found[number, place, when] = outcome
        return found


def _growth(
    evaluation: Evaluation, indicator: Indicator, formula: _Formula, months: Sequence[Months]
) -> list[Outcome]:
    of = formula.asked.indicator
    now = evaluation.outcomes(formula, months)
    before = evaluation.outcomes(formula, [each.year_before() for each in months])
    return [
        growth(indicator, exact_value(of, one), exact_value(of, other))
        for one, other in zip(now, before, strict=True)
    ]


def basis(catalogue: Catalogue, asked: Asked) -> Asked:
    """Return what a figure is computed from: itself, or for a growth or an error the indicator it is of."""
    of = asked.indicator.of
    if of is None:
        return asked
    return Asked(catalogue.indicators[of], asked.population, asked.sliced)


def cumulate(
    plan: Plan, rows: Iterable[tuple[int, Sequence[int], int, int]], spans: int
) -> list[dict[int, list[int]]]:
    """Return by span and slot the sums of rows (slot, the spans it counts for, month, value), cumulated over the grid.

    Rows of a slot and an area best follow each other.
    """
    found: list[dict[int, list[int]]] = [{} for _ in range(spans)]
    position, width = plan.grid.get, len(plan.grid)
    last: tuple[int, Sequence[int]] = -1, ()
    columns: list[list[int]] = []
    for slot, counting, month, value in rows:
        if slot != last[0] or counting is not last[1]:
            last = slot, counting
            columns = [found[span].setdefault(slot, [0] * width) for span in counting]
        at = position(month, 0)
        for column in columns:
            column[at] += value
    return [{slot: list(accumulate(column)) for slot, column in of_span.items()} for of_span in found]
