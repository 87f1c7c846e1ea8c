"""HTTP of restrictions of processing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from renkou_common.database import Transaction
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.privacy.restriction import service
from renkou_registry.privacy.restriction.schemas import RestrictionChange, RestrictionOut, Restrictions
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/persons/{person_id}/restriction", tags=["restriction 限制处理"])
Decider = Annotated[Access, Depends(requires(Scope.PRIVACY_DECIDE))]


async def _answer(tx: Transaction, person_id: UUID, access: Access) -> Restrictions:
    rows = await service.history(tx, person_id, access.areas)
    items = [RestrictionOut(**{name: row[name] for name in RestrictionOut.model_fields}) for row in rows]
    return Restrictions(
        person_id=person_id, restricted=any(each.lifted_at is None for each in items), items=items
    )


@router.get("", summary="Restriction of processing 限制处理")
async def read_restriction(person_id: UUID, runtime: CurrentRuntime, access: Decider) -> Restrictions:
    """Read whether processing of a person's data is restricted, since when and why. Needs `privacy:decide`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        answer = await _answer(tx, person_id, access)
    await runtime.readings.record(access, What.PRIVACY_REQUESTS, {person_id})
    return answer


@router.put("", summary="Restrict processing 实行限制处理")
async def restrict(
    person_id: UUID, body: RestrictionChange, runtime: CurrentRuntime, access: Decider
) -> Restrictions:
    """Restrict the processing of a person's data: no exports, no candidates for duplicates, no offers, no notices to
    other districts that rest on consent. Storage, what the law requires and what the person asks for go on. Where a
    restriction is in force it stays as it is. Needs `privacy:decide`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.impose(runtime, tx, access.areas, person_id, body.reason, access.subject)
        return await _answer(tx, person_id, access)


@router.post("/lifting", summary="Lift the restriction 解除限制处理")
async def lift_restriction(
    person_id: UUID,
    body: RestrictionChange,
    runtime: CurrentRuntime,
    access: Decider,
    key: Annotated[RequestKey, Depends(request_key)],
) -> Restrictions:
    """End a restriction, for a reason that stays on record; visits are offered again where they are due. Needs
    `privacy:decide`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def lift() -> UUID:
            return await service.lift(runtime, tx, access.areas, person_id, body.reason, access.subject)

        await once(tx, access.subject, key, lift)
        return await _answer(tx, person_id, access)
