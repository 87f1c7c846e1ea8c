"""GET /figures and GET /figures/table."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.figures import service
from renkou_reporting.figures.schemas import FigureAnswer, FigureQuestion, TableAnswer, TableQuestion
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/figures", tags=["figures"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]


@router.get("", summary="One figure with numerator and denominator 统计数字")
async def get_figure(
    question: Annotated[FigureQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> FigureAnswer:
    """Return an indicator for an area's subtree, a population and a period. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.figure(tx, access.areas, question)


@router.get("/table", summary="All figures over a population 统计表")
async def get_table(
    question: Annotated[TableQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> TableAnswer:
    """Return every indicator that runs over the population. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.table(tx, access.areas, question)
