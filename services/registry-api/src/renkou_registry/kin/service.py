"""Kin: link, unlink, read. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.codes.lists import KinKind
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import KinChanged
from renkou_common.database import Transaction
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.benefits import service as benefits
from renkou_registry.floor import reaching_all
from renkou_registry.kin import domain, history, repository
from renkou_registry.kin.domain import Link, Outcome, Relative
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime


async def link(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    kind: KinKind,
    kin_id: UUID,
    *,
    additional: bool,
    recorded_by: UUID,
) -> None:
    """Link two persons the caller sees, on both sides. Raises NotFound and as :func:`domain.link` does."""
    locked = await persons.lock(tx, [person_id, kin_id], scope)
    async with reaching_all(tx):
        people = await history.people(tx, [person_id, kin_id])
        outcome = domain.link(people, kind, person_id, kin_id, additional=additional)
        await _save(runtime, tx, people, outcome, recorded_by, None)
    await benefits.reconsider(runtime, tx, scope, outcome.people)
    await _publish(runtime, tx, locked, outcome, kind, person_id, kin_id, linked=True)


async def unlink(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    version: int,
    kind: KinKind,
    kin_id: UUID,
    reason: str,
    *,
    recorded_by: UUID,
) -> None:
    """Take a link away that was wrong. Raises NotFound, VersionMismatch, Conflict ``not_linked``."""
    locked = await persons.lock(tx, [person_id, kin_id], scope)
    await check_current(tx, person_id, version, locked[person_id].version)
    async with reaching_all(tx):
        people = await history.people(tx, [person_id, kin_id])
        stored = domain.as_parent_link(people, kind, person_id, kin_id)
        counted = await repository.was_counted(tx, Link.of(*stored))
        outcome = domain.unlink(people, kind, person_id, kin_id, counted=counted)
        await _save(runtime, tx, people, outcome, recorded_by, reason)
    await benefits.reconsider(runtime, tx, scope, outcome.people)
    await _publish(runtime, tx, locked, outcome, kind, person_id, kin_id, linked=False)


async def kin_of(tx: Transaction, scope: AreaScope, person_id: UUID) -> list[asyncpg.Record]:
    """Return the relatives of a person in scope, wherever they live; raises NotFound."""
    await persons.find(tx, person_id, scope)
    async with reaching_all(tx):
        return await repository.kin_of(tx, person_id)


async def history_of(tx: Transaction, scope: AreaScope, person_id: UUID) -> list[asyncpg.Record]:
    """Return every link of a person in scope that was ever known; raises NotFound."""
    await persons.find(tx, person_id, scope)
    async with reaching_all(tx):
        return await repository.history_of(tx, person_id)


def seen_from(row: asyncpg.Record, person_id: UUID) -> tuple[KinKind, UUID]:
    """Return what the other one of a stored link is to a person."""
    kind = KinKind(row["kind"])
    if kind is KinKind.SPOUSE:
        return kind, row["kin_id"] if row["person_id"] == person_id else row["person_id"]
    return (kind, row["kin_id"]) if row["person_id"] == person_id else (KinKind.CHILD, row["person_id"])


async def _save(
    runtime: Runtime,
    tx: Transaction,
    before: domain.People,
    outcome: Outcome,
    recorded_by: UUID,
    reason: str | None,
) -> None:
    for each in sorted(outcome.people.values(), key=lambda relative: relative.id):
        columns = {name: getattr(each, name) for name in _different(before[each.id], each)}
        if columns:
            await persons.set_kin(tx, each.id, columns)
    now = runtime.clock.now()
    await history.closed(tx, outcome.closed, now, recorded_by, reason)
    await history.opened(tx, outcome.opened, now, recorded_by)


def _different(before: Relative, after: Relative) -> Sequence[str]:
    names = ("mother_id", "father_id", "spouse_id", "children_count")
    return [name for name in names if getattr(before, name) != getattr(after, name)]


async def _publish(
    runtime: Runtime,
    tx: Transaction,
    locked: dict[UUID, PersonRecord],
    outcome: Outcome,
    kind: KinKind,
    person_id: UUID,
    kin_id: UUID,
    *,
    linked: bool,
) -> None:
    person, kin = locked[person_id], locked[kin_id]
    payload = KinChanged(
        person_ref=person.ref,
        kin=kind.value,
        kin_ref=kin.ref,
        linked=linked,
        children_count=outcome.people[person_id].children_count,
        present_area=area_text(person.present_area),
        registered_area=area_text(person.registered_area),
    )
    await runtime.outbox.append(tx, RegistryEventType.KIN_CHANGED, person.ref, payload)
