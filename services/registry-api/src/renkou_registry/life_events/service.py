"""Marriages, moves, changes of address: each changes one or two histories and publishes the difference.

Callers hold the transaction; nothing here commits. Births are in :mod:`.births`, deaths and divorces in
:mod:`.unions`, adoptions in :mod:`.families`, corrections and retractions in :mod:`.revisions`.
"""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import MaritalStatus, Sex
from renkou_common.contracts.registry import (
    MarriageRecorded,
    MoveRecorded,
    RegistryEventType,
)
from renkou_common.contracts.registry_time import AddressChanged
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events import repository
from renkou_registry.life_events.addresses import AddressKind, Place
from renkou_registry.life_events.couples import lock_with_partners, settling
from renkou_registry.life_events.domain import EventKind, LifeEvent
from renkou_registry.life_events.families import follow_mother
from renkou_registry.life_events.recording import Desk, Recorded, record
from renkou_registry.life_events.records import StoredEvent
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.persons.events import area_text


async def record_marriage(
    desk: Desk, person_id: UUID, spouse_id: UUID | None, married_on: date, marital_status: str | None
) -> UUID:
    """Record a marriage in the history of each spouse who is in the register; returns the first's event id.

    Without ``marital_status`` each is married for the first time (21) or again (22) after the record.
    """
    if spouse_id == person_id:
        raise InvalidInput.field("/spouse_id", "same_person", "配偶不能是本人", "must be another person")
    ids = [person_id] if spouse_id is None else [person_id, spouse_id]
    await lock_with_partners(desk, ids)
    locked = await persons.lock(desk.tx, ids, desk.scope)
    event_ids = {each: new_id() for each in ids}
    others = {
        each: locked.get(spouse_id if each == person_id else person_id) if spouse_id else None for each in ids
    }
    events = {
        each: await _marriage(desk, locked[each], others[each], event_ids, married_on, marital_status)
        for each in ids
    }
    async with settling(desk, {each: [event] for each, event in events.items()}):
        for each in sorted(ids):
            await _marry(desk, locked[each], others[each], events[each])
    return event_ids[person_id]


async def _marriage(
    desk: Desk,
    person: PersonRecord,
    spouse: PersonRecord | None,
    event_ids: dict[UUID, UUID],
    married_on: date,
    marital_status: str | None,
) -> LifeEvent:
    """Return the event for one of the two; raises Conflict for who has a spouse."""
    widowed = False
    if MaritalStatus(int(person.marital_status)).is_married and person.spouse_id is not None:
        widowed = not await persons.is_alive(desk.tx, person.spouse_id, desk.scope)
        if not widowed:
            raise Conflict(
                "married_already",
                "登记中该人已有配偶; 如有误请撤销原婚姻记录",
                "the person is married in the register; retract that marriage if it is wrong",
            )
    before = str(MaritalStatus.WIDOWED) if widowed else person.marital_status
    status = marital_status or _following_status(before)
    data: dict[str, Any] = {"marital_status": status}
    if spouse is not None:
        data |= {"spouse_id": str(spouse.id), "counterpart": str(event_ids[spouse.id])}
    return LifeEvent(event_ids[person.id], EventKind.MARRIAGE, married_on, data)


async def _marry(desk: Desk, person: PersonRecord, spouse: PersonRecord | None, event: LifeEvent) -> None:
    done = await record(desk, person, event)
    payload = MarriageRecorded(**done.fields(), spouse_ref=spouse.ref if spouse else None)
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.MARRIAGE_RECORDED, person.ref, payload)


def _following_status(before: str) -> str:
    if before in (str(MaritalStatus.UNMARRIED), str(MaritalStatus.NOT_STATED)):
        return str(MaritalStatus.FIRST_MARRIAGE)
    if before in (str(MaritalStatus.WIDOWED), str(MaritalStatus.DIVORCED)):
        return str(MaritalStatus.REMARRIED)
    return before


