"""HTTP of places."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.lists import PLACE_KINDS, PlaceKind
from renkou_common.errors import InvalidInput
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery, area_code, check_areas
from renkou_registry.persons import answers
from renkou_registry.persons import service as persons
from renkou_registry.persons.commands import check_known_areas
from renkou_registry.persons.schemas import PersonPage
from renkou_registry.places import service
from renkou_registry.places.domain import PlaceEntry
from renkou_registry.places.schemas import PlaceCreate, PlaceOut, PlacePage, PlacePatch
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/places", tags=["places 楼院"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RESIDENT_WRITE))]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _out(row: asyncpg.Record) -> PlaceOut:
    return PlaceOut(
        id=row["id"],
        area=area_code(row["area"]),
        kind=row["kind"],
        kind_label=PLACE_KINDS.entry(row["kind"]).zh,
        code=row["code"],
        name=row["name"],
        parent_id=row["parent_id"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        version=row["version"],
        recorded_at=row["recorded_at"],
    )


@router.post("", status_code=201, summary="Enter a place 登记楼院", response_model=PlaceOut)
async def create_place(
    body: PlaceCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> PlaceOut:
    """Enter a grid, courtyard, building or residents' group. Needs `resident:write` in its community."""
    check_areas({"/area": body.area}, runtime.district)
    if not runtime.district.contains(body.area):
        raise InvalidInput.field("/area", "area_elsewhere", "应为本区的社区", "must be in this district")
    entry = PlaceEntry(
        area=body.area.key,
        kind=body.kind,
        code=body.code,
        name=body.name,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        parent_id=body.parent_id,
    )
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await check_known_areas(tx, {"/area": body.area}, runtime.district)
            return await service.create(runtime, tx, access.areas, entry, recorded_by=access.subject)

        place_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, place_id, access.areas)
    response.headers["Location"] = f"/places/{place_id}"
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.get("", summary="List an area's places 楼院列表", response_model=PlacePage)
async def list_places(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    kind: Annotated[PlaceKind | None, Query(description="类型")] = None,
    parent: Annotated[UUID | None, Query(description="directly inside this place")] = None,
    on: Annotated[Day | None, Query(description="valid on this day; default today")] = None,
    after: After = None,
    limit: Limit = 50,
) -> PlacePage:
    """List places by community and code. Needs `resident:read`."""
    day: date = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(
            tx, access.areas, area, kind, parent, day, decode_cursor(after, int, str), limit + 1
        )
    rows = found[:limit]
    following = encode_cursor(rows[-1]["area"], rows[-1]["code"]) if len(found) > limit else None
    return PlacePage(items=[_out(row) for row in rows], next=following)


@router.get("/{place_id}", summary="Read a place 楼院详情", response_model=PlaceOut)
async def read_place(place_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> PlaceOut:
    """Read a place. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, place_id, access.areas)
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.patch("/{place_id}", summary="Change a place 修改楼院", response_model=PlaceOut)
async def change_place(
    place_id: UUID,
    body: PlacePatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> PlaceOut:
    """Change the name, what it lies in, or the day it ends. Needs `resident:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.change(runtime, tx, access.areas, place_id, version, body.values)
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.get("/{place_id}/persons", summary="List who lives in a place 楼院人员", response_model=PersonPage)
async def list_persons_of_place(
    place_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    inside: Annotated[bool, Query(description="also those of the places inside it")] = True,
    after: After = None,
    limit: Limit = 50,
) -> PersonPage:
    """List who lives in a place, by place and person. Needs `resident:read`."""
    position = decode_cursor(after, UUID, UUID)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        places = await service.with_inside(tx, place_id, access.areas) if inside else [place_id]
        await service.find(tx, place_id, access.areas)
        found = await persons.of_places(tx, places, access.areas, position, limit + 1)
    rows = found[:limit]
    following = None
    if len(found) > limit:
        following = encode_cursor(str(rows[-1]["place_id"]), str(rows[-1]["id"]))
    await runtime.readings.record(access, What.LIST, [row["id"] for row in rows])
    return PersonPage(items=[answers.summary(runtime, row) for row in rows], next=following)
