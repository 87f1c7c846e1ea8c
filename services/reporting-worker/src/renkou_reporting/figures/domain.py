"""Figures without I/O: what is asked, what comes out, and the exact arithmetic between.

Stock = opening + birth + in - death - out over everything up to a day; mean population = (stock before the period +
stock at its end) / 2; rates over part of a year are not annualised (domain document, part 4). Every part of a figure
is a whole number of 1/200: a half of a mean, a hundredth of a yuan. So sums are sums of integers, and a value is
rounded once, at the end.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.errors import Text
from renkou_reporting.indicators.domain import (
    HIGHEST_AGE,
    HIGHEST_PARITY,
    Example,
    Indicator,
    IndicatorKind,
    Rounding,
    TermKind,
)

UNITS = 200
"""How many units of the integer arithmetic make one."""
_THOUSANDTHS = 1000 // UNITS
_PARITY = re.compile(r"^([1-9]\d?)(\+?)$")
_AGES = re.compile(r"^(\d{1,3})(?:-(\d{1,3})|(\+))?$")
NO_DENOMINATOR = Text("分母为零，无法计算", "The denominator is zero; there is no value")
NEGATIVE_DENOMINATOR = Text("分母为负，请核对数据", "The denominator is negative; check the data")
NOT_PUBLISHED = Text(
    "该期尚未公布，没有可比较的数", "The period is not published yet; there is nothing to compare"
)
NOTHING_BEFORE = Text(
    "上年同期没有数值，无法计算增长", "There is no value of the year before to compare with"
)


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
        if match is None or int(match[1]) > HIGHEST_PARITY:
            return None
        low = int(match[1])
        return cls(text, low, HIGHEST_PARITY if match[2] else low)


def parse_ages(text: str) -> tuple[int, int] | None:
    """Return an age band of ``15-49``, ``65+`` or ``30``, None for text that names none."""
    match = _AGES.match(text)
    if match is None:
        return None
    low = int(match[1])
    high = HIGHEST_AGE if match[3] else int(match[2] or low)
    return (low, high) if low <= high <= HIGHEST_AGE else None


class Sliced(NamedTuple):
    """Dimensions asked for; None stands for all."""

    sex: int | None = None
    parity: ParityRange | None = None
    ages: tuple[int, int] | None = None
    detail: str | None = None


EVERYTHING = Sliced()


@dataclass(frozen=True, slots=True)
class Span:
    """An area to add up: its label, and intervals of 12-digit keys (several after boundary changes)."""

    code: str
    intervals: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Months:
    """Months of a period, yyyymm, both inclusive, and its code: ``2026Q1``, so far ``2026Q1..2026-02``."""

    first: int
    last: int
    text: str

    @classmethod
    def of(cls, period: Period, end: date | None = None) -> "Months":
        """Return a period's months, up to the month that ends on ``end`` where given."""
        first, last = _number(period.start), _number(period.end)
        if end is None or _number(end) == last:
            return cls(first, last, str(period))
        through = _number(end)
        return cls(first, through, f"{period}..{through // 100:04d}-{through % 100:02d}")

    @property
    def before(self) -> int:
        """The month before the first."""
        return add_months(self.first, -1)

    def year_before(self) -> "Months":
        """The same months a year earlier; its text is only a label."""
        return Months(self.first - 100, self.last - 100, f"{self.text} -1")


@dataclass(frozen=True, slots=True)
class Asked:
    """An indicator over a population, with the dimensions asked for."""

    indicator: Indicator
    population: Population
    sliced: Sliced = EVERYTHING


