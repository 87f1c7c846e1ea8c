"""Corrections and retractions: nothing recorded is changed, a later event says what was wrong.

A marriage and a divorce stand in two histories; both are revised together. Who is widowed, and who is whose
spouse, follows from what holds after the revision (:mod:`.couples`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import Sex
from renkou_common.contracts.lines import Line, LineKey, difference
from renkou_common.contracts.registry import EventCorrected, EventRetracted, RegistryEventType
from renkou_common.errors import Conflict, FieldError, InvalidInput, Text
from renkou_registry.benefits import service as benefits
from renkou_registry.cards import service as cards
from renkou_registry.floor import reaching_everywhere
from renkou_registry.households import service as households
from renkou_registry.kin import history as kin
from renkou_registry.life_events import couples, parentage, repository
from renkou_registry.life_events.couples import everywhere, lock_with_partners
from renkou_registry.life_events.domain import (
    CORRECTABLE,
    ENTRIES,
    FOLLOWING,
    EventKind,
    LifeEvent,
    PersonState,
    derive,
    effective,
    lines_of,
    population_lines,
    state_after,
)
from renkou_registry.life_events.families import count_children, follow_mother
from renkou_registry.life_events.recording import RULES, Desk, Recorded, history_of, record
from renkou_registry.life_events.records import NewEvent, StoredEvent
from renkou_registry.life_events.service import find
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.prepregnancy import service as prepregnancy
from renkou_registry.services_given import service as services
from renkou_registry.supplies.users import service as supplies
from renkou_registry.timeline import addresses

_RESIDENCE = ENTRIES | {EventKind.MOVE, EventKind.CORRECTION}
_TWICE = frozenset({EventKind.MARRIAGE, EventKind.DIVORCE, EventKind.CORRECTION})
_MAKES_PARENTS = frozenset({EventKind.BIRTH, EventKind.ADOPTION})


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why an event is revised: the reason given, the request that another person approved, and the names of
    noted facts (name, number) that are put right with it; the facts themselves are in no history."""

    reason: str
    request_id: UUID | None = None
    details: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return what stands in the history."""
        found: dict[str, Any] = {"reason": self.reason}
        if self.request_id is not None:
            found["request"] = str(self.request_id)
        if self.details:
            found["details"] = list(self.details)
        return found


def check_correctable(target: LifeEvent, changes: Mapping[str, Any]) -> None:
    """Raise InvalidInput that lists what cannot be corrected of such an event, Conflict where it only follows
    from another."""
    check_leading(target)
    allowed = CORRECTABLE.get(target.kind, frozenset())
    wrong = sorted(changes.keys() - allowed)
    if wrong:
        names = ", ".join(sorted(allowed)) or "-"
        text = Text(f"此类事件只能更正: {names}", f"what can be corrected of such an event: {names}")
        raise InvalidInput.fields([FieldError(f"/changes/{name}", "not_correctable", text) for name in wrong])


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a revision would do: the state before and after (None: the person leaves the register), the lines
    it would publish, and to whom else something would happen as a spouse."""

    before: PersonState
    after: PersonState | None
    lines: list[Line]
    spouses: frozenset[UUID] = frozenset()


async def foresee(
    desk: Desk, target: StoredEvent, changes: Mapping[str, Any] | None, history: Sequence[LifeEvent]
) -> Foreseen:
    """Return what a correction with ``changes``, or without them a retraction, would do; writes nothing.

    Raises InvalidInput and Conflict as the revision itself would.
    """
    event = target.event
    if changes is None:
        check_leading(event)
    else:
        check_correctable(event, changes)
    _check_stands(history, event.id)
    if changes is not None:
        changes = await _completed(desk, target, changes, history)
    before = derive(history, desk.district, RULES)
    leading = await _leading(desk, target, changes, Grounds(""))
    plan = await couples.foreseen(desk, leading)
    own = [each for person, each in plan.before if person == target.person_id]
    own += leading[target.person_id]
    own += [each for person, each in plan.after if person == target.person_id]
    facts = effective([*history, *own])
    after = state_after(facts, desk.district, RULES) if facts else None
    new_lines = lines_of(after, desk.district) if after is not None else Counter[LineKey]()
    others = (plan.persons | set(leading)) - {target.person_id}
    lines = difference(new_lines, lines_of(before, desk.district))
    return Foreseen(before, after, lines, frozenset(others))


