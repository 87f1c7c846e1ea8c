"""Honour certificates: enter, issue, replace, cancel. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_maternal import HonourCancelled, HonourIssued
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.counting import counting_of
from renkou_registry.floor import reaching_everywhere
from renkou_registry.honour import domain, repository
from renkou_registry.honour.domain import CancelReason, Certificate, Child, Holder, Kind, LossReason, State
from renkou_registry.listing import START, Position, own_interval
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, check_alive, new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime
from renkou_registry.successions import Following

RULES = domain.Rules()


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate to enter (with the number it has) or to issue (``number`` None)."""

    first_holder_id: UUID
    second_holder_id: UUID | None
    child_id: UUID
    issued_on: date
    number: str | None


async def enter(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: Entry, *, recorded_by: UUID
) -> UUID:
    """Enter an existing certificate or issue one; returns its id. Raises NotFound, Conflict."""
    ids = [each for each in (entry.first_holder_id, entry.second_holder_id) if each is not None]
    people = await persons.lock(tx, [*ids, entry.child_id], scope)
    holders, child = [_holder(people[each]) for each in ids], _child(people[entry.child_id])
    domain.check_born(child.born, RULES)
    domain.check_family(holders, child)
    domain.check_issued_on(entry.issued_on, child.born)
    for each in ids:
        check_alive(people[each].birth_date, people[each].died_on, entry.issued_on)
    if entry.number is None:
        domain.check_only_child(holders)
    counting = counting_of(people[ids[0]], runtime.district.interval())
    if counting is None:
        raise Conflict(
            "not_here", "持证人户籍和居住均不在本区", "the holder neither lives nor is registered here"
        )
    certificate = Certificate(
        id=new_id(),
        number=entry.number or await _number(runtime, tx, entry.issued_on),
        first_holder_id=entry.first_holder_id,
        second_holder_id=entry.second_holder_id,
        child_id=entry.child_id,
        area=counting.area,
        kind=Kind.EXISTING if entry.number else Kind.ISSUED,
        issued_on=entry.issued_on,
    )
    await _insert(runtime, tx, certificate, recorded_by)
    refs = {person.id: person.ref for person in people.values()}
    await _publish_issued(runtime, tx, certificate, refs)
    return certificate.id


async def replace_lost(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    certificate_id: UUID,
    version: int,
    on: date,
    reason: LossReason,
) -> UUID:
    """Issue another certificate for one that was lost or damaged; returns the new one's id."""
    before = await _locked(tx, access.areas, certificate_id, version)
    refs, born = await _people(tx, access.areas, before)
    domain.check_born(born, RULES)
    ended = domain.replaced(before, on, reason)
    await repository.end(tx, ended)
    after = Certificate(
        id=new_id(),
        number=await _number(runtime, tx, on),
        first_holder_id=before.first_holder_id,
        second_holder_id=before.second_holder_id,
        child_id=before.child_id,
        area=before.area,
        kind=Kind.REPLACEMENT,
        issued_on=on,
        replaces=before.id,
    )
    await _insert(runtime, tx, after, access.subject)
    await _publish_ended(runtime, tx, ended, refs)
    await _publish_issued(runtime, tx, after, refs)
    return after.id


async def cancel(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    certificate_id: UUID,
    version: int,
    on: date,
    reason: CancelReason,
) -> asyncpg.Record:
    """Cancel a certificate; raises NotFound, Conflict."""
    before = await _locked(tx, access.areas, certificate_id, version)
    ended = domain.cancelled(before, on, reason)
    await repository.end(tx, ended)
    refs, _ = await _people(tx, access.areas, before)
    await _publish_ended(runtime, tx, ended, refs)
    return await find(tx, certificate_id, access.areas)


