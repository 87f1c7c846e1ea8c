"""HTTP of one's own childbirth registrations: register, withdraw, print. For the person alone."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Response

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_registry.childbirth import answers, service
from renkou_registry.childbirth.schemas import OwnRegistration, RegistrationOut, RegistrationPage
from renkou_registry.me.identity import Myself, Own
from renkou_registry.proofs.printing import PDF
from renkou_registry.proofs.printing import answer as printed
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/me/childbirth-registrations", tags=["me 本人"])
Version = Annotated[int, Depends(expected_version)]


@router.get("", summary="My registrations 我的生育登记", response_model=RegistrationPage)
async def list_own(me: Myself, runtime: CurrentRuntime) -> RegistrationPage:
    """Read the own registrations, the latest first. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        rows = await service.of_person(tx, me.access.areas, me.person_id)
    return RegistrationPage(items=[answers.registration(row) for row in rows], next=None)


@router.post("", status_code=201, summary="Register a childbirth 生育登记", response_model=RegistrationOut)
async def register_own(
    body: OwnRegistration,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    key: Annotated[RequestKey, Depends(request_key)],
) -> RegistrationOut:
    """Record that the caller has, or is going to have, a child. For the person."""
    async with runtime.database.transaction(me.access.areas) as tx:

        async def create() -> UUID:
            return await service.register(
                runtime,
                tx,
                me.access.areas,
                me.person_id,
                body.address,
                runtime.clock.today(),
                partner_id=None,
                partner_name=body.partner_name,
                child_ordinal=body.child_ordinal,
                recorded_by=me.access.subject,
            )

        registration_id, _ = await once(tx, me.access.subject, key, create)
        row = await _own(tx, me, registration_id)
    return _answer(response, row)


@router.post("/{registration_id}/withdrawal", summary="Withdraw 撤回登记", response_model=RegistrationOut)
async def withdraw_own(
    registration_id: UUID, response: Response, me: Myself, runtime: CurrentRuntime, version: Version
) -> RegistrationOut:
    """Take the own registration back; no reason is asked. For the person."""
    async with runtime.database.transaction(me.access.areas) as tx:
        await _own(tx, me, registration_id)
        today = runtime.clock.today()
        row = await service.withdraw(runtime, tx, me.access, registration_id, version, today)
    return _answer(response, row)


@router.get(
    "/{registration_id}/proof.pdf",
    summary="Print the proof 打印登记凭证",
    responses={200: {"content": PDF}},
    response_class=Response,
)
async def print_own(registration_id: UUID, me: Myself, runtime: CurrentRuntime) -> Response:
    """Print the proof of the own registration. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        row = await _own(tx, me, registration_id)
        proof = await answers.proof(runtime, tx, me.access.areas, row)
    return await printed(runtime, proof)


async def _own(tx: Transaction, me: Own, registration_id: UUID) -> asyncpg.Record:
    """Return a registration of the caller's own; somebody else's is not found."""
    row = await service.find(tx, registration_id, me.access.areas)
    if row["person_id"] != me.person_id:
        raise NotFound.of("生育登记", "childbirth registration")
    return row


def _answer(response: Response, row: asyncpg.Record) -> RegistrationOut:
    response.headers["ETag"] = etag(row["version"])
    return answers.registration(row)
