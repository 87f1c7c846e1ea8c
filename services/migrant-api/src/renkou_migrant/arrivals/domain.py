"""A stay here of someone registered elsewhere, and what the check figures count of it. No I/O."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_migrant.certificates.domain import age_on
from renkou_migrant.exchange.offices import home_office


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """Everything of a stay that decides whether a check was due and made."""

    area: int
    applies: bool
    due_on: date
    left_on: date | None = None
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stay as recorded. Areas are 12-digit keys; ``left_on`` is the first day no longer here."""

    id: UUID
    position: int
    person_id: UUID
    person_ref: UUID
    home_area: int
    area: int
    arrived_on: date
    birth_month: str
    sex: int
    check_applies: bool
    due_on: date
    checked_on: date | None
    left_on: date | None
    destination_area: int | None
    workplace_district: str | None
    retracted: bool
    version: int

    @property
    def check_record(self) -> CheckRecord:
        """What the check figures look at."""
        return CheckRecord(self.area, self.check_applies, self.due_on, self.left_on, self.checked_on)

    @property
    def home_office(self) -> str:
        """The office to tell of the stay: a district, or a subdistrict of this one."""
        return home_office(self.home_area, self.area)

    @property
    def destination_district(self) -> str | None:
        """The six digits of the district where the person went, if told."""
        return f"{self.destination_area:012d}"[:6] if self.destination_area else None


def check_applies(birth_date: date, arrived_on: date, *, minimum_age: int = 18, age_limit: int = 50) -> bool:
    """Whether the person is of the ages of the certificate on arrival; ``age_limit`` is the first too old."""
    return minimum_age <= age_on(birth_date, arrived_on) < age_limit


def due_day(arrived_on: date, days: int) -> date:
    """Return the day by which the certificate should have been checked."""
    return arrived_on + timedelta(days=days)


def check_lines(record: CheckRecord) -> Counter[LineKey]:
    """Return what the check figures count of a stay: a check due, and made, both on the due day.

    Nothing is due of someone not of age, or who left before that day. A check counts as made whatever it
    came to and whenever it was made.
    """
    lines: Counter[LineKey] = Counter()
    if not record.applies or (record.left_on is not None and record.left_on < record.due_on):
        return lines
    area = f"{record.area:012d}"
    lines[LineKey(Population.MIGRANT_IN, area, record.due_on, Measure.CHECK_DUE)] += 1
    if record.checked_on is not None:
        lines[LineKey(Population.MIGRANT_IN, area, record.due_on, Measure.CHECK_MADE)] += 1
    return lines
