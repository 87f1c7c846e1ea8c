"""People by age at the ends of several months, each counted on from the one before. No I/O.

The stock of an age band at a month's end is a sum over every birth month in the band and every year there has been.
A month later little of it differs: who came and went in between, who grew into the band, who grew out of it. So a
series adds up the whole band once, and after that only what differs.
"""

from collections.abc import Iterable, Mapping
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
    """The number at the end of a month: signed probes, added to the step before where it goes on from there."""

    month: int
    probes: tuple[tuple[Probe, int], ...]
    goes_on: bool


def steps(people: People, months: Iterable[int]) -> list[Step]:
    """Return how the numbers at the ends of months (yyyymm) are counted, in order."""
    found: list[Step] = []
    before = 0
    for month in sorted(set(months)):
        if before and month <= add_months(before, _CLOSE):
            found.append(Step(month, tuple(_since(people, before, month)), goes_on=True))
        else:
            found.append(
                Step(month, ((_stock(people, born_between(people.ages, month), month), 1),), goes_on=False)
            )
        before = month
    return found


def counted(steps: Iterable[Step], numbers: Mapping[Probe, int]) -> dict[int, int]:
    """Return the number of people at the end of each month from what the probes came back with."""
    found: dict[int, int] = {}
    number = 0
    for step in steps:
        added = sum(sign * numbers.get(probe, 0) for probe, sign in step.probes)
        number = number + added if step.goes_on else added
        found[step.month] = number
    return found


def _since(people: People, before: int, month: int) -> Iterable[tuple[Probe, int]]:
    old, new = born_between(people.ages, before), born_between(people.ages, month)
    yield Probe(people.population, None, people.sex, new, (add_months(before, 1), month)), 1
    yield _stock(people, (add_months(old[1], 1), new[1]), before), 1
    yield _stock(people, (old[0], add_months(new[0], -1)), before), -1


def _stock(people: People, born: Range, month: int) -> Probe:
    year = month // 100
    return Probe(people.population, None, people.sex, born, (year * 100, month), year)