class Outcome:
    """A figure's numbers. ``value`` is None with a ``reason`` where the quotient does not exist.

    A count has the denominator 1. Numbers stay integers until somebody looks at them: a table has thousands.
    """

    __slots__ = ("_denominator", "_digits", "_numerator", "_parts", "_rounded", "reason")

    def __init__(
        self,
        numerator: int | Fraction,
        denominator: int | Fraction,
        rounded: int | None,
        digits: int,
        reason: Text | None = None,
        parts: Callable[[], dict[str, Fraction]] = dict,
    ) -> None:
        """``numerator`` and ``denominator`` are whole numbers of 1/200, or fractions of one.

        ``rounded`` is the value in units of its last digit.
        """
        self._numerator = numerator
        self._denominator = denominator
        self._rounded = rounded
        self._digits = digits
        self.reason = reason
        self._parts = parts

    @property
    def numerator(self) -> Fraction:
        return in_ones(self._numerator)

    @property
    def denominator(self) -> Fraction:
        return in_ones(self._denominator)

    @property
    def value(self) -> Decimal | None:
        return None if self._rounded is None else Decimal(self._rounded).scaleb(-self._digits)

    @property
    def parts(self) -> dict[str, Fraction]:
        return self._parts()

    def without_value(self, reason: Text) -> "Outcome":
        """Return the same counts without a value, and why."""
        return Outcome(self._numerator, self._denominator, None, self._digits, reason, self._parts)

    @property
    def numerator_text(self) -> str:
        """The numerator as decimal text."""
        return units_text(self._numerator)

    @property
    def denominator_text(self) -> str:
        """The denominator as decimal text."""
        return units_text(self._denominator)

    @property
    def value_text(self) -> str | None:
        """The value with its decimals."""
        rounded, digits = self._rounded, self._digits
        if rounded is None or not digits:
            return None if rounded is None else str(rounded)
        text = str(abs(rounded)).rjust(digits + 1, "0")
        return f"{'-' if rounded < 0 else ''}{text[:-digits]}.{text[-digits:]}"

    def texts(self) -> tuple[str, str, str | None]:
        """Return numerator, denominator and value as decimal texts."""
        return units_text(self._numerator), units_text(self._denominator), self.value_text


def in_ones(number: int | Fraction) -> Fraction:
    """Return a number of units, or a fraction as it is."""
    return Fraction(number, UNITS) if type(number) is int else Fraction(number)


def in_units(number: Fraction) -> int | Fraction:
    """Return a number as whole units where it is one."""
    units = number * UNITS
    return units.numerator if units.denominator == 1 else number


