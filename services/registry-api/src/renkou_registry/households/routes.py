"""HTTP of households."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.area import AreaCode
from renkou_common.errors import InvalidInput
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery, check_areas, check_not_future
from renkou_registry.floor import reaching_all
from renkou_registry.households import answers, reshaping, service
from renkou_registry.households.domain import HouseholdEntry, MemberEntry, check_members
from renkou_registry.households.schemas import (
    HeadChange,
    HouseholdCreate,
    HouseholdMove,
    HouseholdOut,
    HouseholdPage,
    HouseholdPatch,
    Leaving,
    MemberJoin,
    Memberships,
    Merger,
    RelationIn,
    Split,
)
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.persons.commands import check_known_areas
from renkou_registry.places.service import check_place
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["households 户"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RESIDENT_WRITE))]
Mover = Annotated[Access, Depends(requires(Scope.LIFE_EVENT_WRITE))]
Version = Annotated[int, Depends(expected_version)]
Key = Annotated[RequestKey, Depends(request_key)]


def _here(area: AreaCode, runtime: Runtime, pointer: str) -> None:
    """Raise InvalidInput unless a household may lie in an area: a community of this district."""
    check_areas({pointer: area}, runtime.district)
    if not runtime.district.contains(area):
        raise InvalidInput.field(pointer, "area_elsewhere", "应为本区的社区", "must be in this district")


@router.post("/households", status_code=201, summary="Enter a household 立户", response_model=HouseholdOut)
async def create_household(
    body: HouseholdCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> HouseholdOut:
    """Enter a household of persons the caller sees. Needs `resident:write` in its community."""
    _here(body.area, runtime, "/area")
    entry = HouseholdEntry(
        number=body.number,
        area=body.area.key,
        kind=body.kind,
        street=body.street,
        place_id=body.place_id,
        members=tuple(
            MemberEntry(each.person_id, each.relation, each.since, each.kind) for each in body.members
        ),
    )
    check_members(entry.members, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await check_known_areas(tx, {"/area": body.area}, runtime.district, runtime.clock.today())
            if body.place_id is not None:
                await check_place(tx, body.place_id, entry.area, None, runtime)
            return await service.create(runtime, tx, access.areas, entry, recorded_by=access.subject)

        household_id, _ = await once(tx, access.subject, key, create)
        row, members = await service.find(tx, household_id, access.areas)
    response.headers["Location"] = f"/households/{household_id}"
    response.headers["ETag"] = etag(row["version"])
    return answers.household(row, members)


@router.get("/households", summary="List an area's households 户列表", response_model=HouseholdPage)
async def list_households(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    number: Annotated[str, Query(max_length=40, description="how the number begins")] = "",
    without_head: Annotated[
        bool, Query(description="only those whose head died, moved or left, until another is named")
    ] = False,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HouseholdPage:
    """List households by community and id. Needs `resident:read`."""
    async with runtime.database.reading(access.areas) as tx:
        position = decode_cursor(after, int, UUID)
        found = await service.page(
            tx, access.areas, area, number, position, limit + 1, without_head=without_head
        )
    rows = found[:limit]
    following = encode_cursor(rows[-1]["area"], str(rows[-1]["id"])) if len(found) > limit else None
    return HouseholdPage(items=[answers.summary(row) for row in rows], next=following)


@router.get("/households/{household_id}", summary="Read a household 户详情", response_model=HouseholdOut)
async def read_household(
    household_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> HouseholdOut:
    """Read a household with its members, those too who left; `/as-of` tells of a day. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row, members = await service.find(tx, household_id, access.areas)
    await runtime.readings.record(access, What.HOUSEHOLD, {each.person_id for each in members})
    response.headers["ETag"] = etag(row["version"])
    return answers.household(row, members)


