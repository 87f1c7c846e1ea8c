"""GET /areas: the division tree that figures can be asked by."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from renkou_common.codes.area import AreaLevel
from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.areas import area_within, service
from renkou_reporting.areas.schemas import AreaAnswer, AreaList
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/areas", tags=["areas 行政区划"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]


@router.get("", summary="An area and what lies below it 区划及下级")
async def get_areas(
    area: Annotated[str, Query(description="area code", examples=["340103"], max_length=12)],
    access: Reader,
    runtime: CurrentRuntime,
    below: Annotated[
        Literal["none", "children", "communities"], Query(description="which areas below it")
    ] = "children",
    on: Annotated[Day | None, Query(description="as on this day, also the names; default: today")] = None,
) -> AreaList:
    """List an area and the areas below it that exist on a day, with the changes they took part in. Needs
    `figure:read`."""
    code = area_within(access.areas, area)
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        own, tree = await service.find(tx, code)
        level = (
            AreaLevel.VILLAGE if below == "communities" else AreaLevel(min(code.level + 1, AreaLevel.VILLAGE))
        )
        found = [own]
        if below != "none" and code.level < level:
            found += tree.below(code, level, day)
        names = await service.names(tx, [each.code for each in found], day)
    return AreaList(on=day, items=[AreaAnswer.of(tree, each, names[each.code]) for each in found])
