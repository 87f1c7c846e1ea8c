"""HTTP of monthly balances, of what expires soon and of what runs short."""

import asyncio
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.area import AreaCode
from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.areas.service import full_names
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.supplies.balances import repository, service
from renkou_registry.supplies.balances.schemas import Balance, ExpiringPage, ShortPage, ShortRow
from renkou_registry.supplies.balances.workbook import workbook
from renkou_registry.supplies.ledger.schemas import StockOut

router = APIRouter(tags=["supplies 药具"])
Reader = Annotated[Access, Depends(requires(Scope.SUPPLY_READ))]
Month = Annotated[str, Query(max_length=10, description="月份, YYYY-MM", examples=["2025-03"])]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/supply-points/{point_id}/balance", summary="A point's month 收支存月报", response_model=Balance)
async def read_balance(point_id: UUID, month: Month, runtime: CurrentRuntime, access: Reader) -> Balance:
    """Read opening, what came in and went out, and closing of a month. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        return await service.balance(at, point_id, service.parse_month(month, at.today))


@router.get(
    "/supply-points/{point_id}/balance.xlsx",
    summary="A point's month as a sheet 收支存月报表",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
)
async def download_balance(point_id: UUID, month: Month, runtime: CurrentRuntime, access: Reader) -> Response:
    """Download the month in the layout of a return. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        balance = await service.balance(at, point_id, service.parse_month(month, at.today))
        names = await full_names(at.tx, [AreaCode(balance.area)])
    unit = names.get(AreaCode(balance.area), balance.area)
    content = await asyncio.to_thread(workbook, balance, unit)
    name = f"supplies-{balance.month}.xlsx"
    return Response(
        content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/supply-stock/expiring", summary="What expires soon 近效期药具", response_model=ExpiringPage)
async def list_expiring(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    within_days: Annotated[int, Query(ge=0, le=3650, description="from today on")] = 180,
    after: After = None,
    limit: Limit = 50,
) -> ExpiringPage:
    """List an area's stock that expires within so many days or has expired. Needs `supply:read`."""
    interval = area.interval()
    if not access.areas.covers(*interval):
        raise NotFound.of("区划", "area")
    async with desk(runtime, access, read_only=True) as at:
        until = at.today + timedelta(days=within_days)
        found = await repository.expiring(
            at.tx, interval, until, decode_cursor(after, date, UUID, UUID), limit + 1
        )
        items = [
            StockOut(
                **{name: row[name] for name in StockOut.model_fields if name != "expired"},
                expired=row["expires_on"] < at.today,
            )
            for row in found[:limit]
        ]
    following = None
    if len(found) > limit:
        last = items[-1]
        following = encode_cursor(last.expires_on.isoformat(), str(last.point_id), str(last.batch_id))
    return ExpiringPage(until=until, items=items, next=following)


@router.get("/supply-stock/short", summary="What runs short 应补货", response_model=ShortPage)
async def list_short(
    runtime: CurrentRuntime, access: Reader, area: AreaQuery, after: After = None, limit: Limit = 50
) -> ShortPage:
    """List an area's points with usable stock below their reorder level. Needs `supply:read`."""
    interval = area.interval()
    if not access.areas.covers(*interval):
        raise NotFound.of("区划", "area")
    async with desk(runtime, access, read_only=True) as at:
        found = await repository.short(
            at.tx, interval, at.today, decode_cursor(after, int, UUID, UUID), limit + 1
        )
    rows = found[:limit]
    items = [
        ShortRow(
            point_id=row["point_id"],
            area=area_code(row["area"]),
            specification_id=row["specification_id"],
            level=row["level"],
            usable=row["usable"],
        )
        for row in rows
    ]
    following = None
    if len(found) > limit:
        last = rows[-1]
        following = encode_cursor(last["area"], str(last["point_id"]), str(last["specification_id"]))
    return ShortPage(items=items, next=following)
