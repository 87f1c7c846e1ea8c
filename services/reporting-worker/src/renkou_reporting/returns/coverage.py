"""Which of the returns that figures are counted from are there: due and signed, by area and month. No I/O.

A return that nobody handed in, or that is not signed yet, is no zero. A figure takes its counts from the returns whose
area lies within its area and whose counts are dated within its months (docs/figures.md).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from renkou_common.errors import Text
from renkou_reporting.figures.domain import NOTHING_BEFORE, Asked, Months, Outcome, Span
from renkou_reporting.figures.plan import Position, basis, narrowed
from renkou_reporting.forms.domain import Form
from renkou_reporting.indicators.domain import Catalogue, IndicatorKind
from renkou_reporting.measures.domain import MeasureOrigin

NOT_SIGNED = Text(
    "应报的汇总报表均未签发，没有数值", "None of the returns that count it is signed; there is no value"
)
NOT_DUE = Text(
    "该区划和统计期没有计入此数的汇总报表，没有数值",
    "No return counts it for this area and period; there is no value",
)


class Counting(NamedTuple):
    """What a cell of a form, or a line of a return, counts."""

    measure: str
    population: str
    sex: int
    parity: int
    detail: str


class Wanted(NamedTuple):
    """What a figure takes from returns."""

    measure: str
    population: str
    sex: int | None
    parity: tuple[int, int] | None
    details: tuple[str, ...]

    def takes(self, one: Counting) -> bool:
        """Whether a count is among it."""
        return (
            (self.measure, self.population) == (one.measure, one.population)
            and self.sex in (None, one.sex)
            and (self.parity is None or self.parity[0] <= one.parity <= self.parity[1])
            and (not self.details or one.detail in self.details)
        )


class Return(NamedTuple):
    """A return that is due or signed: where and in which month it counts, and what; ``signed`` of what is there."""

    area: int
    month: int
    due: frozenset[Wanted]
    signed: frozenset[Wanted]


class Line(NamedTuple):
    """A line of a signed return of an open list, which nobody has to hand in."""

    area: int
    month: int
    counts: frozenset[Wanted]


@dataclass(frozen=True, slots=True)
class Returned:
    """How many returns of a figure are signed of how many that were due; ``reason`` where it has no value."""

    signed: int
    due: int
    reason: Text | None

    @property
    def missing(self) -> bool:
        """Whether one is missing."""
        return self.signed < self.due


_NOTHING = Returned(0, 0, NOT_DUE)


def wanted_of(catalogue: Catalogue, asked: Asked) -> frozenset[Wanted]:
    """Return what a figure takes from returns: nothing where all comes from the registers."""
    if asked.indicator.kind is IndicatorKind.ERROR:
        return frozenset()
    of = basis(catalogue, asked)
    found = set()
    for term in of.indicator.terms:
        measure = term.measure
        if measure is not None and catalogue.measures[measure].origin is MeasureOrigin.RETURN:
            counted = narrowed(of, term)
            found.add(Wanted(measure, counted.population, counted.sex, counted.parity, counted.details))
    return frozenset(found)


def without_returns(
    asked: Sequence[Asked], outcomes: Mapping[Position, Outcome], there: Mapping[Position, Returned]
) -> dict[Position, Outcome]:
    """Return outcomes; those whose returns are not there without a value. Of a growth nothing is told at all."""
    found = dict(outcomes)
    for position, one in there.items():
        if one.reason is not None:
            indicator = asked[position[0]].indicator
            nothing = Outcome(0, 0, None, indicator.digits, one.reason)
            grows = indicator.kind is IndicatorKind.GROWTH
            found[position] = nothing if grows else found[position].without_value(one.reason)
    return found


def countings(form: Form) -> frozenset[Counting]:
    """Return everything that a form counts."""
    return frozenset(
        Counting(cell.measure, cell.population, cell.sex, cell.parity, cell.detail)
        for cell in form.cells.values()
        if cell.measure is not None and cell.population is not None and not cell.blocked
    )


class Coverage:
    """What is due and what is signed, for the figures of some areas."""

    def __init__(self, returns: Iterable[Return], lines: Iterable[Line], spans: Sequence[Span]) -> None:
        self._returns = _within(sorted(returns, key=lambda one: one.area), spans)
        self._lines = _within(sorted(lines, key=lambda one: one.area), spans)

    def of(
        self, wanted: Mapping[int, frozenset[Wanted]], asked: Sequence[Asked], months: Sequence[Months]
    ) -> dict[Position, Returned]:
        """Return it for each figure that takes something from returns; ``wanted`` is by position among ``asked``."""
        found: dict[Position, Returned] = {}
        known: dict[tuple[frozenset[Wanted], bool], list[Returned]] = {}
        for place in range(len(self._returns)):
            known.clear()
            if not (self._returns[place] or self._lines[place]):
                found |= {(number, place, when): _NOTHING for number in wanted for when in range(len(months))}
                continue
            for number, terms in wanted.items():
                key = (terms, asked[number].indicator.kind is IndicatorKind.GROWTH)
                if key not in known:
                    known[key] = self._over(place, *key, months)
                for when, returned in enumerate(known[key]):
                    found[number, place, when] = returned
        return found

    def _over(
        self, place: int, terms: frozenset[Wanted], grows: bool, months: Sequence[Months]
    ) -> list[Returned]:
        there = [
            (one.month, one.due & terms <= one.signed, one.signed & terms)
            for one in self._returns[place]
            if one.due & terms
        ]
        besides = [(one.month, one.counts & terms) for one in self._lines[place]]

        def over(each: Months) -> Returned:
            within = [one for one in there if each.first <= one[0] <= each.last]
            covered = {term for _, _, signed in within for term in signed}
            covered |= {term for at, counts in besides if each.first <= at <= each.last for term in counts}
            reason = None if covered >= terms else NOT_SIGNED if within else NOT_DUE
            return Returned(sum(whole for _, whole, _ in within), len(within), reason)

        if not grows:
            return [over(each) for each in months]
        return [_grown(over(each), over(each.year_before())) for each in months]


def _grown(now: Returned, before: Returned) -> Returned:
    """Return what a growth is counted from; without the year before there is nothing to compare with."""
    reason = now.reason or (NOTHING_BEFORE if before.reason else None)
    return Returned(now.signed + before.signed, now.due + before.due, reason)


def _within[T: (Return, Line)](found: Sequence[T], spans: Sequence[Span]) -> list[list[T]]:
    """Return by span what lies in it, out of what is in order of areas."""
    areas = [one.area for one in found]
    return [
        [
            one
            for low, high in span.intervals
            for one in found[bisect_left(areas, low) : bisect_right(areas, high)]
        ]
        for span in spans
    ]
