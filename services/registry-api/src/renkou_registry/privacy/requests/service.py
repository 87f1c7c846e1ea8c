"""Persons' requests about their data: taken in, decided with reasons, approved by a second person, answered.

Callers hold the transaction. What is decided is done in it: a restriction at once, a deletion is ordered and the
worker carries it out (:mod:`renkou_registry.privacy.erasure`); :mod:`.jobs` answers when it has, or when the rest waits
for a cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.calendar_days import working_days
from renkou_common.codes.area import AreaCode
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.duplicates import service as duplicates
from renkou_registry.floor import reaching_all
from renkou_registry.me.words import TITLES
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.privacy.erasure import service as erasure
from renkou_registry.privacy.registers import service as registers
from renkou_registry.privacy.registers.service import Entry
from renkou_registry.privacy.requests import repository
from renkou_registry.privacy.requests.domain import (
    UNDECIDED,
    Act,
    How,
    Kind,
    Outcome,
    PrivacyRequest,
    State,
    check_about,
    check_extension,
    check_withdrawal,
    decided,
    seconded,
)
from renkou_registry.privacy.restriction import service as restriction
from renkou_registry.records import Desk
from renkou_registry.successions import Following

RECORD_KINDS = frozenset(TITLES)
"""What an explanation can be asked about: kinds of records, as the copy of everything held names them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What staff decide: ``reason`` and ``law`` say why, ``answer`` what the person is told."""

    outcome: Outcome
    reason: str
    law: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class Detail:
    """A request with its steps and, where it has them, what a deletion would do, what it did, and the rules."""

    request: PrivacyRequest
    steps: list[asyncpg.Record]
    plan: list[erasure.Planned] | None
    result: erasure.Result | None
    explained: list[Entry] | None


async def take_in(desk: Desk, person_id: UUID, kind: Kind, wish: str, about: list[str], how: How) -> UUID:
    """Write a request down, to be answered in as many working days as the node has set; returns its id.

    Raises NotFound for a person outside the caller's area, InvalidInput, and Conflict ``request_open`` where one of
    its kind is open, with its id.
    """
    check_about(kind, about, RECORD_KINDS)
    row = await persons.find(desk.tx, person_id, desk.scope)
    days = desk.runtime.settings.privacy_request_working_days
    request = PrivacyRequest(
        id=new_id(),
        person_id=person_id,
        area=_area(desk, row),
        kind=kind,
        how=how,
        wish=wish,
        about=sorted(set(about)),
        state=State.RECEIVED,
        due_on=(await working_days(desk.tx)).add(desk.today, days),
        extended=False,
        received_at=desk.now,
        received_by=desk.subject,
        outcome=None,
        reason=None,
        law=None,
        answer=None,
        decided_at=None,
        decided_by=None,
        second_at=None,
        second_by=None,
        erasure_id=None,
        closed_at=None,
        version=1,
    )
    async with reaching_all(desk.tx):
        record_ids = await erasure.records_of(desk.tx, person_id)
        waiting = await repository.open_of(desk.tx, record_ids, kind)
        if waiting is None and not await repository.add(desk.tx, request):
            waiting = await repository.open_of(desk.tx, record_ids, kind)
    if waiting is not None:
        raise Conflict(
            "request_open",
            f"已有一件同类申请正在办理: {waiting}",
            f"a request of this kind is open already: {waiting}",
        )
    await repository.note(desk.tx, request.id, Act.RECEIVED, desk.now, desk.subject, wish)
    return request.id


def _area(desk: Desk, row: asyncpg.Record) -> int:
    """Return whose worklist a request is on: where the person lives, is registered, or lived before leaving."""
    low, high = desk.runtime.district.interval()
    here = [row[name] for name in ("present_area", "registered_area") if low <= row[name] <= high]
    return int(here[0] if here else row["left_area"] or row["registered_area"])


async def find(desk: Desk, request_id: UUID) -> PrivacyRequest:
    """Return a request in the caller's area; raises NotFound."""
    return _there(await repository.find(desk.tx, request_id, desk.scope))


