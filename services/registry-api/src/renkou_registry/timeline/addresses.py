"""Writing addresses over time: for entries in bulk, for one person when an event is recorded.

Callers hold the transaction. Knowledge is never overwritten: what no longer holds gets an end
(``known_until``), what holds now is added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_registry.life_events.addresses import (
    AddressKind,
    Place,
    Spell,
    entry_spells,
    rewriting,
    spells_of,
)
from renkou_registry.life_events.domain import LifeEvent, PersonState
from renkou_registry.timeline import repository


def entry_records(
    person_id: UUID, event: LifeEvent, state: PersonState, places: Mapping[AddressKind, Place]
) -> list[tuple[Any, ...]]:
    """Return the addresses of a person who enters, ready to be written; the person's id stands first."""
    return [repository.record_of(person_id, spell) for spell in entry_spells(event, state, places)]


async def write_records(tx: Transaction, records: Sequence[tuple[Any, ...]], known_from: datetime) -> None:
    """Write addresses of persons who were just entered, all in one statement."""
    if records:
        await repository.insert_many(tx, records, known_from)


async def _write(tx: Transaction, person_id: UUID, spells: Sequence[Spell], known_from: datetime) -> None:
    await write_records(tx, [repository.record_of(person_id, each) for each in spells], known_from)


async def rewrite(
    tx: Transaction,
    person_id: UUID,
    facts: Sequence[LifeEvent],
    state: PersonState | None,
    given: Mapping[AddressKind, Place],
    event_id: UUID | None,
    now: datetime,
) -> dict[AddressKind, Spell]:
    """Bring a locked person's addresses in line with facts; returns the last spell of each kind.

    ``given`` are the places that the event ``event_id`` brings. ``state`` None means that the person left the
    register: nothing holds any more.
    """
    written = await repository.of_person(tx, person_id)
    known = [each.spell for each in written if each.known_until is None]
    told = spells_of(facts, state) if state is not None else []
    change = rewriting(known, [each.spell for each in written], told, given, event_id)
    if change.superseded:
        await repository.supersede(tx, person_id, change.superseded, now)
    await _write(tx, person_id, change.new, now)
    return change.current


async def in_force(
    tx: Transaction, person_ids: Sequence[UUID], on: date
) -> dict[UUID, dict[AddressKind, Spell]]:
    """Return for each person the address of each kind on a day, as known now."""
    written = await repository.of_persons(tx, person_ids)
    return {
        person_id: {
            each.spell.kind: each.spell
            for each in spells
            if each.known_until is None
            and each.spell.valid_from <= on
            and (each.spell.valid_until is None or on < each.spell.valid_until)
        }
        for person_id, spells in written.items()
    }


async def note_streets(
    tx: Transaction, person_id: UUID, streets: Mapping[AddressKind, str | None], now: datetime
) -> None:
    """Write down the street of a current address that was merely noted, without an event."""
    written = await repository.of_person(tx, person_id)
    known = [each.spell for each in written if each.known_until is None]
    for kind, street in streets.items():
        last = max((each for each in known if each.kind is kind), key=_beginning, default=None)
        if last is not None and last.place.street != street:
            await repository.supersede(tx, person_id, [last], now)
            noted = replace(last, place=replace(last.place, street=street))
            await _write(tx, person_id, [noted], now)


def _beginning(spell: Spell) -> tuple[object, bool]:
    return spell.valid_from, spell.valid_until is None
