"""Working days (工作日): counting them, and the State Council's schedules that come with the program.

Saturdays and Sundays are free unless the calendar says that one is worked (调休上班); the others are worked unless
it says that one is free. Where a year is not published yet only the weekends are known.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

_SATURDAY = 5
_DATA_FILE = Path(__file__).parent / "data" / "holidays.json"


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


@cache
def published() -> dict[int, tuple[CalendarDay, ...]]:
    """Return the State Council's schedules that come with the program, by year."""
    return {
        one["year"]: tuple(
            CalendarDay(
                date.fromisoformat(day["day"]), day["working"], day["name_zh"], day["name_en"], one["source"]
            )
            for day in one["days"]
        )
        for one in json.loads(_DATA_FILE.read_text(encoding="utf-8"))["years"]
    }


def calendar_of(entered: Iterable[tuple[date, bool]]) -> WorkingDays:
    """Return the calendar of days that staff entered, and of the carried schedules of all other years."""
    known = dict(entered)
    years = {day.year for day in known}
    carried = {
        one.day: one.working for year, found in published().items() if year not in years for one in found
    }
    return WorkingDays(carried | known)