async def _completed(
    desk: Desk, target: StoredEvent, changes: Mapping[str, Any], history: Sequence[LifeEvent]
) -> Mapping[str, Any]:
    """Return the changes with what follows from them; raises as :func:`parentage.check` does."""
    if target.event.kind is not EventKind.BIRTH:
        return changes
    said = next((each for each in effective(history) if each.id == target.event.id), target.event)
    born_on = changes.get("happened_on", said.happened_on)
    await parentage.check(desk, target, changes, born_on)
    return await parentage.completed(desk, said.data, changes, born_on)


async def _leading(
    desk: Desk, target: StoredEvent, changes: Mapping[str, Any] | None, grounds: Grounds
) -> dict[UUID, list[LifeEvent]]:
    """Return the correction or retraction by person: the target's, and of a marriage or a divorce the other
    half's in the spouse's history."""
    events = [(target, dict(changes) if changes is not None else None)]
    other = await _counterpart(desk, target)
    shared = {name: value for name, value in (changes or {}).items() if name == "happened_on"}
    if other is not None and (changes is None or shared):
        events.append((other, shared if changes is not None else None))
    return {each.person_id: [_revision(each.event, revised, grounds)] for each, revised in events}


def _revision(event: LifeEvent, changes: Mapping[str, Any] | None, grounds: Grounds) -> LifeEvent:
    if changes is None:
        return LifeEvent(new_id(), EventKind.RETRACTION, event.happened_on, grounds.data(), retracts=event.id)
    on = changes.get("happened_on", event.happened_on)
    data = {"changes": dict(changes), **grounds.data()}
    return LifeEvent(new_id(), EventKind.CORRECTION, on, data, corrects=event.id)


async def correct(desk: Desk, event_id: UUID, changes: Mapping[str, Any], grounds: Grounds) -> UUID:
    """Correct values of an event; returns the correction's id. Raises NotFound, InvalidInput, Conflict."""
    target = await find(desk, event_id)
    check_correctable(target.event, changes)
    return await _revise(desk, target, changes, grounds)


async def _revise(
    desk: Desk, target: StoredEvent, changes: Mapping[str, Any] | None, grounds: Grounds
) -> UUID:
    """Record a correction, or without ``changes`` a retraction, in one history or both, with what follows;
    returns the id of the target's."""
    other = await _counterpart(desk, target)
    both = [target] if other is None else [target, other]
    touched = changes if changes is not None else target.event.data.get("changes", {})
    await lock(desk, [each.person_id for each in both], touched)
    history = await history_of(desk, target.person_id)
    _check_stands(history, target.event.id)
    if changes is not None:
        changes = await _completed(desk, target, changes, history)
    leading = await _leading(desk, target, changes, grounds)
    ids = [event.id for events in leading.values() for event in events]
    async with couples.settling(desk, leading):
        for each in both:
            if each.person_id not in leading:
                continue
            (event,) = leading[each.person_id]
            twin = next((str(other_id) for other_id in ids if other_id != event.id), None)
            if twin is not None and changes is not None:
                event = replace(event, data={**event.data, "counterpart": twin})
            if each is target:
                await _carry_out(desk, each, event, grounds)
            else:
                async with reaching_everywhere(desk.tx, desk.scope):
                    await _carry_out(everywhere(desk), each, event, grounds)
    return leading[target.person_id][0].id


async def lock(desk: Desk, person_ids: Sequence[UUID], changes: Mapping[str, Any]) -> None:
    """Lock everybody whom a correction of these persons' histories concerns, in one order for everybody."""
    await lock_with_partners(desk, [*person_ids, *await parentage.concerned(desk, person_ids, changes)])


async def _carry_out(desk: Desk, target: StoredEvent, event: LifeEvent, grounds: Grounds) -> None:
    person = (await persons.lock(desk.tx, [target.person_id], desk.scope))[target.person_id]
    history = await history_of(desk, person.id)
    _check_stands(history, target.event.id)
    if event.kind is EventKind.CORRECTION:
        await _correct_one(desk, person, history, target, event, grounds)
    else:
        await _retract_one(desk, person, history, target, event)


