"""HTTP of approvals: asked for where the thing itself is (accounts, roles), decided on here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.database import Transaction
from renkou_common.errors import Forbidden
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.approvals import service
from renkou_registry.approvals.domain import Approval, ApprovalState, check_decider
from renkou_registry.approvals.kinds import EXECUTORS
from renkou_registry.approvals.schemas import ApprovalOut, ApprovalPage, DecisionCreate
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff import service as staff

router = APIRouter(prefix="/approvals", tags=["approvals 双人复核"])
Decider = Annotated[Access, Depends(requires(Scope.APPROVAL_DECIDE))]
Version = Annotated[int, Depends(expected_version)]


async def _answer(tx: Transaction, runtime: Runtime, one: Approval, response: Response) -> ApprovalOut:
    response.headers["ETag"] = etag(one.version)
    return ApprovalOut.of(one, await staff.names_of(tx, [one.asked_by]), runtime.clock.now())


@router.get("", summary="Requests for approval 复核申请列表", response_model=ApprovalPage)
async def list_approvals(
    runtime: CurrentRuntime,
    access: Decider,
    closed: Annotated[bool, Query(description="those decided, withdrawn or lapsed, too")] = False,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ApprovalPage:
    """List what waits for a second person, the newest first. Needs `approval:decide`."""
    now = runtime.clock.now()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, None if closed else now, decode_key(after, UUID), limit + 1)
        names = await staff.names_of(tx, {one.asked_by for one in found})
    following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return ApprovalPage(items=[ApprovalOut.of(one, names, now) for one in found[:limit]], next=following)


@router.get("/{approval_id}", summary="Read a request 复核申请详情", response_model=ApprovalOut)
async def read_approval(
    approval_id: UUID, response: Response, runtime: CurrentRuntime, access: Decider
) -> ApprovalOut:
    """Read a request with its version as ETag. Needs `approval:decide`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, runtime, await service.find(tx, approval_id), response)


async def _decided(
    runtime: Runtime,
    access: Access,
    approval_id: UUID,
    version: int,
    remark: str,
    response: Response,
    state: ApprovalState,
) -> ApprovalOut:
    """Carry out or refuse a request as its second person."""
    now = runtime.clock.now()
    async with runtime.database.transaction(access.areas) as tx:
        one = await service.locked(tx, approval_id, version, now)
        check_decider(one, access.subject, await service.deciders(tx, one.asked_by, one.subject_id, now))
        if state is ApprovalState.EXECUTED:
            await EXECUTORS[one.kind](tx, runtime, one)
        closed = await service.close(tx, one.id, state, access.subject, now, remark)
        return await _answer(tx, runtime, closed, response)


@router.post(
    "/{approval_id}/approval", summary="Approve and carry out 同意并执行", response_model=ApprovalOut
)
async def approve(
    approval_id: UUID,
    body: DecisionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Decider,
    version: Version,
) -> ApprovalOut:
    """Agree as the second person: it is done at once, and once only. Needs `approval:decide` and If-Match."""
    state = ApprovalState.EXECUTED
    return await _decided(runtime, access, approval_id, version, body.remark, response, state)


@router.post("/{approval_id}/refusal", summary="Refuse 不同意", response_model=ApprovalOut)
async def refuse(
    approval_id: UUID,
    body: DecisionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Decider,
    version: Version,
) -> ApprovalOut:
    """Refuse as the second person, with a reason. Needs `approval:decide` and If-Match."""
    state = ApprovalState.REFUSED
    return await _decided(runtime, access, approval_id, version, body.remark, response, state)


@router.post(
    "/{approval_id}/withdrawal", summary="Withdraw one's own request 撤回申请", response_model=ApprovalOut
)
async def withdraw(
    approval_id: UUID, response: Response, runtime: CurrentRuntime, access: Decider, version: Version
) -> ApprovalOut:
    """Take back what one asked for. Needs `approval:decide` and If-Match."""
    now = runtime.clock.now()
    async with runtime.database.transaction(access.areas) as tx:
        one = await service.locked(tx, approval_id, version, now)
        if one.asked_by != access.subject:
            raise Forbidden(
                "approval_not_yours", "只能撤回自己的申请", "Only one's own request can be withdrawn"
            )
        closed = await service.close(tx, one.id, ApprovalState.WITHDRAWN, access.subject, now, None)
        return await _answer(tx, runtime, closed, response)
