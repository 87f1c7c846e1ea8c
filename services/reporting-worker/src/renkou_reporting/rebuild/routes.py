"""Rebuilds (重算) over HTTP; for callers whose right covers the whole district."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from renkou_common.errors import Forbidden, NotFound
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.rebuild import service
from renkou_reporting.rebuild.schemas import RebuildAnswer
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/rebuilds", tags=["rebuilds"])
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]


@router.post("", status_code=202, summary="Rebuild the figures 重算")
async def request_rebuild(
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
    response: Response,
) -> RebuildAnswer:
    """Queue a rebuild: facts and cells made anew from the feeds, then compared. Needs `figure:manage`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("district_only", "重算须有全区权限", "A rebuild needs rights over the whole district")
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.request_rebuild(tx, access, runtime.clock)

        rebuild_id, _ = await once(tx, access.subject, key, create)
        answer = await service.read_rebuild(tx, rebuild_id)
    response.headers["Location"] = f"/rebuilds/{rebuild_id}"
    return answer


@router.get("/{rebuild_id}", summary="Read a rebuild 重算结果")
async def get_rebuild(rebuild_id: UUID, access: Manager, runtime: CurrentRuntime) -> RebuildAnswer:
    """Read how a rebuild stands and what it found. Needs `figure:manage`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise NotFound.of("重算任务", "rebuild")
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read_rebuild(tx, rebuild_id)
