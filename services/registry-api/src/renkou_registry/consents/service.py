"""Consents: give, withdraw, ask. Withdrawing has no consequence but that the purpose ends, at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_privacy import ConsentChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.consents import repository
from renkou_registry.consents.domain import TEXTS, ConsentPurpose, How
from renkou_registry.duplicates import service as duplicates
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.prepregnancy import service as prepregnancy
from renkou_registry.runtime import Runtime


async def set_consent(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID,
    purpose: ConsentPurpose,
    *,
    given: bool,
    by: UUID,
    how: How,
) -> None:
    """Give or withdraw; what holds already stays as it is. ``by`` is the person's account or a worker.

    Without consent to the pre-pregnancy check a running one ends, and what it found is deleted.
    """
    now = runtime.clock.now()
    if given:
        changed = await repository.give(tx, new_id(), person_id, purpose, now, by)
    else:
        changed = await repository.withdraw(tx, person_id, purpose, now, by)
    if changed:
        await repository.note(tx, new_id(), person_id, purpose, given, how, now, by)
        await _publish(runtime, tx, person_id, purpose, given=given, at=changed)
    if not given and purpose is ConsentPurpose.PREPREGNANCY_CHECK:
        await prepregnancy.consent_withdrawn(runtime, tx, scope, person_id)


async def _publish(
    runtime: Runtime, tx: Transaction, person_id: UUID, purpose: ConsentPurpose, *, given: bool, at: datetime
) -> None:
    [ref] = (await persons.refs_of(tx, [person_id])).values()
    payload = ConsentChanged(person_ref=ref, at=at, purpose=purpose, given=given)
    await runtime.outbox.append(tx, RegistryEventType.CONSENT_CHANGED, ref, payload)


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return a person's consents; ``ended_at`` is None where one stands."""
    return await repository.of_person(tx, person_id)


async def in_force(tx: Transaction, person_id: UUID, purpose: ConsentPurpose) -> bool:
    """Say whether a person's consent to a purpose stands."""
    return await repository.in_force(tx, person_id, purpose)


async def history(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return how consents were given and withdrawn, also in records that joined this one, the last first."""
    return await repository.history(tx, [person_id, *await duplicates.joined_to(tx, person_id)])


async def consenting(tx: Transaction, person_ids: Iterable[UUID], purpose: ConsentPurpose) -> set[UUID]:
    """Return those of some persons whose consent to a purpose stands."""
    return await repository.consenting(tx, list(person_ids), purpose)


async def check_not_withdrawn(tx: Transaction, person_id: UUID, purpose: ConsentPurpose) -> None:
    """Raise Conflict ``consent_withdrawn`` where a person has taken a consent back and not given it again."""
    if await repository.withdrawn(tx, person_id, purpose):
        raise Conflict(
            "consent_withdrawn",
            f"本人已撤回同意: {TEXTS[purpose].zh}",
            f"The person has withdrawn the consent to: {TEXTS[purpose].en}",
        )
