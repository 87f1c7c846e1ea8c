"""HTTP of only-child parents' honour certificates."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery, check_not_future
from renkou_registry.honour import answers, service
from renkou_registry.honour.domain import State
from renkou_registry.honour.schemas import (
    Cancellation,
    CertificateCreate,
    CertificateOut,
    CertificatePage,
    Replacement,
)
from renkou_registry.proofs.printing import PDF
from renkou_registry.proofs.printing import answer as printed
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["honour certificates 光荣证"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Issuer = Annotated[Access, Depends(requires(Scope.HONOUR_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
_PATH = "/honour-certificates"
_ONE = _PATH + "/{certificate_id}"


@router.post(
    _PATH,
    status_code=201,
    summary="Enter or issue a certificate 光荣证录入与发放",
    response_model=CertificateOut,
)
async def create_certificate(
    body: CertificateCreate, response: Response, runtime: CurrentRuntime, access: Issuer, key: Key
) -> CertificateOut:
    """Enter an existing certificate, or issue one; for a child born from 2016 on the answer is 409
    `born_from_2016`. Needs `honour:write`."""
    check_not_future({"/issued_on": body.issued_on}, runtime.clock.today())
    entry = service.Entry(
        body.first_holder_id, body.second_holder_id, body.child_id, body.issued_on, body.number
    )
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.enter(runtime, tx, access.areas, entry, recorded_by=access.subject)

        certificate_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, certificate_id, access.areas)
    return _created(response, row)


@router.get(_PATH, summary="List an area's certificates 光荣证列表", response_model=CertificatePage)
async def list_certificates(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    state: Annotated[State | None, Query(description="状态")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CertificatePage:
    """List certificates by area and day of issue. Needs `resident:read`."""
    position = decode_cursor(after, int, date, UUID)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, area, state, position, limit + 1)
    rows = found[:limit]
    await runtime.readings.record(access, What.HONOUR, {each for row in rows for each in _people(row)})
    following = None
    if len(found) > limit:
        following = encode_cursor(rows[-1]["area"], rows[-1]["issued_on"], str(rows[-1]["id"]))
    return CertificatePage(items=[answers.certificate(row) for row in rows], next=following)


@router.get(
    "/persons/{person_id}/honour-certificates",
    summary="List a person's certificates 本人光荣证",
    response_model=CertificatePage,
)
async def list_of_person(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> CertificatePage:
    """List what a person holds, the latest first. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.of_person(tx, access.areas, person_id)
    await runtime.readings.record(access, What.HONOUR, [person_id])
    return CertificatePage(items=[answers.certificate(row) for row in rows], next=None)


@router.get(_ONE, summary="Read a certificate 光荣证详情", response_model=CertificateOut)
async def read_certificate(
    certificate_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> CertificateOut:
    """Read a certificate. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, certificate_id, access.areas)
    await runtime.readings.record(access, What.HONOUR, _people(row))
    return _answer(response, row)


@router.post(
    f"{_ONE}/replacement",
    status_code=201,
    summary="Replace a certificate 补发",
    response_model=CertificateOut,
)
async def replace_certificate(
    certificate_id: UUID,
    body: Replacement,
    response: Response,
    runtime: CurrentRuntime,
    access: Issuer,
    key: Key,
    version: Version,
) -> CertificateOut:
    """Issue another certificate for one that was lost or damaged. Needs `honour:write`."""
    today = runtime.clock.today()
    on = body.replaced_on or today
    check_not_future({"/replaced_on": on}, today)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.replace_lost(runtime, tx, access, certificate_id, version, on, body.reason)

        replacement_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, replacement_id, access.areas)
    return _created(response, row)


@router.post(f"{_ONE}/cancellation", summary="Cancel a certificate 注销", response_model=CertificateOut)
async def cancel_certificate(
    certificate_id: UUID,
    body: Cancellation,
    response: Response,
    runtime: CurrentRuntime,
    access: Issuer,
    version: Version,
) -> CertificateOut:
    """Cancel a certificate, with the reason. Needs `honour:write`."""
    today = runtime.clock.today()
    on = body.cancelled_on or today
    check_not_future({"/cancelled_on": on}, today)
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.cancel(runtime, tx, access, certificate_id, version, on, body.reason)
    return _answer(response, row)


@router.get(
    f"{_ONE}/document.pdf",
    summary="Print a certificate 打印光荣证",
    responses={200: {"content": PDF}},
    response_class=Response,
)
async def print_certificate(certificate_id: UUID, runtime: CurrentRuntime, access: Reader) -> Response:
    """Print a certificate that stands. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, certificate_id, access.areas)
        proof = await answers.proof(runtime, tx, access.areas, row)
    await runtime.readings.record(access, What.HONOUR, _people(row))
    return await printed(runtime, proof)


def _people(row: asyncpg.Record) -> list[UUID]:
    """Return whom a certificate tells of."""
    named = (row["first_holder_id"], row["second_holder_id"], row["child_id"])
    return [each for each in named if each is not None]


def _created(response: Response, row: asyncpg.Record) -> CertificateOut:
    response.headers["Location"] = f"{_PATH}/{row['id']}"
    return _answer(response, row)


def _answer(response: Response, row: asyncpg.Record) -> CertificateOut:
    response.headers["ETag"] = etag(row["version"])
    return answers.certificate(row)
