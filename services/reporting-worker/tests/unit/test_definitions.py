"""Definitions of indicators are data, checked before they are used."""

import copy

import pytest
from pydantic import ValidationError

from renkou_common.contracts.lines import Measure
from renkou_reporting.figures.domain import example_value
from renkou_reporting.indicators.domain import Indicator, complaints
from renkou_reporting.indicators.service import definition_errors, packaged_definitions
from renkou_reporting.measures.service import packaged_measures

from ..support import Json

KNOWN = {one.code: one for one in packaged_definitions()}
MEASURES = packaged_measures()
BIRTHS: Json = {"part": "births", "kind": "flow", "measure": "birth"}
BIRTH_RATE: Json = {
    "code": "birth_rate",
    "zh": "出生率",
    "en": "birth rate",
    "meaning_zh": "出生人数与平均人口之比",
    "meaning_en": "births to the mean population",
    "source_zh": "户口登记",
    "source_en": "the register",
    "populations": ["registered"],
    "factor": 1000,
    "unit": "‰",
    "numerator": [BIRTHS],
    "denominator": [{"part": "mean_population", "kind": "mean"}],
    "examples": [{"inputs": {"births": 4700, "mean_population": 695000}, "value": "6.76"}],
}


def codes(definition: Json) -> set[str]:
    return {one.code for one in complaints(Indicator.model_validate(definition), MEASURES, KNOWN)}


def test_every_figure_of_the_list_is_defined() -> None:
    assert {
        "birth_rate", "death_rate", "natural_growth_rate", "sex_ratio_at_birth", "parity_share",
        "policy_compliance_rate", "contraceptive_prevalence", "long_acting_share", "supplies_use_rate",
        "certificate_issue_rate", "certificate_check_rate", "notice_rate", "confirmation_rate", "reply_on_time_rate",
        "examination_rate", "free_service_rate", "supplies_reach_rate", "prepregnancy_coverage", "high_risk_rate",
        "birth_defect_rate", "abortion_rate", "late_marriage_rate", "late_birth_rate", "card_rate", "visit_rate",
        "benefit_paid_rate", "petition_on_time_rate", "satisfaction_rate", "awareness_rate", "spend_per_head",
        "reporting_error_rate", "employer_agreement_rate", "rental_register_rate", "activities_held",
    } <= KNOWN.keys()  # fmt: skip


def test_every_measure_of_the_contract_is_known() -> None:
    assert {measure.value for measure in Measure} <= MEASURES.keys()


@pytest.mark.parametrize("indicator", packaged_definitions(), ids=lambda one: one.code)
def test_a_shipped_definition_holds_and_its_examples_come_out(indicator: Indicator) -> None:
    assert definition_errors(indicator, MEASURES, None) == []
    for example in indicator.examples:
        assert example_value(indicator, example) == example.value


def test_a_stored_definition_reads_as_it_was_written() -> None:
    for one in packaged_definitions():
        assert Indicator.model_validate(one.model_dump(mode="json")) == one


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"denominator": []}, "no_denominator"),
        ({"numerator": []}, "no_numerator"),
        ({"denominator": [BIRTHS, {**BIRTHS, "weight": -1}]}, "zero_denominator"),
        ({"numerator": [BIRTHS, {**BIRTHS, "weight": -1}]}, "zero_numerator"),
        ({"denominator": [{**BIRTHS, "weight": -1}]}, "negative_denominator"),
        (
            {"denominator": [{"part": "people", "kind": "stock", "population": "resident"}]},
            "mixed_populations",
        ),
        (
            {"denominator": [{"part": "people", "kind": "stock", "population": "migrant_out_certified"}]},
            "mixed_populations",
        ),
        (
            {"numerator": [{"part": "checks", "kind": "flow", "measure": "check_made"}]},
            "measure_of_population",
        ),
        ({"numerator": [{"part": "fees", "kind": "flow", "measure": "fees"}]}, "unknown_measure"),
        ({"numerator": [{"part": "births", "kind": "flow"}]}, "flow_of_people"),
        ({"numerator": [{"part": "births", "kind": "stock", "measure": "birth"}]}, "stock_of_flow"),
        ({"numerator": [{"part": "cards", "kind": "flow", "measure": "card_open"}]}, "flow_of_stock"),
        ({"numerator": [{**BIRTHS, "weight": 0}]}, "weight_zero"),
        ({"numerator": [{**BIRTHS, "part": "Births"}]}, "part_name"),
        ({"numerator": [{**BIRTHS, "part": "closing"}]}, "part_name"),
        ({"numerator": [{**BIRTHS, "part": "mean_population"}]}, "part_means_two_things"),
        ({"numerator": [{**BIRTHS, "asked": ["parity"]}]}, "dimension_unused"),
        ({"dimensions": {"sex": "optional"}}, "dimension_unused"),
        ({"denominator": [{"part": "adults", "kind": "stock", "ages": [49, 18]}]}, "range"),
        (
            {"denominator": [{"part": "dead", "kind": "flow", "measure": "death", "parity": [1, 1]}]},
            "parity_of_birth",
        ),
        (
            {"denominator": [{"part": "cards", "kind": "stock", "measure": "card_due", "ages": [15, 49]}]},
            "ages_of_people",
        ),
        (
            {"numerator": [BIRTHS, {"part": "paid", "kind": "flow", "measure": "benefit_paid_fen"}]},
            "mixed_units",
        ),
        ({"populations": ["registered", "registered"]}, "population_twice"),
        ({"populations": ["office"]}, "measure_of_population"),
        ({"valid_from": "2026-01-01", "valid_to": "2025-12-31"}, "validity"),
        ({"of": "deaths"}, "of_derived"),
        ({"kind": "growth"}, "of_derived"),
        ({"kind": "growth", "of": "deaths"}, "terms_of_derived"),
        ({"kind": "growth", "of": "fees", "numerator": [], "denominator": []}, "unknown_indicator"),
        ({"kind": "growth", "of": "spend_growth", "numerator": [], "denominator": []}, "derived_of_derived"),
        ({"kind": "growth", "of": "card_rate", "populations": ["migrant_out"]}, "population_of_indicator"),
        ({"kind": "count"}, "denominator_of_count"),
    ],
)
def test_a_wrong_definition_is_refused_with_a_reason(change: Json, code: str) -> None:
    assert codes(copy.deepcopy(BIRTH_RATE)) == set()
    assert code in codes(BIRTH_RATE | change)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"factor": 0}, "factor"),
        ({"digits": 9}, "digits"),
        ({"populations": []}, "populations"),
        ({"populations": ["everyone"]}, "populations"),
        ({"formula": "x"}, "formula"),
        ({"zh": ""}, "zh"),
        ({"examples": []}, "examples"),
        ({"numerator": [{**BIRTHS, "asked": ["street"]}]}, "asked"),
        ({"numerator": [{"part": "births"}]}, "kind"),
        ({"code": "Birth-Rate"}, "small letters"),
    ],
)
def test_what_is_no_definition_at_all_is_not_read(change: Json, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Indicator.model_validate(BIRTH_RATE | change)


def test_an_example_that_comes_out_otherwise_is_refused() -> None:
    wrong = Indicator.model_validate(
        BIRTH_RATE
        | {
            "examples": [
                {"inputs": {"births": 1, "mean_population": 8}, "value": "12"},
                {"inputs": {"births": 1}, "value": "1"},
            ]
        }
    )
    found = definition_errors(wrong, MEASURES, None)
    assert [one.pointer for one in found] == ["/examples/0", "/examples/1"]
    assert "125.00" in found[0].text.en
    assert "opening" in found[1].text.en
