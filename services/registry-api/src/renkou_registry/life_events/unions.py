"""The end of a marriage: by divorce for both, by a death for the one who stays behind.

A divorce stands in both histories. A death stands in one; that somebody is widowed by it follows, in
:mod:`.couples`, in whatever order deaths are told.
"""

from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.contracts.registry import DeathRecorded, RegistryEventType
from renkou_common.contracts.registry_time import DivorceRecorded
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events import marriages
from renkou_registry.life_events.couples import everywhere, lock_with_partners, settling
from renkou_registry.life_events.domain import EventKind, LifeEvent, effective
from renkou_registry.life_events.family import not_married
from renkou_registry.life_events.recording import Desk, history_of, record
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id


async def record_divorce(desk: Desk, person_id: UUID, divorced_on: date) -> UUID:
    """Record a divorce in the history of each spouse who is in the register; returns the first's event id.

    The other one is the spouse of that day, wherever that person lives. Raises NotFound, Conflict.
    """
    person, spouse = await _couple(desk, person_id, divorced_on)
    if spouse is not None and spouse.died_on is not None and spouse.died_on <= divorced_on:
        raise not_married(LifeEvent(person_id, EventKind.DIVORCE, divorced_on))
    ids = {person.id: new_id(), **({spouse.id: new_id()} if spouse else {})}
    events = {person.id: LifeEvent(ids[person.id], EventKind.DIVORCE, divorced_on, _pair(spouse, ids))}
    if spouse is not None:
        events[spouse.id] = LifeEvent(ids[spouse.id], EventKind.DIVORCE, divorced_on, _pair(person, ids))
    async with settling(desk, {each: [event] for each, event in events.items()}):
        await _divorce(desk, person, spouse, events[person.id])
        if spouse is not None:
            async with reaching_everywhere(desk.tx, desk.scope):
                await _divorce(everywhere(desk), spouse, person, events[spouse.id])
    return ids[person.id]


async def _divorce(desk: Desk, person: PersonRecord, other: PersonRecord | None, event: LifeEvent) -> None:
    done = await record(desk, person, event)
    payload = DivorceRecorded(**done.fields(), spouse_ref=other.ref if other else None)
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.DIVORCE_RECORDED, person.ref, payload)


async def record_death(desk: Desk, person_id: UUID, died_on: date) -> UUID:
    """Record a death, and for the spouse in the register the widowhood; returns the death's event id.

    Raises NotFound, Conflict.
    """
    person, spouse = await _couple(desk, person_id, died_on)
    data = {"spouse_id": str(spouse.id)} if spouse is not None and _alive_on(spouse, died_on) else {}
    event = LifeEvent(new_id(), EventKind.DEATH, died_on, data)
    async with settling(desk, {person.id: [event]}):
        done = await record(desk, person, event)
        payload = DeathRecorded(**done.fields())
        await desk.runtime.outbox.append(desk.tx, RegistryEventType.DEATH_RECORDED, person.ref, payload)
    return event.id


def _alive_on(spouse: PersonRecord, day: date) -> bool:
    return spouse.died_on is None or spouse.died_on > day


def _pair(other: PersonRecord | None, ids: dict[UUID, UUID]) -> dict[str, Any]:
    if other is None:
        return {}
    return {"spouse_id": str(other.id), "counterpart": str(ids[other.id])}


async def _couple(desk: Desk, person_id: UUID, on: date) -> tuple[PersonRecord, PersonRecord | None]:
    """Lock a person the caller sees and return the spouse of a day: by the history, else by the link."""
    await persons.find(desk.tx, person_id, desk.scope)
    locked = await lock_with_partners(desk, [person_id])
    person = (await persons.lock(desk.tx, [person_id], desk.scope))[person_id]
    facts = effective(await history_of(desk, person_id))
    spouse_id = marriages.spouse_on(facts, person.spouse_id, on)
    return person, locked.get(spouse_id) if spouse_id is not None else None
