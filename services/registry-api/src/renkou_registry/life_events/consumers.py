"""What the migrant service reports changes the register: departures, returns and stays are moves."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from renkou_common.contracts.migrant import (
    ArrivalRegistered,
    DepartureRegistered,
    DepartureReturned,
    MigrantEventType,
    StayEnded,
)
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_common.scope import AreaScope
from renkou_registry.life_events import service
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.runtime import Runtime

MIGRANT_SERVICE = UUID("8f2c1a7e-5b0d-4c39-9e64-3d1f0a6b7c58")
"""Who stands in the history as the recorder of what the migrant service reported."""


async def apply(runtime: Runtime, tx: Transaction, events: Sequence[Event]) -> None:
    """Take events of the migrant feed into the register.

    The same event twice records one move; a move the register knows already is left alone; events of other
    types pass. Raises NotFound for an unknown person and Conflict for an impossible move: such an event is
    held for an operator.
    """
    desk = Desk(runtime, tx, AreaScope.everything(), MIGRANT_SERVICE)
    for event in events:
        reported = _move_in(event)
        if reported is not None:
            await _take_in(desk, event.id, *reported)


def _move_in(event: Event) -> tuple[UUID, date, str] | None:
    """Return who moved, when and to where; None for an event that moves nobody."""
    match event.type:
        case MigrantEventType.DEPARTURE_REGISTERED:
            departure = DepartureRegistered.model_validate(event.data)
            return departure.person_ref, departure.departed_on, departure.destination_area
        case MigrantEventType.DEPARTURE_RETURNED:
            back = DepartureReturned.model_validate(event.data)
            return back.person_ref, back.returned_on, back.area
        case MigrantEventType.STAY_ENDED:
            ended = StayEnded.model_validate(event.data)
            return ended.person_ref, ended.departed_on, ended.destination_area
        case MigrantEventType.ARRIVAL_REGISTERED:
            arrival = ArrivalRegistered.model_validate(event.data)
            moved = (arrival.person_ref, arrival.arrived_on, arrival.present_area)
            return moved if arrival.returning else None
        case _:
            return None


async def _take_in(desk: Desk, cause: UUID, person_ref: UUID, moved_on: date, to_area: str) -> None:
    person_id = await persons.id_of_ref(desk.tx, person_ref)
    person = (await persons.lock(desk.tx, [person_id], desk.scope))[person_id]
    area = int(to_area)
    if await service.is_reflected(desk, person, cause, area):
        return
    await service.record_move(desk, person_id, moved_on, area, None, transfer_registration=False, cause=cause)
