"""HTTP of a person's own applications for a certificate (本人的证明申请)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import expected_version
from renkou_common.http.cursors import decode_key
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.scope import AreaScope
from renkou_migrant.applications import answers, service
from renkou_migrant.applications.domain import Step
from renkou_migrant.applications.repository import Filters
from renkou_migrant.applications.schemas import (
    Amendment,
    ApplicationPage,
    ApplicationRead,
    OwnApplicationCreate,
)
from renkou_migrant.certificates.service import FACTS_PURPOSE
from renkou_migrant.me.identity import Holder, Myself
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/me/certificate-applications", tags=["me 本人"])
OWN = AreaScope.everything()
"""The person's own applications, wherever registered; every query names the person."""
Version = Annotated[int, Depends(expected_version)]


@router.post("", status_code=201, summary="Apply for a certificate 申请证明")
async def apply(
    body: OwnApplicationCreate,
    response: Response,
    runtime: CurrentRuntime,
    me: Myself,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ApplicationRead:
    """Apply for a certificate with the groups agreed to; the office approves and issues it. For the person."""
    facts = await runtime.registry.facts_by_ref(me.person_ref, FACTS_PURPOSE)
    async with runtime.database.transaction(OWN) as tx:
        application_id, _ = await once(
            tx,
            me.account,
            key,
            lambda: service.apply(tx, runtime, OWN, me.actor, me.person_id, facts, body.wish),
        )
        found = await service.get(tx, OWN, application_id, person_id=me.person_id)
        response.headers["Location"] = f"/me/certificate-applications/{found.id}"
        return await answers.read(tx, response, found)


@router.get("", summary="My applications 我的申请")
async def list_own_applications(
    runtime: CurrentRuntime,
    me: Myself,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ApplicationPage:
    """List the own applications, the last first. For the person."""
    before = decode_key(after, int)
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        found = await service.page(tx, OWN, Filters(person_id=me.person_id), before, limit + 1)
    return answers.page(found, limit)


@router.get("/{application_id}", summary="One of my applications 我的申请详情")
async def read_own_application(
    application_id: UUID, response: Response, runtime: CurrentRuntime, me: Myself
) -> ApplicationRead:
    """Read its state and who did what with it, when and why. For the person."""
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        found = await service.get(tx, OWN, application_id, person_id=me.person_id)
        return await answers.read(tx, response, found)


async def _step(
    runtime: Runtime,
    response: Response,
    me: Holder,
    application_id: UUID,
    version: int,
    step: Step,
    **changes: Any,
) -> ApplicationRead:
    async with runtime.database.transaction(OWN) as tx:
        found = await service.get(tx, OWN, application_id, person_id=me.person_id, version=version)
        await service.carry_on(tx, runtime, found, step, me.actor, **changes)
        return await answers.read(tx, response, await service.get(tx, OWN, application_id))


@router.post("/{application_id}/amendment", summary="Amend what was returned 补正")
async def amend_own_application(
    application_id: UUID,
    body: Amendment,
    response: Response,
    runtime: CurrentRuntime,
    me: Myself,
    version: Version,
) -> ApplicationRead:
    """Change what the office returned and apply again. For the person."""
    return await _step(runtime, response, me, application_id, version, Step.AMEND, **body.changes)


@router.post("/{application_id}/withdrawal", summary="Withdraw 撤回申请")
async def withdraw_own_application(
    application_id: UUID, response: Response, runtime: CurrentRuntime, me: Myself, version: Version
) -> ApplicationRead:
    """Withdraw an application that is not issued yet; nothing follows from it. For the person."""
    return await _step(runtime, response, me, application_id, version, Step.WITHDRAW)
