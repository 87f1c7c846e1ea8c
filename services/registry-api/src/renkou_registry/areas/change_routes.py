"""HTTP of changes of communities (区划变更)."""

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
from renkou_registry.areas import change_repository, changes
from renkou_registry.areas.change_repository import ChangeState
from renkou_registry.areas.change_schemas import (
    AreaChangeCreate,
    AreaChangeOut,
    AreaChangePage,
    ForecastOut,
    RemainingOut,
    RemainingPage,
    RowSettlementCreate,
    SettlementCreate,
    UnsettledOut,
    UnsettledPage,
)
from renkou_registry.audit.domain import What
from renkou_registry.fields import area_code
from renkou_registry.life_events.recording import Desk
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/area-changes", tags=["area changes 区划变更"])
Manager = Annotated[Access, Depends(requires(Scope.AREA_MANAGE))]
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.LIFE_EVENT_WRITE))]
Version = Annotated[int, Depends(expected_version)]
Key = Annotated[RequestKey, Depends(request_key)]


@router.post("/forecast", summary="Count beforehand who would follow where 试算", response_model=ForecastOut)
async def forecast_change(body: AreaChangeCreate, runtime: CurrentRuntime, access: Manager) -> ForecastOut:
    """Check a change and count, without keeping or changing anything. Needs `area:manage`."""
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        change = await changes.check(runtime, tx, body.succession(), body.moving())
        return ForecastOut.of(await changes.forecast(tx, change, runtime.clock.today()))


@router.post("", status_code=201, summary="Plan a change 拟定区划变更", response_model=AreaChangeOut)
async def create_change(
    body: AreaChangeCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> AreaChangeOut:
    """Write a change down with its forecast; nothing changes until it is started. Needs `area:manage`."""
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        desk = Desk(runtime, tx, AreaScope.everything(), access.subject)

        async def create() -> UUID:
            return await changes.plan(
                desk, await changes.check(runtime, tx, body.succession(), body.moving())
            )

        change_id, _ = await once(tx, access.subject, key, create)
        found = await changes.find(tx, change_id)
        forecast = await changes.forecast(tx, found.succession, runtime.clock.today())
    response.headers["Location"] = f"/area-changes/{change_id}"
    response.headers["ETag"] = etag(found.version)
    return AreaChangeOut.of(found, forecast)


@router.get("", summary="List changes 区划变更列表", response_model=AreaChangePage)
async def list_changes(
    runtime: CurrentRuntime,
    access: Manager,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AreaChangePage:
    """List changes, the latest first. Needs `area:manage`."""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await change_repository.page(tx, decode_key(after, UUID), limit + 1)
    page = found[:limit]
    following = encode_cursor(str(page[-1].id)) if len(found) > limit else None
    return AreaChangePage(items=[AreaChangeOut.of(each) for each in page], next=following)


@router.get("/{change_id}", summary="Read a change and its progress 变更进度", response_model=AreaChangeOut)
async def read_change(
    change_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager
) -> AreaChangeOut:
    """Read a change: while it is planned with its forecast, then with its progress. Needs `area:manage`."""
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        found = await changes.find(tx, change_id)
        planned = found.state is ChangeState.PLANNED
        forecast = await changes.forecast(tx, found.succession, runtime.clock.today()) if planned else None
    response.headers["ETag"] = etag(found.version)
    return AreaChangeOut.of(found, forecast)


@router.post("/{change_id}/start", summary="Start a change 启动", response_model=AreaChangeOut)
async def start_change(
    change_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager, version: Version
) -> AreaChangeOut:
    """Let the worker carry it out in batches, from its day on. Needs `area:manage` and If-Match."""
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        found = await changes.start(
            Desk(runtime, tx, AreaScope.nothing(), access.subject), change_id, version
        )
    response.headers["ETag"] = etag(found.version)
    return AreaChangeOut.of(found)


@router.post("/{change_id}/cancellation", summary="Cancel a change 取消", response_model=AreaChangeOut)
async def cancel_change(
    change_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager, version: Version
) -> AreaChangeOut:
    """Drop a change that was not begun. Needs `area:manage` and If-Match."""
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        found = await changes.cancel(
            Desk(runtime, tx, AreaScope.nothing(), access.subject), change_id, version
        )
    response.headers["ETag"] = etag(found.version)
    return AreaChangeOut.of(found)


@router.get(
    "/{change_id}/remaining", summary="List whom the rule left over 待处理人员", response_model=RemainingPage
)
async def list_remaining(
    change_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RemainingPage:
    """List people of the caller's area who still have an address in a community that ended.

    Needs `resident:read`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        start = decode_key(after, UUID) or UUID(int=0)
        found = await changes.remaining(tx, access.areas, change_id, start, limit + 1)
    page = found[:limit]
    following = encode_cursor(str(page[-1]["id"])) if len(found) > limit else None
    items = [_remaining(row) for row in page]
    await runtime.readings.record(access, What.LIST, [each.person_id for each in items])
    return RemainingPage(items=items, next=following)


def _remaining(row: dict[str, object]) -> RemainingOut:
    return RemainingOut.model_validate(
        {
            "person_id": row["id"],
            "name": row["name"],
            "registered_area": area_code(int(str(row["registered_area"]))),
            "registered_street": row["registered_street"],
            "present_area": area_code(int(str(row["present_area"]))),
            "present_street": row["present_street"],
        }
    )


@router.post("/{change_id}/settlements", status_code=204, summary="Settle one person 逐个处理")
async def settle_person(
    change_id: UUID, body: SettlementCreate, runtime: CurrentRuntime, access: Writer
) -> None:
    """Let one person follow to a successor; 409 for whoever has nothing left to settle.

    Needs `life-event:write`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await changes.settle(desk, change_id, body.person_id, body.to_area.key)


@router.get(
    "/{change_id}/unsettled", summary="List rows that stayed behind 待处理记录", response_model=UnsettledPage
)
async def list_unsettled(
    change_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> UnsettledPage:
    """List households, places, rented houses and supply points of the caller's area that could not follow,
    because a successor has one of that number, code, street or name. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await changes.find(tx, change_id)
        start = decode_key(after, UUID) or UUID(int=0)
        found = await change_repository.unsettled(tx, change_id, start, limit + 1)
    page = found[:limit]
    following = encode_cursor(str(page[-1].id)) if len(found) > limit else None
    items = [
        UnsettledOut(
            id=each.id,
            register_name=each.register,
            row_id=each.row_id,
            area=area_code(each.area),
            to_area=area_code(each.to_area),
            value=each.value,
        )
        for each in page
    ]
    return UnsettledPage(items=items, next=following)


@router.post(
    "/{change_id}/unsettled/{unsettled_id}/settlement", status_code=204, summary="Settle one row 处理一条记录"
)
async def settle_row(
    change_id: UUID, unsettled_id: UUID, body: RowSettlementCreate, runtime: CurrentRuntime, access: Writer
) -> None:
    """Let a row follow under another number, code, street or name. Needs `life-event:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await changes.settle_row(desk, change_id, unsettled_id, body.value)
