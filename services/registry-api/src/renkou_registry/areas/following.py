"""Carrying a change of communities out, batch by batch.

Each batch and the change's progress are one transaction, and the change's row is locked meanwhile: a worker
that dies is followed by another at the last committed person, and nobody follows twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_time import AreaChanged, AreaHeirs, AreaSuccession, PersonReassigned
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.areas import change_repository as repository
from renkou_registry.areas.change_repository import AreaChange, ChangeState
from renkou_registry.areas.registers import REGISTERS
from renkou_registry.areas.succession import Dwelling, Person, RuleKind, Succession, followed
from renkou_registry.households import service as households
from renkou_registry.life_events.addresses import AddressKind, Spell
from renkou_registry.life_events.domain import EventKind, LifeEvent
from renkou_registry.life_events.recording import Desk, record, state_of
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.persons.events import area_text
from renkou_registry.records import Desk as OfficeDesk
from renkou_registry.runtime import Runtime
from renkou_registry.staff import service as staff
from renkou_registry.successions import Following, Taken
from renkou_registry.timeline.addresses import in_force

BATCH = 100
HOUSEHOLDS = "household"
_START = UUID(int=0)


async def carry_on(runtime: Runtime) -> bool:
    """Do one batch of the oldest change that waits; says whether there was one."""
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        change = await repository.take_up(tx, runtime.clock.today())
        if change is None:
            return False
        if change.phase == "divisions":
            await _change_divisions(runtime, tx, change)
        elif change.phase == "persons":
            await _follow_persons(runtime, tx, change)
        elif change.phase == "households":
            await _follow_households(runtime, tx, change)
        else:
            await _follow_register(runtime, tx, change)
    return True


async def _change_divisions(runtime: Runtime, tx: Transaction, change: AreaChange) -> None:
    """Found, rename and end divisions, extend rights, and tell the other services."""
    succession = change.succession
    since = succession.effective_on
    for each in succession.successors:
        await repository.found_area(tx, each.area, each.name, since)
        await repository.rename(tx, each.area, each.name, since)
    for ended in succession.ended:
        heirs = succession.successors_of(ended)
        await repository.end_area(tx, change.id, ended, since - timedelta(days=1), heirs)
        codes = [AreaCode.from_key(area) for area in heirs]
        await staff.extend(tx, runtime.outbox, AreaCode.from_key(ended), codes)
    payload = AreaChanged(
        change_id=change.id,
        kind=succession.kind.value,
        effective_on=since,
        sources=[area_text(area) for area in succession.sources],
        ended=[area_text(area) for area in succession.ended],
        successors=[
            AreaSuccession(area=area_text(each.area), title=each.name) for each in succession.successors
        ],
        heirs=[
            AreaHeirs(
                area=area_text(area), successors=[area_text(to) for to in succession.successors_of(area)]
            )
            for area in succession.sources
        ],
    )
    await runtime.outbox.append(tx, RegistryEventType.AREA_CHANGED, change.id, payload)
    await repository.set_state(tx, change.id, ChangeState.APPLYING, phase="persons")


async def _follow_persons(runtime: Runtime, tx: Transaction, change: AreaChange) -> None:
    after = change.next_person or _START
    ids = await persons.in_areas(tx, change.succession.sources, after, BATCH)
    if not ids:
        await repository.set_state(tx, change.id, ChangeState.APPLYING, phase="households")
        return
    desk = Desk(runtime, tx, AreaScope.everything(), change.started_by or change.requested_by)
    done = left = 0
    locked = await persons.lock_known(tx, ids)
    for known in await dwellings(tx, [asdict(each) for each in locked.values()], desk.today):
        where = followed(change.succession, known)
        if where is None or (where and not await reassign(desk, change, locked[known.id], where)):
            left += 1
        elif where:
            done += 1
    await repository.advance(tx, change.id, ids[-1], (done, left, 0, 0))


async def dwellings(tx: Transaction, rows: Sequence[Mapping[str, Any]], today: date) -> list[Person]:
    """Return persons (rows with id and areas) with their addresses today."""
    spells = await in_force(tx, [row["id"] for row in rows], today)
    found = []
    for row in rows:
        now = spells[row["id"]]
        usual = now.get(AddressKind.USUAL)
        found.append(
            Person(
                row["id"],
                _dwelling(row["registered_area"], now.get(AddressKind.REGISTERED)),
                _dwelling(row["present_area"], now.get(AddressKind.PRESENT)),
                usual.area if usual is not None else None,
            )
        )
    return found


def _dwelling(area: int, spell: Spell | None) -> Dwelling:
    if spell is None or spell.area != area:
        return Dwelling(area)
    return Dwelling(area, spell.place.street, spell.place.place_id)


async def reassign(
    desk: Desk, change: AreaChange, person: PersonRecord, where: dict[int, dict[str, int]]
) -> bool:
    """Record for a locked person that the division changed; False where it cannot be, which leaves the person
    to be settled by hand."""
    state = await state_of(desk, person.id)
    on = _day(change.succession.effective_on, state.addresses[-1].since)
    if on > desk.today:
        return False
    for source, data in where.items():
        told = {"from_area": source, "change": str(change.id), **data}
        event = LifeEvent(new_id(), EventKind.AREA_CHANGE, on, told)
        try:
            done = await record(desk, person, event)
        except Conflict:
            return False
        payload = PersonReassigned(**done.fields(), former_area=area_text(source))
        await desk.runtime.outbox.append(desk.tx, RegistryEventType.PERSON_REASSIGNED, person.ref, payload)
        person = (await persons.lock_known(desk.tx, [person.id]))[person.id]
    return True


def _day(effective_on: date, since: date) -> date:
    """Return the day from which a person's addresses have the new codes: the change's, or the day after a
    later event that still named an old one."""
    return effective_on if since < effective_on else since + timedelta(days=1)


async def _follow_households(runtime: Runtime, tx: Transaction, change: AreaChange) -> None:
    after = change.next_person or _START
    found = await households.in_areas(tx, change.succession.sources, after, BATCH)
    if not found:
        await repository.set_state(tx, change.id, ChangeState.APPLYING, phase=REGISTERS[0].table)
        return
    done = left = 0
    taken = []
    by = change.started_by or change.requested_by
    for row in found:
        to = household_area(change.succession, row["area"], row["street"], row["head_area"])
        if to == row["area"]:
            continue
        on = change.succession.effective_on
        if to is None:
            left += 1
        elif await households.reassign(runtime, tx, row["id"], {"area": to}, on, recorded_by=by):
            done += 1
        else:
            taken.append(Taken(row["id"], row["area"], to, row["number"]))
    await list_unsettled(tx, change.id, HOUSEHOLDS, taken)
    await repository.advance(tx, change.id, found[-1]["id"], (0, 0, done, left))


async def _follow_register(runtime: Runtime, tx: Transaction, change: AreaChange) -> None:
    """Let a batch of the register follow that the phase names, or go on to the next one."""
    names = [each.table for each in REGISTERS]
    at = names.index(change.phase)
    last, taken = await follow_register(
        _office(runtime, tx, change), change.succession, REGISTERS[at], change.next_person
    )
    await list_unsettled(tx, change.id, REGISTERS[at].table, taken)
    if last is not None:
        await repository.advance(tx, change.id, last, (0, 0, 0, 0))
    elif at + 1 < len(names):
        await repository.set_state(tx, change.id, ChangeState.APPLYING, phase=names[at + 1])
    else:
        await repository.set_state(tx, change.id, ChangeState.DONE, finished_at=runtime.clock.now())


async def list_unsettled(tx: Transaction, change_id: UUID, register: str, taken: Sequence[Taken]) -> None:
    """Put rows that could not follow on the change's list."""
    rows = [
        repository.Unsettled(new_id(), change_id, register, each.row_id, each.area, each.to_area, each.value)
        for each in taken
    ]
    await repository.add_unsettled(tx, rows)


