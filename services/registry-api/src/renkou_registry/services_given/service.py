"""Services: offer, book, give, change, list. Callers hold the transaction; nothing here commits."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Population, difference
from renkou_common.contracts.registry import RegistryEventType, ServiceGiven
from renkou_common.contracts.registry_maternal import ServiceChanged
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.consents import service as consents
from renkou_registry.consents.domain import ConsentPurpose
from renkou_registry.counting import counting_of
from renkou_registry.listing import START, Position, own_interval
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, check_alive, new_id
from renkou_registry.persons.events import area_text
from renkou_registry.persons.reading import log_health
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime
from renkou_registry.services_given import domain, repository
from renkou_registry.services_given.domain import CancelReason, ResultKind, Service, State
from renkou_registry.successions import Following

RESULT = "service_given.result"


async def give(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    kind: str,
    given_on: date,
    *,
    share_with_home: bool,
    recorded_by: UUID,
) -> UUID:
    """Record a service given without an offer before; returns its id. Raises NotFound, Conflict."""
    person = await _present(runtime, tx, scope, person_id, given_on)
    service = _new(runtime, person, kind, State.GIVEN, given_on=given_on, share_with_home=share_with_home)
    return await _record(runtime, tx, person.ref, service, recorded_by)


async def offer(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    kind: str,
    offered_on: date,
    *,
    recorded_by: UUID,
) -> UUID:
    """Record that a service was offered; returns its id. Raises NotFound, Conflict."""
    person = await _present(runtime, tx, scope, person_id, offered_on)
    if person.restricted:
        raise Conflict(
            "processing_restricted",
            "该人的信息处理受限制, 不得告知服务",
            "the person's data are restricted: no service is offered",
        )
    service = _new(runtime, person, kind, State.OFFERED, offered_on=offered_on)
    return await _record(runtime, tx, person.ref, service, recorded_by)


async def book(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    kind: str,
    booked_for: date,
    *,
    booked_by: str,
    recorded_by: UUID,
) -> UUID:
    """Record that a service is wanted on a day; ``booked_by`` is "person" or "worker". Returns its id."""
    today = runtime.clock.today()
    domain.check_booking(booked_for, today)
    person = await _present(runtime, tx, scope, person_id, today)
    service = _new(
        runtime,
        person,
        kind,
        State.ACCEPTED,
        offered_on=today,
        booked_for=booked_for,
        booked_by=booked_by,
    )
    return await _record(runtime, tx, person.ref, service, recorded_by)


async def change(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    service_id: UUID,
    version: int,
    rule: Callable[[Service], Service],
    reason: str | None = None,
) -> asyncpg.Record:
    """Change the version of a service that the caller saw by a rule of the domain; returns the new row."""
    row = await repository.find(tx, service_id, access.areas, lock=True)
    before = service_of(_known(row))
    await check_current(tx, service_id, version, before.version)
    after = rule(before)
    person = await persons.find(tx, before.person_id, access.areas)
    if after.given_on != before.given_on and after.given_on is not None:
        check_alive(person["birth_date"], person["died_on"], after.given_on)
    await repository.update(tx, after)
    if not domain.may_have_result(after):
        await repository.drop_result(tx, service_id)
    old, new = _difference(before, after)
    await repository.log_change(tx, new_id(), before, old, new, reason, runtime.clock.now(), access.subject)
    await _publish(runtime, tx, person["ref"], before, after)
    return await find(tx, service_id, access.areas)


async def person_withdrawn(runtime: Runtime, tx: Transaction, person_id: UUID, by: UUID) -> None:
    """Cancel every service of a person whose entry was taken back: recorded in error like the entry."""
    [ref] = (await persons.refs_of(tx, [person_id])).values()
    for row in await repository.standing_of_person(tx, person_id):
        before = service_of(row)
        after = domain.cancel(before, CancelReason.ERROR)
        await repository.update(tx, after)
        await repository.drop_result(tx, before.id)
        old, new = _difference(before, after)
        await repository.log_change(tx, new_id(), before, old, new, None, runtime.clock.now(), by)
        await _publish(runtime, tx, ref, before, after)


async def find(tx: Transaction, service_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a service of a person in scope; raises NotFound."""
    return _known(await repository.find(tx, service_id, scope))


async def find_any(tx: Transaction, service_id: UUID) -> asyncpg.Record | None:
    """Return a service wherever its person is, None for an unknown one; for what tells nothing of it."""
    return await repository.find(tx, service_id, AreaScope.everything())


