"""Parents and children: adoptions, and newborns whose counts follow their mother's usual residence."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import KinKind
from renkou_common.contracts.registry import EventCorrected, RegistryEventType
from renkou_common.contracts.registry_time import AdoptionRecorded
from renkou_common.errors import Conflict, InvalidInput
from renkou_registry.benefits import service as benefits
from renkou_registry.floor import reaching_everywhere
from renkou_registry.kin.domain import check_parent
from renkou_registry.life_events.calendar import full_years
from renkou_registry.life_events.couples import everywhere
from renkou_registry.life_events.domain import EventKind, LifeEvent, effective
from renkou_registry.life_events.recording import Desk, history_of, record, state_of
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id


@dataclass(frozen=True, slots=True)
class Adoption:
    """An adoption to record: who the child's parents are from the day on, one of them at least."""

    child_id: UUID
    happened_on: date
    mother_id: UUID | None
    father_id: UUID | None


async def record_adoption(desk: Desk, adoption: Adoption) -> UUID:
    """Record an adoption; returns the event's id. Raises NotFound, InvalidInput, Conflict.

    With it the legal relation to parents who are not named again ends (Civil Code 民法典, art. 1111).
    """
    named = [each for each in (adoption.mother_id, adoption.father_id) if each is not None]
    if adoption.child_id in named or len(set(named)) < len(named):
        raise InvalidInput.field("/mother_id", "same_person", "不能是同一人", "must be different people")
    locked = await persons.lock(desk.tx, [adoption.child_id, *named], desk.scope)
    child = locked[adoption.child_id]
    mother = locked[adoption.mother_id] if adoption.mother_id else None
    father = locked[adoption.father_id] if adoption.father_id else None
    _check_parents(child, mother, father, adoption.happened_on)
    columns = {"mother_id": adoption.mother_id, "father_id": adoption.father_id}
    if columns == {"mother_id": child.mother_id, "father_id": child.father_id}:
        raise Conflict("parents_already", "登记的父母已是这两人", "these are the parents in the register")
    data = {
        "mother_id": _text(adoption.mother_id),
        "father_id": _text(adoption.father_id),
        "former_mother_id": _text(child.mother_id),
        "former_father_id": _text(child.father_id),
    }
    event = LifeEvent(new_id(), EventKind.ADOPTION, adoption.happened_on, data)
    await count_children(desk, child, adoption.mother_id, adoption.father_id)
    done = await record(desk, child, event, columns=columns)
    concerned = (child.id, child.mother_id, child.father_id, *named)
    await benefits.reconsider(desk.runtime, desk.tx, desk.scope, concerned)
    payload = AdoptionRecorded(
        **done.fields(), mother_ref=mother.ref if mother else None, father_ref=father.ref if father else None
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.ADOPTION_RECORDED, child.ref, payload)
    return event.id


def _text(person_id: UUID | None) -> str | None:
    return str(person_id) if person_id is not None else None


def _check_parents(
    child: PersonRecord, mother: PersonRecord | None, father: PersonRecord | None, on: date
) -> None:
    for kind, parent in ((KinKind.MOTHER, mother), (KinKind.FATHER, father)):
        if parent is None:
            continue
        check_parent(kind, parent.sex, parent.birth_date, child.birth_date, f"/{kind}_id")
        if parent.died_on is not None and parent.died_on < on:
            raise Conflict("parent_dead", "收养人在该日之前已死亡", "a parent died before that day")


async def count_children(
    desk: Desk, child: PersonRecord, mother_id: UUID | None, father_id: UUID | None
) -> None:
    """Count a child for parents who are new to it, and no longer for those who were its parents before."""
    before = {each for each in (child.mother_id, child.father_id) if each is not None}
    after = {each for each in (mother_id, father_id) if each is not None}
    async with reaching_everywhere(desk.tx, desk.scope):
        for ids, number in ((after - before, 1), (before - after, -1)):
            if ids:
                await persons.add_children(desk.tx, sorted(ids), number)


async def follow_mother(desk: Desk, mother_id: UUID, since: date | None = None) -> list[UUID]:
    """Correct the entry of each child born (since a day) whose mother's usual residence or age on the day of
    birth is another one by what the register knows now; returns these children."""
    corrected = []
    async with reaching_everywhere(desk.tx, desk.scope):
        children = await persons.children_born(desk.tx, mother_id, since or date.min)
        if not children:
            return []
        state = await state_of(desk, mother_id)
        for child_id, child in sorted((await persons.lock_known(desk.tx, children)).items()):
            entry = next(iter(effective(await history_of(desk, child_id))), None)
            if entry is None or not _born_of(entry, mother_id):
                continue
            now = {
                "mother_usual_area": state.usual_area(entry.happened_on),
                "mother_age": full_years(state.birth_date, entry.happened_on),
            }
            changes = {name: value for name, value in now.items() if value != entry.data.get(name)}
            if changes:
                await _correct_entry(everywhere(desk), child, entry, changes)
                corrected.append(child_id)
    return corrected


def _born_of(entry: LifeEvent, mother_id: UUID) -> bool:
    return entry.kind is EventKind.BIRTH and entry.data.get("mother_id", str(mother_id)) == str(mother_id)


async def _correct_entry(desk: Desk, child: PersonRecord, entry: LifeEvent, changes: dict[str, Any]) -> None:
    data = {"changes": changes, "reason": "母亲的登记有更正"}
    event = LifeEvent(new_id(), EventKind.CORRECTION, entry.happened_on, data, corrects=entry.id)
    done = await record(desk, child, event)
    payload = EventCorrected(**done.fields(), corrected_event_id=entry.id)
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.EVENT_CORRECTED, child.ref, payload)
