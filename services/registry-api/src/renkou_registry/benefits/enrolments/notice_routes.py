"""HTTP of public notices and objections."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.benefits.enrolments import answers, notices, repository
from renkou_registry.benefits.enrolments.schemas import (
    NoticeCreate,
    NoticeOut,
    ObjectionCreate,
    ObjectionSettlement,
    PublicNoticeOut,
)
from renkou_registry.benefits.enrolments.service import Desk
from renkou_registry.benefits.payments import ledger
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.fields import area_code
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["benefits 奖扶"])
Reader = Annotated[Access, Depends(requires(Scope.BENEFIT_READ))]
Reviewer = Annotated[Access, Depends(requires(Scope.BENEFIT_REVIEW))]
Checker = Annotated[Access, Depends(requires(Scope.BENEFIT_CHECK))]
Key = Annotated[RequestKey, Depends(request_key)]
Expected = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


async def _answer(desk: Desk, notice_id: UUID, response: Response, after: int, limit: int) -> NoticeOut:
    row, lines = await notices.read(desk.tx, desk.scope, notice_id, after, limit + 1)
    objections = await repository.objections(desk.tx, notice_id)
    response.headers["ETag"] = etag(row["version"])
    return NoticeOut(
        id=row["id"],
        scheme_id=row["scheme_id"],
        area=area_code(row["area"]),
        from_on=row["from_on"],
        to_on=row["to_on"],
        closed_at=row["closed_at"],
        version=row["version"],
        items=[answers.line(each) for each in lines[:limit]],
        next=encode_cursor(lines[limit - 1]["place"]) if len(lines) > limit else None,
        objections=[answers.objection(desk.runtime, each) for each in objections],
    )


@router.post("/benefit-notices", status_code=201, summary="Put on notice 公示", response_model=NoticeOut)
async def create_notice(
    body: NoticeCreate, response: Response, runtime: CurrentRuntime, access: Reviewer, key: Key
) -> NoticeOut:
    """Show an area's approved cases, masked, for some days. Needs `benefit:review`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            return await notices.publish(desk, body.scheme_id, body.area, body.days)

        notice_id, _ = await once(tx, access.subject, key, create)
        answer = await _answer(desk, notice_id, response, 0, 200)
    response.headers["Location"] = f"/benefit-notices/{notice_id}"
    return answer


@router.get("/benefit-notices/{notice_id}", summary="Read a notice 公示详情", response_model=NoticeOut)
async def read_notice(
    notice_id: UUID,
    response: Response,
    runtime: CurrentRuntime,
    access: Reader,
    after: After = None,
    limit: Limit = 100,
) -> NoticeOut:
    """Read a notice with its objections. Needs `benefit:read`."""
    place = decode_key(after, int) or 0
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        return await _answer(desk, notice_id, response, place, limit)


@router.get(
    "/public/benefit-notices/{notice_id}",
    summary="A running notice, for anybody 公示名单",
    response_model=PublicNoticeOut,
)
async def read_public_notice(
    notice_id: UUID, runtime: CurrentRuntime, after: After = None, limit: Limit = 100
) -> PublicNoticeOut:
    """Read the masked list of a notice while it runs. Needs no token."""
    place = decode_key(after, int) or 0
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        row, lines = await notices.read_public(runtime, tx, notice_id, place, limit + 1)
        _, versions = await schemes.read(tx, row["scheme_id"])
    newest = [each for each in versions if each["state"] == "active"][-1]
    return PublicNoticeOut(
        id=row["id"],
        scheme_name_zh=newest["name_zh"],
        scheme_name_en=newest["name_en"],
        area=area_code(row["area"]),
        from_on=row["from_on"],
        to_on=row["to_on"],
        items=[answers.entry(each) for each in lines[:limit]],
        next=encode_cursor(lines[limit - 1]["place"]) if len(lines) > limit else None,
    )


@router.post(
    "/benefit-notices/{notice_id}/objections",
    status_code=201,
    summary="Record an objection 登记异议",
    response_model=NoticeOut,
)
async def create_objection(
    notice_id: UUID,
    body: ObjectionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Checker,
    key: Key,
) -> NoticeOut:
    """Record what somebody objects to a noticed case. Needs `benefit:check`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            return await notices.object_to(desk, notice_id, body.enrolment_id, body.words)

        await once(tx, access.subject, key, create)
        return await _answer(desk, notice_id, response, 0, 200)


@router.post(
    "/benefit-notices/{notice_id}/objections/{objection_id}/settlement",
    summary="Settle an objection 处理异议",
    response_model=NoticeOut,
)
async def settle_objection(
    notice_id: UUID,
    objection_id: UUID,
    body: ObjectionSettlement,
    response: Response,
    runtime: CurrentRuntime,
    access: Reviewer,
    expected: Expected,
) -> NoticeOut:
    """Dismiss an objection, or uphold it: then the case goes back. Needs `benefit:review`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await notices.settle(desk, objection_id, expected, upheld=body.upheld, resolution=body.resolution)
        return await _answer(desk, notice_id, response, 0, 200)


@router.post(
    "/benefit-notices/{notice_id}/closing", summary="Close a notice 公示结束", response_model=NoticeOut
)
async def close_notice(
    notice_id: UUID, response: Response, runtime: CurrentRuntime, access: Reviewer, expected: Expected
) -> NoticeOut:
    """After the last day, with every objection settled, start payment. Needs `benefit:review`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        started = await notices.close(desk, notice_id, expected)
        await ledger.accrue(runtime, tx, access.areas, started)
        return await _answer(desk, notice_id, response, 0, 200)
