"""Services given: record and list. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType, ServiceGiven
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.scope import AreaScope
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime
from renkou_registry.services_given import repository


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
    """Record a service at the present address and publish it; returns its id. Raises NotFound, Conflict."""
    person = (await persons.lock(tx, [person_id], scope))[person_id]
    low, high = runtime.district.interval()
    if not low <= person.present_area <= high:
        raise Conflict(
            "not_present", "该人现不在本区居住", "the person does not live in this district at present"
        )
    if person.birth_date > given_on or (person.died_on is not None and person.died_on < given_on):
        raise Conflict("not_alive", "该日期不在其生存期间", "the person was not alive on that day")
    service_id = new_id()
    await repository.insert(
        tx,
        service_id,
        person_id,
        kind,
        given_on,
        person.present_area,
        share_with_home,
        runtime.clock.now(),
        recorded_by,
    )
    payload = ServiceGiven(
        person_ref=person.ref,
        service_id=service_id,
        kind=kind,
        given_on=given_on,
        area=area_text(person.present_area),
        share_with_home=share_with_home,
    )
    await runtime.outbox.append(tx, RegistryEventType.SERVICE_GIVEN, person.ref, payload)
    return service_id


async def find(tx: Transaction, service_id: UUID) -> asyncpg.Record:
    """Return a service of a person in the transaction's scope; raises NotFound."""
    row = await repository.find(tx, service_id)
    if row is None:
        raise NotFound.of("服务记录", "service")
    return row


async def page(
    tx: Transaction, scope: AreaScope, person_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Return a page of a person's services; raises NotFound for a person outside the caller's area."""
    await persons.find(tx, person_id, scope)
    return await repository.of_person(tx, person_id, after, limit)


async def is_recorded(tx: Transaction, person_id: UUID, kind: str, given_on: date) -> bool:
    """Say whether a visible person was given this service on that day."""
    return await repository.is_recorded(tx, person_id, kind, given_on)
