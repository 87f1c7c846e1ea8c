"""The clocks of petitions: first reply within 15 days, closed within 60, extended once by 30."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.offices import PetitionState
from renkou_common.contracts.lines import Measure
from renkou_common.errors import Conflict
from renkou_registry.petitions.domain import (
    Course,
    Due,
    Rules,
    check_extension,
    clocks,
    petition_lines,
)

RECEIVED = date(2025, 3, 1)
RULES = Rules()


def course(first: int | None = None, closed: int | None = None, *, extended: bool = False) -> Course:
    """A petition with a first reply and a closing so many days after its receipt."""
    state = PetitionState.RECEIVED if first is None else PetitionState.REPLIED
    if closed is not None:
        state = PetitionState.CLOSED
    return Course(
        RECEIVED,
        state,
        None if first is None else RECEIVED + timedelta(days=first),
        None if closed is None else RECEIVED + timedelta(days=closed),
        extended,
    )


def test_the_first_reply_is_due_on_the_fifteenth_day_and_the_closing_on_the_sixtieth() -> None:
    found = clocks(course(), RULES)
    assert (found.first_due, found.close_due) == (date(2025, 3, 16), date(2025, 4, 30))
    assert (found.running, found.next_due) == (Due.FIRST_REPLY, date(2025, 3, 16))
    assert clocks(course(3), RULES).next_due == date(2025, 4, 30)
    assert clocks(course(3, extended=True), RULES).next_due == date(2025, 5, 30)
    assert clocks(course(3, 50), RULES).next_due is None


@pytest.mark.parametrize(
    ("first", "closed", "extended", "on_time"),
    [
        (15, 60, False, True),
        (16, 20, False, False),
        (15, 61, False, False),
        (15, 61, True, True),
        (15, 90, True, True),
        (15, 91, True, False),
        (0, 0, False, True),
    ],
)
def test_a_petition_is_on_time_when_both_its_clocks_were(
    first: int, closed: int, extended: bool, on_time: bool
) -> None:
    assert clocks(course(first, closed, extended=extended), RULES).on_time is on_time


def test_other_numbers_of_days_are_configuration() -> None:
    found = clocks(course(extended=True), Rules(first_reply=7, close=30, extension=10))
    assert (found.first_due, found.close_due) == (date(2025, 3, 8), date(2025, 4, 10))


@pytest.mark.parametrize(
    ("what", "days", "code"),
    [
        (course(3, 20), 20, "petition_closed"),
        (course(3, extended=True), 20, "extended_already"),
        (course(3), 61, "overdue_already"),
    ],
)
def test_an_extension_is_given_once_while_open_and_in_time(what: Course, days: int, code: str) -> None:
    with pytest.raises(Conflict) as refused:
        check_extension(what, RECEIVED + timedelta(days=days), RULES)
    assert refused.value.code == code
    check_extension(course(3), RECEIVED + timedelta(days=60), RULES)


DAYS = st.integers(0, 200)


@given(DAYS, DAYS, st.booleans())
def test_what_is_on_time_is_received_and_counted_once_at_the_day_of_receipt(
    first: int, more: int, extended: bool
) -> None:
    closed = course(first, first + more, extended=extended)
    lines = {
        key.measure: (key.on, value) for key, value in petition_lines(340103001001, closed, RULES).items()
    }
    assert lines[Measure.PETITION_RECEIVED] == (RECEIVED, 1)
    assert (Measure.PETITION_ON_TIME in lines) == clocks(closed, RULES).on_time
    withdrawn = Course(RECEIVED, PetitionState.WITHDRAWN)
    assert not petition_lines(340103001001, withdrawn, RULES)


@given(DAYS, DAYS)
def test_an_extension_never_makes_a_petition_late(first: int, more: int) -> None:
    if clocks(course(first, first + more), RULES).on_time:
        assert clocks(course(first, first + more, extended=True), RULES).on_time
