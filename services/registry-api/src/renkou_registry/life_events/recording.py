"""One change of one history: append the events, write the state they lead to, tell the line difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.contracts.lines import Line, difference
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits import service as benefits
from renkou_registry.floor import reaching
from renkou_registry.life_events import repository
from renkou_registry.life_events.domain import (
    LifeEvent,
    PersonState,
    Rules,
    derive,
    lines_of,
    population_lines,
)
from renkou_registry.life_events.records import NewEvent
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.events import person_event_fields
from renkou_registry.runtime import Runtime

RULES = Rules()


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

    def fields(self, happened_on: date | None = None) -> dict[str, Any]:
        """Return the common members of the event to publish."""
        return person_event_fields(
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
    cause: UUID | None = None,
    history: Sequence[LifeEvent] | None = None,
) -> Recorded:
    """Add an event to the history of a locked person and write what follows from it.

    ``columns`` are set beside the derived state (streets, spouse). Raises Conflict where the history would
    become impossible, before anything is written.
    """
    known = list(history) if history is not None else await history_of(desk, before.id)
    old_lines = population_lines(known, desk.district, RULES)
    state = derive([*known, event], desk.district, RULES)
    lines = difference(lines_of(state, desk.district), old_lines)
    async with reaching(desk.tx, desk.scope, state.registered_area, state.present_area):
        await persons.save_state(desk.tx, before, state, desk.today, columns or {})
        await repository.append(
            desk.tx, [NewEvent(before.id, event, cause)], desk.runtime.clock.now(), desk.subject
        )
    await benefits.reconsider(
        desk.runtime, desk.tx, desk.scope, (before.id, before.mother_id, before.father_id)
    )
    return Recorded(event, before, state, lines)
