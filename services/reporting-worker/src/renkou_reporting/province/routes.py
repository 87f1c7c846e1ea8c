"""Figures of a province (省级汇总) over HTTP; on a district's node there are none."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.errors import Forbidden
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.province import service
from renkou_reporting.province.schemas import ProvinceAnswer, ProvinceQuestion, SourceList
from renkou_reporting.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/province", tags=["province"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]


@router.get("/figures", summary="Districts' published figures added up 全省汇总")
async def get_figures(
    question: Annotated[ProvinceQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ProvinceAnswer:
    """Add up what districts published of a period, and say which have not. Needs `figure:read`."""
    _check_province(access, runtime)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.figures(tx, runtime, question)


@router.get("/districts", summary="How the districts' feeds stand 各区订阅状态")
async def get_districts(access: Reader, runtime: CurrentRuntime) -> SourceList:
    """Return how far each district's feed is pulled, and what is wrong with it. Needs `figure:read`."""
    _check_province(access, runtime)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.sources(tx, runtime)


def _check_province(access: Access, runtime: Runtime) -> None:
    service.sources_of(runtime)
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("province_only", "须有全省权限", "This needs rights over the whole province")
