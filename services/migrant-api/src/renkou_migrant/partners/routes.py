"""HTTP of partner districts and the trust list."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.partners import checks, service
from renkou_migrant.partners.schemas import (
    CheckPage,
    CheckRead,
    DescriptionIn,
    DescriptionRead,
    OwnDescription,
    PartnerDescriptionRead,
    PartnerPage,
    PartnerRead,
    TrustListPut,
    TrustListRead,
)
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["partners 协作地区"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]
District = Annotated[str, Path(pattern=r"^\d{6}$", description="the partner's code")]


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


@router.get("/exchange/description", summary="This district's signed description 本区的签名说明")
async def read_description(runtime: CurrentRuntime, access: Reader) -> DescriptionRead:
    """Return what partners need to exchange messages with this district, signed. Needs `partner:read`."""
    return DescriptionRead.of(service.signed_description(runtime), runtime.clock.now())


@router.post("/partners/descriptions", summary="Take a partner's description in 接收对方说明")
async def take_description(
    body: DescriptionIn, runtime: CurrentRuntime, access: Manager
) -> PartnerDescriptionRead:
    """Take in how a partner describes itself: its first description, or one with newer keys.

    Checked against the trust list; before the district is in there, against the fingerprint that its office
    says by other means. A second time it changes nothing. Needs `partner:manage`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        found, stored = await service.accept_description(
            tx, runtime, body.description, body.fingerprint, access.subject
        )
    return PartnerDescriptionRead.accepted(found, stored, runtime.clock.now())


@router.get("/partners/{district}/description", summary="A partner's description 对方说明")
async def read_partner_description(
    district: District, runtime: CurrentRuntime, access: Reader
) -> PartnerDescriptionRead:
    """Read the newest description that a partner handed over. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.described(tx, district)
    if found is None:
        raise NotFound.of("说明", "description")
    return PartnerDescriptionRead.accepted(*found, runtime.clock.now())


@router.post("/partners/{district}/checks", status_code=201, summary="Check a partner 联通检查")
async def start_check(
    district: District,
    runtime: CurrentRuntime,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
) -> CheckRead:
    """Send test messages that tell of nobody; read the check again for the verdict. Needs `partner:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        check_id, _ = await once(
            tx, access.subject, key, lambda: checks.start(tx, runtime, district, access.subject)
        )
        return CheckRead.of(await checks.get(tx, runtime, district, check_id))


@router.get("/partners/{district}/checks", summary="Checks with a partner 联通检查列表")
async def list_checks(
    district: District,
    runtime: CurrentRuntime,
    access: Reader,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> CheckPage:
    """List checks with a partner, the latest first. Needs `partner:read`."""
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await checks.page(tx, runtime, district, before, limit + 1)
    return CheckPage(
        items=[CheckRead.of(one) for one in found[:limit]],
        next=encode_cursor(found[limit - 1].stored.position) if len(found) > limit else None,
    )


@router.get("/partners/{district}/checks/{check_id}", summary="One check 联通检查结果")
async def read_check(
    district: District, check_id: UUID, runtime: CurrentRuntime, access: Reader
) -> CheckRead:
    """Read how a check went, step by step. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return CheckRead.of(await checks.get(tx, runtime, district, check_id))
