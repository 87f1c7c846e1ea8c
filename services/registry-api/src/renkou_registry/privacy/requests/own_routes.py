"""HTTP of a person's requests about the own data. For the person alone; staff decide."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_registry.me.identity import Myself
from renkou_registry.privacy.requests import answers, service
from renkou_registry.privacy.requests.domain import How
from renkou_registry.privacy.requests.schemas import (
    OwnPrivacyRequestDetail,
    OwnPrivacyRequests,
    PrivacyRequestCreate,
)
from renkou_registry.records import Desk
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/me/privacy-requests", tags=["me 本人"])


@router.get("", summary="My requests about my data 我的权利申请", response_model=OwnPrivacyRequests)
async def list_own_privacy_requests(me: Myself, runtime: CurrentRuntime) -> OwnPrivacyRequests:
    """Read what the caller asked for and what became of it, the last first. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)
        found = await service.of_person(desk, me.person_id)
    return OwnPrivacyRequests(items=[answers.own(each, desk.today) for each in found])


@router.post(
    "",
    status_code=201,
    summary="Ask for deletion, restriction or an explanation 申请删除、限制处理或解释说明",
    response_model=OwnPrivacyRequestDetail,
)
async def create_own_privacy_request(
    body: PrivacyRequestCreate,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    key: Annotated[RequestKey, Depends(request_key)],
) -> OwnPrivacyRequestDetail:
    """Ask for what no law requires to be deleted, for processing to be restricted, or for the rules to be explained.

    Staff decide until `due_on`. One request of a kind is open at a time. For the person.
    """
    async with runtime.database.transaction(me.access.areas) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)

        async def create() -> UUID:
            return await service.take_in(
                desk, me.person_id, body.kind, body.wish, body.about, How.OWN_ACCOUNT
            )

        request_id, _ = await once(tx, me.access.subject, key, create)
        answer = await _detail(desk, request_id, me.person_id)
    response.headers["Location"] = f"/me/privacy-requests/{request_id}"
    response.headers["ETag"] = etag(answer.version)
    return answer


async def _detail(desk: Desk, request_id: UUID, person_id: UUID) -> OwnPrivacyRequestDetail:
    request = await service.find_own(desk, request_id, person_id)
    return answers.own_detail(await service.detail(desk, request, with_plan=False), desk.today)


@router.get(
    "/{request_id}",
    summary="What became of my request 查看我的申请",
    response_model=OwnPrivacyRequestDetail,
)
async def read_own_privacy_request(
    request_id: UUID, response: Response, me: Myself, runtime: CurrentRuntime
) -> OwnPrivacyRequestDetail:
    """Read every step of an own request, and the answer: what was deleted, what is kept until when and by which law,
    and where to complain. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)
        answer = await _detail(desk, request_id, me.person_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post(
    "/{request_id}/withdrawal",
    summary="Take my request back 撤回申请",
    response_model=OwnPrivacyRequestDetail,
)
async def withdraw_own_privacy_request(
    request_id: UUID,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    version: Annotated[int, Depends(expected_version)],
) -> OwnPrivacyRequestDetail:
    """Take an own request back before it is answered or a deletion begins. Needs If-Match. For the person."""
    async with runtime.database.transaction(me.access.areas) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)
        await service.withdraw(desk, request_id, version, me.person_id)
        answer = await _detail(desk, request_id, me.person_id)
    response.headers["ETag"] = etag(answer.version)
    return answer
