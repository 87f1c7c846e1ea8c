"""Reconciliations (对账) over HTTP; for callers whose right covers the whole district."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import Forbidden, NotFound
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.reconciliation import service
from renkou_reporting.reconciliation.schemas import ListQuestion, ReconciliationAnswer, ReconciliationList
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/reconciliations", tags=["reconciliations"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
ExactReader = Annotated[Access, Depends(exact_figures)]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]


@router.post("", status_code=202, summary="Reconcile with the services 与来源对账")
async def request_reconciliation(
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
    response: Response,
) -> ReconciliationAnswer:
    """Queue a comparison of what was taken in with what the services hold; one is made every day without being
    asked for. Needs `figure:manage`.
    """
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden(
            "district_only", "对账须有全区权限", "A reconciliation needs rights over the whole district"
        )
    async with runtime.database.transaction(access.areas) as tx:
        run, _ = await once(
            tx, access.subject, key, lambda: service.request_reconciliation(tx, access, runtime.clock)
        )
        answer = await service.read_reconciliation(tx, run)
    response.headers["Location"] = f"/reconciliations/{run}"
    return answer


@router.get("", summary="Reconciliations 对账记录")
async def list_reconciliations(
    question: Annotated[ListQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ReconciliationList:
    """List reconciliations, the newest first; none for who has rights over a part only. Needs `figure:read`."""
    if not access.areas.covers(*runtime.district.interval()):
        return ReconciliationList(items=[], next=None)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.list_reconciliations(tx, question)


@router.get("/{reconciliation_id}", summary="A reconciliation 对账结果")
async def get_reconciliation(
    reconciliation_id: UUID, access: ExactReader, runtime: CurrentRuntime
) -> ReconciliationAnswer:
    """Read what a reconciliation compared, found and put right, to the number. Needs `figure:exact`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise NotFound.of("对账", "reconciliation")
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read_reconciliation(tx, reconciliation_id)