async def _correct_one(
    desk: Desk,
    person: PersonRecord,
    history: list[LifeEvent],
    target: StoredEvent,
    event: LifeEvent,
    grounds: Grounds,
) -> None:
    columns = parentage.columns(desk, history, event)
    done = await _record(desk, person, event, history, columns, grounds.details)
    changes = event.data["changes"]
    told = await _parent_refs(desk, person, columns)
    payload = EventCorrected(
        **done.fields(),
        corrected_event_id=target.event.id,
        corrected_kind=target.event.kind,
        previously_on=_standing_day(history, target.event),
        parity=changes.get("parity"),
        parent_refs=told if columns or "birth_date" in done.facts_changed else [],
        parents_corrected=sorted(changes.keys() & set(parentage.NAMES)),
        **await _parents_now(desk, person, columns, changes),
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.EVENT_CORRECTED, person.ref, payload)
    await _follow(desk, person, target, columns)


async def _record(
    desk: Desk,
    person: PersonRecord,
    event: LifeEvent,
    history: Sequence[LifeEvent],
    columns: Mapping[str, UUID | None],
    details: tuple[str, ...] = (),
) -> Recorded:
    """Record a revision with the parents it leads to: their numbers of children, and what is due to them."""
    if columns:
        await parentage.recount(desk, person, columns)
    done = await record(desk, person, event, history=history, columns=dict(columns), details=details)
    if columns:
        await _reconsider(desk, person, columns)
    return done


async def _reconsider(desk: Desk, person: PersonRecord, columns: Mapping[str, UUID | None]) -> None:
    concerned = (person.id, person.mother_id, person.father_id, *columns.values())
    await benefits.reconsider(desk.runtime, desk.tx, desk.scope, concerned)


