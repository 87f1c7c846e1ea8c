"""How long somebody has lived away from the registered address. No I/O.

Thresholds of the field: 1 month or more to register, 3 to open a card, 6 to count as usual resident.
"""

from datetime import date
from enum import StrEnum

from renkou_registry.life_events.calendar import add_months

THRESHOLDS = (1, 3, 6)


class Direction(StrEnum):
    """From which side the separation is seen."""

    REGISTERED_HERE = "registered_here"  # 户在人不在: registered here, living elsewhere
    LIVING_HERE = "living_here"  # 人在户不在: living here, registered elsewhere


def full_months(since: date, on: date) -> int:
    """Return for how many full months somebody has stayed; 31 January is one month before 28 February."""
    months = (on.year - since.year) * 12 + on.month - since.month
    while months > 0 and add_months(since, months) > on:
        months -= 1
    return max(months, 0)


def stayed_since(months: int, on: date) -> date:
    """Return the latest day on which a stay of at least so many full months on a day can have begun."""
    day = add_months(on, -months)
    later = date.fromordinal(day.toordinal() + 1)
    while add_months(later, months) <= on:
        day, later = later, date.fromordinal(later.toordinal() + 1)
    return day
