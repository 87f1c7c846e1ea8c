"""HTTP of the register of sharing: made from the messages that were sent, nothing in it is typed by hand."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import AgreedDirection
from renkou_migrant.agreements.words import kind_words
from renkou_migrant.purposes import service
from renkou_migrant.purposes.schemas import Shared, SharingRegister
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/privacy", tags=["privacy 个人信息保护"])


@router.get("/sharing", summary="Register of sharing 提供记录 (通报)")
async def read_sharing(
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.PRIVACY_READ))],
    year: Annotated[int | None, Query(ge=2000, le=2200, description="one year; all unless given")] = None,
) -> SharingRegister:
    """List which district was told what kind of thing, how often, when, for which purpose, on which basis and under
    which agreement; counts by month, nobody's name. Needs `privacy:read`."""
    first = date(year, 1, 1) if year else None
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.shared(tx, access.areas, first)
        covering = await service.codes_by_kind(tx)
        found = await agreements.get_many(tx, {row["agreement_id"] for row in rows if row["agreement_id"]})
    items = []
    for row in rows:
        agreement = found.get(row["agreement_id"])
        grant = agreement.grant(row["kind"], AgreedDirection.SEND) if agreement else None
        basis = grant.legal_basis if grant else agreement.terms.legal_basis if agreement else None
        zh, en = kind_words(row["kind"])
        items.append(
            Shared(**row, kind_zh=zh, kind_en=en, purpose_code=covering.get(row["kind"]), legal_basis=basis)
        )
    return SharingRegister(items=items)
