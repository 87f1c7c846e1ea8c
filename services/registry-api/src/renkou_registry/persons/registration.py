"""Entering persons: rows, entry events and outbox rows of a batch, in a few statements."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from renkou_common.contracts.lines import Line, LineKey, difference, first_lines
from renkou_common.contracts.registry import PersonRegistered, RegistryEventType
from renkou_common.contracts.typed import typed
from renkou_common.database import Transaction
from renkou_registry.life_events import history
from renkou_registry.life_events.domain import (
    EventKind,
    LifeEvent,
    PersonState,
    Rules,
    derive,
    lines_of,
)
from renkou_registry.life_events.records import NewEvent
from renkou_registry.persons import repository
from renkou_registry.persons.domain import EntryKind, PersonEntry, new_id
from renkou_registry.persons.events import person_event_fields
from renkou_registry.runtime import Runtime

RESIDENT_ID = "person.resident_id"
PHONE = "person.phone"
RULES = Rules()
_LONG_AGO_DAYS = 400 + 31 * RULES.usual_after_months
"""A stay that began earlier has been usual long before the entry, however much earlier."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A person who was entered: the first event of the history, the state and the lines it brings."""

    entry: PersonEntry
    event: LifeEvent
    state: PersonState
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Persons ready to be written: all that takes computing is done, and no database was asked."""

    made: list[Entered]
    rows: list[dict[str, Any]]
    messages: list[PersonRegistered]


def prepare(runtime: Runtime, entries: Sequence[PersonEntry]) -> Prepared:
    """Derive, seal and index a batch; raises Conflict for an entry that cannot have happened."""
    today = runtime.clock.today()
    made = [_prepare(runtime, entry) for entry in entries]
    return Prepared(made, [_row(runtime, each, today) for each in made], [_message(each) for each in made])


async def write(
    runtime: Runtime, tx: Transaction, prepared: Prepared, *, recorded_by: UUID, publish: bool
) -> list[Entered | None]:
    """Write persons with their entry events; None where a resident ID is in the register already.

    ``publish`` tells of each as an opening or arrival.
    """
    now = runtime.clock.now()
    inserted = await repository.insert_many(tx, prepared.rows, now, recorded_by)
    missing = [each.entry.id for each in prepared.made if each.entry.id not in inserted]
    if missing:
        await repository.forget_kin(tx, missing)
    found = [each if each.entry.id in inserted else None for each in prepared.made]
    new = [NewEvent(each.entry.id, each.event) for each in found if each is not None]
    await history.append(tx, new, recorded_at=now, recorded_by=recorded_by)
    if publish:
        await runtime.outbox.append_many(
            tx,
            [
                (RegistryEventType.PERSON_REGISTERED, each.entry.ref, message)
                for each, message in zip(found, prepared.messages, strict=True)
                if each is not None
            ],
        )
    return found


async def enter(
    runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry], *, recorded_by: UUID
) -> list[Entered | None]:
    """Write persons with their entry events; None where a resident ID is in the register already.

    The outbox is the caller's: a birth is published as another event than an opening. Raises Conflict for an
    entry that cannot have happened.
    """
    return await write(runtime, tx, prepare(runtime, entries), recorded_by=recorded_by, publish=False)


async def register_many(
    runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry], *, recorded_by: UUID
) -> list[UUID | None]:
    """Enter openings and arrivals and publish each; see ``persons.service.register_many``."""
    if any(entry.kind is EntryKind.BIRTH for entry in entries):
        raise ValueError("births are recorded as life events of a mother")
    found = await write(runtime, tx, prepare(runtime, entries), recorded_by=recorded_by, publish=True)
    return [each.entry.id if each else None for each in found]


def _message(entered: Entered) -> PersonRegistered:
    return typed(PersonRegistered, entry_fields(entered))


def entry_fields(entered: Entered) -> dict[str, Any]:
    """Return the common members of the event that publishes an entry."""
    return person_event_fields(
        entered.entry.ref,
        entered.event.id,
        entered.event.happened_on,
        entered.state,
        entered.entry.children_count,
        entered.lines,
    )


def _prepare(runtime: Runtime, entry: PersonEntry) -> Entered:
    district = runtime.district.interval()
    event = entry_event(entry)
    if entry.kind is EntryKind.OPENING and entry.birth_date <= entry.entered_on >= entry.present_from:
        return _opening(entry, event, district)
    state = derive([event], district, RULES)
    return Entered(entry, event, state, difference(lines_of(state, district), Counter()))


def _opening(entry: PersonEntry, event: LifeEvent, district: tuple[int, int]) -> Entered:
    """Return an opening from what another with the same addresses came to: rosters have many of those."""
    present_since = entry.present_from
    long_ago = entry.entered_on - timedelta(days=_LONG_AGO_DAYS)
    settled = entry.registered_area == entry.present_area  # usual from the start, whenever that was
    since = entry.entered_on if settled else max(present_since, long_ago)
    pattern, keys = _pattern(entry.entered_on, entry.registered_area, entry.present_area, since, district)
    state = PersonState(
        entry=pattern.entry,
        entered_on=pattern.entered_on,
        sex=entry.sex,
        birth_date=entry.birth_date,
        marital_status=entry.marital_status,
        parity=0,
        registered_since=entry.registered_since,
        present_since=present_since,
        died_on=None,
        addresses=pattern.addresses,
        usual=pattern.usual,
    )
    lines = first_lines(keys, entry.sex, entry.birth_date.isoformat()[:7])
    return Entered(entry, event, state, lines)


@lru_cache(maxsize=16_384)
def _pattern(
    entered_on: date, registered_area: int, present_area: int, present_since: date, district: tuple[int, int]
) -> tuple[PersonState, tuple[LineKey, ...]]:
    """Return the state and lines of somebody who was opened with these addresses, whoever it is."""
    data = {
        "sex": 0,
        "birth_date": present_since,
        "marital_status": "90",
        "registered_area": registered_area,
        "registered_since": None,
        "present_area": present_area,
        "present_since": present_since,
    }
    state = derive([LifeEvent(UUID(int=0), EventKind.OPENING, entered_on, data)], district, RULES)
    return state, tuple(sorted(lines_of(state, district)))


def entry_event(entry: PersonEntry) -> LifeEvent:
    """Return the event that opens a person's history."""
    data: dict[str, Any] = {
        "sex": entry.sex,
        "birth_date": entry.birth_date,
        "marital_status": entry.marital_status,
        "registered_area": entry.registered_area,
        "registered_since": entry.registered_since,
        "present_area": entry.present_area,
        "present_since": entry.present_from,
    }
    if entry.kind is EntryKind.BIRTH:
        data |= {"parity": entry.parity, "mother_usual_area": entry.mother_usual_area}
    return LifeEvent(new_id(), EventKind(entry.kind), entry.entered_on, data)


