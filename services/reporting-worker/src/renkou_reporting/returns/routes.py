"""Aggregate returns (汇总报表) over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.returns import service
from renkou_reporting.returns.schemas import (
    ReturnAnswer,
    ReturnList,
    ReturnQuestion,
    ReturnSubmission,
    Withdrawal,
)
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/returns", tags=["returns"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RETURN_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]


@router.post("", status_code=201, summary="Enter a return 报送报表")
async def submit_return(
    given: ReturnSubmission, access: Writer, key: Key, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Enter a return; its counts are in the figures at once. Needs `return:write`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.submit(tx, access, runtime.clock, given)

        return_id, _ = await once(tx, access.subject, key, create)
        answer = await service.read(tx, access.areas, return_id)
    response.headers["Location"] = f"/returns/{return_id}"
    return answer


@router.get("", summary="List returns 报表列表")
async def list_returns(
    question: Annotated[ReturnQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ReturnList:
    """List returns, the newest first. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.page(tx, access.areas, question)


@router.get("/{return_id}", summary="Read a return 报表详情")
async def get_return(return_id: UUID, access: Reader, runtime: CurrentRuntime) -> ReturnAnswer:
    """Read a return with its lines. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read(tx, access.areas, return_id)


@router.post("/{return_id}/withdrawal", status_code=201, summary="Withdraw a return 撤回报表")
async def withdraw_return(
    return_id: UUID, given: Withdrawal, access: Writer, key: Key, runtime: CurrentRuntime
) -> ReturnAnswer:
    """Withdraw a return; its counts are taken out of the figures. Needs `return:write`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.withdraw(tx, access, runtime.clock, return_id, given.reason)

        await once(tx, access.subject, key, create)
        return await service.read(tx, access.areas, return_id)