async def find_own(desk: Desk, request_id: UUID, person_id: UUID) -> PrivacyRequest:
    """Return a request of a person, whichever of the own records it is about; raises NotFound."""
    async with reaching_all(desk.tx):
        record_ids = await erasure.records_of(desk.tx, person_id)
        return _there(await repository.find_of(desk.tx, request_id, record_ids))


async def of_person(desk: Desk, person_id: UUID) -> list[PrivacyRequest]:
    """Return what a person has asked for, of all records that are the person's, the last first."""
    async with reaching_all(desk.tx):
        return await repository.of_records(desk.tx, await erasure.records_of(desk.tx, person_id))


def _there(found: PrivacyRequest | None) -> PrivacyRequest:
    if found is None:
        raise NotFound.of("个人信息权利申请", "privacy request")
    return found


async def page(
    desk: Desk,
    area: AreaCode,
    states: Sequence[State],
    kind: Kind | None,
    after: tuple[date, UUID] | None,
    limit: int,
    *,
    overdue: bool,
) -> tuple[list[PrivacyRequest], int]:
    """Return requests of an area, what is due first at the head, and how many of all are overdue.

    Raises NotFound where the area is not the caller's.
    """
    interval = area.interval()
    if not desk.scope.covers(*interval):
        raise NotFound.of("区划", "area")
    wanted = [each for each in states if each in UNDECIDED] if overdue else states
    before = desk.today if overdue else None
    found = await repository.page(desk.tx, interval, wanted, kind, before, after, limit)
    return found, await repository.count_overdue(desk.tx, interval, desk.today)


async def detail(desk: Desk, request: PrivacyRequest, *, with_plan: bool) -> Detail:
    """Return a request with all that belongs to it; ``with_plan``: what a deletion would do, while none is decided."""
    plan = result = explained = None
    async with reaching_all(desk.tx):
        steps = await repository.steps(desk.tx, request.id)
        if request.erasure_id is not None:
            result = await erasure.result(desk.tx, request.erasure_id)
    if request.kind is Kind.DELETION and with_plan and request.state in UNDECIDED:
        plan = await erasure.plan(desk.runtime, desk.tx, request.person_id)
    if request.kind is Kind.EXPLANATION and (with_plan or request.state is State.ANSWERED):
        explained = await _explained(desk, request.about)
    return Detail(request, steps, plan, result, explained)


async def _explained(desk: Desk, about: Sequence[str]) -> list[Entry]:
    """Return the purposes in force for which records of these kinds are held; without any, all of them."""
    entries = await registers.register(desk.runtime, desk.tx)
    return [
        each
        for each in entries
        if each.in_force
        and each.processing.tables
        and (not about or set(about) & set(each.processing.tables))
    ]


async def decide(desk: Desk, request_id: UUID, version: int, decision: Decision) -> PrivacyRequest:
    """Decide on a request; a restriction that is granted, whole or in part, is in force at once.

    Raises NotFound, VersionMismatch, Conflict.
    """
    request = await _locked(desk, request_id, version)
    state = decided(request, decision.outcome)
    if request.kind is Kind.RESTRICTION and decision.outcome is not Outcome.REFUSED:
        await _restrict(desk, request, decision.reason)
    values: dict[str, Any] = {
        "state": state,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "law": decision.law,
        "answer": decision.answer,
        "decided_at": desk.now,
        "decided_by": desk.subject,
        "closed_at": desk.now if state is State.ANSWERED else None,
    }
    return await _changed(desk, request, values, Act.DECIDED, decision.reason, decision.outcome)


