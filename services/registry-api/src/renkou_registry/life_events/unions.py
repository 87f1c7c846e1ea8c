"""The end of a marriage: by divorce for both, by death for the one who stays behind.

Spouse links are kept both ways: where one person's ends, so does the other's.
"""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.contracts.registry import DeathRecorded, RegistryEventType
from renkou_common.contracts.registry_time import DivorceRecorded, WidowhoodRecorded
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events.domain import EventKind, LifeEvent
from renkou_registry.life_events.family import not_married
from renkou_registry.life_events.recording import Desk, Recorded, record
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id


async def record_divorce(desk: Desk, person_id: UUID, divorced_on: date) -> UUID:
    """Record a divorce in the history of each spouse who is in the register; returns the first's event id.

    The other one is found by the link, wherever that person lives. Raises NotFound, Conflict.
    """
    person, spouse = await lock_couple(desk, person_id)
    if spouse is not None and not spouse.alive:
        raise not_married(LifeEvent(person_id, EventKind.DIVORCE, divorced_on))
    ids = {person.id: new_id(), **({spouse.id: new_id()} if spouse else {})}
    await _divorce(desk, person, spouse, ids, divorced_on)
    if spouse is not None:
        async with reaching_everywhere(desk.tx, desk.scope):
            await _divorce(everywhere(desk), spouse, person, ids, divorced_on)
    return ids[person.id]


async def _divorce(
    desk: Desk, person: PersonRecord, other: PersonRecord | None, ids: dict[UUID, UUID], on: date
) -> None:
    event = LifeEvent(ids[person.id], EventKind.DIVORCE, on, _pair(other, ids))
    done = await record(desk, person, event, columns={"spouse_id": None})
    payload = DivorceRecorded(**done.fields(), spouse_ref=other.ref if other else None)
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.DIVORCE_RECORDED, person.ref, payload)


async def record_death(desk: Desk, person_id: UUID, died_on: date) -> UUID:
    """Record a death, and for the spouse in the register the widowhood; returns the death's event id.

    Raises NotFound, Conflict.
    """
    person, spouse = await lock_couple(desk, person_id)
    survivor = spouse if spouse is not None and _alive_on(spouse, died_on) else None
    ids = {person.id: new_id(), **({survivor.id: new_id()} if survivor else {})}
    event = LifeEvent(ids[person.id], EventKind.DEATH, died_on, _pair(survivor, ids))
    done = await record(desk, person, event, columns={"spouse_id": None})
    await desk.runtime.outbox.append(
        desk.tx, RegistryEventType.DEATH_RECORDED, person.ref, DeathRecorded(**done.fields())
    )
    if survivor is not None:
        async with reaching_everywhere(desk.tx, desk.scope):
            await _widow(everywhere(desk), survivor, person, ids, died_on)
    return event.id


def _alive_on(spouse: PersonRecord, day: date) -> bool:
    return spouse.died_on is None or spouse.died_on > day


async def _widow(
    desk: Desk, survivor: PersonRecord, dead: PersonRecord, ids: dict[UUID, UUID], on: date
) -> Recorded:
    event = LifeEvent(ids[survivor.id], EventKind.WIDOWHOOD, on, _pair(dead, ids))
    done = await record(desk, survivor, event, columns={"spouse_id": None})
    payload = WidowhoodRecorded(**done.fields(), spouse_ref=dead.ref)
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.WIDOWHOOD_RECORDED, survivor.ref, payload)
    return done


def _pair(other: PersonRecord | None, ids: dict[UUID, UUID]) -> dict[str, Any]:
    if other is None:
        return {}
    return {"spouse_id": str(other.id), "counterpart": str(ids[other.id])}


async def lock_couple(desk: Desk, person_id: UUID) -> tuple[PersonRecord, PersonRecord | None]:
    """Lock a person the caller sees and the spouse, in one order for everybody; raises NotFound."""
    seen = await persons.find(desk.tx, person_id, desk.scope)
    ids = [person_id] if seen["spouse_id"] is None else [person_id, seen["spouse_id"]]
    async with reaching_everywhere(desk.tx, desk.scope):
        locked = await persons.lock_known(desk.tx, ids)
    person = (await persons.lock(desk.tx, [person_id], desk.scope))[person_id]
    return person, locked.get(person.spouse_id) if person.spouse_id is not None else None


def everywhere(desk: Desk) -> Desk:
    """Return the desk for what belongs to a visible person but lies elsewhere."""
    return replace(desk, scope=AreaScope.everything())
