"""GET /stock: counts only, for services."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.stock import service
from renkou_registry.stock.schemas import StockAnswer

router = APIRouter(tags=["feeds"])


@router.get(
    "/stock",
    summary="The register's own counts 登记人数",
    dependencies=[Depends(requires(Scope.FEED_READ))],
)
async def get_stock(
    on: Annotated[Day, Query(description="at the end of this day", examples=["2026-03-31"])],
    runtime: CurrentRuntime,
) -> StockAnswer:
    """Tell a service how many people the register counts in each area and population, to compare with the sum of
    its events; no person is named. Needs `feed:read`.
    """
    district = runtime.district
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return await service.stock(tx, district, on)
