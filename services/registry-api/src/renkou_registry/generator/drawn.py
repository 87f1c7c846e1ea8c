"""What the kinds of records are written from: a chunk with what the program derives from it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line
from renkou_common.contracts.registry_offices import OfficeEvent
from renkou_common.crypto import FieldCipher
from renkou_registry.generator.drawing import Chunk
from renkou_registry.generator.lives import Life
from renkou_registry.life_events.addresses import AddressKind, Place
from renkou_registry.life_events.calendar import full_years
from renkou_registry.life_events.domain import LifeEvent, PersonState, derive
from renkou_registry.life_events.kinds import EventKind
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.persons.events import area_text
from renkou_registry.persons.registration import RULES, Entered, entry_event

RECORDED_BY, CHECKED_BY = (
    uuid5(UUID(int=0), f"renkou_registry.generator{each}") for each in ("", " second pair of eyes")
)
type Row = tuple[Any, ...]
type Rows = defaultdict[str, list[Row]]
type Told = tuple[str, UUID, BaseModel]
"""What is published: type of event, subject, data."""


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
    """A chunk with the history and the state of each person; the rest is drawn with the rows.

    ``rows`` waits by table for its turn, ``told`` for the outbox; ``honoured`` hold a certificate.
    """

    chunk: Chunk
    people: list[Lived]
    cards: list[Any] = field(default_factory=list)
    services: list[Any] = field(default_factory=list)
    rows: Rows = field(default_factory=lambda: defaultdict(list))
    told: list[Told] = field(default_factory=list)
    honoured: list[Lived] = field(default_factory=list)

    def shared_id(self, *words: object) -> UUID:
        """Return the id of what all chunks know, such as a community's distribution point."""
        return uuid5(UUID(int=self.chunk.plan.seed), " ".join(map(str, words)))

    def tell(
        self,
        event_type: str,
        model: type[OfficeEvent],
        record_id: UUID,
        area: int,
        on: date,
        lines: list[Line],
        action: str = "entered",
    ) -> None:
        """Have published what was done to a record of an office."""
        data = model(record_id=record_id, area=area_text(area), happened_on=on, action=action, lines=lines)
        self.told.append((event_type, record_id, data))


def entered(chunk: Chunk, context: Context) -> Drawn:
    """Enter a chunk's persons and record what followed as the program does, unwritten."""
    district = context.district.interval()
    states: dict[UUID, PersonState] = {}
    paired: dict[tuple[bool, UUID], UUID] = {}
    people = []
    for entry in chunk.persons:
        lived = _lived(chunk, entry, chunk.lives[entry.id], states, paired, district)
        states[entry.id] = lived.state
        people.append(lived)
    return Drawn(chunk, people)


def _lived(
    chunk: Chunk,
    entry: PersonEntry,
    life: Life,
    states: Mapping[UUID, PersonState],
    paired: dict[tuple[bool, UUID], UUID],
    district: tuple[int, int],
) -> Lived:
    first = life.entry
    if first.mother_id != entry.mother_id:
        first = replace(first, mother_id=entry.mother_id)
    if life.mother_id is not None and first.parity:
        mother = states[life.mother_id]
        first = replace(
            first,
            mother_usual_area=mother.usual_area(first.birth_date),
            mother_age=full_years(mother.birth_date, first.birth_date),
        )
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
        if "spouse_id" in data:  # stands in both histories, each naming the event of the other
            begins = step.kind is EventKind.MARRIAGE
            event_id = paired.setdefault((begins, entry.id), event_id)
            spouse = UUID(data["spouse_id"])
            data = data | {"counterpart": str(paired.setdefault((begins, spouse), chunk.new_id()))}
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


def together(
    columns: Mapping[str, tuple[str, ...]], draw: Callable[[Drawn, Context], None]
) -> tuple[Kind, ...]:
    """Return the kinds of tables that are drawn at once; ``draw`` leaves their rows in ``drawn.rows``."""
    first = next(iter(columns))

    def rows_of(table: str) -> Callable[[Drawn, Context], Iterable[Row]]:
        def rows(drawn: Drawn, context: Context) -> Iterable[Row]:
            if table == first:
                draw(drawn, context)
            return drawn.rows.pop(table, [])

        return rows

    return tuple(Kind(table, names, rows_of(table)) for table, names in columns.items())
