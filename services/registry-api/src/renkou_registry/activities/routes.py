"""HTTP of activities."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.offices import ACTIVITY_KINDS, ActivityKind
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.activities import service
from renkou_registry.activities.repository import ACTIVITIES
from renkou_registry.activities.schemas import (
    ActivityCancel,
    ActivityCreate,
    ActivityOut,
    ActivityPage,
    ActivityPatch,
    Material,
)
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import page_of_area
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/activities", tags=["activities 活动"])
Reader = Annotated[Access, Depends(requires(Scope.OFFICE_READ))]
Writer = Annotated[Access, Depends(requires(Scope.OFFICE_WRITE))]
Version = Annotated[int, Depends(expected_version)]


def _out(row: asyncpg.Record) -> ActivityOut:
    other = ("area", "kind_label", "materials")
    same = {name: row[name] for name in ActivityOut.model_fields if name not in other}
    return ActivityOut(
        **same,
        area=area_code(row["area"]),
        kind_label=ACTIVITY_KINDS.entry(row["kind"]).zh,
        materials=[Material(**each) for each in row["materials"]],
    )


@router.post("", status_code=201, summary="Enter an activity 登记活动", response_model=ActivityOut)
async def create_activity(
    body: ActivityCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ActivityOut:
    """Enter an activity that was held. Needs `office:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create(at, body.area, body.model_dump(exclude={"area"}))

        activity_id, _ = await once(at.tx, access.subject, key, create)
        row = await ACTIVITIES.find(at.tx, activity_id, at.scope)
    response.headers["Location"] = f"/activities/{activity_id}"
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.get("", summary="List activities 活动列表", response_model=ActivityPage)
async def list_activities(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    kind: Annotated[ActivityKind | None, Query(description="活动类型")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ActivityPage:
    """List an area's activities. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, ACTIVITIES, area, after, limit, {"kind": kind})
    return ActivityPage(items=[_out(row) for row in rows], next=following)


@router.get("/{activity_id}", summary="Read an activity 活动详情", response_model=ActivityOut)
async def read_activity(
    activity_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> ActivityOut:
    """Read an activity. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row = await ACTIVITIES.find(at.tx, activity_id, at.scope)
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.patch("/{activity_id}", summary="Change an activity 修改活动", response_model=ActivityOut)
async def change_activity(
    activity_id: UUID,
    body: ActivityPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> ActivityOut:
    """Change what was entered. Needs `office:write`."""
    async with desk(runtime, access) as at:
        row = await service.change(at, activity_id, version, body.model_dump(exclude_unset=True))
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.post("/{activity_id}/cancellation", summary="Cancel an activity 取消活动", response_model=ActivityOut)
async def cancel_activity(
    activity_id: UUID, body: ActivityCancel, runtime: CurrentRuntime, access: Writer, version: Version
) -> ActivityOut:
    """Cancel an activity that was entered by mistake; its counts are taken back. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return _out(await service.cancel(at, activity_id, version, body.reason))
