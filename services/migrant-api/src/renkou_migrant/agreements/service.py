"""Recording, ending and finding agreements."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound, VersionMismatch
from renkou_migrant.agreements import repository
from renkou_migrant.agreements.domain import AgreedDirection, Agreement
from renkou_migrant.runtime import Runtime


async def record(tx: Transaction, runtime: Runtime, agreement: Agreement, recorded_by: UUID) -> UUID:
    """Write down an agreement both districts have signed; raises Conflict where its id is taken."""
    if agreement.partner == str(runtime.district):
        raise InvalidInput.field("/partner", "partner_self", "不能与本区签订协议", "must be another district")
    if agreement.valid_to < agreement.valid_from:
        raise InvalidInput.field("/valid_to", "validity", "不得早于开始日期", "must not be before valid_from")
    if not await repository.insert(tx, agreement, runtime.clock.now(), recorded_by):
        raise Conflict("agreement_exists", "该编号的协议已存在", "There is an agreement with this id already")
    return agreement.id


async def get(tx: Transaction, agreement_id: UUID) -> Agreement:
    """Return one agreement; raises NotFound."""
    found = await repository.get(tx, agreement_id)
    if found is None:
        raise NotFound.of("协议", "agreement")
    return found


async def get_many(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Agreement]:
    """Return those of ``ids`` that exist."""
    return await repository.get_many(tx, list(set(ids)))


async def end(tx: Transaction, runtime: Runtime, agreement_id: UUID, version: int) -> Agreement:
    """End an agreement from today on; ended once, it stays so. Raises NotFound, VersionMismatch, Conflict."""
    found = await repository.get(tx, agreement_id, lock=True)
    if found is None:
        raise NotFound.of("协议", "agreement")
    if found.revision != version:
        raise VersionMismatch(found.revision)
    if found.ended_on is not None:
        raise Conflict("agreement_ended", "协议已终止", "The agreement has ended already")
    await repository.end(tx, agreement_id, runtime.clock.today())
    return await get(tx, agreement_id)


async def covering(
    tx: Transaction, partner: str, kind: str, direction: AgreedDirection, on: date
) -> Agreement | None:
    """Return the agreement under which a message may go to (or come from) a partner on a day, if any."""
    for agreement in await repository.of_partner(tx, partner):
        if agreement.allows(kind, direction, on):
            return agreement
    return None


async def page(
    tx: Transaction, partner: str | None, after: tuple[str, UUID] | None, limit: int
) -> list[Agreement]:
    """Return agreements by partner and id after the keys of a cursor."""
    return await repository.page(tx, partner, after, limit)
