"""HTTP of products, specifications and distribution points."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.offices import SUPPLY_KINDS, SUPPLY_POINT_KINDS
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import page_of_area
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.supplies.catalogue import repository, service
from renkou_registry.supplies.catalogue.schemas import (
    LevelOut,
    LevelSet,
    PointCreate,
    PointOut,
    PointPage,
    PointPatch,
    ProductCreate,
    ProductOut,
    ProductPage,
    ProductPatch,
    SpecificationCreate,
    SpecificationOut,
)

router = APIRouter(tags=["supplies 药具"])
Reader = Annotated[Access, Depends(requires(Scope.SUPPLY_READ))]
Manager = Annotated[Access, Depends(requires(Scope.SUPPLY_MANAGE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _specification(row: asyncpg.Record) -> SpecificationOut:
    return SpecificationOut(**{name: row[name] for name in SpecificationOut.model_fields})


def _product(row: asyncpg.Record, specifications: list[asyncpg.Record]) -> ProductOut:
    return ProductOut(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        kind_label=SUPPLY_KINDS.entry(row["kind"]).zh,
        ended_on=row["ended_on"],
        version=row["version"],
        specifications=[_specification(each) for each in specifications],
    )


def _point(row: asyncpg.Record) -> PointOut:
    return PointOut(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        kind_label=SUPPLY_POINT_KINDS.entry(row["kind"]).zh,
        area=area_code(row["area"]),
        place=row["place"],
        ended_on=row["ended_on"],
        version=row["version"],
        recorded_at=row["recorded_at"],
    )


@router.post(
    "/supply-products", status_code=201, summary="Enter a product 新增药具品种", response_model=ProductOut
)
async def create_product(
    body: ProductCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> ProductOut:
    """Enter a product of the district. Needs `supply:manage` in the whole district."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create_product(at, body.model_dump())

        product_id, _ = await once(at.tx, access.subject, key, create)
        row, specifications = await service.product(at, product_id)
    response.headers["Location"] = f"/supply-products/{product_id}"
    response.headers["ETag"] = etag(row["version"])
    return _product(row, specifications)


@router.get("/supply-products", summary="List products 药具品种", response_model=ProductPage)
async def list_products(
    runtime: CurrentRuntime, access: Reader, after: After = None, limit: Limit = 50
) -> ProductPage:
    """List the district's products with their specifications. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        found = await repository.products(at.tx, decode_key(after, UUID), limit + 1)
        rows = found[:limit]
        specifications = await repository.specifications_of_products(at.tx, [row["id"] for row in rows])
    items = [_product(row, [s for s in specifications if s["product_id"] == row["id"]]) for row in rows]
    return ProductPage(items=items, next=encode_cursor(str(rows[-1]["id"])) if len(found) > limit else None)


@router.get("/supply-products/{product_id}", summary="Read a product 品种详情", response_model=ProductOut)
async def read_product(
    product_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> ProductOut:
    """Read a product with its specifications. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row, specifications = await service.product(at, product_id)
    response.headers["ETag"] = etag(row["version"])
    return _product(row, specifications)


@router.patch("/supply-products/{product_id}", summary="Change a product 修改品种", response_model=ProductOut)
async def change_product(
    product_id: UUID,
    body: ProductPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Version,
) -> ProductOut:
    """Change a product's name or kind. Needs `supply:manage` in the whole district."""
    async with desk(runtime, access) as at:
        await service.change_product(at, product_id, version, body.model_dump(exclude_unset=True))
        row, specifications = await service.product(at, product_id)
    response.headers["ETag"] = etag(row["version"])
    return _product(row, specifications)


@router.post("/supply-products/{product_id}/end", summary="End a product 停用品种", response_model=ProductOut)
async def end_product(
    product_id: UUID, runtime: CurrentRuntime, access: Manager, version: Version
) -> ProductOut:
    """End a product; what is in stock may still be issued. Needs `supply:manage` in the whole district."""
    async with desk(runtime, access) as at:
        await service.end_product(at, product_id, version)
        row, specifications = await service.product(at, product_id)
    return _product(row, specifications)


@router.post(
    "/supply-products/{product_id}/specifications",
    status_code=201,
    summary="Enter a specification 新增规格",
    response_model=SpecificationOut,
)
async def create_specification(
    product_id: UUID, body: SpecificationCreate, runtime: CurrentRuntime, access: Manager, key: Key
) -> SpecificationOut:
    """Enter a specification of a product. Needs `supply:manage` in the whole district."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create_specification(at, product_id, body.model_dump())

        specification_id, _ = await once(at.tx, access.subject, key, create)
        known = await repository.specifications(at.tx, [specification_id])
    return _specification(known[specification_id])


@router.post("/supply-points", status_code=201, summary="Enter a point 新增发放点", response_model=PointOut)
async def create_point(
    body: PointCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> PointOut:
    """Enter a distribution point. Needs `supply:manage` in its area."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create_point(at, body.area, body.model_dump(exclude={"area"}))

        point_id, _ = await once(at.tx, access.subject, key, create)
        row = await repository.POINTS.find(at.tx, point_id, at.scope)
    response.headers["Location"] = f"/supply-points/{point_id}"
    response.headers["ETag"] = etag(row["version"])
    return _point(row)


@router.get("/supply-points", summary="List points 发放点列表", response_model=PointPage)
async def list_points(
    runtime: CurrentRuntime, access: Reader, area: AreaQuery, after: After = None, limit: Limit = 50
) -> PointPage:
    """List an area's distribution points. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, repository.POINTS, area, after, limit)
    return PointPage(items=[_point(row) for row in rows], next=following)


@router.get("/supply-points/{point_id}", summary="Read a point 发放点详情", response_model=PointOut)
async def read_point(point_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> PointOut:
    """Read a distribution point. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row = await repository.POINTS.find(at.tx, point_id, at.scope)
    response.headers["ETag"] = etag(row["version"])
    return _point(row)


@router.patch("/supply-points/{point_id}", summary="Change a point 修改发放点", response_model=PointOut)
async def change_point(
    point_id: UUID,
    body: PointPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Version,
) -> PointOut:
    """Change a point's name, kind or place. Needs `supply:manage`."""
    async with desk(runtime, access) as at:
        row = await service.change_point(at, point_id, version, body.model_dump(exclude_unset=True))
    response.headers["ETag"] = etag(row["version"])
    return _point(row)


@router.post("/supply-points/{point_id}/end", summary="End a point 撤销发放点", response_model=PointOut)
async def end_point(point_id: UUID, runtime: CurrentRuntime, access: Manager, version: Version) -> PointOut:
    """End a point that holds nothing. Needs `supply:manage`."""
    async with desk(runtime, access) as at:
        return _point(await service.end_point(at, point_id, version))


@router.put(
    "/supply-points/{point_id}/reorder-levels",
    summary="Set a reorder level 设置补货线",
    response_model=LevelOut,
)
async def set_level(point_id: UUID, body: LevelSet, runtime: CurrentRuntime, access: Manager) -> LevelOut:
    """Set below how much usable stock the point is to order again. Needs `supply:manage`."""
    async with desk(runtime, access) as at:
        await service.set_level(at, point_id, body.specification_id, body.level)
    return LevelOut(point_id=point_id, specification_id=body.specification_id, level=body.level)
