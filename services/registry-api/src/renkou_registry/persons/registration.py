"""Entering persons: rows, entry events and outbox rows of a batch, in a few statements."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import KinKind
from renkou_common.contracts.lines import Line, difference
from renkou_common.contracts.registry import PersonRegistered, RegistryEventType
from renkou_common.contracts.typed import typed
from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.messaging.outbox import Message
from renkou_registry.duplicates import todo
from renkou_registry.field_keys import uniqueness
from renkou_registry.floor import reaching_all
from renkou_registry.kin import history as kin
from renkou_registry.kin.domain import Link
from renkou_registry.life_events import history
from renkou_registry.life_events.addresses import AddressKind, Place
from renkou_registry.life_events.domain import (
    EventKind,
    LifeEvent,
    PersonState,
    Rules,
    derive,
    lines_of,
)
from renkou_registry.life_events.records import NewEvent
from renkou_registry.persons import relatives_repository, repository
from renkou_registry.persons.documents import blind_indexes, sealed_columns
from renkou_registry.persons.domain import EntryKind, PersonEntry, new_id
from renkou_registry.persons.events import person_event_fields
from renkou_registry.runtime import Runtime
from renkou_registry.search import service as search
from renkou_registry.timeline import addresses

RESIDENT_ID = "person.resident_id"
PHONE = "person.phone"
RULES = Rules()
_KIN = ("mother_id", "father_id", "spouse_id")
COLUMNS = repository.STORED
"""What :func:`person_row` gives, in this order."""
_stored = itemgetter(*COLUMNS)


@dataclass(frozen=True, slots=True)
class Entered:
    """A person who was entered: the first event of the history, the state and the lines it brings."""

    entry: PersonEntry
    event: LifeEvent
    state: PersonState
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Persons ready to be written: all that takes computing is done, and no database was asked.

    Beside them stand the records of each table, as its feature takes them, and what is published of each
    person (nothing where somebody else publishes).
    """

    made: list[Entered]
    people: list[tuple[Any, ...]]
    events: list[tuple[Any, ...]]
    addresses: list[tuple[Any, ...]]
    keys: list[tuple[Any, ...]]
    messages: list[Message]

    def without(self, gone: Set[UUID]) -> "Prepared":
        """Return what is left without some of the persons, and without links to them."""
        kept = [number for number, each in enumerate(self.made) if each.entry.id not in gone]
        made = [_without(self.made[number], gone) for number in kept]
        return Prepared(
            made,
            [self.people[number] for number in kept],
            [history.record_of(NewEvent(each.entry.id, each.event)) for each in made],
            [record for record in self.addresses if record[0] not in gone],
            [record for record in self.keys if record[0] not in gone],
            [self.messages[number] for number in kept] if self.messages else [],
        )


def prepare_many(runtime: Runtime, entries: Sequence[PersonEntry], *, publish: bool) -> Prepared:
    """Derive, seal and index a batch; raises Conflict for an entry that cannot have happened.

    ``publish`` tells of each as an opening or arrival.
    """
    today, district = runtime.clock.today(), runtime.district.interval()
    made = [prepare(entry, district) for entry in entries]
    told = [(RegistryEventType.PERSON_REGISTERED, each.entry.ref, _message(each)) for each in made]
    return Prepared(
        made,
        [_stored(person_row(runtime.cipher, each, today)) for each in made],
        [history.record_of(NewEvent(each.entry.id, each.event)) for each in made],
        [record for each in made for record in _addressed(each)],
        [record for each in made for record in search.entry_records(each.entry)],
        runtime.outbox.messages(told) if publish else [],
    )


async def write(
    runtime: Runtime, tx: Transaction, prepared: Prepared, *, recorded_by: UUID
) -> list[Entered | None]:
    """Write persons with their entry events; None where a resident ID is in the register already."""
    now = runtime.clock.now()
    standing = await _standing(runtime, tx, [each.entry for each in prepared.made])
    new = prepared.without(standing) if standing else prepared
    inserted = await repository.insert_many(tx, new.people, now, recorded_by) if new.people else set()
    entered = prepared
    gone = {each.entry.id for each in prepared.made if each.entry.id not in inserted}
    if gone:
        await relatives_repository.forget_kin(tx, sorted(gone))
        entered = prepared.without(gone)
    await _link_kin(tx, [each.entry for each in entered.made], now, recorded_by)
    await history.append_records(tx, entered.events, recorded_at=now, recorded_by=recorded_by)
    await addresses.write_records(tx, entered.addresses, now)
    await todo.note(tx, [each.entry.id for each in entered.made])
    await search.index_records(tx, entered.keys)
    await runtime.outbox.append_messages(tx, entered.messages)
    return [None if each.entry.id in gone else each for each in prepared.made]


async def _standing(runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry]) -> Set[UUID]:
    """Return whose document is there under another version of its index, while those change."""
    if not await uniqueness.serialise(runtime.cipher, tx):
        return set()
    indexes = [(entry.id, _indexes(runtime.cipher, entry)) for entry in entries]
    async with reaching_all(tx):
        standing = await repository.standing_indexes(tx, [each for _, own in indexes for each in own])
    return uniqueness.repeated(indexes, standing)


