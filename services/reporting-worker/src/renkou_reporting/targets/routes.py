"""Targets (目标) over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.returns.completeness import duty
from renkou_reporting.runtime import CurrentRuntime
from renkou_reporting.targets import service
from renkou_reporting.targets.schemas import (
    ProgressAnswer,
    ProgressQuestion,
    TargetAnswer,
    TargetDraft,
    TargetList,
    TargetQuestion,
    TargetValues,
    Withdrawal,
)

router = APIRouter(prefix="/targets", tags=["targets"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
ExactReader = Annotated[Access, Depends(exact_figures)]
Manager = Annotated[Access, Depends(requires(Scope.TARGET_MANAGE))]
Expected = Annotated[int, Depends(expected_version)]


@router.post("", status_code=201, summary="Draft a target 起草目标")
async def post_target(
    given: TargetDraft,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
    response: Response,
) -> TargetAnswer:
    """Draft a target, or the next version of the one there is. Needs `target:manage`.

    None is set on what people decide for themselves: marriage, children, contraception.
    """
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.draft(tx, access, runtime.clock, given)

        target_id, _ = await once(tx, access.subject, key, create)
        answer = await service.read(tx, target_id)
    response.headers["Location"] = f"/targets/{target_id}"
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.get("", summary="List targets 目标列表")
async def list_targets(
    question: Annotated[TargetQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> TargetList:
    """List targets with their versions. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.page(tx, question)


@router.get("/progress", summary="How far an area is on its targets 目标进度")
async def get_progress(
    question: Annotated[ProgressQuestion, Query()], access: ExactReader, runtime: CurrentRuntime
) -> ProgressAnswer:
    """Return every target that holds for an area, its figure, its light and what is missing. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.progress(tx, access.areas, question, duty(runtime))


@router.get("/{target_id}", summary="Read a target 目标详情")
async def get_target(
    target_id: UUID, access: Reader, runtime: CurrentRuntime, response: Response
) -> TargetAnswer:
    """Return a target with all its versions. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        answer = await service.read(tx, target_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.put("/{target_id}/draft", summary="Change a draft 修改草稿")
async def put_draft(
    target_id: UUID,
    given: TargetValues,
    access: Manager,
    expected: Expected,
    runtime: CurrentRuntime,
    response: Response,
) -> TargetAnswer:
    """Change the values of a draft; whoever does is its author from then on. Needs `target:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.change(tx, access, runtime.clock, target_id, expected, given)
        answer = await service.read(tx, target_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/{target_id}/activation", summary="Put a target in force 批准目标")
async def post_activation(
    target_id: UUID, access: Manager, expected: Expected, runtime: CurrentRuntime, response: Response
) -> TargetAnswer:
    """Put a draft in force that somebody else wrote. Needs `target:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.activate(tx, access, runtime.clock, target_id, expected)
        answer = await service.read(tx, target_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/{target_id}/withdrawal", summary="Take a target out of force 撤销目标")
async def post_withdrawal(
    target_id: UUID,
    given: Withdrawal,
    access: Manager,
    expected: Expected,
    runtime: CurrentRuntime,
    response: Response,
) -> TargetAnswer:
    """Take the version in force out of it, with a reason that stays. Needs `target:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.withdraw(tx, access, runtime.clock, target_id, expected, given.reason)
        answer = await service.read(tx, target_id)
    response.headers["ETag"] = etag(answer.version)
    return answer
