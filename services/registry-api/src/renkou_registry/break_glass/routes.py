"""HTTP of emergency access."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.break_glass import service
from renkou_registry.break_glass.domain import Emergency, check_area
from renkou_registry.break_glass.schemas import (
    BreakGlassCreate,
    BreakGlassOut,
    BreakGlassPage,
    ReviewCreate,
)
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/break-glass", tags=["break-glass 紧急查阅"])
Helper = Annotated[Access, Depends(requires(Scope.EMERGENCY_ACCESS))]
Auditor = Annotated[Access, Depends(requires(Scope.READING_AUDIT))]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _answer(runtime: Runtime, one: Emergency, response: Response) -> BreakGlassOut:
    response.headers["ETag"] = etag(one.version)
    return BreakGlassOut.of(one, runtime.clock.now())


def _page(runtime: Runtime, found: list[Emergency], limit: int) -> BreakGlassPage:
    now = runtime.clock.now()
    following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
    return BreakGlassPage(items=[BreakGlassOut.of(one, now) for one in found[:limit]], next=following)


@router.post("", status_code=201, summary="Break the glass 紧急查阅", response_model=BreakGlassOut)
async def break_glass(
    body: BreakGlassCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Helper,
    key: Annotated[RequestKey, Depends(request_key)],
) -> BreakGlassOut:
    """Read people of another area of the district for an hour, masked.

    Every auditor sees it at once, and while it lasts each reading of the caller carries the purpose
    `break_glass:<id>`. Needs `emergency:access`.
    """
    area = check_area(runtime.district, body.area)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.break_glass(tx, runtime, access.subject, body.reason, body.purpose, area)

        found, _ = await once(tx, access.subject, key, create)
        one = await service.find(tx, found, access.subject)
    runtime.identity.forget(access.subject)
    response.headers["Location"] = "/break-glass/own"
    return _answer(runtime, one, response)


@router.get("/own", summary="My emergency accesses 我的紧急查阅", response_model=BreakGlassPage)
async def list_own(
    runtime: CurrentRuntime, access: Helper, after: After = None, limit: Limit = 50
) -> BreakGlassPage:
    """List one's own emergency accesses with what the auditor found, the newest first. Needs `emergency:access`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.subject, None, decode_key(after, UUID), limit + 1)
    return _page(runtime, list(found), limit)


@router.post(
    "/{emergency_id}/end", summary="Give emergency access back 提前结束紧急查阅", response_model=BreakGlassOut
)
async def end_access(
    emergency_id: UUID, response: Response, runtime: CurrentRuntime, access: Helper, version: Version
) -> BreakGlassOut:
    """End one's own emergency access before its time. Needs `emergency:access` and If-Match."""
    async with runtime.database.transaction(access.areas) as tx:
        one = await service.end(tx, runtime, emergency_id, version, access.subject)
    runtime.identity.forget(access.subject)
    return _answer(runtime, one, response)


@router.get("", summary="Notices of emergency access 紧急查阅通知", response_model=BreakGlassPage)
async def list_notices(
    runtime: CurrentRuntime,
    access: Auditor,
    reviewed: Annotated[bool | None, Query(description="false: those that wait for a review")] = None,
    after: After = None,
    limit: Limit = 50,
) -> BreakGlassPage:
    """List emergency accesses of the district, the newest first. Needs `reading:audit`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, None, reviewed, decode_key(after, UUID), limit + 1)
    return _page(runtime, list(found), limit)


@router.get("/{emergency_id}", summary="Read a notice 紧急查阅详情", response_model=BreakGlassOut)
async def read_notice(
    emergency_id: UUID, response: Response, runtime: CurrentRuntime, access: Auditor
) -> BreakGlassOut:
    """Read an emergency access with its version as ETag. Needs `reading:audit`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return _answer(runtime, await service.find(tx, emergency_id, None), response)


@router.post(
    "/{emergency_id}/review", summary="Review an emergency access 复核紧急查阅", response_model=BreakGlassOut
)
async def review(
    emergency_id: UUID,
    body: ReviewCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Auditor,
    version: Version,
) -> BreakGlassOut:
    """Take note with a finding, once. Needs `reading:audit` and If-Match."""
    async with runtime.database.transaction(access.areas) as tx:
        one = await service.review(
            tx, runtime, emergency_id, version, access.subject, body.verdict, body.finding
        )
    return _answer(runtime, one, response)