async def _changed(
    runtime: Runtime,
    access: Access,
    household_id: UUID,
    response: Response,
    make: Callable[[Desk], Awaitable[None]],
    key: RequestKey | None = None,
) -> HouseholdOut:
    """Change a household in a transaction and answer with it, also where it has left the caller's area."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def change() -> UUID:
            await make(desk)
            return household_id

        if key is None:
            await change()
        else:
            await service.find(tx, household_id, access.areas)
            await once(tx, access.subject, key, change)
        row, members = await service.recorded(tx, household_id)
    response.headers["ETag"] = etag(row["version"])
    return answers.household(row, members)


@router.patch("/households/{household_id}", summary="Change a household 修改户", response_model=HouseholdOut)
async def change_household(
    household_id: UUID,
    body: HouseholdPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> HouseholdOut:
    """Change number, kind, street or place from a day on. Needs `resident:write`."""
    today = runtime.clock.today()
    check_not_future({"/on": body.on}, today)

    async def make(desk: Desk) -> None:
        if body.place_id is not None:
            row, _ = await service.find(desk.tx, household_id, desk.scope)
            await check_place(desk.tx, body.place_id, row["area"], body.on, runtime)
        await reshaping.change(desk, household_id, version, body.values, body.on or today)

    return await _changed(runtime, access, household_id, response, make)


@router.post(
    "/households/{household_id}/members",
    status_code=201,
    summary="Add a member 入户",
    response_model=HouseholdOut,
)
async def add_member(
    household_id: UUID,
    body: MemberJoin,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
    key: Key,
) -> HouseholdOut:
    """Add a person the caller sees from a day on. Needs `resident:write`."""
    check_not_future({"/since": body.since}, runtime.clock.today())
    entry = MemberEntry(body.person_id, body.relation, body.since, body.kind)

    async def make(desk: Desk) -> None:
        await reshaping.join(desk, household_id, version, entry)

    return await _changed(runtime, access, household_id, response, make, key)


@router.post(
    "/households/{household_id}/members/{person_id}/leaving",
    summary="A member leaves 离户",
    response_model=HouseholdOut,
)
async def end_membership(
    household_id: UUID,
    person_id: UUID,
    body: Leaving,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> HouseholdOut:
    """End a membership on a day, with the reason. Needs `resident:write`."""
    check_not_future({"/on": body.on}, runtime.clock.today())

    async def make(desk: Desk) -> None:
        await reshaping.leave(desk, household_id, version, person_id, body.on, body.reason)

    return await _changed(runtime, access, household_id, response, make)


def _relations(given: list[RelationIn]) -> dict[UUID, str]:
    return {each.person_id: each.relation for each in given}


@router.post(
    "/households/{household_id}/head", summary="Change the head 变更户主", response_model=HouseholdOut
)
async def change_head(
    household_id: UUID,
    body: HeadChange,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> HouseholdOut:
    """Make another member the head from a day on. Needs `resident:write`."""
    check_not_future({"/on": body.on}, runtime.clock.today())

    async def make(desk: Desk) -> None:
        given = _relations(body.relations)
        await reshaping.change_head(desk, household_id, version, body.person_id, given, body.on)

    return await _changed(runtime, access, household_id, response, make)


@router.post(
    "/households/{household_id}/split",
    status_code=201,
    summary="Split a household 分户",
    response_model=HouseholdOut,
)
async def split_household(
    household_id: UUID,
    body: Split,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
    key: Key,
) -> HouseholdOut:
    """Put members into a household of their own from a day on; answers with it. Needs `resident:write`."""
    check_not_future({"/on": body.on}, runtime.clock.today())
    leaving = [MemberEntry(each.person_id, each.relation) for each in body.members]
    check_members(leaving, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            return await reshaping.split(
                desk, household_id, version, body.number, body.street, leaving, body.remaining_head, body.on
            )

        new_household, _ = await once(tx, access.subject, key, create)
        row, members = await service.find(tx, new_household, access.areas)
    response.headers["Location"] = f"/households/{new_household}"
    response.headers["ETag"] = etag(row["version"])
    return answers.household(row, members)


@router.post(
    "/households/{household_id}/merge", summary="Merge into another 并户", response_model=HouseholdOut
)
async def merge_household(
    household_id: UUID,
    body: Merger,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> HouseholdOut:
    """Put every member into another household of the community; this one is dissolved.

    Answers with the dissolved household. Needs `resident:write`.
    """
    check_not_future({"/on": body.on}, runtime.clock.today())

    async def make(desk: Desk) -> None:
        given = _relations(body.relations)
        await reshaping.merge(desk, household_id, version, body.into, given, body.on)

    return await _changed(runtime, access, household_id, response, make)


@router.post(
    "/households/{household_id}/move", summary="Move a household 整户迁移", response_model=HouseholdOut
)
async def move_household(
    household_id: UUID,
    body: HouseholdMove,
    response: Response,
    runtime: CurrentRuntime,
    access: Mover,
    version: Version,
) -> HouseholdOut:
    """Move a household within the district with everybody who belongs to it, a life event for each.

    Registered members take their registration along, also those who live elsewhere. Needs `life-event:write`.
    """
    check_not_future({"/on": body.on}, runtime.clock.today())
    _here(body.to_area, runtime, "/to_area")

    async def make(desk: Desk) -> None:
        await check_known_areas(desk.tx, {"/to_area": body.to_area}, runtime.district)
        row, _ = await service.find(desk.tx, household_id, desk.scope)
        if body.place_id is not None:
            async with reaching_all(desk.tx):
                await check_place(desk.tx, body.place_id, body.to_area.key, body.on, runtime)
        to = reshaping.Address(body.to_area.key, body.number or row["number"], body.to_street, body.place_id)
        await reshaping.move(desk, household_id, version, to, body.on)

    return await _changed(runtime, access, household_id, response, make)


@router.get(
    "/persons/{person_id}/households", summary="Households of a person 所在户", response_model=Memberships
)
async def list_memberships(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> Memberships:
    """List the households a person belongs or belonged to, in the caller's area. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await persons.find(tx, person_id, access.areas)
        rows = await service.memberships_of(tx, person_id)
    return Memberships(items=[answers.membership(row) for row in rows])
