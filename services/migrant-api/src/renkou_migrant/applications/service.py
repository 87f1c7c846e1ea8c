"""Carrying an application from state to state. Each step is one row of history and one event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import ApplicationChanged, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.conditions import check_version
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.applications import repository
from renkou_migrant.applications.domain import OPEN, WAYS, Application, ApplicationState, Step, after
from renkou_migrant.applications.repository import Filters
from renkou_migrant.certificates import service as certificates
from renkou_migrant.certificates.domain import Kind
from renkou_migrant.certificates.reasons import ReplacementReason
from renkou_migrant.certificates.records import Actor, Recorded
from renkou_migrant.certificates.service import Order
from renkou_migrant.fields import area_text
from renkou_migrant.outflow import service as outflow
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a kind, why (a replacement), the groups agreed to, and the key to bind it to."""

    kind: Kind
    reason: ReplacementReason | None
    groups: Sequence[str]
    holder_key: Mapping[str, Any] | None = None


async def apply(
    tx: Transaction,
    runtime: Runtime,
    scope: AreaScope,
    actor: Actor,
    person_id: UUID,
    facts: PersonFacts,
    wish: Wish,
) -> UUID:
    """Record an application; raises NotFound outside ``scope``, Conflict where it can't be granted.

    ``facts`` are the register's. What speaks against a certificate today is told at once.
    """
    registered = AreaCode.parse(facts.registered_area)
    if runtime.district.contains(registered) and not scope.contains(registered.key):
        raise NotFound.of("人员", "person")
    _, standing = await certificates.check_order(tx, runtime, facts, wish.kind)
    now = runtime.clock.now()
    new = Application(
        id=new_id(),
        position=0,
        person_id=person_id,
        person_ref=facts.person_ref,
        registered_area=registered.key,
        kind=wish.kind,
        reason=wish.reason,
        groups=tuple(wish.groups),
        holder_key=wish.holder_key,
        replaces=standing[-1].id if standing else None,
        state=ApplicationState.APPLIED,
        applied_on=now.date(),
        applied_at=now,
        closed_on=None,
        certificate_id=None,
        version=1,
    )
    if not await repository.insert(tx, new):
        raise Conflict(
            "application_open", "该人已有申请在办", "An application of this person is being handled already"
        )
    await recorded(tx, runtime, None, new, Step.APPLY, actor, wish.reason, None)
    return new.id


async def carry_on(
    tx: Transaction,
    runtime: Runtime,
    found: Application,
    step: Step,
    actor: Actor,
    *,
    reason: str | None = None,
    note: str | None = None,
    **changes: Any,
) -> None:
    """Take a locked application one step further; ``changes`` replace fields of it. Raises Conflict."""
    assert actor.id is not None
    authors = await _authors(tx, found.id) if WAYS[step].by_another else ()
    state = after(found.state, step, actor=actor.id, authors=authors)
    closed_on = None if state in OPEN else runtime.clock.today()
    changed = replace(found, state=state, closed_on=closed_on, **changes)
    await repository.update(tx, changed)
    await recorded(tx, runtime, found, changed, step, actor, reason, note)


async def _authors(tx: Transaction, application_id: UUID) -> set[UUID]:
    steps = await repository.STEPS.read(tx, application_id)
    return {
        one.actor.id for one in steps if one.step in (Step.APPLY, Step.AMEND) and one.actor.id is not None
    }


async def issue(
    tx: Transaction, runtime: Runtime, found: Application, actor: Actor, facts: PersonFacts
) -> UUID:
    """Issue the certificate of an approved, locked application on the facts that the register tells now."""
    assert actor.id is not None
    after(found.state, Step.ISSUE, actor=actor.id, authors=())
    reason = None if found.reason is None else ReplacementReason(found.reason)
    order = Order(found.person_id, found.groups, found.kind, reason, actor, found.holder_key)
    certificate_id = await certificates.issue(tx, runtime, order, facts)
    await carry_on(tx, runtime, found, Step.ISSUE, actor, certificate_id=certificate_id)
    return certificate_id


async def follow_register(tx: Transaction, runtime: Runtime, areas: Mapping[UUID, int]) -> None:
    """Let open applications follow a registration that moved within the district."""
    for found in await repository.open_of(tx, list(areas)):
        area = areas[found.person_ref]
        if found.registered_area != area:
            changed = replace(found, registered_area=area)
            await repository.update(tx, changed)
            await _publish(tx, runtime, found, changed, "move", None)


async def recorded(
    tx: Transaction,
    runtime: Runtime,
    before: Application | None,
    now: Application,
    step: Step,
    actor: Actor,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    """Write a step into the history of an application and publish what it changes."""
    at = runtime.clock.now()
    await repository.STEPS.add(tx, now.id, Recorded(step, at.date(), at, actor, reason, note))
    await _publish(tx, runtime, before, now, step, reason)


async def _publish(
    tx: Transaction,
    runtime: Runtime,
    before: Application | None,
    now: Application,
    step: str,
    reason: str | None,
) -> None:
    event = ApplicationChanged(
        application_id=now.id,
        person_ref=now.person_ref,
        area=area_text(now.registered_area),
        kind=now.kind,
        state=now.state,
        step=step,
        code=reason,
        certificate_id=now.certificate_id,
        lines=difference(now.lines(), before.lines() if before else type(now.lines())()),
    )
    await runtime.outbox.append(tx, MigrantEventType.APPLICATION_CHANGED, now.person_ref, event)


async def get(
    tx: Transaction,
    scope: AreaScope,
    application_id: UUID,
    *,
    person_id: UUID | None = None,
    version: int | None = None,
) -> Application:
    """Return an application in scope, of this person where one is named; raises NotFound.

    With a ``version`` it is locked for a change; raises VersionMismatch where it has moved on.
    """
    found = await repository.find(tx, scope, application_id, lock=version is not None)
    if found is None or (person_id is not None and found.person_id != person_id):
        raise NotFound.of("申请", "application")
    if version is not None:
        check_version(version, found.version)
    return found


async def locked(tx: Transaction, scope: AreaScope, application_id: UUID, person_ref: UUID) -> Application:
    """Return an application in scope and keep others from changing it; raises NotFound.

    The person is held first, as the consumer of the register does: two that wait for each other would be
    ended by the database.
    """
    await outflow.lock_persons(tx, [person_ref])
    found = await repository.find(tx, scope, application_id, lock=True)
    if found is None:
        raise NotFound.of("申请", "application")
    return found


async def history(tx: Transaction, application_id: UUID) -> list[Recorded]:
    """Return every step in order: what, when, who, why."""
    return await repository.STEPS.read(tx, application_id)


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[Application]:
    """Return applications in scope, the last first."""
    return await repository.page(tx, scope, filters, before, limit)
