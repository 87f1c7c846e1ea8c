"""HTTP of childbirth registrations. Nothing here approves or refuses; the person changes and withdraws."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import InvalidInput
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.childbirth import answers, service
from renkou_registry.childbirth.schemas import (
    BirthLink,
    RegistrationChange,
    RegistrationCreate,
    RegistrationOut,
    RegistrationPage,
    Withdrawal,
)
from renkou_registry.fields import AreaQuery, check_not_future
from renkou_registry.proofs.printing import PDF
from renkou_registry.proofs.printing import answer as printed
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["childbirth 生育登记"])
Registrar = Annotated[Access, Depends(requires(Scope.CHILDBIRTH_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
_PATH = "/childbirth-registrations"
_ONE = _PATH + "/{registration_id}"


@router.post(_PATH, status_code=201, summary="Register a childbirth 生育登记", response_model=RegistrationOut)
async def create_registration(
    body: RegistrationCreate, response: Response, runtime: CurrentRuntime, access: Registrar, key: Key
) -> RegistrationOut:
    """Record that somebody has, or is going to have, a child: before or after the birth, married or not, any
    number of children, at the registered or the present address. Needs `childbirth:write`."""
    today = runtime.clock.today()
    registered_on = body.registered_on or today
    check_not_future({"/registered_on": registered_on}, today)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.register(
                runtime,
                tx,
                access.areas,
                body.person_id,
                body.address,
                registered_on,
                partner_id=body.partner_id,
                partner_name=body.partner_name,
                child_ordinal=body.child_ordinal,
                recorded_by=access.subject,
            )

        registration_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, registration_id, access.areas)
    response.headers["Location"] = f"{_PATH}/{registration_id}"
    return _answer(response, row)


@router.get(_PATH, summary="List an area's registrations 生育登记列表", response_model=RegistrationPage)
async def list_registrations(
    runtime: CurrentRuntime,
    access: Registrar,
    area: AreaQuery,
    first_day: Annotated[Day | None, Query(alias="from", description="first day")] = None,
    last_day: Annotated[Day | None, Query(alias="to", description="last day")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RegistrationPage:
    """List registrations by area and the day they were recorded; not by whether a child was born. Needs
    `childbirth:write`."""
    position = decode_cursor(after, int, date, UUID)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, area, (first_day, last_day), position, limit + 1)
    rows = found[:limit]
    await runtime.readings.record(access, What.CHILDBIRTH, {row["person_id"] for row in rows})
    following = None
    if len(found) > limit:
        following = encode_cursor(rows[-1]["area"], rows[-1]["registered_on"], str(rows[-1]["id"]))
    return RegistrationPage(items=[answers.registration(row) for row in rows], next=following)


@router.get(
    "/persons/{person_id}/childbirth-registrations",
    summary="List a person's registrations 本人生育登记",
    response_model=RegistrationPage,
)
async def list_of_person(person_id: UUID, runtime: CurrentRuntime, access: Registrar) -> RegistrationPage:
    """List a person's registrations, the latest first. Needs `childbirth:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.of_person(tx, access.areas, person_id)
    await runtime.readings.record(access, What.CHILDBIRTH, [person_id])
    return RegistrationPage(items=[answers.registration(row) for row in rows], next=None)


@router.get(_ONE, summary="Read a registration 生育登记详情", response_model=RegistrationOut)
async def read_registration(
    registration_id: UUID, response: Response, runtime: CurrentRuntime, access: Registrar
) -> RegistrationOut:
    """Read a registration. Needs `childbirth:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, registration_id, access.areas)
    await runtime.readings.record(access, What.CHILDBIRTH, [row["person_id"]])
    return _answer(response, row)


@router.patch(_ONE, summary="Change a registration 变更生育登记", response_model=RegistrationOut)
async def change_registration(
    registration_id: UUID,
    body: RegistrationChange,
    response: Response,
    runtime: CurrentRuntime,
    access: Registrar,
    version: Version,
) -> RegistrationOut:
    """Change partner, address or which child, as the person wants. Needs `childbirth:write`."""
    changes = body.model_dump(exclude_unset=True)
    if not changes:
        raise InvalidInput.field("", "no_change", "没有任何改动", "nothing would be different")
    if changes.get("partner_id") is not None:
        changes["partner_name"] = None
    elif changes.get("partner_name") is not None:
        changes["partner_id"] = None
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.change(runtime, tx, access, registration_id, version, changes)
    return _answer(response, row)


@router.post(f"{_ONE}/births", summary="Link a birth 关联出生", response_model=RegistrationOut)
async def link_birth(
    registration_id: UUID,
    body: BirthLink,
    response: Response,
    runtime: CurrentRuntime,
    access: Registrar,
    version: Version,
) -> RegistrationOut:
    """Link a child whom the register names as the person's or the partner's. Needs `childbirth:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.link(runtime, tx, access, registration_id, version, body.child_id)
    return _answer(response, row)


@router.delete(
    f"{_ONE}/births/{{child_id}}", summary="Unlink a birth 取消关联", response_model=RegistrationOut
)
async def unlink_birth(
    registration_id: UUID,
    child_id: UUID,
    response: Response,
    runtime: CurrentRuntime,
    access: Registrar,
    version: Version,
) -> RegistrationOut:
    """Take a wrong link away. Needs `childbirth:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.unlink(runtime, tx, access, registration_id, version, child_id)
    return _answer(response, row)


@router.post(f"{_ONE}/withdrawal", summary="Withdraw 撤回生育登记", response_model=RegistrationOut)
async def withdraw_registration(
    registration_id: UUID,
    body: Withdrawal,
    response: Response,
    runtime: CurrentRuntime,
    access: Registrar,
    version: Version,
) -> RegistrationOut:
    """Record that the person takes the registration back; no reason is asked. Needs `childbirth:write`."""
    today = runtime.clock.today()
    withdrawn_on = body.withdrawn_on or today
    check_not_future({"/withdrawn_on": withdrawn_on}, today)
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.withdraw(runtime, tx, access, registration_id, version, withdrawn_on)
    return _answer(response, row)


@router.get(
    f"{_ONE}/proof.pdf",
    summary="Print the proof 打印登记凭证",
    responses={200: {"content": PDF}},
    response_class=Response,
)
async def print_proof(registration_id: UUID, runtime: CurrentRuntime, access: Registrar) -> Response:
    """Print the proof of a registration that stands. Needs `childbirth:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, registration_id, access.areas)
        proof = await answers.proof(runtime, tx, access.areas, row)
    await runtime.readings.record(access, What.CHILDBIRTH, [row["person_id"]])
    return await printed(runtime, proof)


def _answer(response: Response, row: asyncpg.Record) -> RegistrationOut:
    response.headers["ETag"] = etag(row["version"])
    return answers.registration(row)