async def page(
    tx: Transaction, scope: AreaScope, person_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Return services given to a person; raises NotFound for a person outside the caller's area."""
    await persons.find(tx, person_id, scope)
    return await repository.of_person(tx, person_id, after, limit)


async def all_of_person(
    tx: Transaction, scope: AreaScope, person_id: UUID, limit: int = 200
) -> Sequence[asyncpg.Record]:
    """Return a person's services in every state, also declined ones; raises NotFound."""
    await persons.find(tx, person_id, scope)
    return await repository.all_of_person(tx, person_id, limit)


async def page_of_area(
    tx: Reader,
    scope: AreaScope,
    area: AreaCode,
    days: tuple[date | None, date | None],
    kind: str | None,
    state: str | None,
    after: Position | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return a page of an area's services; raises NotFound where the area is not the caller's."""
    interval = own_interval(scope, area)
    span = (days[0] or date.min, days[1] or date.max)
    return await repository.page(tx, interval, span, kind, state, after or START, limit)


async def record_result(
    runtime: Runtime, tx: Transaction, access: Access, service_id: UUID, version: int, result: ResultKind
) -> asyncpg.Record:
    """Seal the kind of result of a service that was given; raises Conflict for a kind that has none."""
    service = service_of(_known(await repository.find(tx, service_id, access.areas, lock=True)))
    await check_current(tx, service_id, version, service.version)
    if service.state is not State.GIVEN:
        raise Conflict("not_given", "服务尚未提供", "the service was not given yet")
    if service.kind not in domain.WITH_RESULT:
        raise Conflict(
            "result_without_purpose",
            "该服务项目不登记结果: 没有登记的目的",
            "no result is kept of this kind of service: it would serve no purpose",
        )
    await repository.save_result(tx, service_id, runtime.cipher.encrypt(result, RESULT))
    return await find(tx, service_id, access.areas)


async def read_result(
    runtime: Runtime, tx: Transaction, access: Access, service_id: UUID, purpose: str
) -> ResultKind:
    """Return the kind of result in the clear and log the reading; raises NotFound where there is none."""
    row = await find(tx, service_id, access.areas)
    if row["result_sealed"] is None:
        raise NotFound.of("结果", "result")
    await log_health(runtime, tx, access.subject, row["person_id"], ["service_result"], purpose)
    return ResultKind(runtime.cipher.decrypt(row["result_sealed"], RESULT))


def service_of(row: asyncpg.Record) -> Service:
    """Return the domain's service of a row."""
    population, because = row["population"], row["cancelled_because"]
    return Service(
        id=row["id"],
        person_id=row["person_id"],
        kind=row["kind"],
        state=State(row["state"]),
        area=row["area"],
        population=Population(population) if population else None,
        sex=row["sex"] or 0,
        share_with_home=row["share_with_home"],
        offered_on=row["offered_on"],
        booked_for=row["booked_for"],
        booked_by=row["booked_by"],
        given_on=row["given_on"],
        cancelled_because=CancelReason(because) if because else None,
        version=row["version"],
    )


async def _present(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, on: date
) -> PersonRecord:
    """Return a locked person who lives in the district and was alive on a day."""
    person = (await persons.lock(tx, [person_id], scope))[person_id]
    low, high = runtime.district.interval()
    if not low <= person.present_area <= high:
        raise Conflict(
            "not_present", "该人现不在本区居住", "the person does not live in this district at present"
        )
    check_alive(person.birth_date, person.died_on, on)
    return person


def _new(
    runtime: Runtime,
    person: PersonRecord,
    kind: str,
    state: State,
    *,
    share_with_home: bool = False,
    **days: Any,
) -> Service:
    counting = counting_of(person, runtime.district.interval())
    return Service(
        id=new_id(),
        person_id=person.id,
        kind=kind,
        state=state,
        area=person.present_area,
        population=counting.population if counting else None,
        sex=person.sex,
        share_with_home=share_with_home,
        **days,
    )


async def _record(runtime: Runtime, tx: Transaction, ref: UUID, service: Service, recorded_by: UUID) -> UUID:
    await repository.insert(tx, service, runtime.clock.now(), recorded_by)
    await _publish(runtime, tx, ref, None, service)
    return service.id


async def _publish(
    runtime: Runtime, tx: Transaction, ref: UUID, before: Service | None, after: Service
) -> None:
    """Tell that a service was given, or else that its record changed.

    Raises Conflict ``consent_withdrawn`` where the home district is to be told against the person's will.
    """
    if after.share_with_home and not (before and before.share_with_home):
        await consents.check_not_withdrawn(tx, after.person_id, ConsentPurpose.SHARE_SERVICES_WITH_HOME)
    lines = difference(domain.lines_of(after), domain.lines_of(before))
    just_given = after.state is State.GIVEN and (before is None or before.state is not State.GIVEN)
    if just_given and after.given_on is not None:
        given = ServiceGiven(
            person_ref=ref,
            service_id=after.id,
            kind=after.kind,
            given_on=after.given_on,
            area=area_text(after.area),
            share_with_home=after.share_with_home,
            lines=lines,
        )
        await runtime.outbox.append(tx, RegistryEventType.SERVICE_GIVEN, ref, given)
        return
    changed = ServiceChanged(
        person_ref=ref,
        service_id=after.id,
        area=area_text(after.area),
        changed_on=runtime.clock.today(),
        kind=after.kind,
        given_on=after.given_on if after.state is State.GIVEN else None,
        share_with_home=after.share_with_home,
        lines=lines,
    )
    await runtime.outbox.append(tx, RegistryEventType.SERVICE_CHANGED, ref, changed)


def _difference(before: Service, after: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = asdict(before), asdict(after)
    names = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}


def _known(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise NotFound.of("服务记录", "service")
    return row


async def is_recorded(tx: Transaction, person_id: UUID, kind: str, given_on: date) -> bool:
    """Say whether a visible person was given this service on that day."""
    return await repository.is_recorded(tx, person_id, kind, given_on)


async def _area_changed(desk: Desk, before: asyncpg.Record, after: asyncpg.Record) -> None:
    [ref] = (await persons.refs_of(desk.tx, [after["person_id"]])).values()
    await _publish(desk.runtime, desk.tx, ref, service_of(before), service_of(after))


AREA_FOLLOWING = Following(
    "service_given", person="person_id", where="t.state IN ('offered', 'accepted')", moved=_area_changed
)
"""What is offered or booked follows the person when a community changes; what was given counts where it was."""
