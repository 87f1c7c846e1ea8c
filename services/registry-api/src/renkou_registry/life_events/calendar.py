"""Arithmetic with months and years. No I/O."""

from calendar import monthrange
from datetime import date


def add_months(day: date, months: int) -> date:
    """Return the day ``months`` later, at most the month's last (31 August + 6: 28 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, day.day if day.day <= 28 else min(day.day, monthrange(year, month)[1]))


def full_years(born: date, day: date) -> int:
    """Return the age in full years; who is born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
