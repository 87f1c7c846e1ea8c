"""Usual residence (常住): from when an area counts as where somebody lives. Standard library only.

Living in an area is a stay. A stay is usual at once in the registered area, when the registration follows,
for a newborn where the mother usually resides; otherwise after six months, counted from before the entry into
the register too. Usual residence lasts until another stay becomes usual, or death.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from renkou_registry.life_events.calendar import add_months


@dataclass(frozen=True, slots=True)
class Rules:
    """Numbers of the rules; defaults from the field's practice."""

    usual_after_months: int = 6  # 半年常住口径


@dataclass(frozen=True, slots=True)
class Renaming:
    """On the day of an :class:`Addresses` the area ``old`` ended; ``usual`` takes its place where it was the
    usual residence, None where nothing is known of that."""

    old: int
    usual: int | None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Registered and present area from a day on, and the event that led to them.

    Where ``renaming`` is set nobody moved: the division changed, and every stay goes on under another code.
    """

    since: date
    registered: int
    present: int
    event: UUID | None = None
    renaming: Renaming | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """Living in one place; ``end`` is the day of the next move or of death, None while it lasts.

    ``renamed`` lists (day, area) from which the place has another code.
    """

    area: int
    start: date
    end: date | None = None
    renamed: tuple[tuple[date, int], ...] = ()

    def area_on(self, day: date) -> int:
        """Return the code of the place on a day."""
        return next((area for since, area in reversed(self.renamed) if since <= day), self.area)

    @property
    def last_area(self) -> int:
        return self.renamed[-1][1] if self.renamed else self.area


def usual_residences(
    entered_on: date,
    present_since: date,
    mothers: int | None,
    addresses: Sequence[Addresses],
    died_on: date | None,
    rules: Rules,
) -> Iterator[tuple[date, int]]:
    """Yield (day, area) from which each area is the usual residence, without repeating an area.

    ``mothers`` is the usual residence of a newborn's mother on the day of birth, None for everybody else.
    """
    if len(addresses) == 1 and died_on is None and mothers is None:  # of most, and always of an entry
        area = addresses[0].present
        at_home = addresses[0].registered == area
        begins = present_since if at_home else add_months(present_since, rules.usual_after_months)
        yield max(begins, entered_on), area
        return
    renamings = [(each.since, each.renaming) for each in addresses if each.renaming is not None]
    current: int | None = None
    for day, area in _beginnings(entered_on, present_since, mothers, addresses, died_on, rules):
        while renamings and renamings[0][0] <= day:
            since, renaming = renamings.pop(0)
            if renaming.old == current and renaming.usual not in (None, current):
                current = renaming.usual
                yield since, current
        if area != current:
            current = area
            yield day, area
    for since, renaming in renamings:
        if renaming.old == current and renaming.usual not in (None, current):
            current = renaming.usual
            yield since, current


def _beginnings(
    entered_on: date,
    present_since: date,
    mothers: int | None,
    addresses: Sequence[Addresses],
    died_on: date | None,
    rules: Rules,
) -> Iterator[tuple[date, int]]:
    """Yield (day, area) for each stay that becomes usual, and for a newborn's share in the mother's."""
    for number, stay in enumerate(_stays(present_since, addresses, died_on)):
        begins = _becomes_usual(stay, addresses, rules)
        if number == 0 and mothers is not None and begins != stay.start:
            yield entered_on, mothers
        if begins is not None:
            counted = max(begins, entered_on)
            yield counted, stay.area_on(counted)


def _becomes_usual(stay: Stay, addresses: Sequence[Addresses], rules: Rules) -> date | None:
    """Return the day a stay becomes usual, None where it ended before: at its start in the registered area,
    on the day the registration moves there, otherwise after six months."""
    begins = add_months(stay.start, rules.usual_after_months)
    for number, address in enumerate(addresses):
        last = number + 1 == len(addresses)
        replaced = not last and addresses[number + 1].since <= stay.start
        day = stay.start if number == 0 else max(address.since, stay.start)
        if address.registered == stay.area_on(day) and not replaced:
            begins = min(begins, day)
    return begins if stay.end is None or begins <= stay.end else None


def _stays(start: date, addresses: Sequence[Addresses], died_on: date | None) -> list[Stay]:
    """Return the stays in order; each ends where the next begins, the last with death or not at all.

    Passing through on one day is no stay, save where the person came into the register.
    """
    stays = [Stay(addresses[0].present, start)]
    for address in addresses[1:]:
        if address.renaming is not None:
            if address.present != stays[-1].last_area:
                stays[-1] = replace(stays[-1], renamed=(*stays[-1].renamed, (address.since, address.present)))
            continue
        if len(stays) > 1 and stays[-1].start == address.since:
            stays.pop()
        if address.present == stays[-1].last_area:
            stays[-1] = replace(stays[-1], end=None)
        else:
            stays[-1] = replace(stays[-1], end=address.since)
            stays.append(Stay(address.present, address.since))
    if stays[-1].end != died_on:
        stays[-1] = replace(stays[-1], end=died_on)
    return stays
