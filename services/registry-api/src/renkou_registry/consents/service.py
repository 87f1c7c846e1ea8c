"""Consents: give, withdraw, ask. Withdrawing has no consequence but that the purpose ends, at once."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.consents import repository
from renkou_registry.consents.domain import ConsentPurpose
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
) -> None:
    """Give or withdraw; what holds already stays as it is. ``by`` is the person's account or a worker.

    Without consent to the pre-pregnancy check a running one ends, and what it found is deleted.
    """
    now = runtime.clock.now()
    if given:
        await repository.give(tx, new_id(), person_id, purpose, now, by)
    else:
        await repository.withdraw(tx, person_id, purpose, now, by)
        if purpose is ConsentPurpose.PREPREGNANCY_CHECK:
            await prepregnancy.consent_withdrawn(runtime, tx, scope, person_id)


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the history of a person's consents."""
    return await repository.of_person(tx, person_id)


async def in_force(tx: Transaction, person_id: UUID, purpose: ConsentPurpose) -> bool:
    """Say whether a person's consent to a purpose stands."""
    return await repository.in_force(tx, person_id, purpose)
