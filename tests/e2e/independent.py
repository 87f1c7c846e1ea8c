"""The figures once more, by counting people day by day: no events, no lines, no cells.

This shares no code with the services. It asks of every person where they were registered, where they lived
and since when, and counts heads. Slow and plain on purpose.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.e2e.ledger import CONFIRMABLE, Ledger, Person

USUAL_AFTER_MONTHS = 6
CHECK_WITHIN_DAYS = 30
YOUNGEST, OLDEST = 18, 49


@dataclass(frozen=True)
class Figure:
    """A figure with its inputs; ``value`` has two decimals, or is None where nothing can be divided."""

    numerator: Decimal
    denominator: Decimal
    value: str | None


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _alive_here(person: Person, day: date) -> bool:
    return person.entered <= day and (person.died is None or day < person.died)


def registered_on(person: Person, day: date) -> int | None:
    """Return where the person was registered at the end of a day."""
    if not _alive_here(person, day):
        return None
    reached = [stay for stay in person.stays if stay.since <= day] or person.stays[:1]
    return reached[-1].registered


def present_on(person: Person, day: date) -> int | None:
    """Return where the person lived at the end of a day."""
    if not _alive_here(person, day):
        return None
    reached = [stay for stay in person.stays if stay.since <= day] or person.stays[:1]
    return reached[-1].area


def usual_on(person: Person, day: date) -> int | None:
    """Return the usual residence at the end of a day (half a year, or registered and living there)."""
    if not _alive_here(person, day):
        return None
    usual = person.usual_at_birth
    for index, stay in enumerate(person.stays):
        end = person.stays[index + 1].since if index + 1 < len(person.stays) else date.max
        becomes = months_later(stay.since, USUAL_AFTER_MONTHS)
        if stay.registered == stay.area:
            becomes = stay.since
        becomes = max(becomes, person.entered)
        if becomes <= day and becomes <= end:
            usual = stay.area
    return usual


def _area_of(person: Person, population: str, day: date, district: str) -> int | None:
    registered, present = registered_on(person, day), present_on(person, day)
    if registered is None or present is None:
        return None
    home = str(registered).startswith(district)
    here = str(present).startswith(district)
    match population:
        case "registered":
            return registered if home else None
        case "resident":
            return usual_on(person, day)
        case "migrant_in":
            return present if here and not home else None
        case "migrant_out":
            return registered if home and not here else None
    raise ValueError(population)


def _age(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


class Heads:
    """Where everyone belongs, by population and day; remembered, as the ledger is final when it is asked."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._known: dict[tuple[str, date], list[int]] = {}

    def areas(self, population: str, day: date) -> list[int]:
        """Return the area of each member of a population at the end of a day."""
        if (population, day) not in self._known:
            found = (_area_of(p, population, day, self.ledger.district) for p in self.ledger.persons.values())
            self._known[population, day] = [area for area in found if area is not None]
        return self._known[population, day]


@dataclass
class Counter:
    """Counts heads in one district's ledger, within an area (a prefix of the 12 digits)."""

    heads: Heads
    area: str

    @property
    def ledger(self) -> Ledger:
        """What the district was told."""
        return self.heads.ledger

    def _inside(self, key: int | None) -> bool:
        return (
            key is not None
            and f"{key:012d}".startswith(self.area)
            and f"{key}".startswith(self.ledger.district)
        )

    def stock(self, population: str, day: date) -> int:
        """Count the people of a population at the end of a day."""
        return sum(self._inside(area) for area in self.heads.areas(population, day))

    def births(self, population: str, start: date, end: date) -> list[Person]:
        """Return the children born into a population between two days, both included."""
        return [
            person
            for person in self.ledger.persons.values()
            if person.entry == "birth"
            and start <= person.birth <= end
            and self._inside(_area_of(person, population, person.birth, self.ledger.district))
        ]

    def deaths(self, population: str, start: date, end: date) -> int:
        """Count those who died out of a population between two days, both included."""
        return sum(
            person.died is not None
            and start <= person.died <= end
            and self._inside(
                _area_of(person, population, person.died - timedelta(days=1), self.ledger.district)
            )
            for person in self.ledger.persons.values()
        )

    def certified(self, day: date) -> tuple[int, int]:
        """Count migrants out aged 18 to 49: those with a certificate in force, and all of them."""
        holders = {
            c.holder
            for c in self.ledger.certificates.values()
            if c.valid_from <= day <= c.valid_to and (c.revoked is None or day < c.revoked)
        }
        out = [
            key
            for key, person in self.ledger.persons.items()
            if self._inside(_area_of(person, "migrant_out", day, self.ledger.district))
            and YOUNGEST <= _age(person.birth, day) <= OLDEST
        ]
        return sum(key in holders for key in out), len(out)

    def checks(self, start: date, end: date) -> tuple[int, int]:
        """Count checks made and due, both in the period in which they fell due."""
        made = due = 0
        for arrival in self.ledger.arrivals.values():
            due_on = arrival.arrived + timedelta(days=CHECK_WITHIN_DAYS)
            person = self.ledger.persons[arrival.person]
            counts = (
                self._inside(arrival.area)
                and start <= due_on <= end
                and YOUNGEST <= _age(person.birth, arrival.arrived) <= OLDEST
                and (arrival.left is None or arrival.left >= due_on)
            )
            due += counts
            made += counts and arrival.checked
        return made, due

    def notices(self, start: date, end: date) -> tuple[int, int, int, int]:
        """Count notices owed, sent, sent and to be confirmed, and confirmed."""
        found = [n for n in self.ledger.notices.values() if self._inside(n.area) and start <= n.arose <= end]
        sent = [n for n in found if n.sent]
        confirmable = [n for n in sent if n.kind in CONFIRMABLE]
        return len(found), len(sent), len(confirmable), sum(n.confirmed for n in confirmable)


def _figure(numerator: Decimal | int, denominator: Decimal | int, factor: int) -> Figure:
    top, bottom = Decimal(numerator), Decimal(denominator)
    if bottom == 0:
        return Figure(top, bottom, None)
    value = (top * factor / bottom).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Figure(top, bottom, str(value))


def compute(
    heads: Heads,
    indicator: str,
    area: str,
    population: str,
    start: date,
    end: date,
    parity: int | None = None,
) -> Figure:
    """Return one figure for an area prefix, a population and a period (both days included)."""
    count = Counter(heads, area)
    if indicator in {"birth_rate", "death_rate", "natural_growth_rate"}:
        opening = count.stock(population, start - timedelta(days=1))
        mean = Decimal(opening + count.stock(population, end)) / 2
        births = len(count.births(population, start, end))
        deaths = count.deaths(population, start, end)
        top = {"birth_rate": births, "death_rate": deaths, "natural_growth_rate": births - deaths}
        return _figure(top[indicator], mean, 1000)
    if indicator in {"sex_ratio_at_birth", "parity_share"}:
        born = count.births(population, start, end)
        if indicator == "parity_share":
            return _figure(sum(p.parity == parity for p in born), len(born), 100)
        chosen = [p for p in born if parity is None or p.parity == parity]
        return _figure(sum(p.sex == 1 for p in chosen), sum(p.sex == 2 for p in chosen), 100)
    if indicator == "certificate_issue_rate":
        return _figure(*count.certified(end), 100)
    if indicator == "certificate_check_rate":
        return _figure(*count.checks(start, end), 100)
    due, sent, confirmable, confirmed = count.notices(start, end)
    if indicator == "notice_rate":
        return _figure(sent, due, 100)
    if indicator == "confirmation_rate":
        return _figure(confirmed, confirmable, 100)
    raise ValueError(indicator)
