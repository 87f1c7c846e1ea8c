"""GET /feeds/status and GET /incidents."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.feeds import service
from renkou_reporting.feeds.schemas import FeedsAnswer, IncidentList, IncidentQuestion
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(tags=["feeds"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]


@router.get("/feeds/status", summary="Positions of the feeds 事件流进度")
async def get_status(access: Reader, runtime: CurrentRuntime) -> FeedsAnswer:
    """Return how far each feed is taken in, and the events that are held. Needs `figure:read`."""
    heads = await service.feed_heads(runtime.feeds)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.feeds_status(tx, heads)


@router.get("/incidents", summary="Incidents of the feeds 事件流异常")
async def list_incidents(
    question: Annotated[IncidentQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> IncidentList:
    """List what must not happen to a feed and did, the newest first. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.incidents(tx, question)
