"""Population accounts (人口平衡账) over HTTP; explaining and checking are for those who manage figures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import Forbidden
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.accounts import service
from renkou_reporting.accounts.schemas import (
    AccountAnswer,
    AccountQuestion,
    BridgeAnswer,
    BridgeQuestion,
    CheckAnswer,
    CheckRequest,
    Explanation,
    Incident,
    IncidentList,
    IncidentQuestion,
    PyramidAnswer,
    PyramidQuestion,
    SeriesAnswer,
    SeriesQuestion,
)
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/accounts", tags=["accounts"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
ExactReader = Annotated[Access, Depends(exact_figures)]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]


@router.get("", summary="A population account 人口平衡账")
async def get_account(
    question: Annotated[AccountQuestion, Query()], access: ExactReader, runtime: CurrentRuntime
) -> AccountAnswer:
    """Return opening, what came and went, and closing of a period, by sex and age. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.account(tx, access.areas, question)


@router.get("/series", summary="Accounts month by month 逐月人口平衡账")
async def get_series(
    question: Annotated[SeriesQuestion, Query()], access: ExactReader, runtime: CurrentRuntime
) -> SeriesAnswer:
    """Return one month's account after the other. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.series(tx, access.areas, question)


@router.get("/pyramid", summary="People by sex and age 人口金字塔")
async def get_pyramid(
    question: Annotated[PyramidQuestion, Query()], access: ExactReader, runtime: CurrentRuntime
) -> PyramidAnswer:
    """Return people by sex and age at a month's end. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.pyramid(tx, access.areas, question)


@router.get("/bridge", summary="How the populations hang together 人口口径衔接")
async def get_bridge(
    question: Annotated[BridgeQuestion, Query()], access: ExactReader, runtime: CurrentRuntime
) -> BridgeAnswer:
    """Return registered, migrant and resident people side by side at a month's end. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.bridge(tx, access.areas, question)


@router.get("/incidents", summary="Accounts that do not balance 平衡账异常")
async def list_incidents(
    question: Annotated[IncidentQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> IncidentList:
    """List what breaks accounts, the newest first; without numbers. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.incidents(tx, access.areas, question)


@router.get("/incidents/{incident_id}", summary="An incident with its cause 异常及原因")
async def get_incident(incident_id: UUID, access: Manager, runtime: CurrentRuntime) -> Incident:
    """Return an incident with the cells and events behind it. Needs `figure:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.incident(tx, access.areas, incident_id)


@router.post("/incidents/{incident_id}/explanation", summary="Explain an incident 说明异常")
async def post_explanation(
    incident_id: UUID, given: Explanation, access: Manager, runtime: CurrentRuntime
) -> Incident:
    """Say why an incident is no mistake; holds until its numbers change. Needs `figure:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.explain(tx, access, runtime.clock, incident_id, given.reason)
        return await service.incident(tx, access.areas, incident_id)


@router.post("/checks", status_code=202, summary="Check the accounts 检查平衡账")
async def post_check(
    given: CheckRequest,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
    response: Response,
) -> CheckAnswer:
    """Queue a check of every account up to a month. Needs `figure:manage`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("district_only", "检查须有全区权限", "A check needs rights over the whole district")
    async with runtime.database.transaction(access.areas) as tx:
        check_id, _ = await once(
            tx, access.subject, key, lambda: service.ask(tx, access, runtime.clock, given)
        )
        answer = await service.read_check(tx, check_id)
    response.headers["Location"] = f"/accounts/checks/{check_id}"
    return answer


@router.get("/checks/{check_id}", summary="A check of the accounts 检查结果")
async def get_check(check_id: UUID, access: Reader, runtime: CurrentRuntime) -> CheckAnswer:
    """Return how a check stands. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read_check(tx, check_id)
