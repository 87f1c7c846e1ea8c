"""Why one figure is another than before; no I/O.

Both figures are weighted sums of counts (:mod:`.domain`). Their difference is one too: of each measure, the months and
months of birth in which the weights differ (*regions*). What lies where the weights of all ages cancel is there only
because people passed an age limit (ageing); everything else came by facts.

A value is numerator / denominator x factor. Its change is split without a remainder and without preferring one of the
two states: what changes the numerator counts at the mean of both states' 1 / denominator, what changes the
denominator at the mean of both numerators, another factor at the mean of both quotients:

    N1/D1 - N0/D0 = (N1 - N0) x (1/D0 + 1/D1) / 2  -  (D1 - D0) x (N0 + N1) / 2 / (D0 x D1)
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from renkou_reporting.explain.domain import EVERY_BIRTH, Counting, Member, Piece, Range, Side


class Region(NamedTuple):
    """Counts that enter two figures with different weights; ``weight`` is the difference."""

    side: Side
    weight: Fraction
    ageing: bool
    counting: Counting


class Cause(StrEnum):
    """Why a count is another than before."""

    NEW = "new"  # 本期新发生
    LATE = "late"  # 迟报: recorded after the month in which it happened
    CORRECTION = "correction"  # 更正
    BOUNDARY = "boundary"  # 区划调整
    AGEING = "ageing"  # 年龄推移: people passed an age limit
    DEFINITION = "definition"  # 指标定义变更
    OTHER = "other"  # what was taken in out of turn between two published versions


class Origin(NamedTuple):
    """What a change is put down to: of which figure (None: the one asked for) a side (None: neither), measure, area
    and cause."""

    figure: Member | None
    side: Side | None
    measure: str | None
    area: str | None
    cause: Cause


@dataclass(slots=True)
class Share:
    """What a cause changed of its side, and by how many facts; None where sums were read."""

    change: Fraction = Fraction()
    facts: int | None = None

    def add(self, change: Fraction, facts: int | None = None) -> None:
        """Add another change."""
        self.change += change
        if facts is not None:
            self.facts = (self.facts or 0) + facts


class State(NamedTuple):
    """A figure before or after: its numbers and factor / divisor."""

    numerator: Fraction
    denominator: Fraction
    factor: Fraction

    @property
    def value(self) -> Fraction:
        """The value before rounding; the denominator must not be zero."""
        return self.numerator / self.denominator * self.factor


def regions(after: Iterable[Piece], before: Iterable[Piece]) -> list[Region]:
    """Return where the counts of two figures differ in weight: disjoint for each side and each way of counting."""
    groups: defaultdict[tuple[Side, Counting], list[tuple[Fraction, Range, Range]]] = defaultdict(list)
    for pieces, sign in ((after, 1), (before, -1)):
        for piece in pieces:
            of = piece.counting._replace(born=None, months=(0, 0))
            born = piece.counting.born or EVERY_BIRTH
            groups[piece.side, of].append((sign * piece.weight, piece.counting.months, born))
    return [region for (side, of), weighted in groups.items() for region in _of_group(side, of, weighted)]


def _of_group(
    side: Side, of: Counting, weighted: Sequence[tuple[Fraction, Range, Range]]
) -> Iterable[Region]:
    for months in _between(each for _, each, _ in weighted):
        there = [(weight, born) for weight, reach, born in weighted if _holds(reach, months)]
        ageing = not sum(weight for weight, _ in there)
        runs: list[tuple[Fraction, Range]] = []
        for births in _between(born for _, born in there):
            weight = sum((weight for weight, born in there if _holds(born, births)), Fraction())
            if runs and runs[-1][0] == weight and runs[-1][1][1] + 1 == births[0]:
                runs[-1] = (weight, (runs[-1][1][0], births[1]))
            else:
                runs.append((weight, births))
        for weight, births in runs:
            if weight:
                born = None if births == EVERY_BIRTH else births
                yield Region(side, weight, ageing, of._replace(months=months, born=born))


def _between(ranges: Iterable[Range]) -> list[Range]:
    """Return the ranges between all ends of some ranges, in order."""
    ends = sorted({end for low, high in ranges for end in (low, high + 1)})
    return [(low, high - 1) for low, high in pairwise(ends)]


def _holds(outer: Range, inner: Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


class Slopes(NamedTuple):
    """By how much a value changes for each one of the numerator and of the denominator, and by another factor."""

    numerator: Fraction
    denominator: Fraction
    factor: Fraction

    def of(self, side: Side | None, change: Fraction) -> Fraction:
        """Return what a change of a side does to the value."""
        match side:
            case Side.NUMERATOR:
                return change * self.numerator
            case Side.DENOMINATOR:
                return change * self.denominator
            case None:
                return self.factor

    def times(self, by: Fraction) -> "Slopes":
        """Return the slopes of what changes by so much for each one of the value."""
        return Slopes(self.numerator * by, self.denominator * by, self.factor * by)


def slopes(before: State, after: State) -> Slopes:
    """Return the slopes between two figures that both have a value; with them all effects add up to its change."""
    factor = (before.factor + after.factor) / 2
    quotients = before.numerator / before.denominator + after.numerator / after.denominator
    return Slopes(
        (1 / before.denominator + 1 / after.denominator) / 2 * factor,
        -(before.numerator + after.numerator) / 2 / (before.denominator * after.denominator) * factor,
        (after.factor - before.factor) * quotients / 2,
    )
