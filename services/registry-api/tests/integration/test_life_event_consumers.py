"""What the migrant service reports becomes a move in the register, once."""

from datetime import date, datetime
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from renkou_common.clock import SHANGHAI
from renkou_common.contracts.migrant import (
    ArrivalRegistered,
    DepartureRegistered,
    DepartureReturned,
    MigrantEventType,
    StayEnded,
)
from renkou_common.errors import Conflict, NotFound
from renkou_common.messaging.envelope import Event, build_body, parse_body
from renkou_common.scope import AreaScope
from renkou_registry.life_events import service as life_events
from renkou_registry.life_events.consumers import apply
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import registration
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import EntryKind, PersonEntry

from ..support import Registry

HERE, AWAY = 340103_001001, 310115_000000
EVERYTHING = AreaScope.everything()


def reported(
    event_type: str, data: ArrivalRegistered | DepartureRegistered | DepartureReturned | StayEnded
) -> Event:
    body, _ = build_body(
        event_id=uuid4(),
        event_type=event_type,
        source="renkou:340103/migrant-api",
        subject=str(data.person_ref),
        time=datetime(2025, 3, 1, tzinfo=SHANGHAI),
        data=data,
    )
    return parse_body(body, 1)


def departure(ref: UUID, on: date = date(2025, 3, 1)) -> Event:
    data = DepartureRegistered(
        departure_id=uuid4(), person_ref=ref, departed_on=on, destination_area=f"{AWAY:012d}"
    )
    return reported(MigrantEventType.DEPARTURE_REGISTERED, data)


def returned(ref: UUID, on: date) -> Event:
    data = DepartureReturned(departure_id=uuid4(), person_ref=ref, returned_on=on, area=f"{HERE:012d}")
    return reported(MigrantEventType.DEPARTURE_RETURNED, data)


@pytest_asyncio.fixture(loop_scope="session")
async def resident(registry: Registry) -> PersonEntry:
    """Somebody registered and living here, without a number."""
    entry = PersonEntry(
        name="将行",
        sex=2,
        birth_date=date(1990, 1, 2),
        registered_area=HERE,
        present_area=HERE,
        kind=EntryKind.OPENING,
        entered_on=date(2025, 1, 1),
        document_kind="none",
    )
    runtime = registry.runtime
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [entry], recorded_by=uuid4())
    return entry


async def present_area_and_moves(registry: Registry, person: PersonEntry) -> tuple[int, int]:
    async with registry.runtime.database.transaction(EVERYTHING) as tx:
        row = await persons.find(tx, person.id, EVERYTHING)
        moves = await tx.fetchval(
            "SELECT count(*) FROM outbox WHERE subject = $1 AND type = 'registry.move.recorded.v1'",
            str(person.ref),
        )
    assert row["registered_area"] == HERE
    return row["present_area"], moves


async def take_in(registry: Registry, *events: Event) -> None:
    async with registry.runtime.database.transaction(EVERYTHING) as tx:
        await apply(registry.runtime, tx, events)


async def test_a_departure_moves_the_present_address_and_a_return_moves_it_back(
    registry: Registry, resident: PersonEntry
) -> None:
    await take_in(registry, departure(resident.ref))
    assert await present_area_and_moves(registry, resident) == (AWAY, 1)
    await take_in(registry, returned(resident.ref, date(2025, 5, 1)))
    assert await present_area_and_moves(registry, resident) == (HERE, 2)


async def test_the_same_report_twice_is_one_move(registry: Registry, resident: PersonEntry) -> None:
    event, back = departure(resident.ref), returned(resident.ref, date(2025, 5, 1))
    await take_in(registry, event, event)
    await take_in(registry, event, back)
    await take_in(registry, event)
    assert await present_area_and_moves(registry, resident) == (HERE, 2)


async def test_a_departure_that_the_clerk_recorded_already_changes_nothing(
    registry: Registry, resident: PersonEntry
) -> None:
    runtime = registry.runtime
    async with runtime.database.transaction(EVERYTHING) as tx:
        desk = Desk(runtime, tx, EVERYTHING, uuid4())
        await life_events.record_move(
            desk, resident.id, date(2025, 2, 27), AWAY, None, transfer_registration=False
        )
    await take_in(registry, departure(resident.ref))
    assert await present_area_and_moves(registry, resident) == (AWAY, 1)


async def test_an_ended_stay_moves_the_migrant_out(registry: Registry) -> None:
    runtime = registry.runtime
    migrant = PersonEntry(
        name="暂住",
        sex=1,
        birth_date=date(1995, 1, 2),
        registered_area=AWAY,
        present_area=HERE,
        kind=EntryKind.ARRIVAL,
        entered_on=date(2025, 1, 10),
        document_kind="none",
    )
    ended = StayEnded(
        arrival_id=uuid4(),
        person_ref=migrant.ref,
        departed_on=date(2025, 4, 1),
        destination_area=f"{AWAY:012d}",
    )
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [migrant], recorded_by=uuid4())
        await apply(runtime, tx, [reported(MigrantEventType.STAY_ENDED, ended)])
        row = await tx.fetchrow(
            "SELECT present_area, usual_area, usual_next_on FROM person WHERE id = $1", migrant.id
        )
    assert row
    assert tuple(row) == (AWAY, AWAY, None)


@pytest.mark.parametrize(("returning", "lives_in"), [(True, HERE), (False, AWAY)])
async def test_only_somebody_who_comes_again_is_moved_by_the_arrival(
    registry: Registry, returning: bool, lives_in: int
) -> None:
    runtime = registry.runtime
    migrant = PersonEntry(
        name="再来",
        sex=1,
        birth_date=date(1995, 1, 2),
        registered_area=AWAY,
        present_area=HERE,
        kind=EntryKind.ARRIVAL,
        entered_on=date(2025, 1, 10),
        document_kind="none",
    )
    ended = StayEnded(
        arrival_id=uuid4(),
        person_ref=migrant.ref,
        departed_on=date(2025, 4, 1),
        destination_area=f"{AWAY:012d}",
    )
    arrived = ArrivalRegistered(
        arrival_id=uuid4(),
        person_ref=migrant.ref,
        arrived_on=date(2025, 6, 1),
        home_area=f"{AWAY:012d}",
        present_area=f"{HERE:012d}",
        returning=returning,
    )
    async with runtime.database.transaction(EVERYTHING) as tx:
        await registration.register_many(runtime, tx, [migrant], recorded_by=uuid4())
        await apply(runtime, tx, [reported(MigrantEventType.STAY_ENDED, ended)])
        await apply(runtime, tx, [reported(MigrantEventType.ARRIVAL_REGISTERED, arrived)])
        row = await persons.find(tx, migrant.id, EVERYTHING)
    assert row["present_area"] == lives_in


async def test_other_types_pass_and_an_unknown_person_or_impossible_move_is_refused(
    registry: Registry, resident: PersonEntry
) -> None:
    event = departure(resident.ref)
    await take_in(registry, Event(1, uuid4(), "migrant.notice.changed.v1", "", "", event.time, {}, b""))
    with pytest.raises(NotFound):
        await take_in(registry, departure(uuid4()))
    with pytest.raises(Conflict):
        await take_in(registry, departure(resident.ref, date(2024, 12, 1)))
    assert await present_area_and_moves(registry, resident) == (HERE, 0)
