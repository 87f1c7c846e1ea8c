"""Definitions of indicators are data, checked before they are used."""

import copy
import tomllib

import pytest
from pydantic import ValidationError

from renkou_common.contracts.lines import Population
from renkou_reporting.indicators.domain import parse_catalogue
from renkou_reporting.indicators.service import DEFINITIONS_FILE, catalogue

from ..support import Json

BIRTH_RATE = {
    "zh": "出生率",
    "en": "birth rate",
    "populations": ["registered"],
    "factor": 1000,
    "unit": "‰",
    "numerator": [{"part": "births", "flow": "birth"}],
    "denominator": [{"part": "mean_population", "mean": True}],
}


def test_the_shipped_definitions_are_the_spines_nine() -> None:
    assert list(catalogue().indicators) == [
        "birth_rate",
        "death_rate",
        "natural_growth_rate",
        "sex_ratio_at_birth",
        "parity_share",
        "certificate_issue_rate",
        "certificate_check_rate",
        "notice_rate",
        "confirmation_rate",
    ]
    assert [one.code for one in catalogue().over(Population.MIGRANT_OUT)] == ["certificate_issue_rate"]


def test_the_shipped_file_is_read_as_it_stands() -> None:
    content = tomllib.loads(DEFINITIONS_FILE.read_text(encoding="utf-8"))
    assert parse_catalogue(content) == catalogue()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"factor": 0}, "factor"),
        ({"digits": 9}, "digits"),
        ({"populations": []}, "populations"),
        ({"populations": ["everyone"]}, "populations"),
        ({"populations": ["registered", "registered"]}, "named twice"),
        ({"formula": "x"}, "formula"),
        ({"zh": ""}, "zh"),
        ({"numerator": []}, "numerator"),
        ({"numerator": [{"part": "births"}]}, "exactly one"),
        ({"numerator": [{"part": "births", "flow": "birth", "stock": True}]}, "exactly one"),
        ({"numerator": [{"part": "Births", "flow": "birth"}]}, "no free name"),
        ({"numerator": [{"part": "closing", "flow": "birth"}]}, "no free name"),
        ({"numerator": [{"part": "mean_population", "flow": "birth"}]}, "means two things"),
        ({"numerator": [{"part": "checks", "flow": "check_made"}]}, "has no check_made"),
        ({"numerator": [{"part": "births", "flow": "birth", "weight": 2}]}, "weight"),
        ({"numerator": [{"part": "births", "flow": "birth", "parity": "asked"}]}, "exactly where"),
        ({"parity": "required"}, "exactly where"),
        ({"denominator": [{"part": "adults", "stock": True, "age": [18, 49]}]}, "keep no birth month"),
        ({"denominator": [{"part": "adults", "stock": True, "age": [49, 18]}]}, "lower to the higher"),
        ({"denominator": [{"part": "dead", "flow": "death", "parity": "asked"}]}, "only births"),
    ],
)
def test_a_wrong_definition_is_refused(change: Json, complaint: str) -> None:
    definition = copy.deepcopy(BIRTH_RATE) | change
    with pytest.raises(ValidationError, match=complaint):
        parse_catalogue({"version": "1", "indicator": {"birth_rate": definition}})


def test_a_code_is_in_small_letters() -> None:
    with pytest.raises(ValidationError, match="small letters"):
        parse_catalogue({"version": "1", "indicator": {"Birth-Rate": BIRTH_RATE}})
