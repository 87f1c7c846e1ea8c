"""HTTP of the division tree; open to everyone who signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.errors import InvalidInput
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.areas import service
from renkou_registry.areas.change_routes import router as changes_router
from renkou_registry.areas.schemas import AreaDetail, AreaOut, AreaPage
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["areas 行政区划"])
router.include_router(changes_router)
Reader = Annotated[Access, Depends(requires(Scope.AREA_READ))]


async def _parsed(
    code: Annotated[str, Path(description="区划代码", examples=["340103"], max_length=12)],
) -> AreaCode:
    try:
        return AreaCode.parse(code)
    except AreaCodeError as error:
        raise InvalidInput.field("/path/code", error.code, error.zh, error.en) from error


Code = Annotated[AreaCode, Depends(_parsed)]


@router.get("/areas/{code}", summary="Read a division 区划详情", response_model=AreaDetail)
async def read_area(
    code: Code,
    response: Response,
    runtime: CurrentRuntime,
    access: Reader,
    on: Annotated[Day | None, Query(description="with the names of this day; default: today")] = None,
) -> AreaDetail:
    """Read a division with the chain of names above it. Needs `area:read`."""
    day = on or runtime.clock.today()
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        records = await service.find_with_chain(tx, code, day)
        followers = await service.successors(tx, code)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return AreaDetail.of_chain(records, day, followers)


@router.get(
    "/areas/{code}/children", summary="List what lies directly below 下级区划", response_model=AreaPage
)
async def list_children(
    code: Code,
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AreaPage:
    """List the divisions one level below, by code. Needs `area:read`."""
    start = decode_key(after, int) or 0
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        found = await service.children(tx, code, start, limit + 1)
    page = found[:limit]
    following = encode_cursor(page[-1].code.key) if len(found) > limit else None
    return AreaPage(items=[AreaOut.of(record) for record in page], next=following)
