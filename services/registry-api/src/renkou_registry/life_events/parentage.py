"""Mother and father of a recorded birth, put right: who can be, what follows, what it does to both sides.

A birth states who the parents are; the person's columns say who they are now, after an adoption or a link made
by hand. Correcting the birth changes the columns where the history leads to others by it, and nobody else's.
Rules for parents: :mod:`renkou_registry.kin.domain`. Callers hold the transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.lists import KinKind
from renkou_common.errors import Conflict, InvalidInput
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.kin import history as kin
from renkou_registry.kin.domain import ancestors, check_parent
from renkou_registry.life_events.calendar import full_years
from renkou_registry.life_events.domain import LifeEvent, effective, state_after
from renkou_registry.life_events.recording import RULES, Desk, state_of
from renkou_registry.life_events.records import StoredEvent
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord

NAMES = ("mother_id", "father_id")
_KINDS = {"mother_id": KinKind.MOTHER, "father_id": KinKind.FATHER}


def named(changes: Mapping[str, Any] | None) -> list[UUID]:
    """Return whom a correction names as parents."""
    return sorted({UUID(str(changes[name])) for name in NAMES if changes and changes.get(name)})


async def check_seen(desk: Desk, changes: Mapping[str, Any]) -> None:
    """Raise NotFound unless the caller sees whom a correction names as parents."""
    for person_id in named(changes):
        await persons.find(desk.tx, person_id, desk.scope)


async def check(desk: Desk, target: StoredEvent, changes: Mapping[str, Any], born_on: date) -> None:
    """Raise InvalidInput, NotFound or Conflict unless a birth can have the corrected parents and day.

    ``born_on`` is the day it would have happened. Who stays a parent only has to be older than the child.
    """
    if not changes.keys() & {"happened_on", *NAMES}:
        return
    child_id = target.person_id
    async with reaching_everywhere(desk.tx, desk.scope):
        [child] = await persons.find_many(desk.tx, [child_id], AreaScope.everything())
        parents = {
            name: UUID(str(each)) for name in NAMES if (each := changes.get(name, child[name])) is not None
        }
        if len(set(parents.values())) < len(parents):
            raise Conflict(
                "both_parents", "不能既是父亲又是母亲", "one person cannot be both father and mother"
            )
        rows = await persons.find_many(desk.tx, sorted(parents.values()), AreaScope.everything())
        known = await kin.people(desk.tx, sorted(parents.values()))
    found = {row["id"]: row for row in rows}
    for name, parent_id in parents.items():
        if name not in changes:
            if parent_id in found:
                check_parent(_KINDS[name], 0, found[parent_id]["birth_date"], born_on, f"/changes/{name}")
            continue
        if parent_id not in found:
            raise Conflict(
                "parent_gone", "该父母的记录已不在册", "that parent's record is in the register no longer"
            )
        if parent_id == child_id or child_id in ancestors(known, parent_id):
            raise Conflict("own_ancestor", "该人是其本人或后代", "this is the child itself or a descendant")
        _check_new(name, found[parent_id], born_on)


def _check_new(name: str, parent: asyncpg.Record, born_on: date) -> None:
    pointer = f"/changes/{name}"
    check_parent(_KINDS[name], parent["sex"], parent["birth_date"], born_on, pointer)
    if name == "mother_id" and parent["died_on"] is not None and parent["died_on"] < born_on:
        raise InvalidInput.field(
            pointer, "mother_dead", "母亲在该日之前已死亡", "the mother died before that day"
        )


async def completed(
    desk: Desk, said: Mapping[str, Any], changes: Mapping[str, Any], born_on: date
) -> Mapping[str, Any]:
    """Return the changes with what follows from another mother or day: where she usually resided on the day, and
    how old she was. ``said`` is what the birth says until now."""
    mother_id = changes.get("mother_id", said.get("mother_id"))
    if mother_id is None or not changes.keys() & {"happened_on", "mother_id"}:
        return changes
    async with reaching_everywhere(desk.tx, desk.scope):
        mother = await state_of(desk, UUID(str(mother_id)))
    found = {
        "mother_usual_area": mother.usual_area(born_on),
        "mother_age": full_years(mother.birth_date, born_on),
    }
    return {**changes, **{name: value for name, value in found.items() if value != said.get(name)}}


def columns(desk: Desk, history: Sequence[LifeEvent], event: LifeEvent) -> dict[str, UUID | None]:
    """Return the parents to whom a history leads with an event and did not before, by column."""
    before, after = effective(history), effective([*history, event])
    if not before or not after:
        return {}
    old, new = (state_after(facts, desk.district, RULES) for facts in (before, after))
    return {name: getattr(new, name) for name in NAMES if getattr(old, name) != getattr(new, name)}


def restored(adoption: LifeEvent, history: Sequence[LifeEvent], name: str) -> Any:
    """Return a parent from before an adoption that is taken back, as the birth says by now.

    Who had been linked otherwise than by the birth comes back as it was.
    """
    place = next(number for number, each in enumerate(history) if each.id == adoption.id)
    then, now = effective(history[:place]), effective(history)
    former = adoption.data.get(f"former_{name}")
    by_birth = then and now and former == then[0].data.get(name)
    return now[0].data.get(name) if by_birth else former


async def concerned(desk: Desk, person_ids: Sequence[UUID], changes: Mapping[str, Any]) -> set[UUID]:
    """Return the parents that a correction of these persons' births takes a child from or gives one to."""
    if not changes.keys() & set(NAMES):
        return set()
    async with reaching_everywhere(desk.tx, desk.scope):
        rows = await persons.find_many(desk.tx, sorted(person_ids), AreaScope.everything())
    return {*named(changes), *(row[name] for row in rows for name in NAMES if row[name] is not None)}


async def recount(desk: Desk, child: PersonRecord, changed: Mapping[str, UUID | None]) -> None:
    """Let a child count for the parents it has by a correction, and no longer for those to whose number its
    links had added it; ``child`` is the record before, whose links still stand."""
    before = {getattr(child, name) for name in changed}
    after = {each for each in changed.values() if each is not None}
    async with reaching_everywhere(desk.tx, desk.scope):
        counted = await kin.counted_parents(desk.tx, child.id)
        for ids, number in ((after - before, 1), (before.intersection(counted) - after, -1)):
            if ids:
                await persons.add_children(desk.tx, sorted(ids), number)
