"""Counting working days over weekends, holidays and days worked instead."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.working_days import WEEKENDS, WorkingDays, published

CALENDAR = WorkingDays({one.day: one.working for year in published().values() for one in year})
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def test_a_week_of_working_days_ends_on_the_same_weekday() -> None:
    assert WEEKENDS.add(date(2026, 3, 2), 5) == date(2026, 3, 9)


def test_spring_festival_of_2026_is_stepped_over_and_its_saturdays_are_worked() -> None:
    assert CALENDAR.is_working(date(2026, 2, 14))
    assert not CALENDAR.is_working(date(2026, 2, 17))
    assert CALENDAR.add(date(2026, 2, 13), 7) == date(2026, 3, 2)


def test_the_carried_schedules_say_where_they_come_from() -> None:
    assert published().keys() == {2024, 2025, 2026}
    for year, days in published().items():
        assert all(one.day.year == year and one.name_zh and one.name_en for one in days)
        assert all("国办发明电" in one.source for one in days)


def test_a_day_worked_instead_is_a_weekend_and_a_holiday_is_not_worked() -> None:
    for days in published().values():
        assert all(one.day.weekday() >= 5 for one in days if one.working)


@given(DAYS, st.integers(0, 40))
def test_exactly_so_many_working_days_lie_behind_the_last_one(start: date, days: int) -> None:
    end = CALENDAR.add(start, days)
    passed = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(CALENDAR.is_working(day) for day in passed) == days
    assert days == 0 or CALENDAR.is_working(end)


@given(DAYS, st.integers(0, 20), st.integers(0, 20))
def test_counting_in_two_steps_comes_to_the_same_day(start: date, first: int, second: int) -> None:
    assert CALENDAR.add(CALENDAR.add(start, first), second) == CALENDAR.add(start, first + second)
