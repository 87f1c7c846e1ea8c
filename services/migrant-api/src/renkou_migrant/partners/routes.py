"""HTTP of partner districts and the trust list."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.partners import service
from renkou_migrant.partners.schemas import (
    OwnDescription,
    PartnerPage,
    PartnerRead,
    TrustListPut,
    TrustListRead,
)
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["partners 协作地区"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]


@router.put("/trust-list", summary="Accept a signed trust list 导入信任名单")
async def put_trust_list(body: TrustListPut, runtime: CurrentRuntime, access: Manager) -> TrustListRead:
    """Accept a list that the anchor signed, never one older than the last. Needs `partner:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        trust = await service.accept_trust_list(tx, runtime, body.trust_list, access.subject)
    return TrustListRead.of(trust, runtime.clock.now())


@router.get("/partners", summary="Districts of the trust list 伙伴区列表")
async def list_partners(
    runtime: CurrentRuntime,
    access: Reader,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PartnerPage:
    """List the districts of the trust list with their keys, by code. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        trust = await service.trust_list(tx, runtime)
    if trust is None:
        return PartnerPage(items=[], next=None, trust_list=None)
    start = decode_key(after, str) or ""
    known = sorted(code for code in trust.districts if code != runtime.settings.district)
    codes = [code for code in known if code > start]
    now = runtime.clock.now()
    return PartnerPage(
        items=[PartnerRead.of(trust.districts[code], now) for code in codes[:limit]],
        next=encode_cursor(codes[limit - 1]) if len(codes) > limit else None,
        trust_list=TrustListRead.of(trust, now),
    )


@router.get("/partners/self", summary="This district's public keys 本区公钥")
async def describe_self(runtime: CurrentRuntime, access: Reader) -> OwnDescription:
    """Return what the operator of the trust list needs of this district. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        compromised = await certificate_keys.compromised(tx)
    description, signed = service.own_description(runtime, compromised)
    return OwnDescription(description=description, signed=signed)
