"""HTTP of the cases behind figures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from renkou_common.contracts.figure_cases import FigureCasesRequest
from renkou_common.identity.http import granted, requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.audit.domain import What
from renkou_migrant.figure_cases import service
from renkou_migrant.figure_cases.domain import SCOPES
from renkou_migrant.figure_cases.schemas import CasesOut
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/figure-cases", tags=["figure cases 统计个案"])


@router.post("", summary="Records behind events that were counted 统计个案")
async def show_cases(
    body: FigureCasesRequest,
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.MIGRATION_READ))],
) -> CasesOut:
    """Show the records behind events of this service's feed, as far as the caller may read each.

    What lies outside the caller's areas or rights, and what is unknown, is counted and not told apart. The
    register shows the persons; both logs hold the reading with its purpose. Needs `migration:read`.
    """
    rights = await granted(request, SCOPES) | {Scope.MIGRATION_READ: access.areas}
    response.headers["Cache-Control"] = "no-store"
    found = await service.cases(runtime, rights, access.token, body.event_ids, body.purpose)
    shown = {one.person.id for one in found.items if one.person}
    await runtime.readings.record(access, What.FIGURE_CASE, shown, body.purpose)
    return found
