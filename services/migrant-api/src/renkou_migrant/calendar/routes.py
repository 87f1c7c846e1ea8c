"""HTTP of the calendar of working days."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.calendar import service
from renkou_migrant.calendar.schemas import DayRead, WorkingDayRead, YearIn, YearRead
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/calendar", tags=["calendar 工作日历"])
Reader = Annotated[Access, Depends(requires(Scope.AREA_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]
Year = Annotated[int, Path(ge=2000, le=2100)]


@router.get("/working-day", summary="A day so many working days on 推算工作日")
async def count_working_days(
    runtime: CurrentRuntime,
    access: Reader,
    start: Annotated[Day, Query(description="the day from which to count; it does not count itself")],
    days: Annotated[int, Query(ge=0, le=250)],
) -> WorkingDayRead:
    """Return the day that is so many working days after another. Needs `area:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        day = await service.add_working_days(tx, runtime, start, days)
        known = [bool(await service.year(tx, year)) for year in range(start.year, day.year + 1)]
    return WorkingDayRead(day=day, published=all(known))


@router.get("/{year}", summary="Schedule of a year 节假日安排")
async def read_year(year: Year, runtime: CurrentRuntime, access: Reader) -> YearRead:
    """Read which days of a year differ from their weekday. Needs `area:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.year(tx, year)
    return YearRead(year=year, published=bool(found), days=[DayRead.of(one) for one in found])


@router.put("/{year}", summary="Enter the schedule of a year 录入节假日安排")
async def enter_year(year: Year, body: YearIn, runtime: CurrentRuntime, access: Manager) -> YearRead:
    """Put a year's published schedule in place of what was known of it. Needs `partner:manage`.

    Dates on which replies are due are counted when a message is signed; those signed already keep theirs.
    """
    async with runtime.database.transaction(access.areas) as tx:
        await service.enter(tx, runtime, year, body.to_domain())
        found = await service.year(tx, year)
    return YearRead(year=year, published=True, days=[DayRead.of(one) for one in found])
