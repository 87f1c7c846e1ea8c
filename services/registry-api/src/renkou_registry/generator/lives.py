"""What led to how somebody stands: the entry, moves, a marriage and its end, a death. No I/O."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from renkou_registry.life_events.addresses import Place
from renkou_registry.life_events.kinds import EventKind
from renkou_registry.persons.domain import EntryKind, PersonEntry

_UNMARRIED, _FIRST_MARRIAGE, _DIVORCED, _REMARRIED = "10", "21", "40", "22"
_ADULT = timedelta(days=23 * 365)


@dataclass(frozen=True, slots=True)
class Home:
    """Where a family is registered and lives since a day; before that it lived at ``before``.

    ``building`` numbers a building of the present community. ``came``: it came into the district on the day.
    """

    registered: int
    registered_street: str
    present: int
    present_street: str
    since: date
    building: int | None
    before: "Home | None" = None
    came: bool = False

    def at(self, day: date) -> "Home":
        """Return the home of a day, as if nothing had followed."""
        return self.before if self.before is not None and day < self.since else self

    @property
    def transferred(self) -> bool:
        """Whether the registration came along."""
        return self.before is not None and self.before.registered != self.registered


@dataclass(frozen=True, slots=True)
class Married:
    """A marriage within the time of the register: when, the status since, with whom."""

    on: date
    status: str
    spouse_id: UUID


@dataclass(frozen=True, slots=True)
class Parted:
    """The end of a marriage within the time of the register: divorce, or widowhood from somebody known here."""

    kind: EventKind
    on: date
    spouse_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An event after the entry and the place that it led to."""

    kind: EventKind
    on: date
    data: dict[str, Any]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The entry as it was made, and what followed in the order of days."""

    entry: PersonEntry
    steps: tuple[Step, ...] = ()
    mother_id: UUID | None = None  # whose birth it was


def married_on(random: Random, born: list[date]) -> date:
    """Return when the couple of a family married, given birth dates: theirs, then those of the others."""
    adult = max(born[:2]) + _ADULT
    day = adult + timedelta(days=random.randrange(8 * 365))
    children = [each for each in born[2:] if each > adult]
    if children:
        day = min(day, min(children) - timedelta(days=280))
    return max(day, adult)


def life_of(
    home: Home,
    opened: date,
    entry: PersonEntry,
    mother_id: UUID | None,
    *,
    parity: int = 1,
    married: Married | None = None,
    parted: Parted | None = None,
    died_on: date | None = None,
) -> Life:
    """Return what led to ``entry``, which tells how somebody stands who lives at ``home``."""
    born = entry.birth_date
    kind, day = EntryKind.OPENING, opened
    if home.came and born <= home.since:
        kind, day = EntryKind.ARRIVAL, home.since
    elif born > opened:
        kind, day = (EntryKind.BIRTH if mother_id else EntryKind.ARRIVAL), born
    at = home.at(day)
    then = replace(
        entry,
        kind=kind,
        entered_on=day,
        registered_area=at.registered,
        registered_street=at.registered_street,
        registered_since=born if kind is EntryKind.BIRTH else entry.registered_since,
        present_area=at.present,
        present_street=at.present_street,
        present_since=day if kind is not EntryKind.OPENING else max(at.since, born),
        place_id=entry.place_id if at is home else None,
        parity=parity if kind is EntryKind.BIRTH else 0,
    )
    steps: list[Step] = []
    if at is not home and home.since > day:
        steps.append(_move(home, at, entry.place_id))
    if married is not None and married.on > day:
        then = replace(
            then,
            spouse_id=None,
            marital_status=_DIVORCED if married.status == _REMARRIED else _UNMARRIED,
        )
        steps.append(
            Step(
                EventKind.MARRIAGE,
                married.on,
                {"marital_status": married.status, "spouse_id": str(married.spouse_id)},
            )
        )
    if parted is not None and parted.on > day:
        then = replace(then, spouse_id=parted.spouse_id, marital_status=_FIRST_MARRIAGE)
        steps.append(Step(parted.kind, parted.on, _spouse(parted.spouse_id)))
    if died_on is not None:
        steps.append(Step(EventKind.DEATH, died_on, _spouse(entry.spouse_id)))
    return Life(then, tuple(sorted(steps, key=lambda step: step.on)), mother_id)


def _spouse(spouse_id: UUID | None) -> dict[str, Any]:
    return {"spouse_id": str(spouse_id)} if spouse_id is not None else {}


def _move(home: Home, before: Home, place_id: UUID | None) -> Step:
    data = {
        "to_area": home.present,
        "from_area": before.present,
        "transfer_registration": home.transferred,
    }
    return Step(EventKind.MOVE, home.since, data, Place(home.present_street, place_id))
