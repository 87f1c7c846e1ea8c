"""What published figures count, without I/O: every figure is made of counts, and a count is hidden or shown once.

A figure may be shown where every count that it reads may be. Counts are what small numbers are looked for in: one to
four people, or what is left of a whole when a part is taken away (domain document, part 5).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from renkou_reporting.facts.domain import BALANCE_SIGNS
from renkou_reporting.figures.domain import ParityRange, Sliced, add_months, parse_ages
from renkou_reporting.indicators.domain import (
    BALANCE_PARTS,
    Dimension,
    Indicator,
    IndicatorKind,
    Term,
    TermKind,
)
from renkou_reporting.measures.domain import Measures, MeasureUnit

type Range = tuple[int, int]
type Pattern = tuple[tuple["OfWhom", str, int], ...]
"""Signed counts of any area and period, each a ``flow``, a ``stock`` or an ``opening``."""
LEAST_SHOWN = 5
"""Fewer people than this are not shown in a published figure (domain document, part 5)."""
PEOPLE = "people"
"""Stands for a measure: the number of people at a day."""
ANY_SEX = -1
ANY_PARITY: Range = (-1, 99)
ANY_AGE: Range = (-1, 999)
ACCOUNT_AGES: tuple[Range, ...] = ((0, 14), (15, 59), (60, 150))
"""Age bands that follow each other, of which people are published: their accounts hang together, too."""
_AMOUNT = "_fen"


class Count(NamedTuple):
    """A number of people, or of what happened to people: of whom, where and when.

    ``first`` and ``last`` are months, yyyymm; ``first`` is 0 for what is there at the end of ``last``.
    """

    area: str
    population: str
    measure: str
    sex: int
    parity: Range
    ages: Range
    details: tuple[str, ...]
    first: int
    last: int

    @property
    def of_whom(self) -> "OfWhom":
        """The count without area and time."""
        return OfWhom(self.population, self.measure, self.sex, self.parity, self.ages, self.details)

    @property
    def narrowed(self) -> int:
        """By how many dimensions it is told apart."""
        return (
            (self.sex != ANY_SEX) + (self.parity != ANY_PARITY) + (self.ages != ANY_AGE) + bool(self.details)
        )


class OfWhom(NamedTuple):
    """A count without area and time."""

    population: str
    measure: str
    sex: int
    parity: Range
    ages: Range
    details: tuple[str, ...]


def of_whom(
    population: str,
    measure: str,
    sex: int,
    parity: Sequence[int],
    ages: Sequence[int],
    details: Sequence[str],
) -> OfWhom:
    """Return what plain values of a count say of whom it is."""
    return OfWhom(population, measure, sex, (parity[0], parity[1]), (ages[0], ages[1]), tuple(details))


@dataclass(slots=True)
class Reads:
    """What a figure tells to who looks at it.

    ``parts`` are the counts behind its terms; ``rest`` is what the numerator lacks of the denominator, as signed
    counts, where one is part of the other; ``amounts`` are measures whose counts its amounts of money give away.
    """

    parts: dict[str, list[Count]] = field(default_factory=dict)
    rest: list[tuple[Count, int]] = field(default_factory=list)
    amounts: set[tuple[str, str]] = field(default_factory=set)
    ambiguous: bool = False

    @property
    def counts(self) -> list[Count]:
        """Every count it is made of."""
        return [count for found in self.parts.values() for count in found]


def parse_dims(text: str) -> Sliced:
    """Return dimensions of a published figure's key (``sex=1;parity=3+``)."""
    given = dict(part.split("=", 1) for part in text.split(";") if part)
    return Sliced(
        int(given["sex"]) if "sex" in given else None,
        ParityRange.parse(given["parity"]) if "parity" in given else None,
        parse_ages(given["ages"]) if "ages" in given else None,
        given.get("detail"),
    )


def reads(
    indicator: Indicator, population: str, area: str, sliced: Sliced, months: Range, measures: Measures
) -> Reads:
    """Return what a ratio or a count over months (yyyymm, both inclusive) tells."""
    found = Reads()
    of_terms: dict[str, list[Count]] = {}
    means = set()
    for term in indicator.terms:
        over = str(term.population or population)
        if term.measure is not None and not measures[term.measure].counts_people:
            base = term.measure.removesuffix(_AMOUNT)
            if measures[term.measure].unit is MeasureUnit.FEN and base in measures and base != term.measure:
                found.amounts.add((over, base))
            continue
        of_terms[term.part] = _counts(term, over, area, sliced, months)
        if term.kind is TermKind.MEAN:
            means.add(term.part)
    found.parts = of_terms
    found.ambiguous = len(means) > 1
    if indicator.kind is IndicatorKind.RATIO and _part_of_whole(indicator, of_terms):
        found.rest = [(of_terms[term.part][0], term.weight) for term in indicator.denominator]
        found.rest += [(of_terms[term.part][0], -term.weight) for term in indicator.numerator]
    return found