def _indexes(cipher: FieldCipher, entry: PersonEntry) -> list[bytes]:
    """Return every index under which the documents of an entry may stand."""
    found = cipher.blind_indexes(entry.resident_id, RESIDENT_ID) if entry.resident_id else []
    if entry.document_number:
        found += blind_indexes(cipher, entry.document_kind, entry.document_number)
    return found


async def enter(
    runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry], *, recorded_by: UUID
) -> list[Entered | None]:
    """Write persons with their entry events; None where a document is in the register already.

    The outbox is the caller's: a birth is published as another event than an opening. Raises Conflict for an
    entry that cannot have happened.
    """
    return await write(runtime, tx, prepare_many(runtime, entries, publish=False), recorded_by=recorded_by)


def _without(entered: Entered, gone: Set[UUID]) -> Entered:
    """Return who was entered without links to persons who were not."""
    left: dict[str, Any] = {name: None for name in _KIN if getattr(entered.entry, name) in gone}
    if not left:
        return entered
    data = {name: value for name, value in entered.event.data.items() if name not in left}
    return replace(entered, entry=replace(entered.entry, **left), event=replace(entered.event, data=data))


def _addressed(entered: Entered) -> list[tuple[Any, ...]]:
    entry = entered.entry
    return addresses.entry_records(entry.id, entered.event, entered.state, places_of(entry))


def places_of(entry: PersonEntry) -> dict[AddressKind, Place]:
    """Return the places of an entry's addresses."""
    return {
        AddressKind.REGISTERED: Place(entry.registered_street),
        AddressKind.PRESENT: Place(entry.present_street),
    }


async def _link_kin(
    tx: Transaction, entries: Sequence[PersonEntry], now: datetime, recorded_by: UUID
) -> None:
    """Make the links of new persons hold from both sides and begin their history."""
    related = [each for each in entries if each.mother_id or each.father_id or each.spouse_id]
    if not related:
        return
    async with reaching_all(tx):
        links: list[Link] = []
        children: list[tuple[KinKind, UUID, UUID]] = []
        for entry in related:
            if entry.spouse_id is not None:
                links.append(Link.of(KinKind.SPOUSE, entry.id, entry.spouse_id))
            for kind, parent in ((KinKind.MOTHER, entry.mother_id), (KinKind.FATHER, entry.father_id)):
                if parent is not None and entry.kind is EntryKind.BIRTH:
                    links.append(Link.of(kind, entry.id, parent, counted=True))  # the birth adds it
                elif parent is not None:
                    children.append((kind, entry.id, parent))
        if children:
            taken, grown = await kin.taken_in_new(tx, children)
            links += taken
            for parent_id, number in grown.items():
                await relatives_repository.add_children(tx, [parent_id], number)
        spouses = {each.id: each.spouse_id for each in related if each.spouse_id}
        unanswered = [one for one, other in spouses.items() if spouses.get(other) != one]
        if unanswered:
            await relatives_repository.answer_spouses(tx, unanswered)
        await kin.opened(tx, list(dict.fromkeys(links)), now, recorded_by)


async def register_many(
    runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry], *, recorded_by: UUID
) -> list[UUID | None]:
    """Enter up to some thousand openings and arrivals, and publish each, in a few statements.

    Returns for each entry, in order, the person's id, or None where the document is in the register already
    (that entry is left out; the others stand). Raises Conflict for an impossible entry.
    """
    if any(entry.kind is EntryKind.BIRTH for entry in entries):
        raise ValueError("births are recorded as life events of a mother")
    found = await write(runtime, tx, prepare_many(runtime, entries, publish=True), recorded_by=recorded_by)
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


def prepare(entry: PersonEntry, district: tuple[int, int], event_id: UUID | None = None) -> Entered:
    """Return what an entry leads to, unwritten; raises Conflict for one that cannot have happened."""
    event = entry_event(entry, event_id or new_id())
    state = derive([event], district, RULES)
    return Entered(entry, event, state, difference(lines_of(state, district), Counter()))


def entry_event(entry: PersonEntry, event_id: UUID) -> LifeEvent:
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
    kin = zip(_KIN, (entry.mother_id, entry.father_id, entry.spouse_id), strict=True)
    data |= {name: str(person_id) for name, person_id in kin if person_id is not None}
    if entry.kind is EntryKind.BIRTH:
        data |= {"parity": entry.parity, "mother_usual_area": entry.mother_usual_area}
        if entry.mother_age is not None:
            data["mother_age"] = entry.mother_age
    return LifeEvent(event_id, EventKind(entry.kind), entry.entered_on, data)


def usual_columns(state: PersonState, today: date) -> dict[str, Any]:
    """Return the columns that tell the usual residence from today on."""
    following = state.next_usual(today)
    ahead = following is not None and state.alive
    return {
        "usual_area": state.usual_area(today),
        "usual_next_area": following[1] if following and ahead else None,
        "usual_next_on": following[0] if following and ahead else None,
    }


def person_row(cipher: FieldCipher, entered: Entered, today: date) -> dict[str, Any]:
    """Return the columns of a person who enters, protected ones sealed."""
    entry = entered.entry
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
        "place_id": entry.place_id,
        **sealed_columns(cipher, entry.document_kind, entry.document_number),
        **usual_columns(entered.state, today),
    }
