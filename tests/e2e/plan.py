"""What will happen in the demonstration year, drawn once from a seed: who leaves, is born, dies, moves.

Only a plan: dates and people (places in the roster), no request. Days lie between the 1st and the 24th, and
each month is acted out on its 26th, so that everything is past when it is told.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from renkou_common.codes.lists import Sex
from tests.e2e.synthetic.people import Person, Roster

LAST_DAY = 24
type Fits = Callable[[Person], bool]


@dataclass
class Departure:
    """One person of the home district who leaves for the partner district."""

    person: int
    left: date
    arrives: date
    to_area: str
    certified: bool
    shown: bool
    services: list[date] = field(default_factory=list)
    shares: bool = True
    returns: date | None = None


@dataclass
class Birth:
    """A child to be born. ``correction`` is a month later: another day, the other sex, another parity."""

    mother: int
    born: date
    sex: Sex
    correction: str = ""


@dataclass
class Death:
    """A death; a mistaken one is retracted the month after, a misdated one corrected."""

    person: int
    died: date
    correction: str = ""


@dataclass
class Move:
    """A move within the district or out of it, with or without the registration."""

    person: int
    on: date
    to_area: str
    transfer: bool


@dataclass
class Month:
    """Everything of one month in one district."""

    first: date
    births: list[Birth] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    marriages: list[tuple[int, int, date]] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    migrant_births: list[Birth] = field(default_factory=list)

    @property
    def acted_on(self) -> date:
        """The day on which the month is told."""
        return self.first.replace(day=26)


def months_of_the_year() -> list[date]:
    """The statistical year 2025 and the calendar year 2025: October 2024 to December 2025."""
    return [date(2024 + (index // 12), index % 12 + 1, 1) for index in range(9, 24)]


class Planner:
    """Draws the year of one district; nobody is used twice in ways that contradict each other."""

    def __init__(self, seed: int, roster: Roster, usable: Iterable[int]) -> None:
        self.random = Random(f"plan {seed} {roster.district}")
        self.roster = roster
        self.free = sorted(usable)
        self.random.shuffle(self.free)
        self.communities = sorted(
            {p.present_area for p in roster.people if p.present_area[:6] == roster.district}
        )
        self.mothers: set[int] = set()

    def _take(self, fits: Fits, count: int) -> list[int]:
        taken: list[int] = []
        left: list[int] = []
        for index in self.free:
            if len(taken) < count and fits(self.roster.people[index]):
                taken.append(index)
            else:
                left.append(index)
        self.free = left
        return taken

    def day(self, first: date, last: int = LAST_DAY) -> date:
        """Draw a day of a month."""
        return first + timedelta(days=self.random.randrange(last))

    def sex(self) -> Sex:
        """Draw a newborn's sex."""
        return Sex.MALE if self.random.random() < 0.52 else Sex.FEMALE

    def departures(self, first: date, count: int, destinations: list[str]) -> list[Departure]:
        """Adults registered and living here who leave in a month and arrive within ten days."""
        chosen = self._take(lambda p: self._local(p) and 19 <= p.age_on(first) <= 48, count)
        planned = []
        for person in chosen:
            left = self.day(first, 14)
            departure = Departure(
                person,
                left,
                left + timedelta(days=self.random.randrange(1, 10)),
                self.random.choice(destinations),
                certified=self.random.random() < 0.92,
                shown=self.random.random() < 0.9,
                shares=self.random.random() < 0.8,
            )
            planned.append(departure)
        return planned

    def _local(self, person: Person) -> bool:
        return person.registered_area[:6] == person.present_area[:6] == self.roster.district

    def births(self, first: date, count: int) -> list[Birth]:
        """Children of women of 21 to 40 who live here, registered here or elsewhere."""
        women = self._take(lambda p: p.sex is Sex.FEMALE and 21 <= p.age_on(first) <= 40, count)
        self.mothers.update(women)
        return [Birth(woman, self.day(first), self.sex()) for woman in women]

    def deaths(self, first: date, count: int) -> list[Death]:
        """Deaths, most of them of the old."""
        old = self._take(lambda p: p.age_on(first) >= 66, count - 1)
        younger = self._take(lambda p: 30 <= p.age_on(first) < 66, 1)
        return [Death(person, self.day(first)) for person in [*old, *younger]]

    def moves(self, first: date, count: int) -> list[Move]:
        """Moves within the district, with or without the registration, and out of it with it."""
        chosen = self._take(lambda p: self._local(p) and p.age_on(first) >= 18, count)
        planned = []
        for number, person in enumerate(chosen):
            here = self.roster.people[person].present_area
            inside = self.random.choice([area for area in self.communities if area != here])
            away = number == 0
            planned.append(
                Move(person, self.day(first), "320102002001" if away else inside, transfer=number % 2 == 0)
            )
        return planned

    def marriages(self, first: date, count: int) -> list[tuple[int, int, date]]:
        """Couples who marry."""
        men = self._take(
            lambda p: p.sex is Sex.MALE and 24 <= p.age_on(first) <= 45 and p.marital_status == 10, count
        )
        women = self._take(
            lambda p: p.sex is Sex.FEMALE and 22 <= p.age_on(first) <= 43 and p.marital_status == 10, len(men)
        )
        return [(man, woman, self.day(first)) for man, woman in zip(men, women, strict=False)]


