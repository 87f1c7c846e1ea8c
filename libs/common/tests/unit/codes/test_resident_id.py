"""Identity numbers: the check character finds slips of the hand, disagreement with the record only warns."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Sex
from renkou_common.codes.resident_id import (
    ResidentId,
    ResidentIdError,
    check_character,
    normalise_resident_id,
)

from .strategies import resident_ids

STANDARD_EXAMPLE = "11010519491231002X"  # from GB 11643-1999


def test_the_example_of_the_standard() -> None:
    number = ResidentId.parse(STANDARD_EXAMPLE)
    assert (number.region, number.birth_date, number.sex) == ("110105", date(1949, 12, 31), Sex.FEMALE)


@given(resident_ids())
def test_valid_numbers_are_read_in_every_writing(number: str) -> None:
    full_width = number.translate(
        {ord("0") + digit: ord("０") + digit for digit in range(10)} | {ord("X"): "ｘ"}
    )
    assert ResidentId.parse(number).value == number
    assert ResidentId.parse(f" {full_width[:6]} {full_width[6:]}\u3000").value == number
    assert normalise_resident_id(number.lower()) == number


@given(resident_ids(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_every_single_wrong_character_is_found(number: str, place: int, character: str) -> None:
    assume(number[place] != character)
    with pytest.raises(ResidentIdError):
        ResidentId.parse(number[:place] + character + number[place + 1 :])


@given(resident_ids(), st.integers(0, 16))
def test_every_swap_of_neighbours_is_found(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    with pytest.raises(ResidentIdError):
        ResidentId.parse(number[:place] + number[place + 1] + number[place] + number[place + 2 :])


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_the_check_character_changes_with_every_digit(digits: str, place: int, step: int) -> None:
    other = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert check_character(digits) != check_character(other)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "resident_id_empty"),
        ("110105491231002", "resident_id_old"),
        ("1101051949123100", "resident_id_length"),
        ("1101051949123100234", "resident_id_length"),
        ("11010519491231A02X", "resident_id_characters"),
        ("110105194912310028", "resident_id_check_digit"),
        ("990105194912310020", "resident_id_region"),
        ("110105194913310020", "resident_id_birth_date"),
        ("110105194902300020", "resident_id_birth_date"),
        ("3.4E+17", "resident_id_length"),
    ],
)
def test_wrong_numbers_are_refused_and_not_repeated(text: str, error: str) -> None:
    with pytest.raises(ResidentIdError) as raised:
        ResidentId.parse(text)
    assert raised.value.code == error
    assert not text or text not in str(raised.value)


def test_agreement_with_the_record_gives_no_warning() -> None:
    number = ResidentId(STANDARD_EXAMPLE)
    area = AreaCode("110105001001")
    assert number.warnings(area=area, birth_date=date(1949, 12, 31), sex=Sex.FEMALE) == []
    assert number.warnings() == []
    assert number.warnings(area=AreaCode("11"), sex=Sex.NOT_STATED) == []


def test_disagreement_with_the_record_warns() -> None:
    warnings = ResidentId(STANDARD_EXAMPLE).warnings(
        area=AreaCode("340103001001"), birth_date=date(1949, 12, 30), sex=Sex.MALE
    )
    assert [warning.code for warning in warnings] == [
        "resident_id_region_differs",
        "resident_id_birth_date_differs",
        "resident_id_sex_differs",
    ]
    assert all(warning.zh and warning.en for warning in warnings)


def test_a_number_never_prints_itself() -> None:
    number = ResidentId(STANDARD_EXAMPLE)
    assert str(number) == "1101**********002X"
    assert STANDARD_EXAMPLE not in f"{number!r} {number}"