def _office(runtime: Runtime, tx: Transaction, change: AreaChange) -> OfficeDesk:
    return OfficeDesk(runtime, tx, AreaScope.everything(), change.started_by or change.requested_by)


async def follow_register(
    desk: OfficeDesk,
    change: Succession,
    register: Following,
    after: UUID | None = None,
    person_id: UUID | None = None,
) -> tuple[UUID | None, list[Taken]]:
    """Let a batch of a register's rows follow, or those of one person; returns the last one looked at, and
    those that could not follow."""

    def place(area: int, street: str | None, place_id: UUID | None) -> int:
        rule = change.rule
        told = {RuleKind.STREET_PREFIX: street is not None, RuleKind.PLACE: place_id is not None}
        by_rule = told.get(rule.by, rule.by is RuleKind.AREA)
        to = rule.follow(area, None, street, place_id) if by_rule else rule.otherwise
        return to if to is not None else change.successors[0].area

    successors = {each.area for each in change.successors}
    return await register.step(
        desk, change.sources, successors, place, after or _START, BATCH, person_id=person_id
    )


def household_area(change: Succession, area: int, street: str | None, head_area: int | None) -> int | None:
    """Return where a household follows: with its head, else by its own street, else where all others go."""
    if head_area in {each.area for each in change.successors}:
        return head_area
    if change.rule.by in (RuleKind.ALL, RuleKind.STREET_PREFIX, RuleKind.AREA):
        return change.rule.follow(area, None, street, None)
    return change.rule.otherwise
