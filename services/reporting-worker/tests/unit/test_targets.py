"""What a target says, which are refused, and what is missing to reach one."""

from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.figures.domain import exact_value, quotient
from renkou_reporting.indicators.domain import Catalogue, Indicator
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.measures.service import packaged_measures
from renkou_reporting.targets.domain import (
    Comparison,
    Goal,
    Light,
    Missing,
    direction_errors,
    goal_errors,
    light_of,
    missing_of,
    not_a_target,
    not_scorable,
)

CATALOGUE = Catalogue(uuid4(), packaged_measures(), packaged_definitions())
CHECKS = CATALOGUE.indicators["certificate_check_rate"]
AT_LEAST_98 = Goal(Comparison.AT_LEAST, Fraction(98), None)


def outcome(indicator: Indicator, numerator: int, denominator: int):  # type: ignore[no-untyped-def]
    return quotient(indicator, Fraction(numerator), Fraction(denominator))


SCORED = {
    "activities_held", "benefit_paid_amount_rate", "benefit_paid_rate", "card_rate", "confirmation_rate",
    "awareness_rate", "employer_agreement_rate", "examination_rate", "free_service_rate_accepted", "notice_rate",
    "finance_spend", "finance_spend_growth", "finance_spend_per_head", "finance_spend_rate",
    "activity_material", "petition_on_time_rate", "prepregnancy_coverage_accepted", "rental_register_rate",
    "reply_on_time_rate", "reporting_error_rate", "reporting_error_rate_deaths", "satisfaction_rate", "spend",
    "spend_growth", "spend_per_head", "spend_per_head_growth", "supplies_reach_rate", "visit_rate",
}  # fmt: skip


def test_of_the_programs_indicators_exactly_these_give_points() -> None:
    scored = {one.code for one in CATALOGUE.indicators.values() if not_scorable(one, CATALOGUE) is None}
    assert scored == SCORED


@pytest.mark.parametrize(
    "code", ["free_service_rate", "examination_rate_entitled", "prepregnancy_coverage", "certificate_issue_rate",
             "certificate_check_rate", "supplies_issued", "activity_people", "benefit_paid_amount"]
)  # fmt: skip
def test_a_figure_that_falls_when_an_offer_is_declined_gives_no_points_but_may_be_watched(code: str) -> None:
    indicator = CATALOGUE.indicators[code]
    refused = not_scorable(indicator, CATALOGUE)
    assert refused is not None
    assert "declines" in refused.en
    assert not_a_target(indicator, CATALOGUE) is None


@pytest.mark.parametrize(
    "code", ["birth_rate", "births", "natural_growth_rate", "parity_share", "policy_compliance_rate",
             "contraceptive_prevalence", "long_acting_share", "supplies_use_rate", "abortion_rate",
             "late_marriage_rate", "late_birth_rate"]
)  # fmt: skip
def test_no_target_is_set_on_what_people_decide_for_themselves(code: str) -> None:
    assert not_a_target(CATALOGUE.indicators[code], CATALOGUE) is not None


def test_the_sex_ratio_at_birth_may_have_a_target_but_gives_no_points() -> None:
    ratio = CATALOGUE.indicators["sex_ratio_at_birth"]
    assert not_a_target(ratio, CATALOGUE) is None
    assert not_scorable(ratio, CATALOGUE) is not None


@pytest.mark.parametrize(
    ("comparison", "low", "high", "codes"),
    [
        ("at_least", "98", None, []),
        ("at_least", None, None, ["target_value"]),
        ("at_least", "98", "99", ["target_value"]),
        ("at_most", None, "2", []),
        ("at_most", "1", "2", ["target_value"]),
        ("between", "103", "107", []),
        ("between", "107", "103", ["target_range"]),
        ("between", "103", None, ["target_value"]),
    ],
)
def test_values_belong_to_their_comparison(
    comparison: str, low: str | None, high: str | None, codes: list[str]
) -> None:
    values = (None if each is None else Fraction(each) for each in (low, high))
    assert [one.code for one in goal_errors("", Comparison(comparison), *values)] == codes


def test_a_target_runs_with_the_indicators_direction() -> None:
    assert [one.code for one in direction_errors("", CHECKS, Comparison.AT_MOST)] == ["against_direction"]
    assert direction_errors("", CHECKS, Comparison.AT_LEAST) == []
    assert direction_errors("", CATALOGUE.indicators["birth_defect_rate"], Comparison.AT_MOST) == []


def test_so_many_checks_are_missing_to_98_per_cent() -> None:
    found = missing_of(AT_LEAST_98, CHECKS, outcome(CHECKS, 970, 1000), CATALOGUE)
    assert found == Missing(Fraction(10), "more", "numerator")
    met = missing_of(AT_LEAST_98, CHECKS, outcome(CHECKS, 980, 1000), CATALOGUE)
    assert met == Missing(Fraction(), "none", "numerator")
    assert missing_of(AT_LEAST_98, CHECKS, outcome(CHECKS, 0, 0), CATALOGUE) is None


def test_a_figure_that_only_rounds_up_to_its_target_has_not_reached_it() -> None:
    nearly = outcome(CHECKS, 97_999, 100_000)
    assert format(nearly.value, "f") == "98.00"
    assert missing_of(AT_LEAST_98, CHECKS, nearly, CATALOGUE) == Missing(Fraction(1), "more", "numerator")


def test_money_is_missing_to_the_fen() -> None:
    spend = CATALOGUE.indicators["spend_per_head"]
    goal = Goal(Comparison.AT_LEAST, Fraction("12.34"), None)
    found = missing_of(goal, spend, quotient(spend, Fraction(37), Fraction(3)), CATALOGUE)
    assert found == Missing(Fraction("0.02"), "more", "numerator")


def test_what_is_missing_to_a_growth_is_of_what_grows() -> None:
    grown = CATALOGUE.indicators["spend_growth"]
    goal = Goal(Comparison.AT_LEAST, Fraction(20), None)
    found = missing_of(goal, grown, quotient(grown, Fraction(10), Fraction(100)), CATALOGUE)
    assert found == Missing(Fraction(10), "more", "spend")


@given(
    denominator=st.integers(1, 10_000),
    numerator=st.integers(0, 10_000),
    target=st.fractions(0, 150, max_denominator=100),
    comparison=st.sampled_from([Comparison.AT_LEAST, Comparison.AT_MOST]),
)
def test_what_is_missing_is_enough_and_no_more(
    denominator: int, numerator: int, target: Fraction, comparison: Comparison
) -> None:
    goal = Goal(comparison, *((target, None) if comparison is Comparison.AT_LEAST else (None, target)))
    found = missing_of(goal, CHECKS, outcome(CHECKS, numerator, denominator), CATALOGUE)
    assert found is not None
    sign = {"more": 1, "fewer": -1, "none": 0}[found.direction]

    def met(amount: Fraction) -> bool:
        value = exact_value(CHECKS, quotient(CHECKS, numerator + sign * amount, Fraction(denominator)))
        assert value is not None
        return not goal.shortfall(value)

    assert met(found.amount)
    assert not found.amount or not met(found.amount - 1)


def test_lights_are_green_amber_red_and_grey() -> None:
    tenth = Fraction(1, 10)
    lights = [
        light_of(AT_LEAST_98, value, tenth) for value in (Fraction(98), Fraction(90), Fraction(80), None)
    ]
    assert lights == [Light.GREEN, Light.AMBER, Light.RED, Light.GREY]
