"""One change of one history: append the events, write the state they lead to, tell the line difference."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.contracts.lines import Line, LineKey, difference
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits import service as benefits
from renkou_registry.cards import service as cards
from renkou_registry.floor import reaching
from renkou_registry.households import service as households
from renkou_registry.households.staying import Told
from renkou_registry.life_events import repository
from renkou_registry.life_events.addresses import AddressKind, Place, Spell
from renkou_registry.life_events.domain import (
    LifeEvent,
    PersonState,
    Rules,
    derive,
    effective,
    left_area,
    lines_of,
    state_after,
)
from renkou_registry.life_events.records import NewEvent
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.events import person_event_fields
from renkou_registry.runtime import Runtime
from renkou_registry.timeline import addresses

RULES = Rules()
_WITH_STREET = (AddressKind.REGISTERED, AddressKind.PRESENT)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an event is recorded: the process, the open transaction, who records it and for which areas."""

    runtime: Runtime
    tx: Transaction
    scope: AreaScope
    subject: UUID

    @property
    def district(self) -> tuple[int, int]:
        return self.runtime.district.interval()

    @property
    def today(self) -> date:
        return self.runtime.clock.today()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a change did: the event, the person before, the state after and the lines to publish."""

    event: LifeEvent
    before: PersonRecord
    state: PersonState
    lines: list[Line]
    details: tuple[str, ...] = ()

    @property
    def facts_changed(self) -> list[str]:
        """Which facts that a certificate states are other ones now, by name."""
        pairs = {
            "sex": (self.before.sex, self.state.sex),
            "birth_date": (self.before.birth_date, self.state.birth_date),
            "marital_status": (self.before.marital_status, self.state.marital_status),
            "registered_area": (self.before.registered_area, self.state.registered_area),
            "alive": (self.before.alive, self.state.alive),
        }
        return sorted({*self.details, *(name for name, (old, new) in pairs.items() if old != new)})

    def fields(self, happened_on: date | None = None) -> dict[str, Any]:
        """Return the common members of the event to publish."""
        return {"facts_changed": self.facts_changed} | person_event_fields(
            self.before.ref,
            self.event.id,
            happened_on or self.event.happened_on,
            self.state,
            self.before.children_count,
            self.lines,
        )


async def history_of(desk: Desk, person_id: UUID) -> list[LifeEvent]:
    """Return the whole history of a locked person."""
    return (await repository.histories(desk.tx, [person_id]))[person_id]


async def state_of(desk: Desk, person_id: UUID) -> PersonState:
    """Return the state that a person's history leads to."""
    return derive(await history_of(desk, person_id), desk.district, RULES)


async def record(
    desk: Desk,
    before: PersonRecord,
    event: LifeEvent,
    *,
    columns: dict[str, Any] | None = None,
    places: Mapping[AddressKind, Place] | None = None,
    cause: UUID | None = None,
    history: Sequence[LifeEvent] | None = None,
    details: tuple[str, ...] = (),
) -> Recorded:
    """Add an event to the history of a locked person and write what follows from it.

    ``columns`` are set beside the derived state (kin); ``places`` are the streets that the event brings for
    the addresses it leads to; ``details`` names noted facts that change with it. Raises Conflict where the
    history would become impossible, before anything is written.
    """
    known = list(history) if history is not None else await history_of(desk, before.id)
    standing = effective(known)
    earlier = Told(standing, state_after(standing, desk.district, RULES) if standing else None)
    old_lines = lines_of(earlier.state, desk.district) if earlier.state is not None else Counter[LineKey]()
    now = desk.runtime.clock.now()
    facts = effective([*known, event])
    state = state_after(facts, desk.district, RULES)
    lines = difference(lines_of(state, desk.district), old_lines)
    left = left_area(state, desk.district)
    reached = [state.registered_area, state.present_area, *([left] if left is not None else [])]
    async with reaching(desk.tx, desk.scope, *reached):
        last = await addresses.rewrite(desk.tx, before.id, facts, state, places or {}, event.id, now)
        more: dict[str, Any] = {f"{kind}_street": _street(last, kind) for kind in _WITH_STREET}
        more |= {"left_area": left, **(columns or {})}
        await persons.save_state(
            desk.tx, before, state, desk.today, more, runtime=desk.runtime, recorded_by=desk.subject
        )
        await repository.append(desk.tx, [NewEvent(before.id, event, cause)], now, desk.subject)
        await cards.follow(desk.runtime, desk.tx, before, known, [*known, event])
    await households.follow(
        desk.runtime, desk.tx, before.id, earlier, Told(facts, state), event, recorded_by=desk.subject
    )
    await benefits.reconsider(
        desk.runtime, desk.tx, desk.scope, (before.id, before.mother_id, before.father_id)
    )
    return Recorded(event, before, state, lines, details)


def _street(last: Mapping[AddressKind, Spell], kind: AddressKind) -> str | None:
    spell = last.get(kind)
    return spell.place.street if spell is not None else None
