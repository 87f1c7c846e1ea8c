"""HTTP of corrections: asked for by one, decided on by another."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from renkou_common.codes.area import AreaCode
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.http.problems import refusal
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.corrections import answers, service
from renkou_registry.corrections.domain import RequestState
from renkou_registry.corrections.schemas import (
    ApprovalCreate,
    CorrectionCreate,
    CorrectionDetail,
    CorrectionPage,
    RejectionCreate,
)
from renkou_registry.corrections.service import EventChanged, Wanted
from renkou_registry.fields import AreaQuery, check_areas, check_not_future
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.persons.commands import check_known_areas, check_warnings
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/corrections", tags=["corrections 更正"])
Requester = Annotated[Access, Depends(requires(Scope.CORRECTION_REQUEST))]
Approver = Annotated[Access, Depends(requires(Scope.CORRECTION_APPROVE))]
Version = Annotated[int, Depends(expected_version)]
Key = Annotated[RequestKey, Depends(request_key)]


def wanted_of(body: CorrectionCreate) -> Wanted:
    """Return what a body asks for."""
    return Wanted(
        event_id=body.event_id,
        person_id=body.person_id,
        retract=body.retract,
        changes=body.changes.given if body.changes else {},
        details=body.details.given if body.details else {},
        reason=body.reason,
    )


async def check_request(desk: Desk, body: CorrectionCreate) -> None:
    """Raise InvalidInput for days yet to come, unknown areas and a number that disagrees with the record."""
    changes = body.changes
    if changes is not None:
        days = {f"/changes/{name}": getattr(changes, name) for name in ("happened_on", "birth_date")}
        check_not_future(days, desk.today)
        names = ("registered_area", "present_area", "to_area")
        areas = {f"/changes/{name}": getattr(changes, name) for name in names}
        check_areas(areas, desk.runtime.district)
        given = {pointer: code for pointer, code in areas.items() if code is not None}
        await check_known_areas(desk.tx, given, desk.runtime.district)
    if body.details is not None and body.details.resident_id is not None and body.person_id is not None:
        person = await persons.find(desk.tx, body.person_id, desk.scope)
        check_warnings(
            body.details.resident_id,
            AreaCode.from_key(person["registered_area"]),
            (changes.birth_date if changes else None) or person["birth_date"],
            (changes.sex if changes else None) or person["sex"],
            body.confirmed_warnings,
            "/details/resident_id",
        )


@router.post(
    "",
    status_code=201,
    summary="Ask for a correction or retraction 申请更正、撤销",
    response_model=CorrectionDetail,
)
async def create_correction(
    body: CorrectionCreate, response: Response, runtime: CurrentRuntime, access: Requester, key: Key
) -> CorrectionDetail:
    """Ask that an event be corrected or taken back; nothing changes until somebody else approves.

    Needs `correction:request`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            await check_request(desk, body)
            return await service.request(desk, wanted_of(body))

        request_id, _ = await once(tx, access.subject, key, create)
        answer = await _detail(desk, request_id)
    await runtime.readings.record(access, What.CORRECTIONS, answers.shown_persons(answer))
    response.headers["Location"] = f"/corrections/{request_id}"
    response.headers["ETag"] = etag(answer.version)
    return answer


async def _detail(desk: Desk, request_id: UUID) -> CorrectionDetail:
    found = await service.find(desk, request_id)
    return answers.detail(found, await service.side_by_side(desk, found))


@router.get("", summary="List requests of an area 更正申请列表", response_model=CorrectionPage)
async def list_corrections(
    runtime: CurrentRuntime,
    access: Requester,
    area: AreaQuery,
    state: Annotated[RequestState, Query(description="状态")] = RequestState.REQUESTED,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CorrectionPage:
    """List requests in a state by community, the oldest first. Needs `correction:request`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        found = await service.page(
            desk, area, state, decode_cursor(after, int, UUID) or (-1, UUID(int=0)), limit + 1
        )
    page = found[:limit]
    following = encode_cursor(page[-1].area, str(page[-1].id)) if len(found) > limit else None
    await runtime.readings.record(access, What.CORRECTIONS, {each.person_id for each in page})
    return CorrectionPage(items=[answers.summary(each) for each in page], next=following)


@router.get("/{request_id}", summary="Read a request side by side 对照查看", response_model=CorrectionDetail)
async def read_correction(
    request_id: UUID, response: Response, runtime: CurrentRuntime, access: Requester
) -> CorrectionDetail:
    """Read what stands beside what would be, and all that follows. Needs `correction:request`."""
    async with runtime.database.transaction(access.areas) as tx:
        answer = await _detail(Desk(runtime, tx, access.areas, access.subject), request_id)
    await runtime.readings.record(access, What.CORRECTIONS, answers.shown_persons(answer))
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/{request_id}/approval", summary="Approve and carry out 批准", response_model=CorrectionDetail)
async def approve_correction(
    request_id: UUID,
    body: ApprovalCreate,
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    access: Approver,
    version: Version,
) -> Response | CorrectionDetail:
    """Carry a request of somebody else out: the register changes and figures, certificates follow.

    Where the event has changed since, the answer is 409 `event_changed` with the new `side_by_side`; approve
    again with its `fingerprint` as `seen`. Needs `correction:approve` and If-Match.
    """
    try:
        async with runtime.database.transaction(access.areas) as tx:
            desk = Desk(runtime, tx, access.areas, access.subject)
            done = await service.approve(desk, request_id, version, body.seen)
    except EventChanged as changed:
        return _with_comparison(request, changed)
    response.headers["ETag"] = etag(done.version)
    return answers.detail(done, None)


def _with_comparison(request: Request, changed: EventChanged) -> Response:
    """Return the problem with the new comparison beside it."""
    plain = refusal(request, changed)
    content: dict[str, Any] = orjson.loads(plain.body)
    content["side_by_side"] = answers.side_by_side(changed.now).model_dump(mode="json")
    headers = {name: value for name, value in plain.headers.items() if name != "content-length"}
    return JSONResponse(content, plain.status_code, headers=headers, media_type=plain.media_type)


@router.post("/{request_id}/rejection", summary="Reject 驳回", response_model=CorrectionDetail)
async def reject_correction(
    request_id: UUID,
    body: RejectionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Approver,
    version: Version,
) -> CorrectionDetail:
    """Refuse a request of somebody else, with the reason. Needs `correction:approve` and If-Match."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        done = await service.reject(desk, request_id, version, body.reason)
    response.headers["ETag"] = etag(done.version)
    return answers.detail(done, None)


@router.post(
    "/{request_id}/withdrawal", summary="Withdraw an own request 撤回", response_model=CorrectionDetail
)
async def withdraw_correction(
    request_id: UUID, response: Response, runtime: CurrentRuntime, access: Requester, version: Version
) -> CorrectionDetail:
    """Take an own request back before somebody decided. Needs `correction:request` and If-Match."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        done = await service.withdraw(desk, request_id, version)
    response.headers["ETag"] = etag(done.version)
    return answers.detail(done, None)
