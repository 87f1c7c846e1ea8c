"""GET and POST /measures."""

from typing import Annotated
from uuid import NAMESPACE_OID, UUID, uuid5

from fastapi import APIRouter, Depends

from renkou_common.errors import Forbidden
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.indicators.service import add_measure
from renkou_reporting.measures import service
from renkou_reporting.measures.domain import MeasureEntry, MeasureOrigin
from renkou_reporting.measures.schemas import MeasureAddition, MeasureAnswer, MeasureList
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/measures", tags=["indicators"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]


@router.get("", summary="What is counted 计量")
async def list_measures(access: Reader, runtime: CurrentRuntime) -> MeasureList:
    """Return every measure that definitions can use. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return MeasureList.of(await service.current(tx))


@router.post("", status_code=201, summary="Add a measure of aggregate returns 新增计量")
async def post_measure(
    given: MeasureAddition,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
) -> MeasureAnswer:
    """Add a measure whose counts come by aggregate return. Needs `figure:manage`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("district_only", "计量须有全区权限", "Measures need rights over the whole district")
    entry = MeasureEntry.model_validate({**given.model_dump(), "origin": MeasureOrigin.RETURN})
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await add_measure(tx, access, runtime.clock, entry)
            return uuid5(NAMESPACE_OID, entry.code)

        await once(tx, access.subject, key, create)
    return MeasureAnswer.of(entry)