def plan_home(
    seed: int, roster: Roster, usable: Iterable[int], destinations: list[str], leaving: int
) -> list[Month]:
    """Plan the home district's year; ``leaving`` people leave, spread over the first twelve months."""
    planner = Planner(seed, roster, usable)
    months = [Month(first) for first in months_of_the_year()]
    everyone: list[Departure] = []
    for number, month in enumerate(months):
        quota = leaving // 12 + (number < leaving % 12) if number < 12 else 0
        month.departures = planner.departures(month.first, quota, destinations)
        everyone += month.departures
        month.births = planner.births(month.first, 16)
        month.deaths = planner.deaths(month.first, 9)
        month.moves = planner.moves(month.first, 7)
        month.marriages = planner.marriages(month.first, 6)
    _after_arrival(planner, months, everyone)
    _mistakes(months)
    return months


def plan_partner(seed: int, roster: Roster, usable: Iterable[int]) -> list[Month]:
    """Plan the residence district's own year: fewer people, the same kinds of events."""
    planner = Planner(seed, roster, usable)
    months = [Month(first) for first in months_of_the_year()]
    for month in months:
        month.births = planner.births(month.first, 5)
        month.deaths = planner.deaths(month.first, 3)
        month.moves = planner.moves(month.first, 3)
    return months


def _after_arrival(planner: Planner, months: list[Month], everyone: list[Departure]) -> None:
    """Services for migrants, children of migrant women, and some who return home."""
    random, people = planner.random, planner.roster.people
    for departure in everyone:
        for _ in range(random.choice([0, 0, 1, 1, 2])):
            departure.services.append(departure.arrives + timedelta(days=random.randrange(20, 160)))
    women = [
        d for d in everyone if people[d.person].sex is Sex.FEMALE and people[d.person].age_on(d.left) <= 42
    ]
    random.shuffle(women)
    for number, departure in enumerate(women[:36]):
        month = months[3 + number % 12]
        born = planner.day(month.first)
        if born > departure.arrives + timedelta(days=20):
            month.migrant_births.append(Birth(departure.person, born, planner.sex()))
    mothers = {birth.mother for month in months for birth in month.migrant_births}
    stayers = [d for d in everyone if d.person not in mothers]
    for departure in random.sample(stayers, min(24, len(stayers))):
        back = departure.arrives + timedelta(days=random.choice([18, 75, 140, 210, 260]))
        departure.services = [day for day in departure.services if day < back]
        departure.returns = back if back < date(2025, 12, 20) else None


def _mistakes(months: list[Month]) -> None:
    """Some events are told wrong at first, in different ways and months."""
    for number, month in enumerate(months[1:-1]):
        for birth in month.births[:1]:
            birth.correction = ("date", "sex", "parity")[number % 3]
        for death in month.deaths[:1]:
            death.correction = ("retract", "date", "")[number % 3]
