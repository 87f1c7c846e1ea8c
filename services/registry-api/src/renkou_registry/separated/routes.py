"""HTTP of separation from registration. State is today's; the day says how long stays have lasted by then."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery
from renkou_registry.persons import answers
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.separated import service
from renkou_registry.separated.domain import Direction
from renkou_registry.separated.schemas import SeparatedCount, SeparatedCounts, SeparatedOut, SeparatedPage
from renkou_registry.separated.service import Separated

router = APIRouter(prefix="/persons/separated", tags=["separated 人户分离"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
On = Annotated[Day | None, Query(description="length of stay on this day; default today")]


def _out(runtime: Runtime, found: Separated, on: date) -> SeparatedOut:
    since = found.row["present_since"]
    return SeparatedOut(
        **answers.summary(runtime, found.row).model_dump(),
        present_since=since,
        months=found.months,
        days=(on - since).days,
    )


@router.get("", summary="List who lives elsewhere than registered 人户分离", response_model=SeparatedPage)
async def list_separated(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    direction: Annotated[
        Direction, Query(description="registered_here 户在人不在, living_here 人在户不在")
    ] = Direction.REGISTERED_HERE,
    at_least_months: Annotated[int, Query(ge=0, le=600, description="1, 3, 6: full months of stay")] = 1,
    on: On = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SeparatedPage:
    """List who is registered in one community and lives in another, by length of stay.

    Needs `resident:read`.
    """
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(
            tx,
            access.areas,
            area,
            direction,
            at_least_months,
            day,
            decode_cursor(after, int, UUID),
            limit + 1,
        )
    rows = found[:limit]
    following = encode_cursor(rows[-1].area, str(rows[-1].row["id"])) if len(found) > limit else None
    await runtime.readings.record(access, What.LIST, [each.row["id"] for each in rows])
    return SeparatedPage(on=day, items=[_out(runtime, each, day) for each in rows], next=following)


@router.get("/counts", summary="Count who lives elsewhere 人户分离人数", response_model=SeparatedCounts)
async def count_separated(
    runtime: CurrentRuntime, access: Reader, area: AreaQuery, on: On = None
) -> SeparatedCounts:
    """Count separated persons of an area by length of stay, from both sides. Needs `resident:read`."""
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = {side: await service.counts(tx, access.areas, area, side, day) for side in Direction}
    counted = {side: SeparatedCount(**_names(each)) for side, each in found.items()}
    return SeparatedCounts(
        on=day,
        area=area.value,
        registered_here=counted[Direction.REGISTERED_HERE],
        living_here=counted[Direction.LIVING_HERE],
    )


def _names(counts: dict[int, int]) -> dict[str, int]:
    names = {0: "any_length", 1: "one_month", 3: "three_months", 6: "six_months"}
    return {names[months]: number for months, number in counts.items()}
