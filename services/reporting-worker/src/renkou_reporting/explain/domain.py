"""What a figure is made of, as a weighted sum of counts; no I/O.

A figure's numerator and denominator are sums of terms (indicators' domain), and each term is a sum of *pieces* (份):
the counts of one measure in some months, times a weight. A stock is everything up to the period's end with the signs
of the balance; a mean is half of the opening and half of the closing stock, so what came within the period counts
half. The sum over the pieces is the figure's numerator and denominator exactly.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from renkou_reporting.facts.domain import BALANCE_SIGNS
from renkou_reporting.figures.domain import Asked, Months, born_between
from renkou_reporting.figures.plan import in_fen, narrowed
from renkou_reporting.indicators.domain import IndicatorKind, Term, TermKind
from renkou_reporting.measures.domain import Measures

type Range = tuple[int, int]
EVERY_PARITY: Range = (-1, 99)
EVERY_BIRTH: Range = (-1, 999_912)
FIRST_MONTH = 0
_HALF = Fraction(1, 2)


class Side(StrEnum):
    """Of a quotient."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


class When(StrEnum):
    """What of a period a piece counts."""

    PERIOD = "period"  # 期内: what happened within it
    OPENING = "opening"  # 期初: what there was before it
    END = "end"  # 期末: what there is at its end


class Member(StrEnum):
    """One of the two figures that a growth or a reporting error is made of."""

    NOW = "now"  # 本期
    BEFORE = "before"  # 上年同期
    FIRST = "first"  # 首次公布
    RESTATED = "restated"  # 最近公布


class Counting(NamedTuple):
    """Which counts: both ends of ranges are inclusive; months and months of birth are yyyymm.

    ``born`` is None where people are not told apart by age.
    """

    population: str
    measure: str
    sex: int | None
    parity: Range
    detail: str | None
    born: Range | None
    months: Range


class Piece(NamedTuple):
    """Counts that enter a figure: on which side, by which term, with which weight (in ones of the side).

    ``figure`` tells which of the figures that a growth or an error is made of; None: the figure itself.
    """

    side: Side
    part: str
    when: When
    weight: Fraction
    counting: Counting
    figure: Member | None = None


def pieces_of(asked: Asked, months: Months, measures: Measures, figure: Member | None = None) -> list[Piece]:
    """Return what a ratio or a count is the sum of; a count's denominator is 1 and has no pieces."""
    indicator = asked.indicator
    found: list[Piece] = []
    for side, terms in ((Side.NUMERATOR, indicator.numerator), (Side.DENOMINATOR, indicator.denominator)):
        if side is Side.DENOMINATOR and indicator.kind is IndicatorKind.COUNT:
            continue
        for term in terms:
            found += _of_term(side, term, asked, months, measures)
    return [piece._replace(figure=figure) for piece in found]


def _of_term(side: Side, term: Term, asked: Asked, months: Months, measures: Measures) -> Iterator[Piece]:
    counted = narrowed(asked, term)
    unit = Fraction(term.weight, 100 if in_fen(term, measures) else 1)
    signed = BALANCE_SIGNS if term.measure is None else {term.measure: 1}
    for when, share, reach, end in _reaches(term.kind, months, aged=counted.ages is not None):
        born = None if counted.ages is None else born_between(counted.ages, end)
        for measure, sign in signed.items():
            for detail in counted.details or (None,):
                counting = Counting(
                    counted.population,
                    measure,
                    counted.sex,
                    counted.parity or EVERY_PARITY,
                    detail,
                    born,
                    reach,
                )
                yield Piece(side, term.part, when, unit * sign * share, counting)


def _reaches(kind: TermKind, months: Months, *, aged: bool) -> list[tuple[When, Fraction, Range, int]]:
    """Return (when, share, months counted, month at whose end ages are told) of a term."""
    whole = Fraction(1)
    within = (When.PERIOD, whole, (months.first, months.last), months.last)
    opening = (When.OPENING, whole, (FIRST_MONTH, months.before), months.before)
    closing = (When.END, whole, (FIRST_MONTH, months.last), months.last)
    match kind:
        case TermKind.FLOW:
            return [within]
        case TermKind.STOCK:
            return [closing]
        case TermKind.OPENING:
            return [opening]
        case TermKind.MEAN:
            if aged:  # who is of an age at the opening is not who is of it at the end
                return [(when, _HALF, reach, end) for when, _, reach, end in (opening, closing)]
            return [opening, (When.PERIOD, _HALF, *within[2:])]


class CellKey(NamedTuple):
    """A cell of a figure: the counts of a piece in one area and month, by what they are told apart by.

    ``area`` is a 12-digit key with the digits its code has: what falls in no area below counts under its own code.
    ``parity`` and ``detail`` are None where people are told apart by age instead.
    """

    side: Side
    part: str
    when: When
    measure: str
    area: str
    month: int
    sex: int
    parity: int | None
    detail: str | None


def cut(pieces: Iterable[Piece], key: CellKey) -> list[Piece]:
    """Return what of some pieces lies in a cell (its area aside); nothing where no piece holds such a cell."""
    found = []
    for piece in pieces:
        counting = piece.counting
        if (piece.side, piece.part, piece.when, counting.measure) != key[:4]:
            continue
        if not counting.months[0] <= key.month <= counting.months[1] or counting.sex not in (None, key.sex):
            continue
        if (counting.born is None) != (key.parity is not None):
            continue
        narrower = counting._replace(months=(key.month, key.month), sex=key.sex)
        if key.parity is not None:
            if not counting.parity[0] <= key.parity <= counting.parity[1] or counting.detail not in (
                None,
                key.detail,
            ):
                continue
            narrower = narrower._replace(parity=(key.parity, key.parity), detail=key.detail)
        found.append(piece._replace(counting=narrower))
    return found
