"""Asking for corrections, showing them side by side, deciding on them.

Callers hold the transaction; nothing here commits. A request changes nothing; an approval records the
correction or retraction in the approver's name (:mod:`renkou_registry.life_events.revisions`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, RenkouError, Text
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.corrections import repository
from renkou_registry.corrections.domain import (
    CERTIFICATE_FACTS,
    KIN_FIELDS,
    CorrectionRequest,
    Difference,
    RequestKind,
    RequestState,
    check_open,
    check_other_person,
    check_requester,
    event_differences,
    fingerprint,
    standing,
    state_differences,
)
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events import parentage, revisions
from renkou_registry.life_events import service as life_events
from renkou_registry.life_events.domain import ENTRIES, LifeEvent, PersonState, effective, left_area
from renkou_registry.life_events.recording import Desk, history_of
from renkou_registry.life_events.records import StoredEvent
from renkou_registry.life_events.revisions import Foreseen, Grounds
from renkou_registry.persons import changing
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.reading import open_resident_id
from renkou_registry.successions import Following


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: of an event, or of a person's noted details (then the entry is meant)."""

    event_id: UUID | None
    person_id: UUID | None
    retract: bool
    changes: Mapping[str, Any]
    details: Mapping[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class Affected:
    """Somebody else whose history would be revised with this one."""

    person_id: UUID
    relation: str
    effect: Text


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What stands beside what would be, with everything that follows."""

    fields: list[Difference]
    details: list[Difference]
    state: list[Difference]
    lines: list[Line]
    kin: list[Affected]
    certificate_facts: list[str]
    impossible: RenkouError | None
    fingerprint: str
    changed_since_request: bool
    names: Mapping[str, str] = field(default_factory=dict)
    """Persons whom the comparison names, by id, as the caller may know them."""


class EventChanged(Conflict):
    """The event is another one than the approver saw; carries what it is now."""

    def __init__(self, now: SideBySide) -> None:
        super().__init__(
            "event_changed",
            "该事件在申请之后已有变动, 请核对新的对照内容后再审批",
            "the event has changed since the request; look at the new comparison and decide again",
        )
        self.now = now


async def request(desk: Desk, wanted: Wanted) -> UUID:
    """Write a request down; returns its id.

    Raises NotFound for an event or person outside the caller's area, InvalidInput for what cannot be
    corrected there, Conflict for what could not be approved as the record stands.
    """
    target = await _target(desk, wanted)
    history = await history_of(desk, target.person_id)
    if wanted.details and target.event.kind not in ENTRIES:
        text = Text("姓名、证件等只能随建档记录更正", "noted details are corrected with the entry event")
        raise InvalidInput.fields([FieldError("/details", "not_correctable", text)])
    proposed = None if wanted.retract else wanted.changes
    await parentage.check_seen(desk, wanted.changes)
    foreseen = await revisions.foresee(desk, target, proposed, history)
    if "resident_id" in wanted.details:
        number = wanted.details["resident_id"]
        await persons.check_number_free(desk.runtime, desk.tx, desk.scope, target.person_id, number)
    noted = await _noted(desk, target.person_id, wanted.details)
    new = CorrectionRequest(
        id=new_id(),
        person_id=target.person_id,
        event_id=target.event.id,
        kind=RequestKind.RETRACTION if wanted.retract else RequestKind.CORRECTION,
        area=_area(desk, foreseen.before),
        changes=wanted.changes,
        details=wanted.details,
        reason=wanted.reason,
        base=fingerprint(standing(history, target.event.id), noted),
        state=RequestState.REQUESTED,
        requested_by=desk.subject,
        requested_at=desk.runtime.clock.now(),
        decided_by=None,
        decided_at=None,
        decision_reason=None,
        result_event_id=None,
        version=1,
    )
    sealed = None
    if wanted.details:
        text_of = orjson.dumps(dict(wanted.details)).decode()
        sealed = desk.runtime.cipher.encrypt(text_of, repository.SEALED)
    await repository.insert(desk.tx, new, sealed)
    return new.id


async def _target(desk: Desk, wanted: Wanted) -> StoredEvent:
    if wanted.event_id is not None:
        return await life_events.find(desk, wanted.event_id)
    assert wanted.person_id is not None
    await persons.find(desk.tx, wanted.person_id, desk.scope)
    facts = effective(await history_of(desk, wanted.person_id))
    return await life_events.find(desk, facts[0].id)


def _area(desk: Desk, state: PersonState) -> int:
    """Return whose list the request is on: where the person lives, is registered, or lived before leaving."""
    low, high = desk.district
    here = [area for area in (state.present_area, state.registered_area) if low <= area <= high]
    return here[0] if here else left_area(state, desk.district) or state.registered_area


async def _noted(desk: Desk, person_id: UUID, names: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the present values of noted details, in the clear."""
    if not names:
        return {}
    row = await persons.find(desk.tx, person_id, desk.scope)
    values = {"name": row["name"], "nationality": row["nationality"]}
    return {
        name: open_resident_id(desk.runtime, row) if name == "resident_id" else values[name] for name in names
    }


async def find(desk: Desk, request_id: UUID, *, lock: bool = False) -> CorrectionRequest:
    """Return a request in the caller's area, or an own one; raises NotFound."""
    opened = desk.runtime.cipher.decrypt
    found = await repository.find(desk.tx, request_id, desk.scope, opened, lock=lock)
    if found is None:
        async with reaching_everywhere(desk.tx, desk.scope):
            found = await repository.made_by(desk.tx, request_id, desk.subject, opened, lock=lock)
    if found is None:
        raise NotFound.of("更正申请", "correction request")
    return found


async def check_own(desk: Desk, wanted: Wanted, person_id: UUID) -> None:
    """Raise NotFound where something else than a person's own record is meant."""
    target = await _target(desk, wanted)
    if target.person_id != person_id:
        raise NotFound.of("生命事件", "life event")


async def of_requester(desk: Desk) -> list[CorrectionRequest]:
    """Return what the caller has asked for, the last first; a thousand at most."""
    return await repository.of_requester(desk.tx, desk.subject, desk.runtime.cipher.decrypt)


async def page(
    desk: Desk, area: AreaCode, state: RequestState, after: tuple[int, UUID], limit: int
) -> list[CorrectionRequest]:
    """Return requests of an area in a state; raises NotFound where the area is not the caller's."""
    interval = area.interval()
    if not desk.scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return await repository.page(desk.tx, interval, state, after, limit, desk.runtime.cipher.decrypt)


async def side_by_side(desk: Desk, request: CorrectionRequest) -> SideBySide | None:
    """Return the comparison for a request that waits; None for one that was decided.

    Where the caller sees the person no longer it compares nothing and says why.
    """
    if request.state is not RequestState.REQUESTED:
        return None
    try:
        target = await life_events.find(desk, request.event_id)
    except NotFound:
        return SideBySide([], [], [], [], [], [], _out_of_reach(), "", changed_since_request=True)
    history = await history_of(desk, request.person_id)
    event = standing(history, request.event_id)
    noted = await _noted(desk, request.person_id, request.details)
    seen = fingerprint(event, noted)
    foreseen: Foreseen | None = None
    impossible: RenkouError | None = None
    try:
        foreseen = await revisions.foresee(desk, target, request.proposed, history)
    except (Conflict, InvalidInput) as error:
        impossible = error
    state = state_differences(foreseen.before, foreseen.after, desk.today) if foreseen else []
    changed = {each.field for each in state} | set(request.details)
    if "in_register" in changed:
        changed |= CERTIFICATE_FACTS
    fields = event_differences(event, request.proposed)
    return SideBySide(
        fields=fields,
        names=await _names(desk, [*fields, *state]),
        details=[Difference(name, noted[name], value) for name, value in request.details.items()],
        state=state,
        lines=foreseen.lines if foreseen else [],
        kin=await _affected(desk, request, event, foreseen),
        certificate_facts=sorted(changed & CERTIFICATE_FACTS),
        impossible=impossible,
        fingerprint=seen,
        changed_since_request=seen != request.base,
    )


def _out_of_reach() -> Conflict:
    return Conflict(
        "person_out_of_reach",
        "该记录已并入另一记录、已撤销或已迁出您的辖区, 此申请不能批准; 请驳回, 需要时在现有记录上重新申请",
        "the record has joined another one, was taken back or left your area; reject this request, and ask"
        " anew for the record there is",
    )


async def _affected(
    desk: Desk, request: CorrectionRequest, event: LifeEvent | None, foreseen: Foreseen | None
) -> list[Affected]:
    if event is None or foreseen is None:
        return []
    found = _parents_affected(foreseen)
    text = Text(
        "配偶的对应记录或婚姻状况随之更正",
        "the spouse's record of it, or what follows from it, is revised too",
    )
    found += [Affected(each, "spouse", text) for each in sorted(foreseen.spouses)]
    if foreseen.after is not None:
        text = Text("子女出生时的常住地随之更正", "the usual residence at birth is corrected too")
        found += [
            Affected(child, "child", text)
            for child in await _children_following(desk, request.person_id, foreseen.before, foreseen.after)
        ]
    return found


_GAINS = Text("登记为其子女, 子女数加 1", "the child becomes theirs and counts for them")
_LOSES = Text("不再登记为其子女, 子女数随之减少", "the child is theirs no longer, and counts no longer")


def _parents_affected(foreseen: Foreseen) -> list[Affected]:
    """Return the parents who would lose or gain the child."""
    found: list[Affected] = []
    for name in parentage.NAMES:
        old = getattr(foreseen.before, name)
        new = getattr(foreseen.after, name) if foreseen.after is not None else None
        if old != new:
            pair = ((old, _LOSES), (new, _GAINS))
            found += [Affected(each, name.removesuffix("_id"), text) for each, text in pair if each]
    return found


async def _names(desk: Desk, shown: Sequence[Difference]) -> dict[str, str]:
    """Return the names of the persons whom differences name by id, as far as the caller sees them."""
    kin = [each for each in shown if each.field in KIN_FIELDS]
    ids = sorted({UUID(str(value)) for each in kin for value in (each.current, each.proposed) if value})
    known = {str(each): "其他区划的人员 (person of another area)" for each in ids}
    rows = await persons.find_many(desk.tx, ids, desk.scope)
    return known | {str(row["id"]): f"{row['name']} {row['birth_date']}" for row in rows}


async def _children_following(
    desk: Desk, mother_id: UUID, before: PersonState, after: PersonState
) -> list[UUID]:
    if before.usual == after.usual:
        return []
    async with reaching_everywhere(desk.tx, desk.scope):
        ids = await persons.children_born(desk.tx, mother_id, before.birth_date)
        rows = await persons.find_many(desk.tx, ids, AreaScope.everything())
    return [
        row["id"]
        for row in rows
        if before.usual_area(row["birth_date"]) != after.usual_area(row["birth_date"])
    ]


async def approve(desk: Desk, request_id: UUID, version: int, seen: str | None) -> CorrectionRequest:
    """Carry a request out; returns it as it is then.

    ``seen`` is the fingerprint of the comparison that the approver looked at, by default the one at the time
    of the request. Raises NotFound, VersionMismatch, Conflict: decided already, one's own, or
    :class:`EventChanged`.
    """
    asked = await _locked(desk, request_id, version)
    check_other_person(asked, desk.subject)
    await revisions.lock(desk, [asked.person_id], asked.changes)
    now = await side_by_side(desk, asked)
    assert now is not None, "open requests have a comparison"
    if now.impossible is not None and not now.fingerprint:
        raise now.impossible
    if now.fingerprint != (seen or asked.base):
        raise EventChanged(now)
    grounds = Grounds(asked.reason, asked.id, tuple(sorted(asked.details)))
    if asked.proposed is None:
        result = await revisions.retract(desk, asked.event_id, grounds)
    else:
        result = await revisions.correct(desk, asked.event_id, asked.changes, grounds)
    if asked.details:
        async with reaching_everywhere(desk.tx, desk.scope):
            person = (await persons.lock(desk.tx, [asked.person_id], AreaScope.everything()))[asked.person_id]
            await changing.correct_details(
                desk.runtime, desk.tx, person, dict(asked.details), recorded_by=desk.subject
            )
    return await _decided(desk, asked, RequestState.APPROVED, None, result)


async def reject(desk: Desk, request_id: UUID, version: int, reason: str) -> CorrectionRequest:
    """Refuse a request with a reason; raises NotFound, VersionMismatch, Conflict."""
    asked = await _locked(desk, request_id, version)
    check_other_person(asked, desk.subject)
    return await _decided(desk, asked, RequestState.REJECTED, reason, None)


async def withdraw(desk: Desk, request_id: UUID, version: int) -> CorrectionRequest:
    """Take an own request back; raises NotFound, VersionMismatch, Conflict."""
    asked = await _locked(desk, request_id, version)
    check_requester(asked, desk.subject)
    return await _decided(desk, asked, RequestState.WITHDRAWN, None, None)


async def _locked(desk: Desk, request_id: UUID, version: int) -> CorrectionRequest:
    asked = await find(desk, request_id, lock=True)
    await check_current(desk.tx, request_id, version, asked.version)
    check_open(asked)
    return asked


async def _decided(
    desk: Desk, asked: CorrectionRequest, state: RequestState, reason: str | None, result: UUID | None
) -> CorrectionRequest:
    now = desk.runtime.clock.now()
    async with reaching_everywhere(desk.tx, desk.scope):
        await repository.decide(desk.tx, asked.id, state, desk.subject, now, reason, result)
        found = await repository.find(desk.tx, asked.id, AreaScope.everything(), desk.runtime.cipher.decrypt)
    assert found is not None
    return found


AREA_FOLLOWING = Following("correction_request", person="person_id", where="t.state = 'requested'")
"""A request that waits follows the person when a community changes."""
