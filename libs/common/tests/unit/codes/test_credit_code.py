"""Unified social credit codes, GB 32100-2015."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.credit_code import (
    CHARACTERS,
    CreditCode,
    CreditCodeError,
    check_character,
    organisation_check_character,
)

REAL = ("91110108551385082Q", "9144030071526726XG", "91330100716105852F", "91440300708461136T")


@st.composite
def codes(draw: st.DrawFn) -> str:
    organisation = draw(st.text(CHARACTERS, min_size=8, max_size=8))
    first_17 = f"9{draw(st.sampled_from('1239'))}340103{organisation}"
    first_17 += organisation_check_character(organisation)
    return first_17 + check_character(first_17)


@pytest.mark.parametrize("code", REAL)
def test_codes_of_real_companies_are_valid(code: str) -> None:
    assert CreditCode.parse(code).value == code


def test_a_code_is_tidied_as_people_write_it() -> None:
    assert CreditCode.parse(" 9111 0108 5513 8508 2q ").value == REAL[0]
    assert CreditCode.parse("９１１１０１０８５５１３８５０８２Ｑ").area == "110108"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "credit_code_length"),
        ("91110108551385082", "credit_code_length"),
        ("91110108551385O82Q", "credit_code_characters"),
        ("01110108551385082Q", "credit_code_department"),
        ("91990108551385082Q", "credit_code_area"),
        ("91110108551385082R", "credit_code_check_digit"),
    ],
)
def test_what_is_wrong_is_told_by_its_code(text: str, code: str) -> None:
    with pytest.raises(CreditCodeError) as wrong:
        CreditCode.parse(text)
    assert wrong.value.code == code


def test_the_organisation_code_inside_is_checked_too() -> None:
    first_17 = "91110108551385083"
    with pytest.raises(CreditCodeError) as wrong:
        CreditCode.parse(first_17 + check_character(first_17))
    assert wrong.value.code == "credit_code_organisation"


@given(codes())
def test_every_well_formed_code_is_valid(code: str) -> None:
    assert str(CreditCode.parse(code)) == code


@given(codes(), st.integers(0, 17), st.sampled_from(CHARACTERS))
def test_one_wrong_character_is_found(code: str, place: int, character: str) -> None:
    wrong = code[:place] + character + code[place + 1 :]
    if wrong != code:
        with pytest.raises(CreditCodeError):
            CreditCode.parse(wrong)


@given(codes(), st.integers(0, 16))
def test_two_swapped_neighbours_are_found(code: str, place: int) -> None:
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if wrong != code:
        with pytest.raises(CreditCodeError):
            CreditCode.parse(wrong)
