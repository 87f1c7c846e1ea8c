"""Whom a row of an external list may mean."""

from datetime import date
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from renkou_common.codes.resident_id import check_character
from renkou_registry.external_lists.matching import (
    Known,
    Match,
    Register,
    Subject,
    is_valid,
    match,
    near_days,
    numbers_of,
    similar,
    slips,
)

ZHANG = UUID(int=1)
NUMBER = "34010319900307121" + check_character("34010319900307121")
BORN = date(1990, 3, 7)
REGISTER = Register({NUMBER: (ZHANG, "张小明")}, {"张小明": [Known(ZHANG, "张小明", BORN, 1)]})


def test_number_and_name_together_are_exact() -> None:
    how, found = match(Subject(NUMBER, "张小明", None, None), REGISTER)
    assert (how, found[0].score) == (Match.EXACT, 100)


def test_a_number_with_another_name_is_only_likely() -> None:
    assert match(Subject(NUMBER, "张晓明", None, None), REGISTER)[1][0].reasons == ("number", "name_similar")
    how, found = match(Subject(NUMBER, "李四", None, None), REGISTER)
    assert (how, found[0].reasons) == (Match.LIKELY, ("number", "name_differs"))


def test_name_birth_date_and_sex_without_a_number_are_likely() -> None:
    how, found = match(Subject(None, "张小明", BORN, 1), REGISTER)
    assert (how, found[0].score) == (Match.LIKELY, 85)
    other_sex = match(Subject(None, "张小明", BORN, 2), REGISTER)[1][0]
    assert (other_sex.score, other_sex.reasons[-1]) == (65, "sex_differs")


def test_a_swapped_day_and_month_are_found() -> None:
    how, found = match(Subject(None, "张小明", date(1990, 7, 3), 1), REGISTER)
    assert (how, found[0].reasons[1]) == (Match.LIKELY, "birth_date_near")


def test_a_stranger_is_nobody() -> None:
    assert match(Subject(None, "王五", BORN, 1), REGISTER) == (Match.NONE, [])
    assert match(Subject("340103", "王五", None, None), REGISTER) == (Match.NONE, [])


numbers = st.builds(
    lambda born, sequence: (first := f"340103{born:%Y%m%d}{sequence:03d}") + check_character(first),
    st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    st.integers(0, 999),
)


@given(numbers, st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_seen_through(number: str, place: int, digit: str) -> None:
    written = number[:place] + digit + number[place + 1 :]
    assume(written != number)
    assert not is_valid(written)
    assert number in set(slips(written))
    register = Register({number: (ZHANG, "张小明")})
    how, found = match(Subject(written, "张小明", None, None), register)
    assert (how, found[0].score) == (Match.LIKELY, 95)


@given(numbers, st.integers(0, 16))
def test_two_swapped_digits_are_seen_through(number: str, place: int) -> None:
    written = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assume(written != number and not is_valid(written))
    assert number in set(slips(written))


@given(numbers)
def test_a_valid_number_is_looked_up_as_it_stands(number: str) -> None:
    assert numbers_of(Subject(number, "张三", None, None)) == [number]
    assert list(slips(number)) == []


@given(st.text(max_size=20))
def test_any_text_can_stand_for_a_number(text: str) -> None:
    match(Subject(text, "张三", None, None), REGISTER)
    assert all(is_valid(each) for each in slips(text))


@given(st.dates())
def test_a_near_day_is_never_far(born: date) -> None:
    days = list(near_days(born))
    assert days[0] == born
    assert all(abs((day - born).days) < 3700 for day in days)


@given(st.text(max_size=6), st.text(max_size=6))
def test_likeness_of_names_has_no_direction(one: str, other: str) -> None:
    assert similar(one, other) == similar(other, one)
    assert similar(one, one)