async def _restrict(desk: Desk, request: PrivacyRequest, reason: str) -> None:
    """Restrict the record that stands for the person, whichever of the own ones the request was written down for, and
    wherever the person has moved since: the office that took the request answers it."""
    everywhere = AreaScope.everything()
    async with reaching_all(desk.tx):
        standing = await duplicates.standing_for(desk.tx, request.person_id)
        await restriction.impose(
            desk.runtime, desk.tx, everywhere, standing, reason, desk.subject, request_id=request.id
        )


async def second(desk: Desk, request_id: UUID, version: int, reason: str, *, agreed: bool) -> PrivacyRequest:
    """Approve a deletion that another one decided on, which orders it, or send it back to be decided anew.

    Raises NotFound, VersionMismatch, Conflict.
    """
    request = await _locked(desk, request_id, version)
    state = seconded(request, desk.subject, agreed=agreed)
    if not agreed:
        undone = ("outcome", "reason", "law", "answer", "decided_at", "decided_by")
        values: dict[str, Any] = {"state": state, **dict.fromkeys(undone)}
        return await _changed(desk, request, values, Act.SECOND_REFUSED, reason)
    erasure_id = await erasure.begin(
        desk.runtime, desk.tx, request.person_id, request.id, request.decided_by, desk.subject
    )
    values = {"state": state, "second_at": desk.now, "second_by": desk.subject, "erasure_id": erasure_id}
    return await _changed(desk, request, values, Act.SECOND_AGREED, reason)


async def extend(desk: Desk, request_id: UUID, version: int, reason: str) -> PrivacyRequest:
    """Put the day of the answer off once, by as many working days again; raises NotFound, VersionMismatch, Conflict."""
    request = await _locked(desk, request_id, version)
    check_extension(request, desk.today)
    days = desk.runtime.settings.privacy_request_working_days
    due_on = (await working_days(desk.tx)).add(request.due_on, days)
    return await _changed(desk, request, {"due_on": due_on, "extended": True}, Act.EXTENDED, reason)


async def withdraw(desk: Desk, request_id: UUID, version: int, person_id: UUID) -> PrivacyRequest:
    """Take an own request back before anything was done; raises NotFound, VersionMismatch, Conflict."""
    async with reaching_all(desk.tx):
        record_ids = await erasure.records_of(desk.tx, person_id)
        request = _there(await repository.find_of(desk.tx, request_id, record_ids, lock=True))
        await check_current(desk.tx, request_id, version, request.version)
        check_withdrawal(request)
        values = {"state": State.WITHDRAWN, "closed_at": desk.now}
        return await _changed(desk, request, values, Act.WITHDRAWN, None)


async def answer_when_carried_out(desk: Desk, request_id: UUID) -> bool:
    """Answer a request whose deletion is carried out, but for what waits for a cause; says whether it was."""
    request = await repository.take(desk.tx, request_id)
    if request is None or request.erasure_id is None:
        return False
    result = await erasure.result(desk.tx, request.erasure_id)
    if not result.answerable:
        return False
    act = Act.CARRIED_OUT if result.carried_out_at else Act.ANSWERED
    values = {"state": State.ANSWERED, "closed_at": desk.now}
    await repository.change(desk.tx, request.id, values)
    await repository.note(desk.tx, request.id, act, desk.now, None)
    return True


async def _locked(desk: Desk, request_id: UUID, version: int) -> PrivacyRequest:
    request = _there(await repository.find(desk.tx, request_id, desk.scope, lock=True))
    await check_current(desk.tx, request_id, version, request.version)
    return request


async def _changed(
    desk: Desk,
    request: PrivacyRequest,
    values: dict[str, Any],
    act: Act,
    told: str | None,
    outcome: Outcome | None = None,
) -> PrivacyRequest:
    after = await repository.change(desk.tx, request.id, values)
    await repository.note(desk.tx, request.id, act, desk.now, desk.subject, told, outcome)
    return after


AREA_FOLLOWING = Following(
    "privacy_request",
    person="person_id",
    where="t.state IN ('received', 'awaiting_second', 'carrying_out')",
)
"""An open request follows the person when a community changes."""
