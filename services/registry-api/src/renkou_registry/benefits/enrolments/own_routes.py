"""HTTP of applying for a benefit oneself. For the person alone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from renkou_common.errors import InvalidInput
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_registry.benefits.enrolments import answers, service
from renkou_registry.benefits.enrolments.schemas import EnrolmentCreate, EnrolmentSummary, OwnEnrolments
from renkou_registry.benefits.enrolments.service import Application, Desk
from renkou_registry.me.identity import Myself
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/me/benefit-enrolments", tags=["me 本人"])


@router.get("", summary="My benefit cases 我的奖扶申报", response_model=OwnEnrolments)
async def list_own_enrolments(me: Myself, runtime: CurrentRuntime) -> OwnEnrolments:
    """Read the own cases and their state. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        rows = await service.of_person(tx, me.person_id)
    return OwnEnrolments(items=[answers.summary(row) for row in rows])


@router.post("", status_code=201, summary="Apply myself 本人申请", response_model=EnrolmentSummary)
async def create_own_enrolment(
    body: EnrolmentCreate,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    key: Annotated[RequestKey, Depends(request_key)],
) -> EnrolmentSummary:
    """Apply for a benefit; `person_id` is the own one. For the person."""
    if body.person_id != me.person_id:
        raise InvalidInput.field("/person_id", "not_yourself", "须为本人", "must be your own")
    application = Application(
        body.scheme_id,
        me.person_id,
        "person",
        body.declared.model_dump(mode="json"),
        body.account.model_dump(),
    )
    async with runtime.database.transaction(me.access.areas) as tx:
        desk = Desk(runtime, tx, me.access.areas, me.access.subject)
        enrolment_id, _ = await once(tx, me.access.subject, key, lambda: service.apply(desk, application))
        row = await service.find(tx, enrolment_id, me.access.areas)
    response.headers["Location"] = f"/me/benefit-enrolments/{enrolment_id}"
    return answers.summary(row)
