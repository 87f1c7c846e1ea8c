"""HTTP of agreements."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.agreements import service
from renkou_migrant.agreements.schemas import AgreementCreate, AgreementPage, AgreementRead
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/agreements", tags=["agreements 协议"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]


@router.post("", status_code=201, summary="Record an agreement 登记双向管理协议")
async def record_agreement(
    body: AgreementCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
) -> AgreementRead:
    """Record an agreement that both districts signed. Needs `partner:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        agreement_id, _ = await once(
            tx, access.subject, key, lambda: service.record(tx, runtime, body.to_domain(), access.subject)
        )
        agreement = await service.get(tx, agreement_id)
    response.headers["ETag"] = etag(agreement.revision)
    response.headers["Location"] = f"/agreements/{agreement.id}"
    return AgreementRead.of(agreement, runtime.clock.today())


@router.get("", summary="Agreements with partner districts 协议列表")
async def list_agreements(
    runtime: CurrentRuntime,
    access: Reader,
    partner: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AgreementPage:
    """List agreements by partner and id. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, partner, decode_cursor(after, str, UUID), limit + 1)
    today = runtime.clock.today()
    items = [AgreementRead.of(agreement, today) for agreement in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return AgreementPage(items=items, next=encode_cursor(last.partner, str(last.id)) if last else None)


@router.get("/{agreement_id}", summary="Read an agreement 协议详情")
async def read_agreement(
    agreement_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> AgreementRead:
    """Read an agreement with its version as ETag. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        agreement = await service.get(tx, agreement_id)
    response.headers["ETag"] = etag(agreement.revision)
    return AgreementRead.of(agreement, runtime.clock.today())


@router.post("/{agreement_id}/end", summary="End an agreement 终止协议")
async def end_agreement(
    agreement_id: UUID,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Annotated[int, Depends(expected_version)],
) -> AgreementRead:
    """End an agreement from today on: nothing about a person leaves under it. Needs `partner:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        agreement = await service.end(tx, runtime, agreement_id, version)
    response.headers["ETag"] = etag(agreement.revision)
    return AgreementRead.of(agreement, runtime.clock.today())
