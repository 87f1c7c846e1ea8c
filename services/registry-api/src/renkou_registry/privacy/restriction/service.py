"""Restrictions: impose, lift, ask. Callers hold the transaction.

While processing is restricted the person stands in no export, is proposed as nobody's duplicate, is offered no visit
and no service, and other districts are told nothing that rests on consent. What is stored stays; what the law requires
and what the person asks for goes on.
"""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_privacy import PersonRestricted
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_registry.cards import service as cards
from renkou_registry.duplicates import todo as duplicates_todo
from renkou_registry.floor import reaching_everywhere
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.privacy.restriction import repository
from renkou_registry.runtime import Runtime


async def impose(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    reason: str,
    by: UUID,
    request_id: UUID | None = None,
) -> UUID:
    """Restrict the processing of a person's data; returns the restriction, the one in force where there is one.

    Raises NotFound.
    """
    person = (await persons.lock(tx, [person_id], scope))[person_id]
    standing = await repository.in_force(tx, person_id)
    if standing is not None:
        return standing
    restriction_id = new_id()
    await repository.insert(tx, restriction_id, person_id, reason, request_id, runtime.clock.now(), by)
    await _set(runtime, tx, scope, person, restricted=True)
    return restriction_id


async def lift(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, reason: str, by: UUID
) -> UUID:
    """End what restricts a person; returns the first restriction that ended.

    Raises NotFound, Conflict ``not_restricted``.
    """
    person = (await persons.lock(tx, [person_id], scope))[person_id]
    standing = await repository.in_force(tx, person_id)
    if standing is None or not await repository.lift(tx, person_id, reason, runtime.clock.now(), by):
        raise Conflict("not_restricted", "该人的信息处理未受限制", "the person's data are not restricted")
    await _set(runtime, tx, scope, person, restricted=False)
    return standing


async def history(tx: Transaction, person_id: UUID, scope: AreaScope) -> list[asyncpg.Record]:
    """Return how the processing of a person's data was restricted, the last first; raises NotFound."""
    await persons.find(tx, person_id, scope)
    return await repository.history(tx, person_id)


async def restricted(tx: Transaction, person_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of some persons whose processing is restricted; the transaction reaches them all."""
    return await persons.restricted(tx, list(person_ids))


async def follow(runtime: Runtime, tx: Transaction, person_id: UUID) -> None:
    """Let a record that was joined with another, or separated, be restricted where its restrictions say so.

    The transaction reaches everywhere.
    """
    everywhere = AreaScope.everything()
    person = (await persons.lock(tx, [person_id], everywhere))[person_id]
    is_restricted = await repository.in_force(tx, person_id) is not None
    if is_restricted != person.restricted:
        await _set(runtime, tx, everywhere, person, restricted=is_restricted)


async def _set(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person: PersonRecord, *, restricted: bool
) -> None:
    """Mark a locked person, take open visits back or offer them again, and publish it.

    Whoever is not restricted any longer is compared with those who came meanwhile.
    """
    await persons.set_restricted(tx, person.id, restricted=restricted)
    async with reaching_everywhere(tx, scope):
        await cards.refresh(runtime, tx, person.id)
        if not restricted:
            await duplicates_todo.note(tx, [person.id])
    now = runtime.clock.now()
    at = max(now, await repository.last_change(tx, person.id) or now)
    payload = PersonRestricted(person_ref=person.ref, at=at, restricted=restricted)
    await runtime.outbox.append(tx, RegistryEventType.PERSON_RESTRICTED, person.ref, payload)
