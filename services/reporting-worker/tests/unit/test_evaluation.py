"""Evaluating indicators: rounding, ages, parities, stock and mean population."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import Population
from renkou_reporting.figures.domain import (
    EVERYTHING,
    NEGATIVE_DENOMINATOR,
    NO_DENOMINATOR,
    NOT_PUBLISHED,
    NOTHING_BEFORE,
    UNITS,
    Asked,
    Months,
    Outcome,
    ParityRange,
    Sliced,
    age_at_end,
    born_between,
    decimal_text,
    in_units,
    parse_ages,
    round_value,
    units_text,
)
from renkou_reporting.figures.plan import Counted, Request, cumulate
from renkou_reporting.indicators.domain import Catalogue, Rounding
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.measures.service import packaged_measures

CATALOGUE = Catalogue(uuid4(), packaged_measures(), packaged_definitions())
YEAR = Months(202601, 202612, "2026")
type Cells = dict[tuple[str, str, int, int], dict[int, int]]


def cells(population: str = "registered", sex: int = 0, parity: int = 0, **measures: dict[int, int]) -> Cells:
    """Cells by measure and month: ``cells(birth={202601: 3})``; ``in_`` stands for ``in``."""
    return {
        (population, measure.rstrip("_"), sex, parity): by_month for measure, by_month in measures.items()
    }


def figure(
    code: str,
    found: Cells,
    population: Population = Population.REGISTERED,
    sliced: Sliced = EVERYTHING,
    months: Months = YEAR,
    people: int = 0,
) -> Outcome:
    """A figure from cells; ``people`` is what every question by age comes back with."""
    request = Request(CATALOGUE, [Asked(CATALOGUE.indicators[code], population, sliced)], [months])
    rows: list[tuple[int, list[int], int, int]] = []
    for slot, number in request.plan.slots.items():
        since = request.plan.since(slot)[0]
        for (of, measure, sex, parity), by_month in found.items():
            if (of, measure) != slot[:2] or slot.sex not in (None, sex):
                continue
            if not slot.parity[0] <= parity <= slot.parity[1]:
                continue
            for month, value in by_month.items():
                if month <= request.plan.last and (slot.stock or month >= since):
                    rows.append((number, [0], month, value))
    probes = dict.fromkeys(request.plan.probes, people)
    counted = Counted(cumulate(request.plan, rows, 1), [probes])
    return request.outcomes(counted, lambda asked, span, when: None)[0, 0, 0]


@pytest.mark.parametrize(
    ("value", "digits", "rounded", "to_even"),
    [
        (Fraction(1, 8), 2, "0.13", "0.12"),
        (Fraction(-1, 8), 2, "-0.13", "-0.12"),
        (Fraction(3, 8), 2, "0.38", "0.38"),
        (Fraction(2675, 1000), 2, "2.68", "2.68"),
        (Fraction(1, 3), 2, "0.33", "0.33"),
        (Fraction(2, 3), 2, "0.67", "0.67"),
        (Fraction(999, 100), 1, "10.0", "10.0"),
        (Fraction(5, 2), 0, "3", "2"),
        (Fraction(0), 2, "0.00", "0.00"),
    ],
)
def test_a_half_is_rounded_as_the_definition_says(
    value: Fraction, digits: int, rounded: str, to_even: str
) -> None:
    assert str(round_value(value, digits)) == rounded
    assert str(round_value(value, digits, Rounding.HALF_EVEN)) == to_even


@given(st.integers(-(10**12), 10**12), st.integers(0, 6), st.sampled_from(Rounding))
def test_rounding_is_that_of_decimal_arithmetic(thousandths: int, digits: int, rounding: Rounding) -> None:
    theirs = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.HALF_EVEN: ROUND_HALF_EVEN}[rounding]
    exact = Decimal(thousandths).scaleb(-7)
    expected = exact.quantize(Decimal(1).scaleb(-digits), theirs)
    assert round_value(Fraction(thousandths, 10**7), digits, rounding) == expected


@given(st.fractions(-(10**18), 10**18), st.integers(0, 6))
def test_rounding_is_never_off_by_more_than_a_half(value: Fraction, digits: int) -> None:
    error = Fraction(round_value(value, digits)) - value
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


@given(
    st.integers(1990, 2030),
    st.integers(1, 12),
    st.integers(1900, 2030),
    st.integers(1, 12),
    st.integers(0, 60),
)
def test_who_is_of_an_age_was_born_in_a_window_of_months(
    year: int, month: int, born_year: int, born_month: int, low: int
) -> None:
    end, born = year * 100 + month, born_year * 100 + born_month
    first, last = born_between((low, low + 5), end)
    assert (first <= born <= last) == (low <= age_at_end(born, end) <= low + 5)


@pytest.mark.parametrize(
    ("text", "low", "high"), [("1", 1, 1), ("3+", 3, 30), ("30", 30, 30), ("12", 12, 12)]
)
def test_a_parity_is_one_or_from_one_on(text: str, low: int, high: int) -> None:
    assert ParityRange.parse(text) == ParityRange(text, low, high)


@pytest.mark.parametrize("text", ["", "0", "31", "+", "1-2", "a", "01", "-1", "１"])
def test_other_text_is_no_parity(text: str) -> None:
    assert ParityRange.parse(text) is None


@pytest.mark.parametrize(
    ("text", "ages"),
    [("15-49", (15, 49)), ("65+", (65, 150)), ("30", (30, 30)), ("49-15", None), ("a", None), ("15-", None)],
)
def test_ages_are_a_band_one_or_from_one_on(text: str, ages: tuple[int, int] | None) -> None:
    assert parse_ages(text) == ages


STOCK = cells(
    opening={201001: 100, 202602: 7},
    birth={202512: 10, 202603: 3},
    death={202511: 4, 202604: 2},
    in_={202501: 5, 202605: 6},
    out={202502: 1, 202606: 9},
)


def test_mean_population_is_the_half_of_opening_and_closing() -> None:
    outcome = figure("death_rate", STOCK)
    assert outcome.parts == {
        "deaths": 2,
        "opening": 110,
        "entered": 7,
        "born": 3,
        "died": 2,
        "moved_in": 6,
        "moved_out": 9,
        "closing": 115,
        "mean_population": Fraction(225, 2),
    }
    assert outcome.denominator == Fraction(225, 2)
    assert outcome.value == Decimal("17.78")


def test_growth_may_be_negative() -> None:
    found = cells(opening={202501: 1000}, death={202603: 8})
    assert figure("natural_growth_rate", found).value == Decimal("-8.03")


def test_a_period_is_not_annualised() -> None:
    found = cells(opening={202501: 1000}, birth={202602: 5}, out={202602: 5})
    half = Months(202601, 202606, "2026H1")
    assert figure("birth_rate", found, months=half).value == Decimal("5.00")


def test_births_of_unknown_sex_count_for_neither_side() -> None:
    found = (
        cells(sex=1, parity=1, birth={202601: 3})
        | cells(sex=2, parity=1, birth={202601: 2})
        | cells(sex=0, parity=1, birth={202601: 50})
    )
    outcome = figure("sex_ratio_at_birth", found)
    assert (outcome.numerator_text, outcome.denominator_text) == ("3", "2")
    assert outcome.value == Decimal("150.00")


def test_a_dimension_narrows_only_the_terms_that_say_so() -> None:
    found = cells(parity=1, birth={202601: 3}) | cells(parity=2, birth={202601: 7})
    outcome = figure("parity_share", found, sliced=Sliced(parity=ParityRange.parse("2")))
    assert (outcome.numerator_text, outcome.denominator_text) == ("7", "10")
    sexes = cells(sex=1, death={202601: 3}, opening={202501: 500}) | cells(sex=2, death={202601: 4})
    outcome = figure("death_rate", sexes, sliced=Sliced(sex=1))
    assert (outcome.numerator_text, outcome.denominator_text) == ("3", "498.5")


def test_without_people_there_is_no_rate() -> None:
    assert figure("certificate_issue_rate", {}, Population.MIGRANT_OUT).reason == NO_DENOMINATOR


def test_people_of_an_age_are_asked_for_at_the_periods_end() -> None:
    found = cells("office", abortion={202603: 3})
    outcome = figure("abortion_rate", found, Population.RESIDENT, people=1500)
    assert (outcome.numerator_text, outcome.denominator_text) == ("3", "1500")
    assert outcome.value == Decimal("2.00")
    request = Request(CATALOGUE, [Asked(CATALOGUE.indicators["abortion_rate"], Population.RESIDENT)], [YEAR])
    assert request.plan.probes == [("resident", None, 2, (197701, 201112), (202600, 202612), 2026)]


def test_another_populations_sums_do_no_harm() -> None:
    found = cells(opening={202501: 1000}, birth={202601: 5}) | cells("resident", birth={202601: 77})
    assert figure("birth_rate", found).numerator == 5


def test_a_negative_population_has_no_rate() -> None:
    outcome = figure("birth_rate", cells(out={202501: 5}, birth={202601: 1}))
    assert outcome.value is None
    assert outcome.reason == NEGATIVE_DENOMINATOR


def test_amounts_are_counted_in_fen_and_told_in_yuan() -> None:
    found = cells("office", budget_spent={202603: 166_320_01}) | cells("resident", opening={202501: 693})
    outcome = figure("spend_per_head", found, Population.RESIDENT)
    assert outcome.numerator_text == "166320.01"
    assert outcome.value == Decimal("240.00")


def test_growth_compares_with_the_same_months_of_the_year_before() -> None:
    found = cells("office", budget_spent={202502: 312_18, 202507: 1, 202601: 383_93, 202607: 5})
    half = Months(202601, 202606, "2026H1")
    outcome = figure("spend_growth", found, Population.OFFICE, months=half)
    assert outcome.value == Decimal("22.98")
    assert outcome.parts == {"now": Fraction("383.93"), "before": Fraction("312.18")}
    assert figure("spend_per_head_growth", {}, Population.RESIDENT).reason == NOTHING_BEFORE


def test_the_reporting_error_waits_for_publication() -> None:
    outcome = figure("reporting_error_rate", STOCK)
    assert (outcome.value, outcome.reason) == (None, NOT_PUBLISHED)


def test_a_historic_indicator_holds_until_its_end() -> None:
    assert CATALOGUE.at("policy_compliance_rate", 202101, 202105) is not None
    assert CATALOGUE.at("policy_compliance_rate", 202101, 202106) is None
    assert CATALOGUE.at("birth_rate", 190001, 219912) is not None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(1797101, 2), "898550.5"),
        (Fraction(695000), "695000"),
        (Fraction(-3, 2), "-1.5"),
        (Fraction(0), "0"),
        (Fraction("383.93"), "383.93"),
        (Fraction(1, 3), "0.3333333333"),
    ],
)
def test_counts_are_exact_decimal_text(number: Fraction, text: str) -> None:
    assert decimal_text(number) == text
    assert units_text(in_units(number)) == text


@pytest.mark.parametrize(
    ("rounded", "digits", "text"),
    [(676, 2, "6.76"), (-803, 2, "-8.03"), (5, 2, "0.05"), (-5, 2, "-0.05"), (0, 2, "0.00"), (12, 0, "12")],
)
def test_a_value_is_told_with_its_decimals(rounded: int, digits: int, text: str) -> None:
    outcome = Outcome(0, 0, rounded, digits)
    assert outcome.value_text == text
    assert outcome.value == Decimal(text)


@given(st.integers(-(10**12), 10**12))
def test_a_number_of_units_is_told_to_the_last_digit(units: int) -> None:
    text = units_text(units)
    assert Fraction(text) == Fraction(units, UNITS)
    assert text == decimal_text(Fraction(units, UNITS))
