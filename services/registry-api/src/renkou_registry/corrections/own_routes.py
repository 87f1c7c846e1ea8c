"""HTTP of asking for a correction of the own record. For the person alone; staff decide."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_registry.corrections import answers, service
from renkou_registry.corrections.domain import CorrectionRequest
from renkou_registry.corrections.routes import check_request, wanted_of
from renkou_registry.corrections.schemas import CorrectionCreate, CorrectionOut, OwnCorrections
from renkou_registry.life_events.recording import Desk
from renkou_registry.me.identity import Myself, Own
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/me/corrections", tags=["me 本人"])


@router.get("", summary="My requests for correction 我的更正申请", response_model=OwnCorrections)
async def list_own_corrections(me: Myself, runtime: CurrentRuntime) -> OwnCorrections:
    """Read the own requests and what became of them, the last first. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        found = await service.of_requester(Desk(runtime, tx, me.access.areas, me.access.subject))
    return OwnCorrections(items=[answers.summary(each) for each in found])


@router.post("", status_code=201, summary="Ask for a correction 申请更正", response_model=CorrectionOut)
async def create_own_correction(
    body: CorrectionCreate,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    key: Annotated[RequestKey, Depends(request_key)],
) -> CorrectionOut:
    """Ask that something in the own record be put right; staff look at it and decide. For the person.

    `person_id` is the own one (GET /me), or `event_id` one of the own events.
    """
    async with runtime.database.transaction(me.access.areas) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)

        async def create() -> UUID:
            await service.check_own(desk, wanted_of(body), me.person_id)
            await check_request(desk, body)
            return await service.request(desk, wanted_of(body))

        request_id, _ = await once(tx, me.access.subject, key, create)
        found = await service.find(desk, request_id)
    response.headers["ETag"] = etag(found.version)
    return answers.summary(found)


@router.post("/{request_id}/withdrawal", summary="Take my request back 撤回申请")
async def withdraw_own_correction(
    request_id: UUID,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    version: Annotated[int, Depends(expected_version)],
) -> CorrectionOut:
    """Take back a request that nobody has decided on. For the person."""
    async with runtime.database.transaction(me.access.areas) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)
        _own(await service.find(desk, request_id), me)
        found = await service.withdraw(desk, request_id, version)
    response.headers["ETag"] = etag(found.version)
    return answers.summary(found)


def _own(found: CorrectionRequest, me: Own) -> None:
    if found.requested_by != me.access.subject:
        raise NotFound.of("更正申请", "correction request")
