"""The clocks of petitions. No I/O.

Source: Regulations on the work of petitions (信访工作条例, 2022): told within 15 days, closed within 60,
extended once by at most 30 days. The numbers are configuration.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from renkou_common.codes.offices import PetitionState
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict


@dataclass(frozen=True, slots=True)
class Rules:
    """Days, counted from the day of receipt, which is day 0; the last day is still in time."""

    first_reply: int = 15
    close: int = 60
    extension: int = 30


class Due(StrEnum):
    """Which clock runs."""

    FIRST_REPLY = "first_reply"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Course:
    """What happened to a petition so far."""

    received_on: date
    state: PetitionState
    first_replied_on: date | None = None
    closed_on: date | None = None
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Clocks:
    """Until when what is due, and how it stands."""

    first_due: date
    close_due: date
    running: Due | None
    on_time: bool | None  # None while open

    @property
    def next_due(self) -> date | None:
        """The day of the clock that runs now."""
        if self.running is None:
            return None
        return self.first_due if self.running is Due.FIRST_REPLY else self.close_due


def clocks(course: Course, rules: Rules) -> Clocks:
    """Return the clocks of a petition; it is on time when both the first reply and the closing were."""
    first_due = course.received_on + timedelta(days=rules.first_reply)
    days = rules.close + (rules.extension if course.extended else 0)
    close_due = course.received_on + timedelta(days=days)
    running: Due | None = None
    on_time: bool | None = None
    if course.state is PetitionState.RECEIVED:
        running = Due.FIRST_REPLY if first_due <= close_due else Due.CLOSING
    elif course.state is PetitionState.REPLIED:
        running = Due.CLOSING
    elif course.state is PetitionState.CLOSED:
        first, last = course.first_replied_on, course.closed_on
        on_time = first is not None and last is not None and first <= first_due and last <= close_due
    return Clocks(first_due, close_due, running, on_time)


def check_extension(course: Course, today: date, rules: Rules) -> None:
    """Raise Conflict unless the closing may be extended: once, while open, before it is overdue."""
    if course.state not in (PetitionState.RECEIVED, PetitionState.REPLIED):
        raise Conflict("petition_closed", "该信访已办结或撤回", "this petition is closed or withdrawn")
    if course.extended:
        raise Conflict("extended_already", "只能延期一次", "it has been extended once, which is all there is")
    if today > clocks(course, rules).close_due:
        raise Conflict(
            "overdue_already", "已超期, 不能再延期", "it is overdue and cannot be extended any more"
        )


def petition_lines(area: int, course: Course, rules: Rules) -> Counter[LineKey]:
    """Return what a petition counts as, dated at the day of receipt; withdrawn ones count nowhere."""
    if course.state is PetitionState.WITHDRAWN:
        return Counter()
    key = LineKey(Population.OFFICE, f"{area:012d}", course.received_on, Measure.PETITION_RECEIVED)
    lines = Counter({key: 1})
    if clocks(course, rules).on_time:
        lines[key._replace(measure=Measure.PETITION_ON_TIME)] = 1
    return lines
