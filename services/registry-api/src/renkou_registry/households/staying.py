"""Until when a membership lasts by what a person's history tells. No I/O.

A membership ends with the person's death, and with the first move after which the household lies neither (for
a registered member) in the registered community nor (for who lives there) in the present one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.lists import MembershipKind
from renkou_registry.households.domain import Membership
from renkou_registry.life_events.domain import PersonState
from renkou_registry.life_events.kinds import EventKind, LifeEvent


@dataclass(frozen=True, slots=True)
class Ending:
    """By which life event a membership ends, and on what day."""

    on: date
    event_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lies: (day, area) from which each area holds, the first from ever."""

    areas: Sequence[tuple[date, int]]

    def on(self, day: date) -> int:
        """Return the area on a day."""
        return next((area for since, area in reversed(self.areas) if since <= day), self.areas[0][1])


@dataclass(frozen=True, slots=True)
class Told:
    """What a history tells: its facts in order, and the state after them (None: not in the register)."""

    facts: Sequence[LifeEvent]
    state: PersonState | None


def home_of(row: Mapping[str, Any] | asyncpg.Record, details: Sequence[asyncpg.Record]) -> Home:
    """Return where a household lay, from its row and what its columns were over time; of what was recorded,
    the later holds from its day on."""
    areas: list[tuple[date, int]] = [] if details else [(date.min, row["area"])]
    for each in details:
        since = each["valid_from"] or date.min
        areas = [(day, area) for day, area in areas if day < since] + [(since, each["area"])]
    return Home(areas)


def ending(row: Membership, home: Home, told: Told) -> Ending | None:
    """Return how a membership ends by what a history tells; None while it lasts.

    Where it began later than the event that ends it, it ends as it begins. A change of the division moves
    nobody, neither person nor household.
    """
    facts, state = told.facts, told.state
    if state is None:
        return None
    moves = {event.id: event for event in facts if event.kind is EventKind.MOVE}
    since = row.since or date.min
    for number, address in enumerate(state.addresses):
        move = moves.get(address.event) if address.event is not None else None
        following = state.addresses[number + 1].since if number + 1 < len(state.addresses) else date.max
        if move is None or following <= max(address.since, since):  # passing through is no stay
            continue
        area = address.registered if row.kind is MembershipKind.REGISTERED else address.present
        if area != home.on(max(address.since, since)):
            return Ending(max(address.since, since), move.id, "move")
    death = next((event for event in facts if event.kind is EventKind.DEATH), None)
    if death is not None:
        return Ending(max(death.happened_on, since), death.id, "death")
    return None


def changed(
    rows: Sequence[Membership],
    homes: Mapping[UUID, Home],
    before: Told,
    after: Told,
) -> list[tuple[Membership, Ending | None]]:
    """Return which of the memberships known now end otherwise when a history becomes another one.

    What the office ended stays ended, and where both histories tell the same nothing changes: somebody may
    belong to a household although an address says otherwise.
    """
    found = []
    for row in rows:
        if row.until is not None and row.cause is None:
            continue
        old, new = (ending(row, homes[row.household_id], told) for told in (before, after))
        if old != new and not (new is None and row.until is None):
            found.append((row, new))
    return found