async def find(tx: Transaction, certificate_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a certificate in scope; raises NotFound."""
    return _known(await repository.find(tx, certificate_id, scope))


async def find_by_number(tx: Transaction, number: str, scope: AreaScope) -> asyncpg.Record | None:
    """Return a certificate in scope by its number."""
    found = await repository.id_of_number(tx, number)
    return await repository.find(tx, found, scope) if found else None


async def of_person(tx: Transaction, scope: AreaScope, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return what a person holds, the latest first; raises NotFound."""
    await persons.find(tx, person_id, scope)
    return await repository.of_person(tx, person_id)


async def page(
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    state: State | None,
    after: Position | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return a page of an area's certificates; raises NotFound where the area is not the caller's."""
    return await repository.page(tx, own_interval(scope, area), state, after or START, limit)


async def _number(runtime: Runtime, tx: Transaction, on: date) -> str:
    return domain.number_of(runtime.settings.district, on.year, await repository.next_number(tx))


async def _insert(runtime: Runtime, tx: Transaction, certificate: Certificate, recorded_by: UUID) -> None:
    if not await repository.insert(tx, certificate, runtime.clock.now(), recorded_by):
        raise Conflict(
            "certificate_exists",
            "该子女已有有效的光荣证, 或该证号已登记",
            "a certificate stands for this child already, or the number is taken",
        )


async def _locked(tx: Transaction, scope: AreaScope, certificate_id: UUID, version: int) -> Certificate:
    row = _known(await repository.find(tx, certificate_id, scope, lock=True))
    await check_current(tx, certificate_id, version, row["version"])
    return Certificate(
        id=row["id"],
        number=row["number"],
        first_holder_id=row["first_holder_id"],
        second_holder_id=row["second_holder_id"],
        child_id=row["child_id"],
        area=row["area"],
        kind=Kind(row["kind"]),
        issued_on=row["issued_on"],
        state=State(row["state"]),
        replaces=row["replaces"],
        ended_on=row["ended_on"],
        version=row["version"],
    )


async def _people(
    tx: Transaction, scope: AreaScope, certificate: Certificate
) -> tuple[dict[UUID, UUID], date]:
    """Return the references of holders and child, wherever they live, and the child's birth date."""
    ids = sorted([*certificate.holder_ids, certificate.child_id])
    async with reaching_everywhere(tx, scope):
        rows = await persons.find_many(tx, ids, AreaScope.everything())
    born = next(row["birth_date"] for row in rows if row["id"] == certificate.child_id)
    return {row["id"]: row["ref"] for row in rows}, born


async def _publish_issued(
    runtime: Runtime, tx: Transaction, certificate: Certificate, refs: dict[UUID, UUID]
) -> None:
    payload = HonourIssued(
        certificate_id=certificate.id,
        holder_refs=[refs[each] for each in certificate.holder_ids],
        child_ref=refs[certificate.child_id],
        area=area_text(certificate.area),
        kind=certificate.kind.value,
        issued_on=certificate.issued_on,
    )
    await runtime.outbox.append(tx, RegistryEventType.HONOUR_ISSUED, certificate.id, payload)


async def _publish_ended(
    runtime: Runtime, tx: Transaction, certificate: Certificate, refs: dict[UUID, UUID]
) -> None:
    assert certificate.ended_on is not None
    assert certificate.cancel_reason is not None
    payload = HonourCancelled(
        certificate_id=certificate.id,
        holder_refs=[refs[each] for each in certificate.holder_ids],
        child_ref=refs[certificate.child_id],
        area=area_text(certificate.area),
        cancelled_on=certificate.ended_on,
        grounds=certificate.cancel_reason,
    )
    await runtime.outbox.append(tx, RegistryEventType.HONOUR_CANCELLED, certificate.id, payload)


def _holder(person: PersonRecord) -> Holder:
    return Holder(person.id, person.sex, person.children_count)


def _child(person: PersonRecord) -> Child:
    return Child(person.id, person.birth_date, person.mother_id, person.father_id)


def _known(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise NotFound.of("光荣证", "certificate")
    return row


async def holders(tx: Transaction, person_ids: Sequence[UUID], day: date) -> set[UUID]:
    """Return which of the persons hold a certificate on a day; the caller reaches everywhere."""
    return await repository.holders(tx, person_ids, day)


AREA_FOLLOWING = Following(
    "honour_certificate", person="first_holder_id", address="registered", where="t.state = 'valid'"
)
"""A certificate that stands follows its first holder when a community changes; it is in no figure."""