async def _parents_now(
    desk: Desk, person: PersonRecord, columns: Mapping[str, UUID | None], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the references of the parents after a correction that named one; nothing for any other."""
    if not changes.keys() & set(parentage.NAMES):
        return {}
    ids = {name: columns.get(name, getattr(person, name)) for name in parentage.NAMES}
    async with reaching_everywhere(desk.tx, desk.scope):
        refs = await persons.refs_of(desk.tx, [each for each in ids.values() if each is not None])
    return {f"{name.removesuffix('_id')}_ref": refs.get(each) for name, each in ids.items() if each}


async def _follow(
    desk: Desk, person: PersonRecord, target: StoredEvent, columns: Mapping[str, UUID | None]
) -> None:
    """Let newborns follow where the usual residence of a mother, or the day of a birth, is another one."""
    if target.event.kind in (EventKind.BIRTH, EventKind.CORRECTION):
        for mother_id in {person.mother_id, columns.get("mother_id")}:
            if mother_id is not None:
                await follow_mother(desk, mother_id)
    if person.sex != Sex.MALE and target.event.kind in _RESIDENCE:
        await follow_mother(desk, person.id)


async def retract(desk: Desk, event_id: UUID, grounds: Grounds) -> UUID:
    """Take back a recorded event that never happened; returns the retraction's id. Raises NotFound, Conflict.

    Where the event is somebody's entry the person leaves the register; a birth is taken off its parents.
    """
    target = await find(desk, event_id)
    check_leading(target.event)
    return await _revise(desk, target, None, grounds)


async def _retract_one(
    desk: Desk, person: PersonRecord, history: list[LifeEvent], target: StoredEvent, event: LifeEvent
) -> None:
    standing = effective([*history, event])
    columns: dict[str, UUID | None] = {}
    if not standing:
        async with reaching_everywhere(desk.tx, desk.scope):
            parents = await _parents_who_counted(desk, person, target.event)
            done = await _withdraw(desk, person, history, event)
            await persons.add_children(desk.tx, parents, -1)
        await _reconsider(desk, person, {})
    elif target.event.kind is EventKind.ADOPTION:
        columns = await _parents_restored(desk, person, target.event, history, standing)
        done = await record(desk, person, event, history=history, columns=columns)
        await _reconsider(desk, person, columns)
    else:
        columns = parentage.columns(desk, history, event)
        done = await _record(desk, person, event, history, columns)
    told = await _parent_refs(desk, person, columns)
    payload = EventRetracted(
        **done.fields(),
        retracted_event_id=target.event.id,
        retracted_kind=target.event.kind,
        previously_on=_standing_day(history, target.event),
        parent_refs=told if columns or target.event.kind in _MAKES_PARENTS else [],
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.EVENT_RETRACTED, person.ref, payload)
    if target.event.kind is not EventKind.BIRTH:
        await _follow(desk, person, target, columns)


def _standing_day(history: Sequence[LifeEvent], event: LifeEvent) -> date:
    """Return when an event was said to have happened until now, earlier corrections included."""
    return next((each.happened_on for each in effective(history) if each.id == event.id), event.happened_on)


async def _parents_who_counted(desk: Desk, person: PersonRecord, entry: LifeEvent) -> list[UUID]:
    """Return the parents who have one child less without a person: both after a birth, otherwise those to
    whose number the link had added one."""
    if entry.kind is EventKind.BIRTH:
        return sorted(each for each in (person.mother_id, person.father_id) if each is not None)
    return await kin.counted_parents(desk.tx, person.id)


async def _parents_restored(
    desk: Desk,
    person: PersonRecord,
    adoption: LifeEvent,
    history: Sequence[LifeEvent],
    standing: Sequence[LifeEvent],
) -> dict[str, UUID | None]:
    """Return the parents after an adoption was taken back, for whom the child is counted again."""
    later = [each for each in standing if each.kind is EventKind.ADOPTION]
    found = {
        name: later[-1].data.get(name) if later else parentage.restored(adoption, history, name)
        for name in parentage.NAMES
    }
    mother, father = (UUID(found[name]) if found[name] else None for name in parentage.NAMES)
    await count_children(desk, person, mother, father)
    return {"mother_id": mother, "father_id": father}


async def _parent_refs(desk: Desk, person: PersonRecord, columns: Mapping[str, UUID | None]) -> list[UUID]:
    """Return the references of the parents before and after: papers may state when their child was born."""
    ids = {person.mother_id, person.father_id, *columns.values()}
    async with reaching_everywhere(desk.tx, desk.scope):
        return sorted((await persons.refs_of(desk.tx, [each for each in ids if each is not None])).values())


async def _withdraw(
    desk: Desk, person: PersonRecord, history: Sequence[LifeEvent], event: LifeEvent
) -> Recorded:
    """Take back the entry itself: the last state is published once more, all lines are reversed."""
    last = derive(history, desk.district, RULES)
    reversal = difference(
        population_lines([*history, event], desk.district, RULES),
        population_lines(history, desk.district, RULES),
    )
    now = desk.runtime.clock.now()
    await repository.append(desk.tx, [NewEvent(person.id, event)], now, desk.subject)
    await addresses.rewrite(desk.tx, person.id, [], None, {}, None, now)
    await cards.follow(desk.runtime, desk.tx, person, history, [*history, event])
    await households.forget_person(desk.tx, desk.runtime, person.id)
    for forget in (services.person_withdrawn, prepregnancy.person_withdrawn, supplies.person_withdrawn):
        await forget(desk.runtime, desk.tx, person.id, desk.subject)
    await persons.withdraw(desk.runtime, desk.tx, person.id, desk.subject)
    return Recorded(event, person, last, reversal)


def check_leading(event: LifeEvent) -> None:
    """Raise Conflict for an event that only follows from another."""
    if event.kind is EventKind.WIDOWHOOD:
        raise Conflict(
            "follows_another",
            "丧偶随配偶的死亡登记而来, 请更正或撤销该死亡登记",
            "widowhood follows from the spouse's death; correct or retract that death",
        )
    if event.kind in FOLLOWING:
        raise Conflict(
            "follows_another",
            "婚姻关系消除随原配偶的再婚而来, 请更正或撤销该再婚登记",
            "the marriage ended because the spouse had remarried; correct or retract that marriage",
        )


def _check_stands(history: Sequence[LifeEvent], event_id: UUID) -> None:
    """Raise Conflict for an event that was taken back, or that is itself a retraction."""
    if any(event.retracts == event_id for event in history):
        raise Conflict("retracted_already", "该事件已撤销", "the event was retracted already")
    if any(event.id == event_id and event.kind is EventKind.RETRACTION for event in history):
        raise Conflict(
            "retraction_is_final",
            "撤销记录不能再撤销, 请重新登记",
            "a retraction is final; record the event anew",
        )


async def _counterpart(desk: Desk, target: StoredEvent) -> StoredEvent | None:
    """Return the same marriage or divorce, or the same correction of it, in the other spouse's history unless
    taken back there."""
    other_id = target.event.data.get("counterpart")
    if other_id is None or target.event.kind not in _TWICE:
        return None
    async with reaching_everywhere(desk.tx, desk.scope):
        return await repository.standing(desk.tx, UUID(other_id))