def units_text(number: int | Fraction) -> str:
    """Return a number of units as exact decimal text; a fraction that never ends with ten decimals."""
    if type(number) is not int:
        return decimal_text(in_ones(number))
    if not number % UNITS:
        return str(number // UNITS)
    whole, rest = divmod(abs(number), UNITS)
    decimals = f"{rest * _THOUSANDTHS:03d}".rstrip("0")
    return f"{'-' if number < 0 else ''}{whole}.{decimals}"


def decimal_text(value: Fraction) -> str:
    """Return a number as exact decimal text; one whose decimals never end is cut to ten of them."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(exact) != value:
        exact = round_value(value, 10, Rounding.HALF_UP)
    return format(exact, "f")


def add_months(month: int, number: int) -> int:
    """Return yyyymm some months later."""
    index = month // 100 * 12 + month % 100 - 1 + number
    return index // 12 * 100 + index % 12 + 1


def age_at_end(birth_month: int, end_month: int) -> int:
    """Return the age in full years on the last day of a month (both yyyymm)."""
    months = (end_month // 100 - birth_month // 100) * 12 + end_month % 100 - birth_month % 100
    return months // 12


def born_between(ages: tuple[int, int], end_month: int) -> tuple[int, int]:
    """Return the first and last birth month (yyyymm) of people who are of these ages at a month's end."""
    low, high = ages
    return max(add_months(end_month, -12 * high - 11), 1), add_months(end_month, -12 * low)


def round_value(value: Fraction, digits: int, rounding: Rounding = Rounding.HALF_UP) -> Decimal:
    """Return a fraction with ``digits`` decimals; a half goes away from zero, or to the even neighbour."""
    return Decimal(_rounded(value.numerator, value.denominator, digits, rounding)).scaleb(-digits)


def _rounded(numerator: int, denominator: int, digits: int, rounding: Rounding) -> int:
    """Return a quotient in units of its last digit."""
    twice: int = 2 * abs(numerator) * 10**digits
    whole, rest = divmod(twice + denominator, 2 * denominator)
    if not rest and whole % 2 and rounding is Rounding.HALF_EVEN:
        whole -= 1
    return -whole if numerator < 0 else whole


def quotient(
    indicator: Indicator,
    numerator: int | Fraction,
    denominator: int | Fraction,
    parts: Callable[[], dict[str, Fraction]] = dict,
) -> Outcome:
    """Return numerator / denominator x factor / divisor, rounded; for integers both in the same units."""
    digits = indicator.digits
    if denominator <= 0:
        reason = NEGATIVE_DENOMINATOR if denominator < 0 else NO_DENOMINATOR
        return Outcome(numerator, denominator, None, digits, reason, parts)
    if type(numerator) is int and type(denominator) is int:
        rounded = _rounded(
            numerator * indicator.factor, denominator * indicator.divisor, digits, indicator.rounding
        )
    else:
        exact = in_ones(numerator) / in_ones(denominator) * indicator.factor / indicator.divisor
        rounded = _rounded(exact.numerator, exact.denominator, digits, indicator.rounding)
    return Outcome(numerator, denominator, rounded, digits, None, parts)


def exact_value(indicator: Indicator, outcome: Outcome) -> Fraction | None:
    """Return a figure before rounding, None where it has no value."""
    if outcome.value is None:
        return None
    return outcome.numerator / outcome.denominator * indicator.factor / indicator.divisor


def growth(indicator: Indicator, now: Fraction | None, before: Fraction | None) -> Outcome:
    """Return how much a value grew against the year before: (now - before) / before x factor."""
    if now is None or before is None:
        return Outcome(0, 0, None, indicator.digits, NOTHING_BEFORE)
    return quotient(
        indicator, in_units(now - before), in_units(before), lambda: {"now": now, "before": before}
    )


def reporting_error(indicator: Indicator, first: Fraction | None, restated: Fraction | None) -> Outcome:
    """Return |first published - restated| / restated x factor; without both a reason."""
    if first is None or restated is None:
        return Outcome(0, 0, None, indicator.digits, NOT_PUBLISHED)
    return quotient(
        indicator, in_units(abs(first - restated)), in_units(restated),
        lambda: {"first": first, "restated": restated},
    )  # fmt: skip


def from_parts(indicator: Indicator, parts: Mapping[str, Fraction]) -> Outcome:
    """Return the figure that values of its terms make; raises KeyError for a part that is missing."""
    if indicator.kind is IndicatorKind.GROWTH:
        return growth(indicator, parts["now"], parts["before"])
    if indicator.kind is IndicatorKind.ERROR:
        return reporting_error(indicator, parts["first"], parts["restated"])
    values = dict(parts)
    for term in indicator.terms:
        if term.kind is TermKind.MEAN and term.part not in values:
            values[term.part] = (values["opening"] + values["closing"]) / 2
    numerator = sum((values[term.part] * term.weight for term in indicator.numerator), Fraction())
    denominator = sum((values[term.part] * term.weight for term in indicator.denominator), Fraction())
    if indicator.kind is IndicatorKind.COUNT:
        denominator = Fraction(1)
    return quotient(indicator, in_units(numerator), in_units(denominator), lambda: values)


def example_value(indicator: Indicator, example: Example) -> str | None:
    """Return what a worked example comes out at; raises KeyError for an input that is missing."""
    parts = {part: Fraction(number) for part, number in example.inputs.items()}
    return from_parts(indicator, parts).value_text


def failing_examples(indicator: Indicator) -> list[tuple[int, Text]]:
    """Return number and complaint of each worked example that does not come out as it says."""
    found = []
    for number, example in enumerate(indicator.examples):
        try:
            value = example_value(indicator, example)
        except KeyError as error:
            found.append((number, Text(f"缺少分项 {error.args[0]}", f"the input {error.args[0]} is missing")))
            continue
        if value != example.value:
            found.append(
                (
                    number,
                    Text(
                        f"算得 {value}，示例为 {example.value}",
                        f"it comes out at {value}, not {example.value}",
                    ),
                )
            )
    return found


def _number(day: date) -> int:
    return day.year * 100 + day.month