def usual_columns(state: PersonState, today: date) -> dict[str, Any]:
    """Return the columns that tell the usual residence from today on."""
    following = state.next_usual(today)
    ahead = following is not None and state.alive
    return {
        "usual_area": state.usual_area(today),
        "usual_next_area": following[1] if following and ahead else None,
        "usual_next_on": following[0] if following and ahead else None,
    }


def _row(runtime: Runtime, entered: Entered, today: date) -> dict[str, Any]:
    entry = entered.entry
    cipher = runtime.cipher
    number, phone = entry.resident_id, entry.phone
    return {
        "id": entry.id,
        "ref": entry.ref,
        "document_kind": entry.document_kind,
        "resident_id_sealed": cipher.encrypt(number, RESIDENT_ID) if number else None,
        "resident_id_index": cipher.blind_index(number, RESIDENT_ID) if number else None,
        "name": entry.name,
        "sex": entry.sex,
        "birth_date": entry.birth_date,
        "nationality": entry.nationality,
        "marital_status": entry.marital_status,
        "registered_area": entry.registered_area,
        "registered_street": entry.registered_street,
        "registered_since": entry.registered_since,
        "present_area": entry.present_area,
        "present_street": entry.present_street,
        "present_since": entered.state.present_since,
        "phone_sealed": cipher.encrypt(phone, PHONE) if phone else None,
        "phone_index": cipher.blind_index(phone, PHONE) if phone else None,
        "employer": entry.employer,
        "mother_id": entry.mother_id,
        "father_id": entry.father_id,
        "spouse_id": entry.spouse_id,
        "children_count": entry.children_count,
        **usual_columns(entered.state, today),
    }
