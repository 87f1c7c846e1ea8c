"""Evaluates an indicator over sums of cells: exact fractions, rounded once, half up. No I/O.

Stock = opening + birth + in - death - out over everything up to a day; mean population = (stock before the
period + stock at its end) / 2; rates over part of a year are not annualised (domain document, part 4).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from renkou_common.contracts.lines import Measure, Population
from renkou_common.errors import Text
from renkou_reporting.indicators.domain import BALANCE_PARTS, Indicator, Term
from renkou_reporting.populations import STOCK_SIGNS

_PARITY = re.compile(r"^([1-9]\d?)(\+?)$")
_HIGHEST_PARITY = 30
NO_DENOMINATOR = Text("分母为零，无法计算", "The denominator is zero; there is no value")
NEGATIVE_DENOMINATOR = Text("分母为负，请核对数据", "The denominator is negative; check the data")


@dataclass(frozen=True, slots=True)
class CellSum:
    """Cells of one kind added up: over the months before the period, and over those within it."""

    population: str
    measure: str
    sex: int
    parity: int
    birth_month: int
    before: int
    within: int


@dataclass(frozen=True, slots=True)
class ParityRange:
    """Which child of the mother: ``2`` is the second, ``3+`` the third and any later one."""

    text: str
    low: int
    high: int

    @classmethod
    def parse(cls, text: str) -> "ParityRange | None":
        """Return the range, None for text that names none."""
        match = _PARITY.match(text)
        if match is None or int(match[1]) > _HIGHEST_PARITY:
            return None
        low = int(match[1])
        return cls(text, low, _HIGHEST_PARITY if match[2] else low)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A figure's numbers. ``value`` is None with a ``reason`` where the quotient does not exist."""

    numerator: Fraction
    denominator: Fraction
    value: Decimal | None
    reason: Text | None
    parts: dict[str, Fraction] = field(default_factory=dict)


def age_at_end(birth_month: int, end_month: int) -> int:
    """Return the age in full years on the last day of a month (both yyyymm)."""
    months = (end_month // 100 - birth_month // 100) * 12 + end_month % 100 - birth_month % 100
    return months // 12


def round_half_up(value: Fraction, digits: int) -> Decimal:
    """Return a fraction with ``digits`` decimals; a half goes away from zero."""
    scaled = abs(value) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if value < 0 else whole).scaleb(-digits)


def evaluate(
    indicator: Indicator,
    population: Population,
    end_month: int,
    parity: ParityRange | None,
    sums: Sequence[CellSum],
) -> Outcome:
    """Return an indicator's figure from the sums of an area; other populations among them do no harm."""
    parts: dict[str, Fraction] = {}
    for term in indicator.terms:
        chosen = [one for one in sums if _counts(term, population, end_month, parity, one)]
        if term.mean:
            balance = _balance(chosen)
            parts |= balance
            parts[term.part] = (balance["opening"] + balance["closing"]) / 2
        elif term.stock:
            parts[term.part] = Fraction(_stock(chosen, within=True))
        else:
            parts[term.part] = Fraction(sum(one.within for one in chosen))
    numerator = sum((parts[term.part] * term.weight for term in indicator.numerator), Fraction())
    denominator = sum((parts[term.part] * term.weight for term in indicator.denominator), Fraction())
    if denominator <= 0:
        reason = NEGATIVE_DENOMINATOR if denominator < 0 else NO_DENOMINATOR
        return Outcome(numerator, denominator, None, reason, parts)
    value = round_half_up(numerator * indicator.factor / denominator, indicator.digits)
    return Outcome(numerator, denominator, value, None, parts)


def _counts(
    term: Term, population: Population, end_month: int, parity: ParityRange | None, one: CellSum
) -> bool:
    if one.population != (term.population or population) or one.measure not in term.measures:
        return False
    if term.sex is not None and one.sex != term.sex:
        return False
    if term.parity and parity and not parity.low <= one.parity <= parity.high:
        return False
    if term.age is None:
        return True
    return one.birth_month > 0 and term.age[0] <= age_at_end(one.birth_month, end_month) <= term.age[1]


def _stock(sums: Iterable[CellSum], *, within: bool) -> int:
    return sum(
        STOCK_SIGNS[Measure(one.measure)] * (one.before + (one.within if within else 0)) for one in sums
    )


def _balance(sums: Sequence[CellSum]) -> dict[str, Fraction]:
    """Return opening, what came and went within the period, and closing."""

    def within(measure: Measure) -> int:
        return sum(one.within for one in sums if one.measure == measure)

    numbers = (
        _stock(sums, within=False),
        *(within(measure) for measure in (Measure.OPENING, Measure.BIRTH, Measure.DEATH)),
        *(within(measure) for measure in (Measure.IN, Measure.OUT)),
        _stock(sums, within=True),
    )
    return {name: Fraction(number) for name, number in zip(BALANCE_PARTS, numbers, strict=True)}


def decimal_text(value: Fraction) -> str:
    """Return a number as exact decimal text; denominators here are 1 or 2 and so always end."""
    return format(Decimal(value.numerator) / Decimal(value.denominator), "f")
