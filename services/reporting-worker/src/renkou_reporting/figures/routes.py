"""GET /figures, /figures/series and /figures/table."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.identity.principal import Access
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.figures import service
from renkou_reporting.figures.schemas import (
    FigureAnswer,
    FigureQuestion,
    SeriesAnswer,
    SeriesQuestion,
    TableAnswer,
    TableQuestion,
)
from renkou_reporting.returns.completeness import duty
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/figures", tags=["figures"])
Reader = Annotated[Access, Depends(exact_figures)]


@router.get("", summary="One figure with numerator and denominator 统计数字")
async def get_figure(
    question: Annotated[FigureQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> FigureAnswer:
    """Return an indicator for an area's subtree, a population and a period. Needs `figure:exact`."""
    async with runtime.database.reading(access.areas) as tx:
        return await service.figure(tx, access.areas, question, duty(runtime))


@router.get("/series", summary="A figure over one period after the other 时间序列")
async def get_series(
    question: Annotated[SeriesQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> SeriesAnswer:
    """Return an indicator month by month, quarter by quarter ... Needs `figure:exact`."""
    async with runtime.database.reading(access.areas) as tx:
        return await service.series(tx, access.areas, question, duty(runtime))


@router.get("/table", summary="Figures by indicator, area and period 统计表", response_model=TableAnswer)
async def get_table(
    question: Annotated[TableQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> Response:
    """Return every indicator that runs over the population, or those named. Needs `figure:exact`."""
    async with runtime.database.reading(access.areas) as tx:
        content = await service.table(tx, access.areas, question, duty(runtime))
    return Response(content, media_type="application/json")
