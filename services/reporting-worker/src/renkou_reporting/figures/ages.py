"""People by age at the ends of several months, each counted on from the one before. No I/O.

The stock of an age band at a month's end is a sum over every birth month in the band and every year there has been.
A month later little of it differs: who came and went in between, who grew into the band, who grew out of it. So a
series adds up the whole band once, and after that only what differs: the few birth months at the band's edges are
read once for all its months.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from renkou_reporting.figures.domain import add_months, born_between

type Range = tuple[int, int]
_CLOSE = 3
"""Up to how many months apart a day is counted on from the one before."""


class Probe(NamedTuple):
    """A number of people, or of a flow (``measure``), born and counted between months, both ends inclusive.

    ``year``: whole years before it are added; 0 for what came and went within the months alone.
    """

    population: str
    measure: str | None
    sex: int | None
    born: Range
    months: Range
    year: int = 0


class People(NamedTuple):
    """Whose number is asked for at the ends of months."""

    population: str
    sex: int | None
    ages: Range


class Step(NamedTuple):
    """The number at the end of a month: signed probes, added to the step before where it goes on from there.

    ``edges`` are of single birth months and are found among what a series spreads.
    """

    month: int
    probes: tuple[tuple[Probe, int], ...]
    edges: tuple[tuple[Probe, int], ...]
    goes_on: bool


class Series(NamedTuple):
    """How the numbers at the ends of months are counted, in order, and the probes to read by each birth month.

    One that is spread is read by birth month, and by month as well unless years belong to it.
    """

    steps: list[Step]
    spreads: list[Probe]


def series(people: People, months: Iterable[int]) -> Series:
    """Return how the numbers at the ends of months (yyyymm) are counted."""
    runs: list[list[int]] = []
    for month in sorted(set(months)):
        if runs and month <= add_months(runs[-1][-1], _CLOSE):
            runs[-1].append(month)
        else:
            runs.append([month])
    found = Series([], [])
    for run in runs:
        found.steps.append(_first(people, run[0]))
        found.steps.extend(_next(people, run[0], before, month) for before, month in pairwise(run))
        found.spreads.extend(_spreads(people, run))
    return found


def counted(steps: Iterable[Step], numbers: Mapping[Probe, int]) -> dict[int, int]:
    """Return the number of people at the end of each month from what the probes came back with."""
    found: dict[int, int] = {}
    number = 0
    for step in steps:
        added = sum(sign * numbers.get(probe, 0) for probe, sign in (*step.probes, *step.edges))
        number = number + added if step.goes_on else added
        found[step.month] = number
    return found


def spread_over(probe: Probe, born: int, month: int) -> Probe:
    """Return the probe of one birth month, and of one month unless years belong to it, out of one that is spread."""
    return probe._replace(born=(born, born), months=probe.months if probe.year else (month, month))


def _first(people: People, month: int) -> Step:
    return Step(month, ((_stock(people, born_between(people.ages, month), month), 1),), (), goes_on=False)


def _next(people: People, first: int, before: int, month: int) -> Step:
    """Count on: who came and went, and who grew into the band and out of it, as many as they were before."""
    (old_low, old_high), new = born_between(people.ages, before), born_between(people.ages, month)
    flow = _flow(people, new, (add_months(before, 1), month))
    edges = []
    for born, sign in (((add_months(old_high, 1), new[1]), 1), ((old_low, add_months(new[0], -1)), -1)):
        for each in _each(*born):
            edges.append((_stock(people, (each, each), first), sign))
            edges += [
                (_flow(people, (each, each), (at, at)), sign) for at in _each(add_months(first, 1), before)
            ]
    return Step(month, ((flow, 1),), tuple(edges), goes_on=True)


def _spreads(people: People, run: list[int]) -> Iterable[Probe]:
    """What the edges of a run are found among: those of its birth months at its first end, and since."""
    if len(run) == 1:
        return
    first, before = run[0], run[-2]
    (old_low, old_high), new = born_between(people.ages, first), born_between(people.ages, run[-1])
    for born in ((add_months(old_high, 1), new[1]), (old_low, add_months(new[0], -1))):
        if born[0] <= born[1]:
            yield _stock(people, born, first)
            if first < before:
                yield _flow(people, born, (add_months(first, 1), before))


def _each(first: int, last: int) -> Iterator[int]:
    """The months from one to another, both yyyymm and inclusive."""
    while first <= last:
        yield first
        first = add_months(first, 1)


def _flow(people: People, born: Range, months: Range) -> Probe:
    return Probe(people.population, None, people.sex, born, months)


def _stock(people: People, born: Range, month: int) -> Probe:
    year = month // 100
    return Probe(people.population, None, people.sex, born, (year * 100, month), year)
