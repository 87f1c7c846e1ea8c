"""HTTP of rented houses."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.masking import mask_name, mask_phone
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import page_of_area
from renkou_registry.rentals import service
from renkou_registry.rentals.repository import RENTALS, TENANTS
from renkou_registry.rentals.schemas import (
    RentalCreate,
    RentalEnd,
    RentalOut,
    RentalPage,
    RentalPatch,
    TenantCreate,
    TenantEnd,
    TenantOut,
    TenantPage,
)
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.yearly import service as yearly
from renkou_registry.yearly.schemas import YearlyList, YearlyOut, YearlyPatch, YearOpen, YearOpened

router = APIRouter(prefix="/rentals", tags=["rented houses 出租房屋"])
Reader = Annotated[Access, Depends(requires(Scope.OFFICE_READ))]
Writer = Annotated[Access, Depends(requires(Scope.OFFICE_WRITE))]
PeopleReader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _out(runtime: Runtime, row: asyncpg.Record) -> RentalOut:
    other = ("area", "landlord_name", "landlord_phone")
    same = {name: row[name] for name in RentalOut.model_fields if name not in other}
    name, phone = row["landlord_sealed"], row["phone_sealed"]
    return RentalOut(
        **same,
        area=area_code(row["area"]),
        landlord_name=mask_name(runtime.cipher.decrypt(name, service.NAME)) if name else None,
        landlord_phone=mask_phone(runtime.cipher.decrypt(phone, service.PHONE)) if phone else None,
    )


def _tenant(row: asyncpg.Record) -> TenantOut:
    return TenantOut(**{name: row[name] for name in TenantOut.model_fields})


@router.post("", status_code=201, summary="Enter a rented house 登记出租房屋", response_model=RentalOut)
async def create_rental(
    body: RentalCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> RentalOut:
    """Enter a rented house; its agreement of this year is due at once. Needs `office:write`."""
    values = {name: value for name, value in dict(body).items() if name != "area"}
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create(at, body.area, values)

        rental_id, _ = await once(at.tx, access.subject, key, create)
        row = await RENTALS.find(at.tx, rental_id, at.scope)
    response.headers["Location"] = f"/rentals/{rental_id}"
    response.headers["ETag"] = etag(row["version"])
    return _out(runtime, row)


@router.get("", summary="List rented houses 出租房屋列表", response_model=RentalPage)
async def list_rentals(
    runtime: CurrentRuntime, access: Reader, area: AreaQuery, after: After = None, limit: Limit = 50
) -> RentalPage:
    """List an area's rented houses. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, RENTALS, area, after, limit)
    return RentalPage(items=[_out(runtime, row) for row in rows], next=following)


@router.post("/agreement-years", summary="Open a year of agreements 部署年度协议", response_model=YearOpened)
async def open_agreement_year(body: YearOpen, runtime: CurrentRuntime, access: Writer) -> YearOpened:
    """Make the agreement of a year due for every house of an area that lacks it. Needs `office:write`."""
    async with desk(runtime, access) as at:
        opened, more = await yearly.open_year(at, service.BOOK, body.area, body.year)
    return YearOpened(opened=opened, more=more)


@router.get("/{rental_id}", summary="Read a rented house 出租房屋详情", response_model=RentalOut)
async def read_rental(
    rental_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> RentalOut:
    """Read a rented house. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row = await RENTALS.find(at.tx, rental_id, at.scope)
    response.headers["ETag"] = etag(row["version"])
    return _out(runtime, row)


@router.patch("/{rental_id}", summary="Change a rented house 修改出租房屋", response_model=RentalOut)
async def change_rental(
    rental_id: UUID,
    body: RentalPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> RentalOut:
    """Change a rented house or its landlord. Needs `office:write`."""
    values = {name: value for name, value in dict(body).items() if name in body.model_fields_set}
    async with desk(runtime, access) as at:
        row = await service.change(at, rental_id, version, values)
    response.headers["ETag"] = etag(row["version"])
    return _out(runtime, row)


@router.post("/{rental_id}/end", summary="End a letting 停止出租", response_model=RentalOut)
async def end_rental(
    rental_id: UUID, body: RentalEnd, runtime: CurrentRuntime, access: Writer, version: Version
) -> RentalOut:
    """Note that a house is not let any more. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return _out(runtime, await service.end(at, rental_id, version, body.on))


@router.get("/{rental_id}/agreements", summary="List its agreements 年度协议", response_model=YearlyList)
async def list_agreements(rental_id: UUID, runtime: CurrentRuntime, access: Reader) -> YearlyList:
    """List a house's yearly agreements. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await RENTALS.find(at.tx, rental_id, at.scope)
        return YearlyList(items=await yearly.papers_of(at, service.BOOK, rental_id))


@router.patch(
    "/{rental_id}/agreements/{agreement_id}",
    summary="Sign or decline an agreement 签订协议",
    response_model=YearlyOut,
)
async def change_agreement(
    rental_id: UUID,
    agreement_id: UUID,
    body: YearlyPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> YearlyOut:
    """Write that the agreement of a year was signed, declined or cancelled. Needs `office:write`."""
    async with desk(runtime, access) as at:
        row = await yearly.change(at, service.BOOK, rental_id, agreement_id, version, body)
    response.headers["ETag"] = etag(row["version"])
    return yearly.out(row)


@router.post(
    "/{rental_id}/tenants",
    status_code=201,
    summary="Add a tenant 登记租客",
    response_model=TenantOut,
)
async def add_tenant(
    rental_id: UUID, body: TenantCreate, runtime: CurrentRuntime, access: Writer, key: Key
) -> TenantOut:
    """Note that a person lives in the house. Needs `office:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.add_tenant(at, rental_id, body.person_id, body.since, body.room)

        link_id, _ = await once(at.tx, access.subject, key, create)
        return _tenant(await TENANTS.lock(at.tx, rental_id, link_id))


@router.get("/{rental_id}/tenants", summary="List tenants 租客列表", response_model=TenantPage)
async def list_tenants(
    rental_id: UUID, runtime: CurrentRuntime, access: PeopleReader, after: After = None, limit: Limit = 50
) -> TenantPage:
    """List those tenants whom the caller's area shows. Needs `resident:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await RENTALS.find(at.tx, rental_id, at.scope)
        found = await TENANTS.page(at.tx, rental_id, decode_key(after, UUID), limit + 1)
    items = [_tenant(row) for row in found[:limit]]
    await runtime.readings.record(access, What.TENANCY, {each.person_id for each in items})
    return TenantPage(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


@router.post("/{rental_id}/tenants/{link_id}/end", summary="End a tenancy 租客退租", response_model=TenantOut)
async def end_tenant(
    rental_id: UUID, link_id: UUID, body: TenantEnd, runtime: CurrentRuntime, access: Writer
) -> TenantOut:
    """Note until when a person lived here. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return _tenant(await service.end_tenant(at, rental_id, link_id, body.until))
