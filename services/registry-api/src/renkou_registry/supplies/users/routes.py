"""HTTP of users of supplies and of what a person received."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

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
from renkou_registry.supplies import answers
from renkou_registry.supplies.ledger.schemas import PersonIssue, PersonIssues
from renkou_registry.supplies.users import service
from renkou_registry.supplies.users.repository import USERS
from renkou_registry.supplies.users.schemas import (
    ReadingPurpose,
    UserConfirm,
    UserCreate,
    UserEnd,
    UserOut,
    UserPage,
)

router = APIRouter(tags=["supplies 药具"])
Reader = Annotated[Access, Depends(requires(Scope.SUPPLY_READ))]
Writer = Annotated[Access, Depends(requires(Scope.SUPPLY_WRITE))]
HealthReader = Annotated[Access, Depends(requires(Scope.CARD_READ))]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _out(row: asyncpg.Record) -> UserOut:
    same = {name: row[name] for name in UserOut.model_fields if name != "area"}
    return UserOut(**same, area=area_code(row["area"]))


@router.post(
    "/supply-users",
    status_code=201,
    summary="Register a user of supplies 药具使用登记",
    response_model=UserOut,
)
async def create_user(
    body: UserCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> UserOut:
    """Enter somebody who asks for free supplies this year; stored sealed. Needs `supply:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.register(at, body.person_id, body.point_id, body.since)

        user_id, _ = await once(at.tx, access.subject, key, create)
        row = await USERS.find(at.tx, user_id, at.scope)
    response.headers["ETag"] = etag(row["version"])
    response.headers["Location"] = f"/supply-users/{user_id}"
    return _out(row)


@router.get("/supply-users", summary="List registrations 药具使用登记列表", response_model=UserPage)
async def list_users(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    year: Annotated[int | None, Query(ge=1990, le=2200)] = None,
    after: After = None,
    limit: Limit = 50,
) -> UserPage:
    """List an area's registrations, without saying whose they are. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(
            at, USERS, area, after, limit, {"year": year, "withdrawn": False}
        )
    return UserPage(items=[_out(row) for row in rows], next=following)


@router.get("/supply-users/{user_id}", summary="Read a registration 使用登记详情", response_model=UserOut)
async def read_user(user_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> UserOut:
    """Read a registration, without saying whose it is. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row = await USERS.find(at.tx, user_id, at.scope)
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.post(
    "/supply-users/{user_id}/confirmation", summary="Note the confirmed use 确认使用", response_model=UserOut
)
async def confirm_user(
    user_id: UUID,
    body: UserConfirm,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> UserOut:
    """Note that the person told of using the supplies; nobody has to tell. Needs `supply:write`."""
    async with desk(runtime, access) as at:
        row = await service.confirm(at, user_id, version, body.on)
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.post("/supply-users/{user_id}/end", summary="End a registration 终止登记", response_model=UserOut)
async def end_user(
    user_id: UUID,
    body: UserEnd,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> UserOut:
    """End a registration, or withdraw one that was a mistake. Needs `supply:write`."""
    async with desk(runtime, access) as at:
        row = await service.end(at, user_id, version, body.on, withdrawn=body.withdrawn)
    response.headers["ETag"] = etag(row["version"])
    return _out(row)


@router.get(
    "/persons/{person_id}/supplies",
    summary="What a person received 个人领取记录",
    response_model=PersonIssues,
)
async def read_person_issues(
    person_id: UUID,
    runtime: CurrentRuntime,
    access: HealthReader,
    purpose: Annotated[ReadingPurpose, Query(description="what it is read for; logged")],
    after: After = None,
    limit: Limit = 50,
) -> PersonIssues:
    """Read what a person received, for a purpose; the reading is logged. Needs `card:read`."""
    async with desk(runtime, access) as at:
        found = await service.issues_to_person(at, person_id, purpose, decode_key(after, UUID), limit + 1)
        rows = found[:limit]
        lines = await service.lines_of_issues(at, [row["id"] for row in rows])
    items = [
        PersonIssue(
            document_id=row["id"],
            on=row["happened_on"],
            point_id=row["point_id"],
            reversed=row["reversed"],
            lines=answers.lines_of(lines, row["id"]),
        )
        for row in rows
    ]
    following = encode_cursor(str(rows[-1]["id"])) if len(found) > limit else None
    return PersonIssues(items=items, next=following)
