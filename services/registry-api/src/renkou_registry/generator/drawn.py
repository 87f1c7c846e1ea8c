"""What the kinds of records are written from: a chunk with what the program derives from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from renkou_common.codes.area import AreaCode
from renkou_common.crypto import FieldCipher
from renkou_registry.generator.drawing import Chunk
from renkou_registry.generator.lives import Life
from renkou_registry.life_events.addresses import AddressKind, Place
from renkou_registry.life_events.domain import LifeEvent, PersonState, derive
from renkou_registry.life_events.kinds import EventKind
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.persons.registration import RULES, Entered, entry_event

RECORDED_BY = uuid5(UUID(int=0), "renkou_registry.generator")


@dataclass(frozen=True, slots=True)
class Context:
    """What every chunk is written with."""

    district: AreaCode
    cipher: FieldCipher
    now: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Lived:
    """A person with the whole history: how the entry was made, what followed, how the person stands."""

    entered: Entered
    events: list[LifeEvent]
    state: PersonState
    entry: PersonEntry
    places: Mapping[tuple[AddressKind, UUID], Place]

    @property
    def first(self) -> PersonEntry:
        """The entry as it was made."""
        return self.entered.entry


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chunk with the history and the state of each person; ``cards`` and ``services`` are drawn with their rows."""

    chunk: Chunk
    people: list[Lived]
    cards: list[Any] = field(default_factory=list)
    services: list[Any] = field(default_factory=list)


def entered(chunk: Chunk, context: Context) -> Drawn:
    """Enter a chunk's persons and record what followed as the program does, unwritten."""
    district = context.district.interval()
    states: dict[UUID, PersonState] = {}
    weddings: dict[UUID, UUID] = {}
    people = []
    for entry in chunk.persons:
        lived = _lived(chunk, entry, chunk.lives[entry.id], states, weddings, district)
        states[entry.id] = lived.state
        people.append(lived)
    return Drawn(chunk, people)


def _lived(
    chunk: Chunk,
    entry: PersonEntry,
    life: Life,
    states: Mapping[UUID, PersonState],
    weddings: dict[UUID, UUID],
    district: tuple[int, int],
) -> Lived:
    first = life.entry
    if first.mother_id != entry.mother_id:
        first = replace(first, mother_id=entry.mother_id)
    if life.mother_id is not None and first.parity:
        first = replace(first, mother_usual_area=states[life.mother_id].usual_area(first.birth_date))
    event = entry_event(first, chunk.new_id())
    events, places = (
        [event],
        {
            (AddressKind.REGISTERED, event.id): Place(first.registered_street),
            (AddressKind.PRESENT, event.id): Place(first.present_street, first.place_id),
        },
    )
    for step in life.steps:
        data, event_id = step.data, chunk.new_id()
        if step.kind is EventKind.MARRIAGE:
            event_id = weddings.setdefault(entry.id, event_id)
            spouse = UUID(data["spouse_id"])
            data = data | {"counterpart": str(weddings.setdefault(spouse, chunk.new_id()))}
        events.append(LifeEvent(event_id, step.kind, step.on, data))
        if step.place is not None:
            places[AddressKind.PRESENT, event_id] = step.place
            if data["transfer_registration"]:
                places[AddressKind.REGISTERED, event_id] = step.place
    began = derive(events[:1], district, RULES)
    state = derive(events, district, RULES) if len(events) > 1 else began
    if state.died_on is not None or len(events) > 1 or state.registered_since != entry.registered_since:
        entry = _now(entry, state)
    return Lived(Entered(first, event, began, []), events, state, entry, places)


def _now(entry: PersonEntry, state: PersonState) -> PersonEntry:
    """Return the columns of a person as the history leaves them."""
    return replace(
        entry,
        registered_since=state.registered_since,
        spouse_id=state.spouse_id,
        marital_status=state.marital_status,
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: its table, the columns that are written, and the rows of a chunk in their order."""

    table: str
    columns: tuple[str, ...]
    rows: Callable[[Drawn, Context], Iterable[tuple[Any, ...]]]
