"""Forecasts (人口预测) over HTTP; adding assumptions is for callers whose right covers the district."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.errors import Forbidden
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.forecast import service
from renkou_reporting.forecast.schemas import (
    ForecastAnswer,
    ForecastQuestion,
    ScenarioAddition,
    ScenarioAnswer,
    ScenarioList,
)
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/forecasts", tags=["forecasts"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
ExactReader = Annotated[Access, Depends(exact_figures)]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]


@router.get("", summary="Births and population of coming years 人口预测")
async def get_forecast(
    question: Annotated[ForecastQuestion, Query()], access: ExactReader, runtime: CurrentRuntime
) -> ForecastAnswer:
    """Return the years to come under a scenario, and how far such forecasts of past years were off.

    By the cohort-component method from the district's own counts. Needs `figure:exact`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.forecast(tx, access.areas, runtime.clock, runtime.district, question)


@router.get("/scenarios", summary="Assumptions of forecasts 预测方案")
async def list_scenarios(access: Reader, runtime: CurrentRuntime) -> ScenarioList:
    """Return every scenario. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.list_scenarios(tx)


@router.post("/scenarios", status_code=201, summary="Add assumptions 新增预测方案")
async def post_scenario(
    given: ScenarioAddition,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
) -> ScenarioAnswer:
    """Store own assumptions under a new code; they are never changed. Needs `figure:manage`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("district_only", "方案须有全区权限", "Scenarios need rights over the whole district")
    async with runtime.database.transaction(access.areas) as tx:
        await once(tx, access.subject, key, lambda: service.add_scenario(tx, access, runtime.clock, given))
    return ScenarioAnswer(**dict(given), packaged=False)
