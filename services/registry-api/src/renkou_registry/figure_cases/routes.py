"""HTTP of the cases behind figures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from renkou_common.contracts.figure_cases import FigureCasesRequest, FigurePersonsRequest
from renkou_common.identity.http import granted, requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.figure_cases import service
from renkou_registry.figure_cases.domain import SCOPES
from renkou_registry.figure_cases.schemas import CasesOut, PersonsOut
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/figure-cases", tags=["figure cases 统计个案"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]


@router.post("", summary="Records behind events that were counted 统计个案")
async def show_cases(
    body: FigureCasesRequest, request: Request, response: Response, runtime: CurrentRuntime, access: Reader
) -> CasesOut:
    """Show the records behind events of this service's feed, as far as the caller may read each.

    What lies outside the caller's areas or rights, and what is unknown, is counted and not told apart. Every
    person shown has the reading in the log with its purpose. Needs `resident:read`.
    """
    rights = await granted(request, SCOPES) | {Scope.RESIDENT_READ: access.areas}
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.cases(runtime, tx, rights, body.event_ids)
    shown = {case.person.id: None for case in found.items if case.person is not None}
    await runtime.readings.record(access, What.FIGURE_CASE, shown, body.purpose)
    response.headers["Cache-Control"] = "no-store"
    return found


@router.post("/persons", summary="Persons behind records that were counted 统计个案人员")
async def show_persons(
    body: FigurePersonsRequest, response: Response, runtime: CurrentRuntime, access: Reader
) -> PersonsOut:
    """Show persons whom records of another service of the node are about, as far as the caller may read them.

    Logged as `POST /figure-cases`. Needs `resident:read`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.people(runtime, tx, access.areas, body.person_ids)
    await runtime.readings.record(
        access, What.FIGURE_CASE, [person.id for person in found.items], body.purpose
    )
    response.headers["Cache-Control"] = "no-store"
    return found
