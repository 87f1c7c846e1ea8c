"""HTTP of enrolments: application, checks, approval, withdrawal."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.benefits.enrolments import answers, repository, service
from renkou_registry.benefits.enrolments.domain import Action, State
from renkou_registry.benefits.enrolments.schemas import (
    CheckIn,
    CommunityCheckIn,
    EnrolmentCreate,
    EnrolmentOut,
    EnrolmentPage,
    Resubmission,
    Withdrawal,
)
from renkou_registry.benefits.enrolments.service import Application, Desk
from renkou_registry.fields import AreaQuery
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/benefit-enrolments", tags=["benefits 奖扶"])
Reader = Annotated[Access, Depends(requires(Scope.BENEFIT_READ))]
Applicant = Annotated[Access, Depends(requires(Scope.BENEFIT_APPLY))]
Key = Annotated[RequestKey, Depends(request_key)]
Expected = Annotated[int, Depends(expected_version)]


async def _answer(desk: Desk, enrolment_id: UUID, response: Response) -> EnrolmentOut:
    row = await service.find(desk.tx, enrolment_id, desk.scope)
    steps = await service.history(desk.tx, enrolment_id)
    try:
        finding = await service.finding_of(desk.runtime, desk.tx, desk.scope, row)
    except Conflict:
        finding = None
    response.headers["ETag"] = etag(row["version"])
    return answers.whole(desk.runtime, row, steps, finding)


@router.post("", status_code=201, summary="Apply 申请奖扶", response_model=EnrolmentOut)
async def create_enrolment(
    body: EnrolmentCreate, response: Response, runtime: CurrentRuntime, access: Applicant, key: Key
) -> EnrolmentOut:
    """Enter an application of a person whom the caller sees, by the person or for them.

    Needs `benefit:apply`.
    """
    application = Application(
        body.scheme_id,
        body.person_id,
        body.origin,
        body.declared.model_dump(mode="json"),
        body.account.model_dump(),
    )
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            return await service.apply(desk, application)

        enrolment_id, _ = await once(tx, access.subject, key, create)
        answer = await _answer(desk, enrolment_id, response)
    response.headers["Location"] = f"/benefit-enrolments/{enrolment_id}"
    return answer


@router.get("", summary="List an area's cases 申报列表", response_model=EnrolmentPage)
async def list_enrolments(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    scheme_id: UUID,
    state: Annotated[State | None, Query(description="only cases in this state")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EnrolmentPage:
    """List a scheme's cases by community and id. Needs `benefit:read`."""
    interval = area.interval()
    if not access.areas.covers(*interval):
        raise NotFound.of("区划", "area")
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await repository.page(
            tx, interval, scheme_id, state, decode_cursor(after, int, UUID), limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    following = encode_cursor(last["area"], str(last["id"])) if last else None
    await runtime.readings.record(access, What.BENEFITS, {row["person_id"] for row in found[:limit]})
    return EnrolmentPage(items=[answers.summary(row) for row in found[:limit]], next=following)


@router.get("/{enrolment_id}", summary="Read a case 申报详情", response_model=EnrolmentOut)
async def read_enrolment(
    enrolment_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> EnrolmentOut:
    """Read a case with its steps and how the conditions stand today. Needs `benefit:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        case = await _answer(Desk(runtime, tx, access.areas, access.subject), enrolment_id, response)
    await runtime.readings.record(access, What.BENEFITS, [case.person_id])
    return case


@router.post(
    "/{enrolment_id}/community-check", summary="The community's check 社区审核", response_model=EnrolmentOut
)
async def community_check(
    enrolment_id: UUID,
    body: CommunityCheckIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.BENEFIT_CHECK))],
    expected: Expected,
) -> EnrolmentOut:
    """Pass an application with the declared facts that were confirmed, return or reject it.

    Needs `benefit:check`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        if body.result == "pass":
            await service.community_pass(desk, enrolment_id, expected, body.confirmed)
        else:
            await _send_back(desk, enrolment_id, expected, "community", body)
        return await _answer(desk, enrolment_id, response)


@router.post(
    "/{enrolment_id}/subdistrict-check",
    summary="The subdistrict's check 街道审核",
    response_model=EnrolmentOut,
)
async def subdistrict_check(
    enrolment_id: UUID,
    body: CheckIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.BENEFIT_REVIEW))],
    expected: Expected,
) -> EnrolmentOut:
    """Pass, return or reject a case the community passed. Needs `benefit:review`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        if body.result == "pass":
            await service.take_step(desk, enrolment_id, expected, Action.SUBDISTRICT_PASS, None)
        else:
            await _send_back(desk, enrolment_id, expected, "subdistrict", body)
        return await _answer(desk, enrolment_id, response)


@router.post(
    "/{enrolment_id}/approval", summary="The district's decision 区级审批", response_model=EnrolmentOut
)
async def approve(
    enrolment_id: UUID,
    body: CheckIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.BENEFIT_APPROVE))],
    expected: Expected,
) -> EnrolmentOut:
    """Approve a case that meets every condition, return or reject it. Needs `benefit:approve`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        if body.result == "pass":
            await service.approve(desk, enrolment_id, expected)
        else:
            await _send_back(desk, enrolment_id, expected, "district", body)
        return await _answer(desk, enrolment_id, response)


async def _send_back(desk: Desk, enrolment_id: UUID, expected: int, place: str, body: CheckIn) -> None:
    if body.reason is None:
        raise InvalidInput.field("/reason", "missing", "退回或不予通过须写明理由", "a reason is required")
    await service.take_step(desk, enrolment_id, expected, Action(f"{place}_{body.result}"), body.reason)


@router.post("/{enrolment_id}/resubmission", summary="Hand in again 补正后再报", response_model=EnrolmentOut)
async def resubmit(
    enrolment_id: UUID,
    body: Resubmission,
    response: Response,
    runtime: CurrentRuntime,
    access: Applicant,
    expected: Expected,
) -> EnrolmentOut:
    """Complete a returned case; its checks begin anew. Needs `benefit:apply`."""
    declared = body.declared.model_dump(mode="json") if body.declared else None
    account = body.account.model_dump() if body.account else None
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await service.resubmit(desk, enrolment_id, expected, declared, account)
        return await _answer(desk, enrolment_id, response)


@router.post("/{enrolment_id}/withdrawal", summary="Take back 本人撤回", response_model=EnrolmentOut)
async def withdraw(
    enrolment_id: UUID,
    body: Withdrawal,
    response: Response,
    runtime: CurrentRuntime,
    access: Applicant,
    expected: Expected,
) -> EnrolmentOut:
    """Record that the person takes the case back; what was due until today stays due.

    Needs `benefit:apply`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await service.withdraw(desk, enrolment_id, expected, body.reason)
        return await _answer(desk, enrolment_id, response)