def _counts(term: Term, population: str, area: str, sliced: Sliced, months: Range) -> list[Count]:
    """Return the count of a term; of a mean the two it is the half of."""
    sex, parity, ages, details = term.sex, term.parity, term.ages, term.details
    if Dimension.SEX in term.asked and sliced.sex is not None:
        sex = sliced.sex  # type: ignore[assignment]  # what a figure is asked by is a known code
    if Dimension.PARITY in term.asked and sliced.parity is not None:
        parity = (sliced.parity.low, sliced.parity.high)
    if Dimension.AGES in term.asked and sliced.ages is not None:
        ages = sliced.ages
    if Dimension.DETAIL in term.asked and sliced.detail is not None:
        details = (sliced.detail,)
    first, last = months
    before = add_months(first, -1)
    times = {
        TermKind.FLOW: [months],
        TermKind.STOCK: [(0, last)],
        TermKind.OPENING: [(0, before)],
        TermKind.MEAN: [(0, before), (0, last)],
    }[term.kind]
    return [
        Count(
            area,
            population,
            term.measure or PEOPLE,
            ANY_SEX if sex is None else sex,
            parity or ANY_PARITY,
            ages or ANY_AGE,
            tuple(sorted(details)),
            *time,
        )
        for time in times
    ]


def _part_of_whole(indicator: Indicator, parts: Mapping[str, Sequence[Count]]) -> bool:
    """Say whether what the numerator counts is among what the denominator counts, as far as a definition tells."""
    terms = indicator.terms
    if any(term.part not in parts or term.kind is TermKind.MEAN or term.weight < 1 for term in terms):
        return False
    if len({term.kind is TermKind.FLOW for term in terms}) > 1:
        return False
    whole = [parts[term.part][0] for term in indicator.denominator]
    return all(
        any(one.measure != part.measure or _within(part, one) for one in whole)
        for part in (parts[term.part][0] for term in indicator.numerator)
    )


def _within(part: Count, whole: Count) -> bool:
    return (
        whole.sex in (ANY_SEX, part.sex)
        and whole.parity[0] <= part.parity[0]
        and part.parity[1] <= whole.parity[1]
        and whole.ages[0] <= part.ages[0]
        and part.ages[1] <= whole.ages[1]
        and (not whole.details or set(part.details) <= set(whole.details))
    )


def counted(read: Reads, area: str, parts: Mapping[str, Fraction]) -> dict[Count, int]:
    """Return the numbers behind a figure's terms in an area, from the parts that it was computed of."""
    found: dict[Count, int] = {}
    if read.ambiguous:
        return found
    for part, counts in read.parts.items():
        values = [parts["opening"], parts["closing"]] if len(counts) == 2 else [parts[part]]
        found |= {count._replace(area=area): int(value) for count, value in zip(counts, values, strict=True)}
    return found


def account_counts(area: str, population: str, months: Range) -> dict[str, Count]:
    """Return the counts of a population account, by the part of the balance."""
    before, last = (0, add_months(months[0], -1)), (0, months[1])
    names = ("opening", "birth", "death", "in", "out")
    assert set(names) == set(BALANCE_SIGNS)
    measured: list[tuple[str, Range]] = [
        (PEOPLE, before),
        *((name, months) for name in names),
        (PEOPLE, last),
    ]
    return {
        part: Count(area, population, measure, ANY_SEX, ANY_PARITY, ANY_AGE, (), *time)
        for part, (measure, time) in zip(BALANCE_PARTS, measured, strict=True)
    }


def account_numbers(area: str, population: str, months: Range, numbers: Sequence[int]) -> dict[Count, int]:
    """Return the counts of a population account with its numbers."""
    return dict(zip(account_counts(area, population, months).values(), numbers, strict=True))


class Way(NamedTuple):
    """A way out: counts with their numbers and what each changes by, and how often it can be gone ahead and back.

    ``root`` is the same for a way and what later publications made of it.
    """

    root: UUID
    ahead: int
    back: int
    changes: Sequence[tuple[Count, int, int]]

    @property
    def months(self) -> Range:
        """The first and the last month that it touches."""
        return (
            min((count.first or count.last for count, _, _ in self.changes), default=0),
            max((count.last for count, _, _ in self.changes), default=0),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """The counts of a publication and which of them it does not show; ``number`` is its place in their order.

    Of a new one only those are named that are published nowhere and yet hang together with others.
    """

    number: int
    months: Range
    counts: Mapping[Count, int]
    hidden: frozenset[Count]


def pack(counts: Mapping[Count, int], hidden: Iterable[Count] = ()) -> list[list[Any]]:
    """Return counts as plain rows, in order: by whom and when, then area, number and whether hidden."""
    unseen = set(hidden)
    grouped: dict[tuple[OfWhom, int, int], list[Any]] = {}
    for count in sorted(counts):
        row = grouped.setdefault((count.of_whom, count.first, count.last), [])
        row.append([count.area, counts[count], int(count in unseen)])
    return [[*of_whom, first, last, rows] for (of_whom, first, last), rows in grouped.items()]


def unpack(rows: Sequence[Sequence[Any]]) -> tuple[dict[Count, int], frozenset[Count]]:
    """Read what :func:`pack` gave: counts, and which are hidden."""
    counts: dict[Count, int] = {}
    hidden = []
    for population, measure, sex, parity, ages, details, first, last, areas in rows:
        whom = of_whom(population, measure, sex, parity, ages, details)
        for area, value, unseen in areas:
            count = Count(area, *whom, first, last)
            counts[count] = value
            if unseen:
                hidden.append(count)
    return counts, frozenset(hidden)
