"""Counting working days. No I/O.

Saturdays and Sundays are free unless the calendar says that one is worked (调休上班); the others are worked unless
it says that one is free. Where a year is not published yet only the weekends are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that differs from its weekday, or is confirmed by a published schedule."""

    day: date
    working: bool
    name_zh: str
    name_en: str
    source: str


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The days that differ from their weekday: True is worked, False is free."""

    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Whether a day is worked."""
        return self.exceptions.get(day, day.weekday() < _SATURDAY)

    def add(self, start: date, days: int) -> date:
        """Return the ``days``-th working day (0 and up) after ``start``; the day itself does not count."""
        day = start
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_working(day)
        return day


WEEKENDS = WorkingDays()
"""Nothing known but the weekends."""
