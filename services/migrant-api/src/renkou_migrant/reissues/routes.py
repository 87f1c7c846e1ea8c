"""HTTP of reissues. What a key has signed is listed by ``GET /certificates?kid=&valid=true``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.reissues import service
from renkou_migrant.reissues.repository import Reissue
from renkou_migrant.reissues.schemas import ReissueCreate, ReissueItem, ReissuePage, ReissueRead
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/certificate-reissues", tags=["certificates 婚育证明"])
Issuer = Annotated[Access, Depends(requires(Scope.CERTIFICATE_ISSUE))]
Approver = Annotated[Access, Depends(requires(Scope.CERTIFICATE_APPROVE))]
Version = Annotated[int, Depends(expected_version)]


async def _answer(tx: Transaction, response: Response, found: Reissue) -> ReissueRead:
    response.headers["ETag"] = etag(found.version)
    return ReissueRead.of(found).with_failures(await service.failures(tx, found.id))


@router.post("", status_code=201, summary="Ask for a reissue in bulk 申请批量换发")
async def request_reissue(
    body: ReissueCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Issuer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ReissueRead:
    """List what a compromised key signed and stands; it runs once approved. Needs `certificate:issue`."""
    actor = Actor(ActorKind.STAFF, access.subject)
    async with runtime.database.transaction(access.areas) as tx:
        reissue_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.request(tx, runtime, access.areas, actor, body.kid, body.area),
        )
        response.headers["Location"] = f"/certificate-reissues/{reissue_id}"
        return await _answer(tx, response, await service.get(tx, access.areas, reissue_id))


@router.get("", summary="Reissues, the last first 批量换发列表")
async def list_reissues(
    runtime: CurrentRuntime,
    access: Issuer,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReissuePage:
    """List reissues of the caller's area with their progress. Needs `certificate:issue`."""
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, before, limit + 1)
    following = encode_cursor(found[limit - 1].position) if len(found) > limit else None
    return ReissuePage(items=[ReissueItem.of(one) for one in found[:limit]], next=following)


@router.get("/{reissue_id}", summary="One reissue and its progress 批量换发进度")
async def read_reissue(
    reissue_id: UUID, response: Response, runtime: CurrentRuntime, access: Issuer
) -> ReissueRead:
    """Read how far it is and what could not be done. Needs `certificate:issue`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, response, await service.get(tx, access.areas, reissue_id))


@router.post("/{reissue_id}/approval", summary="Approve a reissue 批准批量换发")
async def approve_reissue(
    reissue_id: UUID, response: Response, runtime: CurrentRuntime, access: Approver, version: Version
) -> ReissueRead:
    """Let it run; not by who asked for it (409 `same_person`). Needs `certificate:approve`."""
    actor = Actor(ActorKind.STAFF, access.subject)
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.approve(tx, runtime, access.areas, actor, reissue_id, version)
        return await _answer(tx, response, found)


@router.post("/{reissue_id}/withdrawal", summary="Withdraw a reissue 撤回批量换发")
async def withdraw_reissue(
    reissue_id: UUID, response: Response, runtime: CurrentRuntime, access: Issuer, version: Version
) -> ReissueRead:
    """Take back what was not approved yet. Needs `certificate:issue`."""
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.withdraw(tx, runtime, access.areas, reissue_id, version)
        return await _answer(tx, response, found)