async def record_move(
    desk: Desk,
    person_id: UUID,
    moved_on: date,
    to_area: int,
    to_street: str | None,
    *,
    transfer_registration: bool,
    registration_only: bool = False,
    cause: UUID | None = None,
) -> UUID:
    """Record a move of the present address, with or without the registration; returns the event's id.

    ``registration_only``: the registration goes to ``to_area`` with the household, the person lives on where
    that was. ``cause`` is the event of another service that tells of the move. Raises NotFound, Conflict.
    """
    person = (await persons.lock(desk.tx, [person_id], desk.scope))[person_id]
    data = {
        "to_area": to_area,
        "from_area": person.present_area,
        "transfer_registration": transfer_registration or registration_only,
    }
    if registration_only:
        data["registration_only"] = True
    event = LifeEvent(new_id(), EventKind.MOVE, moved_on, data)
    places = {}
    if to_street is not None:
        moved = {
            AddressKind.PRESENT: not registration_only,
            AddressKind.REGISTERED: transfer_registration or registration_only,
        }
        places = {kind: Place(to_street) for kind, goes_along in moved.items() if goes_along}
    done = await record(desk, person, event, places=places, cause=cause)
    await _publish_move(desk, done, person.present_area, to_area)
    if person.sex != Sex.MALE:
        await follow_mother(desk, person_id, moved_on)
    return event.id


async def record_move_in(
    desk: Desk,
    number: str,
    name: str,
    moved_on: date,
    to_area: int,
    to_street: str | None,
    *,
    transfer_registration: bool,
) -> UUID:
    """Record that somebody who is in the register, wherever, came to live in the caller's area.

    Who comes back after having left the district is in nobody's area any more: number and name together say
    who it is. Returns the event's id. Raises NotFound where they do not, Conflict.
    """
    if not desk.scope.contains(to_area):
        raise NotFound.of("区划 (须在您的辖区)", "area within your own")
    async with reaching_everywhere(desk.tx, desk.scope):
        row = await persons.find_by_resident_id(desk.runtime, desk.tx, number, AreaScope.everything())
        if row is None or row["name"] != name:
            raise NotFound.of("人员 (身份证号与姓名须一致)", "person of this number and name")
        return await record_move(
            replace(desk, scope=AreaScope.everything()),
            row["id"],
            moved_on,
            to_area,
            to_street,
            transfer_registration=transfer_registration,
        )


async def record_address(
    desk: Desk, person_id: UUID, on: date, kind: AddressKind, street: str, place_id: UUID | None = None
) -> UUID:
    """Record that an address has another street or building, in the same community; returns the event's id.

    Another community is a move. Raises NotFound, Conflict.
    """
    person = (await persons.lock(desk.tx, [person_id], desk.scope))[person_id]
    event = LifeEvent(new_id(), EventKind.ADDRESS, on, {"address": kind})
    done = await record(desk, person, event, places={kind: Place(street, place_id)})
    payload = AddressChanged(**done.fields(), which="present" if kind == "present" else "registered")
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.ADDRESS_CHANGED, person.ref, payload)
    return event.id


async def _publish_move(desk: Desk, done: Recorded, origin: int, destination: int) -> None:
    payload = MoveRecorded(
        **done.fields(),
        origin_area=area_text(origin),
        destination_area=area_text(destination),
        registration_transferred=done.event.data["transfer_registration"],
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.MOVE_RECORDED, done.before.ref, payload)


async def is_reflected(desk: Desk, person: PersonRecord, cause: UUID, area: int) -> bool:
    """Say whether a move that another service tells of is in the register already."""
    return person.present_area == area or await repository.caused(desk.tx, cause)


async def find(desk: Desk, event_id: UUID) -> StoredEvent:
    """Return an event of a person in scope; raises NotFound."""
    found = await repository.find(desk.tx, event_id, desk.scope)
    if found is None:
        raise NotFound.of("生命事件", "life event")
    return found


async def recorded(desk: Desk, event_id: UUID) -> StoredEvent:
    """Return an event this caller recorded, also where the person has left the caller's area by it."""
    async with reaching_everywhere(desk.tx, desk.scope):
        found = await repository.recorded(desk.tx, event_id, desk.subject)
    if found is None:
        raise NotFound.of("生命事件", "life event")
    return found
