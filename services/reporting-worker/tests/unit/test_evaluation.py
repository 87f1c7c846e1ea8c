"""Evaluating indicators: rounding, ages, parities, stock and mean population."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import Population
from renkou_reporting.figures.domain import (
    NEGATIVE_DENOMINATOR,
    NO_DENOMINATOR,
    CellSum,
    Outcome,
    ParityRange,
    age_at_end,
    decimal_text,
    evaluate,
    round_half_up,
)
from renkou_reporting.indicators.service import catalogue

type Row = tuple[str, int, int] | tuple[str, int, int, int, int, int]


def sums(*rows: Row, population: str = "registered") -> list[CellSum]:
    """(measure, before, within) with sex, parity and birth month behind where they matter."""
    told = [row if len(row) == 6 else (*row, 0, 0, 0) for row in rows]
    return [
        CellSum(population, measure, sex, parity, birth_month, before, within)
        for measure, before, within, sex, parity, birth_month in told
    ]


def figure(
    code: str,
    cells: list[CellSum],
    population: Population = Population.REGISTERED,
    parity: str | None = None,
    end_month: int = 202612,
) -> Outcome:
    chosen = ParityRange.parse(parity) if parity else None
    return evaluate(catalogue().indicators[code], population, end_month, chosen, cells)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(-1, 8), 2, "-0.13"),
        (Fraction(2675, 1000), 2, "2.68"),
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(2, 3), 2, "0.67"),
        (Fraction(999, 100), 1, "10.0"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(0), 2, "0.00"),
    ],
)
def test_a_half_is_rounded_up(value: Fraction, digits: int, rounded: str) -> None:
    assert str(round_half_up(value, digits)) == rounded


@given(st.fractions(-(10**18), 10**18), st.integers(0, 6))
def test_rounding_is_never_off_by_more_than_a_half(value: Fraction, digits: int) -> None:
    error = Fraction(round_half_up(value, digits)) - value
    assert abs(error) <= Fraction(1, 2 * 10**digits)


@pytest.mark.parametrize(
    ("birth_month", "end_month", "age"),
    [
        (200812, 202612, 18),
        (200901, 202612, 17),
        (197701, 202612, 49),
        (197612, 202612, 50),
        (202612, 202612, 0),
    ],
)
def test_age_is_counted_in_full_years_on_the_last_day_of_the_month(
    birth_month: int, end_month: int, age: int
) -> None:
    assert age_at_end(birth_month, end_month) == age


@pytest.mark.parametrize(
    ("text", "low", "high"), [("1", 1, 1), ("3+", 3, 30), ("30", 30, 30), ("12", 12, 12)]
)
def test_a_parity_is_one_or_from_one_on(text: str, low: int, high: int) -> None:
    assert ParityRange.parse(text) == ParityRange(text, low, high)


@pytest.mark.parametrize("text", ["", "0", "31", "+", "1-2", "a", "01", "-1", "１"])
def test_other_text_is_no_parity(text: str) -> None:
    assert ParityRange.parse(text) is None


def test_mean_population_is_the_half_of_opening_and_closing() -> None:
    cells = sums(("opening", 100, 7), ("birth", 10, 3), ("death", 4, 2), ("in", 5, 6), ("out", 1, 9))
    outcome = figure("death_rate", cells)
    assert outcome.parts["opening"] == 110
    assert outcome.parts["closing"] == 115
    assert outcome.denominator == Fraction(225, 2)
    assert outcome.value == Decimal("17.78")


def test_growth_may_be_negative() -> None:
    assert figure("natural_growth_rate", sums(("opening", 1000, 0), ("death", 0, 8))).value == Decimal(
        "-8.03"
    )


def test_a_period_is_not_annualised() -> None:
    half = sums(("opening", 1000, 0), ("birth", 0, 5), ("out", 0, 5))
    assert figure("birth_rate", half, end_month=202606).value == Decimal("5.00")


def test_births_of_unknown_sex_count_for_neither_side() -> None:
    cells = sums(("birth", 0, 3, 1, 1, 0), ("birth", 0, 2, 2, 1, 0), ("birth", 0, 50, 0, 1, 0))
    outcome = figure("sex_ratio_at_birth", cells)
    assert (outcome.numerator, outcome.denominator, outcome.value) == (
        Fraction(3),
        Fraction(2),
        Decimal("150.00"),
    )


def test_migrants_of_unknown_age_count_for_neither_side() -> None:
    cells = sums(("in", 9, 0), population="migrant_out")
    assert figure("certificate_issue_rate", cells, Population.MIGRANT_OUT).reason == NO_DENOMINATOR


def test_another_populations_sums_do_no_harm() -> None:
    cells = sums(("opening", 1000, 0), ("birth", 0, 5)) + sums(("birth", 0, 77), population="resident")
    assert figure("birth_rate", cells).numerator == 5


def test_a_negative_population_has_no_rate() -> None:
    outcome = figure("birth_rate", sums(("out", 5, 0), ("birth", 0, 1)))
    assert outcome.value is None
    assert outcome.reason == NEGATIVE_DENOMINATOR


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(1797101, 2), "898550.5"),
        (Fraction(695000), "695000"),
        (Fraction(-3, 2), "-1.5"),
        (Fraction(0), "0"),
    ],
)
def test_counts_are_exact_decimal_text(number: Fraction, text: str) -> None:
    assert decimal_text(number) == text
