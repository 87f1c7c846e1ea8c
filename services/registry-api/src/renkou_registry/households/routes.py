"""HTTP of households."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.kinship import RELATIONS
from renkou_common.errors import InvalidInput
from renkou_common.http.conditions import etag
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.fields import AreaQuery, area_code, check_areas
from renkou_registry.households import service
from renkou_registry.households.domain import HouseholdEntry, MemberEntry, check_members
from renkou_registry.households.schemas import (
    HouseholdCreate,
    HouseholdOut,
    HouseholdPage,
    HouseholdSummary,
    MemberOut,
)
from renkou_registry.persons.commands import check_known_areas
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/households", tags=["households 户"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RESIDENT_WRITE))]


def _out(row: asyncpg.Record, members: list[asyncpg.Record]) -> HouseholdOut:
    return HouseholdOut(
        id=row["id"],
        number=row["number"],
        kind=row["kind"],
        area=area_code(row["area"]),
        street=row["street"],
        version=row["version"],
        recorded_at=row["recorded_at"],
        members=[
            MemberOut(
                person_id=member["person_id"],
                relation=member["relation"],
                relation_label=RELATIONS.entry(member["relation"]).zh,
                since=member["since"],
                until=member["until"],
            )
            for member in members
        ],
    )


@router.post("", status_code=201, summary="Enter a household 立户", response_model=HouseholdOut)
async def create_household(
    body: HouseholdCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> HouseholdOut:
    """Enter a household of persons the caller sees. Needs `resident:write` in its community."""
    check_areas({"/area": body.area}, runtime.district)
    if not runtime.district.contains(body.area):
        raise InvalidInput.field("/area", "area_elsewhere", "应为本区的社区", "must be in this district")
    entry = HouseholdEntry(
        number=body.number,
        area=body.area.key,
        kind=body.kind,
        street=body.street,
        members=tuple(MemberEntry(each.person_id, each.relation, each.since) for each in body.members),
    )
    check_members(entry.members, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await check_known_areas(tx, {"/area": body.area}, runtime.district, runtime.clock.today())
            return await service.create(runtime, tx, access.areas, entry, recorded_by=access.subject)

        household_id, _ = await once(tx, access.subject, key, create)
        row, members = await service.find(tx, household_id, access.areas)
    response.headers["Location"] = f"/households/{household_id}"
    response.headers["ETag"] = etag(row["version"])
    return _out(row, members)


@router.get("", summary="List an area's households 户列表", response_model=HouseholdPage)
async def list_households(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    number: Annotated[str, Query(max_length=40, description="how the number begins")] = "",
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HouseholdPage:
    """List households by community and id. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, area, number, _position(after), limit + 1)
    rows = found[:limit]
    following = encode_cursor(rows[-1]["area"], str(rows[-1]["id"])) if len(found) > limit else None
    items = [
        HouseholdSummary(
            id=row["id"],
            number=row["number"],
            kind=row["kind"],
            area=area_code(row["area"]),
            street=row["street"],
        )
        for row in rows
    ]
    return HouseholdPage(items=items, next=following)


def _position(after: str | None) -> tuple[int, UUID] | None:
    keys = decode_cursor(after, 2)
    if keys is None:
        return None
    try:
        return int(keys[0]), UUID(keys[1])
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput.field(
            "/after", "cursor", "翻页标记无效", "this is not a cursor of this list"
        ) from error


@router.get("/{household_id}", summary="Read a household 户详情", response_model=HouseholdOut)
async def read_household(
    household_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> HouseholdOut:
    """Read a household with its members. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row, members = await service.find(tx, household_id, access.areas)
    response.headers["ETag"] = etag(row["version"])
    return _out(row, members)
