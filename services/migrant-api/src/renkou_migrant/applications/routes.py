"""HTTP of applications at the office, and of issuing what was approved."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.masking import mask_resident_id
from renkou_common.http.conditions import expected_version
from renkou_common.http.cursors import decode_key
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.applications import answers, service
from renkou_migrant.applications.domain import ApplicationState, Step
from renkou_migrant.applications.repository import Filters
from renkou_migrant.applications.schemas import (
    Amendment,
    ApplicationCreate,
    ApplicationPage,
    ApplicationRead,
    Contents,
    Rejection,
    Return,
)
from renkou_migrant.audit.domain import What, about
from renkou_migrant.certificates import service as certificates
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.certificates.routes import answer as certificate_answer
from renkou_migrant.certificates.schemas import CertificateCreate, CertificateRead
from renkou_migrant.credentials.groups import Group
from renkou_migrant.fields import AreaQuery
from renkou_migrant.people import person_card
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["certificate applications 证明申请"])
PATH = "/certificate-applications"
Reader = Annotated[Access, Depends(requires(Scope.CERTIFICATE_READ))]
Recorder = Annotated[Access, Depends(requires(Scope.CERTIFICATE_APPLY))]
Approver = Annotated[Access, Depends(requires(Scope.CERTIFICATE_APPROVE))]
Issuer = Annotated[Access, Depends(requires(Scope.CERTIFICATE_ISSUE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]


def staff(access: Access) -> Actor:
    """Return the member of staff as one who does something."""
    return Actor(ActorKind.STAFF, access.subject)


@router.post(PATH, status_code=201, summary="Record an application 登记证明申请")
async def record_application(
    body: ApplicationCreate, response: Response, runtime: CurrentRuntime, access: Recorder, key: Key
) -> ApplicationRead:
    """Record what a person asks for, with the groups the person agreed to. Needs `certificate:apply`."""
    facts = await runtime.registry.facts(body.person_id, certificates.FACTS_PURPOSE, token=access.token)
    async with runtime.database.transaction(access.areas) as tx:
        application_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.apply(tx, runtime, access.areas, staff(access), body.person_id, facts, body.wish),
        )
        found = await service.get(tx, access.areas, application_id)
        response.headers["Location"] = f"{PATH}/{found.id}"
        return await answers.read(tx, response, found)


@router.get(PATH, summary="Applications, the last first 申请列表")
async def list_applications(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    person_id: UUID | None = None,
    state: ApplicationState | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ApplicationPage:
    """List applications of people registered in the caller's area, no names. Needs `certificate:read`."""
    filters = Filters(person_id, state, area.interval() if area else None)
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, filters, before, limit + 1)
    await runtime.readings.record(access, What.APPLICATION, about(found[:limit]))
    return answers.page(found, limit)


@router.get(f"{PATH}/{{application_id}}", summary="One application 申请详情")
async def read_application(
    application_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> ApplicationRead:
    """Read its state and history; the name comes from the register. Needs `certificate:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.get(tx, access.areas, application_id)
        read = await answers.read(tx, response, found)
    await runtime.readings.record(access, What.APPLICATION, about([found]), record_id=found.id)
    read.person = await person_card(runtime, found.person_id, access.token)
    return read


@router.get(f"{PATH}/{{application_id}}/contents", summary="What would be stated 拟载明内容")
async def read_contents(application_id: UUID, runtime: CurrentRuntime, access: Approver) -> Contents:
    """Read from the register what the certificate would state now. Needs `certificate:approve`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.get(tx, access.areas, application_id)
    facts = await runtime.registry.facts(found.person_id, certificates.FACTS_PURPOSE, token=access.token)
    stated = certificates.contents(runtime, facts, found.groups)
    if Group.ID_NUMBER in stated:
        stated[Group.ID_NUMBER] = mask_resident_id(stated[Group.ID_NUMBER])
    await runtime.readings.record(access, What.CERTIFICATE_TEXT, about([found]), record_id=found.id)
    return Contents(contents=stated)


async def _step(
    runtime: Runtime,
    response: Response,
    access: Access,
    application_id: UUID,
    version: int,
    step: Step,
    **details: Any,
) -> ApplicationRead:
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.get(tx, access.areas, application_id, version=version)
        await service.carry_on(tx, runtime, found, step, staff(access), **details)
        return await answers.read(tx, response, await service.get(tx, access.areas, application_id))


@router.post(f"{PATH}/{{application_id}}/return", summary="Return to the applicant 退回")
async def return_application(
    application_id: UUID,
    body: Return,
    response: Response,
    runtime: CurrentRuntime,
    access: Approver,
    version: Version,
) -> ApplicationRead:
    """Give it back with a reason; the applicant may amend it. Needs `certificate:approve`."""
    return await _step(
        runtime, response, access, application_id, version, Step.RETURN, reason=body.reason, note=body.note
    )


@router.post(f"{PATH}/{{application_id}}/amendment", summary="Amend what was returned 补正")
async def amend_application(
    application_id: UUID,
    body: Amendment,
    response: Response,
    runtime: CurrentRuntime,
    access: Recorder,
    version: Version,
) -> ApplicationRead:
    """Record what the person agrees to now; it is applied for again. Needs `certificate:apply`."""
    return await _step(runtime, response, access, application_id, version, Step.AMEND, **body.changes)


@router.post(f"{PATH}/{{application_id}}/approval", summary="Approve 批准")
async def approve_application(
    application_id: UUID, response: Response, runtime: CurrentRuntime, access: Approver, version: Version
) -> ApplicationRead:
    """Approve what somebody else recorded (409 `same_person`). Needs `certificate:approve`."""
    return await _step(runtime, response, access, application_id, version, Step.APPROVE)


@router.post(f"{PATH}/{{application_id}}/rejection", summary="Reject 不予办理")
async def reject_application(
    application_id: UUID,
    body: Rejection,
    response: Response,
    runtime: CurrentRuntime,
    access: Approver,
    version: Version,
) -> ApplicationRead:
    """Turn it down with a reason; the person may apply again. Needs `certificate:approve`."""
    return await _step(
        runtime, response, access, application_id, version, Step.REJECT, reason=body.reason, note=body.note
    )


@router.post(f"{PATH}/{{application_id}}/withdrawal", summary="Withdraw for the person 撤回")
async def withdraw_application(
    application_id: UUID, response: Response, runtime: CurrentRuntime, access: Recorder, version: Version
) -> ApplicationRead:
    """Withdraw it as the person asked. Needs `certificate:apply`."""
    return await _step(runtime, response, access, application_id, version, Step.WITHDRAW)


@router.post(
    "/certificates", status_code=201, summary="Issue a certificate 签发证明", tags=["certificates 婚育证明"]
)
async def issue_certificate(
    body: CertificateCreate, response: Response, runtime: CurrentRuntime, access: Issuer, key: Key
) -> CertificateRead:
    """Issue what an approved application asks for, from the register's facts. Needs `certificate:issue`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        application = await service.get(tx, access.areas, body.application_id)
    facts = await runtime.registry.facts(
        application.person_id, certificates.FACTS_PURPOSE, token=access.token
    )
    async with runtime.database.transaction(access.areas) as tx:

        async def issue() -> UUID:
            found = await service.locked(tx, access.areas, application.id, application.person_ref)
            return await service.issue(tx, runtime, found, staff(access), facts)

        certificate_id, _ = await once(tx, access.subject, key, issue)
        found = await certificates.get(tx, access.areas, certificate_id)
        response.headers["Location"] = f"/certificates/{found.id}"
        return await certificate_answer(tx, runtime, response, found)
