"""Childbirth registrations: record, link, change, withdraw. Callers hold the transaction; nothing commits."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_maternal import ChildbirthChanged, ChildbirthRegistered
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.childbirth import domain, repository
from renkou_registry.childbirth.domain import Address, Registration, State
from renkou_registry.listing import START, Position, own_interval
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import check_alive, new_id
from renkou_registry.persons.events import area_text
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime
from renkou_registry.successions import Following


async def register(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    address: Address,
    registered_on: date,
    *,
    partner_id: UUID | None,
    partner_name: str | None,
    child_ordinal: int | None,
    recorded_by: UUID,
) -> UUID:
    """Record a registration and publish it; returns its id. Raises NotFound, Conflict."""
    person = (await persons.lock(tx, [person_id], scope))[person_id]
    check_alive(person.birth_date, person.died_on, registered_on)
    await _check_partner(tx, scope, person_id, partner_id)
    district = runtime.district.interval()
    registration = Registration(
        id=new_id(),
        number=domain.number_of(
            runtime.settings.district, registered_on.year, await repository.next_number(tx)
        ),
        person_id=person_id,
        partner_id=partner_id,
        partner_name=partner_name,
        address=address,
        area=domain.area_at(address, person.registered_area, person.present_area, district),
        child_ordinal=child_ordinal,
        registered_on=registered_on,
    )
    await repository.insert(tx, registration, runtime.clock.now(), recorded_by)
    payload = ChildbirthRegistered(
        person_ref=person.ref,
        registration_id=registration.id,
        area=area_text(registration.area),
        registered_on=registered_on,
    )
    await runtime.outbox.append(tx, RegistryEventType.CHILDBIRTH_REGISTERED, person.ref, payload)
    return registration.id


async def link(
    runtime: Runtime, tx: Transaction, access: Access, registration_id: UUID, version: int, child_id: UUID
) -> asyncpg.Record:
    """Link a child of the register; raises NotFound, Conflict."""
    before = await _locked(tx, access.areas, registration_id, version)
    child = await persons.find(tx, child_id, access.areas)
    after = domain.linked(before)
    domain.check_child(before, child["mother_id"], child["father_id"])
    now = runtime.clock.now()
    if not await repository.add_birth(tx, before.id, child_id, child["birth_date"], now, access.subject):
        raise Conflict(
            "already_linked", "该孩子已关联生育登记", "this child is linked to a registration already"
        )
    return await _save(runtime, tx, access.areas, after, born_on=child["birth_date"])


async def unlink(
    runtime: Runtime, tx: Transaction, access: Access, registration_id: UUID, version: int, child_id: UUID
) -> asyncpg.Record:
    """Take a wrong link away; raises NotFound where there is none."""
    before = await _locked(tx, access.areas, registration_id, version)
    if not await repository.remove_birth(tx, before.id, child_id):
        raise NotFound.of("关联", "link")
    row = await find(tx, registration_id, access.areas)
    return await _save(runtime, tx, access.areas, domain.unlinked(before, len(row["child_ids"])))


async def change(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    registration_id: UUID,
    version: int,
    changes: dict[str, Any],
) -> asyncpg.Record:
    """Change partner, address or which child; raises NotFound, Conflict."""
    before = await _locked(tx, access.areas, registration_id, version)
    if "address" in changes:
        person = await persons.find(tx, before.person_id, access.areas)
        changes["area"] = domain.area_at(
            changes["address"],
            person["registered_area"],
            person["present_area"],
            runtime.district.interval(),
        )
    await _check_partner(tx, access.areas, before.person_id, changes.get("partner_id"))
    return await _save(runtime, tx, access.areas, domain.changed(before, changes))


async def withdraw(
    runtime: Runtime, tx: Transaction, access: Access, registration_id: UUID, version: int, on: date
) -> asyncpg.Record:
    """Record that the person withdrew the registration."""
    before = await _locked(tx, access.areas, registration_id, version)
    return await _save(runtime, tx, access.areas, domain.withdrawn(before, on))


async def find(tx: Transaction, registration_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a registration in scope with its ``child_ids``; raises NotFound."""
    return _known(await repository.find(tx, registration_id, scope))


async def find_by_number(tx: Transaction, number: str, scope: AreaScope) -> asyncpg.Record | None:
    """Return a registration in scope by its number."""
    found = await repository.id_of_number(tx, number)
    return await repository.find(tx, found, scope) if found else None


async def of_person(tx: Transaction, scope: AreaScope, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return a person's registrations, the latest first; raises NotFound."""
    await persons.find(tx, person_id, scope)
    return await repository.of_person(tx, person_id)


async def page(
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    days: tuple[date | None, date | None],
    after: Position | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return a page of an area's registrations; raises NotFound where the area is not the caller's."""
    span = (days[0] or date.min, days[1] or date.max)
    return await repository.page(tx, own_interval(scope, area), span, after or START, limit)


async def _locked(tx: Transaction, scope: AreaScope, registration_id: UUID, version: int) -> Registration:
    row = _known(await repository.find(tx, registration_id, scope, lock=True))
    await check_current(tx, registration_id, version, row["version"])
    return Registration(
        id=row["id"],
        number=row["number"],
        person_id=row["person_id"],
        partner_id=row["partner_id"],
        partner_name=row["partner_name"],
        address=Address(row["address"]),
        area=row["area"],
        child_ordinal=row["child_ordinal"],
        registered_on=row["registered_on"],
        state=State(row["state"]),
        withdrawn_on=row["withdrawn_on"],
        version=row["version"],
    )


async def _save(
    runtime: Runtime, tx: Transaction, scope: AreaScope, after: Registration, born_on: date | None = None
) -> asyncpg.Record:
    await repository.update(tx, after, runtime.clock.now())
    person = await persons.find(tx, after.person_id, scope)
    payload = ChildbirthChanged(
        person_ref=person["ref"],
        registration_id=after.id,
        area=area_text(after.area),
        state=after.state.value,
        changed_on=runtime.clock.today(),
        born_on=born_on,
    )
    await runtime.outbox.append(tx, RegistryEventType.CHILDBIRTH_CHANGED, person["ref"], payload)
    return await find(tx, after.id, scope)


async def _check_partner(tx: Transaction, scope: AreaScope, person_id: UUID, partner_id: UUID | None) -> None:
    if partner_id is None:
        return
    if partner_id == person_id:
        raise Conflict("same_person", "双方不能是同一人", "the two must be different people")
    await persons.find(tx, partner_id, scope)


def _known(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise NotFound.of("生育登记", "childbirth registration")
    return row


async def _area_changed(desk: Desk, before: asyncpg.Record, after: asyncpg.Record) -> None:
    [ref] = (await persons.refs_of(desk.tx, [after["person_id"]])).values()
    payload = ChildbirthChanged(
        person_ref=ref,
        registration_id=after["id"],
        area=area_text(after["area"]),
        state=after["state"],
        changed_on=desk.today,
        born_on=None,
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.CHILDBIRTH_CHANGED, ref, payload)


AREA_FOLLOWING = Following(
    "childbirth_registration", person="person_id", where="t.state <> 'withdrawn'", moved=_area_changed
)
"""A registration follows the person when a community changes."""
