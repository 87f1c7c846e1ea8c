"""GET /indicators."""

from fastapi import APIRouter, Depends

from renkou_common.identity.http import requires
from renkou_common.identity.roles import Scope
from renkou_reporting.indicators.schemas import IndicatorList
from renkou_reporting.indicators.service import catalogue

router = APIRouter(tags=["indicators"])


@router.get(
    "/indicators",
    summary="Indicators with their definitions 考核指标",
    dependencies=[Depends(requires(Scope.FIGURE_READ))],
)
async def list_indicators() -> IndicatorList:
    """Return every indicator of the version in force. Needs `figure:read`."""
    return IndicatorList.of(catalogue())
