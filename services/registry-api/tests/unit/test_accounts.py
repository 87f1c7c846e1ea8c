"""Rules of staff accounts, passwords and locks."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode
from renkou_common.errors import InvalidInput
from renkou_registry.auth.common_passwords import common_passwords
from renkou_registry.auth.domain import MINIMUM_LENGTH, check_new_password, lock_after
from renkou_registry.staff.domain import WantedAssignment, area_from_interval, check_assignments, limits

from .test_roles import CATALOGUE

DISTRICT = AreaCode("340103")


@pytest.mark.parametrize(
    "code", ["34", "3401", "340103", "340103009", "340103009001", "4419", "441900", "441900003"]
)
def test_an_area_is_found_again_from_its_interval(code: str) -> None:
    assert area_from_interval(*AreaCode(code).interval()).value == code


def test_assignments_are_sorted_and_said_once() -> None:
    wanted = [WantedAssignment("statistician", area) for area in ("340103009", "340103", "340103009000")]
    assert [(a.role, a.area.value) for a in check_assignments(DISTRICT, wanted, CATALOGUE)] == [
        ("statistician", "340103"),
        ("statistician", "340103009"),
    ]


def test_days_in_shanghai_run_from_their_first_moment_to_their_last() -> None:
    begins, ends = limits(date(2026, 2, 1), date(2026, 2, 28), "/valid_to")
    assert begins is not None
    assert ends is not None
    assert (begins.isoformat(), ends.isoformat()) == (
        "2026-02-01T00:00:00+08:00",
        "2026-03-01T00:00:00+08:00",
    )
    (found,) = check_assignments(
        DISTRICT,
        [WantedAssignment("auditor", "340103", date(2026, 2, 1), date(2026, 2, 28))],
        CATALOGUE,
    )
    assert (found.first_day, found.last_day) == (date(2026, 2, 1), date(2026, 2, 28))
    with pytest.raises(InvalidInput):
        limits(date(2026, 2, 2), date(2026, 2, 1), "/valid_to")


def test_every_wrong_area_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_assignments(
            DISTRICT,
            [WantedAssignment("auditor", area) for area in ("310115", "340103", "x")],
            CATALOGUE,
        )
    assert [error.pointer for error in refusal.value.errors] == ["/assignments/0/area", "/assignments/2/area"]


@pytest.mark.parametrize(
    "password",
    [
        "李雷和韩梅梅去上学校读书吧",
        "correct horse battery",
        "administrators meet at nine",
        "sunshine on renkou",
    ],
)
def test_long_phrases_are_passwords(password: str) -> None:
    check_new_password(password, "administrator", "/new")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("1qaz2wsx3edc4rfv", "password_common"),
        ("Password2026!", "password_common"),
        ("***Sunshine***", "password_common"),
        ("qwertyqwerty", "password_common"),
        ("QwertyQwertyQwe", "password_common"),
        ("renkou-340103", "password_guessable"),
        ("人口人口人口人口2026", "password_guessable"),
        ("#Jisheng-2026-340103", "password_guessable"),
        ("社区社区社区社区社区社区", "password_guessable"),
        ("wang.fang1990", "password_guessable"),
        ("abcdefghijklmnop", "password_guessable"),
        ("890123456789", "password_guessable"),
        ("cba9cba9cba9", "password_guessable"),
    ],
)
def test_what_everybody_tries_first_is_no_password(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_new_password(password, "wang.fang", "/new")
    assert [each.code for each in refusal.value.errors] == [code]


def test_the_list_holds_ten_thousand_and_those_that_are_long_enough() -> None:
    listed = common_passwords()
    assert len(listed) > 10_000
    assert all(each == each.casefold() and each.strip() for each in listed)
    assert sum(len(each) >= MINIMUM_LENGTH for each in listed) > 200


@given(st.integers(0, 1000))
def test_locks_grow_and_end(failures: int) -> None:
    lock, longer = lock_after(failures), lock_after(failures + 1)
    if lock is not None:
        assert longer is not None
        assert timedelta(seconds=2) <= lock <= longer <= timedelta(minutes=15)
