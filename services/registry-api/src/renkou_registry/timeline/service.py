"""What was true on a day as known at a moment: of a person, a household, a community.

Nothing here looks at current columns where a history tells: the answer for a past moment of knowledge is the
same whatever is recorded later. Callers hold the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Population
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.households import service as households
from renkou_registry.households.domain import Membership
from renkou_registry.kin import history as kin
from renkou_registry.life_events import history
from renkou_registry.life_events.addresses import AddressKind
from renkou_registry.life_events.domain import PersonState, Rules, state_on
from renkou_registry.persons import service as persons
from renkou_registry.runtime import Runtime
from renkou_registry.timeline import repository
from renkou_registry.timeline.details import Details, details_as_of
from renkou_registry.timeline.relatives import with_relatives
from renkou_registry.timeline.repository import KnownSpell

RULES = Rules()


@dataclass(frozen=True, slots=True)
class PersonThen:
    """A person as of a day: ``state`` None before the entry, or before the register knew of it."""

    person_id: UUID
    details: Details
    state: PersonState | None
    addresses: list[KnownSpell]


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on a community's list of a past day."""

    area: int
    street: str | None
    since: date
    person: PersonThen


async def addresses(
    tx: Transaction, scope: AreaScope, person_id: UUID, known_at: datetime | None
) -> list[KnownSpell]:
    """Return a person's addresses as known at a moment, with None all ever known; raises NotFound."""
    await persons.find(tx, person_id, scope)
    found = await repository.of_person(tx, person_id)
    return found if known_at is None else [each for each in found if _known(each, known_at)]


def _known(each: KnownSpell, at: datetime) -> bool:
    return each.known_from <= at and (each.known_until is None or at < each.known_until)


async def person_as_of(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, on: date, known_at: datetime
) -> PersonThen:
    """Return a person the caller sees as of a day; raises NotFound."""
    row = await persons.find(tx, person_id, scope)
    return (await _then(runtime, tx, [row], on, known_at))[0]


async def _then(
    runtime: Runtime, tx: Transaction, rows: Sequence[asyncpg.Record], on: date, known_at: datetime
) -> list[PersonThen]:
    ids = [row["id"] for row in rows]
    histories = await history.known_at(tx, ids, known_at)
    written = await repository.of_persons(tx, ids)
    linked = await kin.known(tx, ids, known_at)
    district = runtime.district.interval()
    found = []
    for row in rows:
        spells = [each for each in written[row["id"]] if _known(each, known_at) and _held(each, on)]
        known = histories[row["id"]]
        state = state_on(known, on, district, RULES)
        if state is not None:
            state = with_relatives(state, row["id"], known, linked[row["id"]], on)
        details = await details_as_of(runtime, tx, row, on, known_at)
        found.append(PersonThen(row["id"], details, state, spells if state is not None else []))
    return found


def _held(each: KnownSpell, on: date) -> bool:
    until = each.spell.valid_until
    return each.spell.valid_from <= on and (until is None or on < until)


async def household_as_of(
    tx: Transaction, scope: AreaScope, household_id: UUID, on: date, known_at: datetime
) -> tuple[dict[str, Any], list[Membership]]:
    """Return a household in scope as it was on a day, with who belonged to it; raises NotFound.

    A membership without a beginning has held for as long as the household is known.
    """
    found = await households.household_as_of(tx, household_id, scope, on, known_at)
    return found, await households.members_as_of(tx, household_id, on, known_at)


_LISTS: dict[Population | None, tuple[AddressKind, AddressKind | None]] = {
    None: (AddressKind.PRESENT, None),
    Population.REGISTERED: (AddressKind.REGISTERED, None),
    Population.RESIDENT: (AddressKind.USUAL, None),
    Population.MIGRANT_IN: (AddressKind.PRESENT, AddressKind.REGISTERED),
    Population.MIGRANT_OUT: (AddressKind.REGISTERED, AddressKind.PRESENT),
}
"""For each population which address lies in the area, and which other one does not lie in the district."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which list: the people of an area in a population on a day as known at a moment."""

    area: AreaCode
    population: Population | None
    on: date
    known_at: datetime


async def area_as_of(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    question: Question,
    after: tuple[int, UUID],
    limit: int,
) -> list[Listed]:
    """Return who was on an area's list, by community and person; raises NotFound where the area is not the
    caller's.

    Whoever was on the list that day is shown with it, also if that person lives elsewhere by now.
    """
    kind, elsewhere = _which(runtime, scope, question)
    async with reaching_everywhere(tx, scope):
        rows = await repository.present_on(
            tx,
            kind,
            question.area.interval(),
            question.on,
            question.known_at,
            elsewhere,
            after,
            limit,
        )
        ids = [row["person_id"] for row in rows]
        found = await persons.find_ever(tx, ids)
        people = await _then(runtime, tx, found, question.on, question.known_at)
    by_id = {each.person_id: each for each in people}
    return [Listed(row["area"], row["street"], row["valid_from"], by_id[row["person_id"]]) for row in rows]


async def area_count(runtime: Runtime, tx: Transaction, scope: AreaScope, question: Question) -> int:
    """Return how many were on an area's list; raises NotFound where the area is not the caller's."""
    kind, elsewhere = _which(runtime, scope, question)
    interval = question.area.interval()
    async with reaching_everywhere(tx, scope):  # the other address may lie in anybody's area
        return await repository.count_on(tx, kind, interval, question.on, question.known_at, elsewhere)


def _which(
    runtime: Runtime, scope: AreaScope, question: Question
) -> tuple[AddressKind, tuple[AddressKind, tuple[int, int]] | None]:
    if not scope.covers(*question.area.interval()):
        raise NotFound.of("区划", "area")
    kind, other = _LISTS[question.population]
    return kind, (other, runtime.district.interval()) if other is not None else None
