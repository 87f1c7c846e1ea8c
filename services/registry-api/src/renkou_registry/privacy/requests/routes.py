"""HTTP of persons' requests for staff: taken in at the counter, worked off, approved by a second person."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery
from renkou_registry.privacy.requests import answers, service
from renkou_registry.privacy.requests.domain import OPEN, How, Kind, PrivacyRequest, State
from renkou_registry.privacy.requests.schemas import (
    DecisionCreate,
    ExtensionCreate,
    HandledDetail,
    HandledPage,
    HandledRequest,
    PrivacyRequestCreate,
    SecondCreate,
)
from renkou_registry.privacy.requests.service import Decision
from renkou_registry.records import Desk
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["privacy requests 个人信息权利申请"])
Taker = Annotated[Access, Depends(requires(Scope.CONSENT_WRITE))]
Reader = Annotated[Access, Depends(requires(Scope.PRIVACY_REQUEST_READ))]
Decider = Annotated[Access, Depends(requires(Scope.PRIVACY_DECIDE))]
Version = Annotated[int, Depends(expected_version)]


@router.post(
    "/persons/{person_id}/privacy-requests",
    status_code=201,
    summary="Take a person's request in at the counter 窗口受理权利申请",
    response_model=HandledRequest,
)
async def create_privacy_request(
    person_id: UUID,
    body: PrivacyRequestCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Taker,
    key: Annotated[RequestKey, Depends(request_key)],
) -> HandledRequest:
    """Write down what a person asks for at the counter; it is decided like one from the person's account.

    Needs `consent:write`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            return await service.take_in(desk, person_id, body.kind, body.wish, body.about, How.COUNTER)

        request_id, _ = await once(tx, access.subject, key, create)
        found = await service.find(desk, request_id)
    response.headers["Location"] = f"/privacy-requests/{request_id}"
    response.headers["ETag"] = etag(found.version)
    return answers.handled(found, desk.today)


@router.get("/privacy-requests", summary="Worklist of requests 权利申请待办", response_model=HandledPage)
async def list_privacy_requests(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    state: Annotated[State | None, Query(description="状态; none: all that are open")] = None,
    kind: Annotated[Kind | None, Query(description="申请事项")] = None,
    overdue: Annotated[bool, Query(description="only what nobody has decided in time 只看逾期")] = False,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HandledPage:
    """List requests of an area, what is due first at the head, and how many are overdue.

    Needs `privacy-request:read`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        found, late = await service.page(
            desk,
            area,
            (state,) if state else OPEN,
            kind,
            decode_cursor(after, date, UUID),
            limit + 1,
            overdue=overdue,
        )
    page = found[:limit]
    following = encode_cursor(page[-1].due_on, page[-1].id) if len(found) > limit else None
    await runtime.readings.record(access, What.PRIVACY_REQUESTS, {each.person_id for each in page})
    return HandledPage(
        items=[answers.handled(each, desk.today) for each in page], next=following, overdue=late
    )


@router.get(
    "/privacy-requests/{request_id}",
    summary="Read a request 查看权利申请",
    response_model=HandledDetail,
)
async def read_privacy_request(
    request_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> HandledDetail:
    """Read a request with its steps; of a deletion that is not approved also what would be deleted and what would be
    kept by which law: numbers, no content. Needs `privacy-request:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        answer = await _detail(desk, await service.find(desk, request_id))
    return await _answered(runtime, access, response, answer)


async def _carry_out(
    runtime: Runtime,
    access: Access,
    response: Response,
    step: Callable[[Desk], Awaitable[PrivacyRequest]],
) -> HandledDetail:
    """Take one step with a request; returns what it is then."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        answer = await _detail(desk, await step(desk))
    return await _answered(runtime, access, response, answer)


async def _detail(desk: Desk, request: PrivacyRequest) -> HandledDetail:
    return answers.handled_detail(await service.detail(desk, request, with_plan=True), desk.today)


async def _answered(
    runtime: Runtime, access: Access, response: Response, answer: HandledDetail
) -> HandledDetail:
    await runtime.readings.record(access, What.PRIVACY_REQUESTS, {answer.person_id})
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post(
    "/privacy-requests/{request_id}/decision", summary="Decide 作出处理意见", response_model=HandledDetail
)
async def decide_privacy_request(
    request_id: UUID,
    body: DecisionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Decider,
    version: Version,
) -> HandledDetail:
    """Grant or refuse a request with the reasons; a deletion that is granted waits for a second person.

    Needs `privacy:decide` and If-Match.
    """
    decision = Decision(body.outcome, body.reason, body.law, body.answer)

    def step(desk: Desk) -> Awaitable[PrivacyRequest]:
        return service.decide(desk, request_id, version, decision)

    return await _carry_out(runtime, access, response, step)


@router.post(
    "/privacy-requests/{request_id}/second",
    summary="Approve a deletion as the second person 复核删除",
    response_model=HandledDetail,
)
async def second_privacy_request(
    request_id: UUID,
    body: SecondCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Decider,
    version: Version,
) -> HandledDetail:
    """Approve a deletion that somebody else decided on, which then begins, or send it back to be decided anew.

    Needs `privacy:decide` and If-Match.
    """

    def step(desk: Desk) -> Awaitable[PrivacyRequest]:
        return service.second(desk, request_id, version, body.reason, agreed=body.agreed)

    return await _carry_out(runtime, access, response, step)


@router.post(
    "/privacy-requests/{request_id}/extension",
    summary="Put the day of the answer off 延长答复期限",
    response_model=HandledDetail,
)
async def extend_privacy_request(
    request_id: UUID,
    body: ExtensionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Decider,
    version: Version,
) -> HandledDetail:
    """Put the day off, once and before it is over; the person reads why. Needs `privacy:decide` and If-Match."""

    def step(desk: Desk) -> Awaitable[PrivacyRequest]:
        return service.extend(desk, request_id, version, body.reason)

    return await _carry_out(runtime, access, response, step)
