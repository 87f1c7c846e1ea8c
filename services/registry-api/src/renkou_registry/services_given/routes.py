"""HTTP of services given."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.lists import SERVICE_KINDS
from renkou_common.errors import InvalidInput
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.fields import area_code, check_not_future
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.services_given import service
from renkou_registry.services_given.schemas import ServiceCreate, ServiceOut, ServicePage

router = APIRouter(prefix="/persons/{person_id}/services", tags=["services given 服务"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.SERVICE_WRITE))]


def _out(row: asyncpg.Record) -> ServiceOut:
    return ServiceOut(
        id=row["id"],
        person_id=row["person_id"],
        kind=row["kind"],
        kind_label=SERVICE_KINDS.entry(row["kind"]).zh,
        given_on=row["given_on"],
        area=area_code(row["area"]),
        share_with_home=row["share_with_home"],
        recorded_at=row["recorded_at"],
    )


@router.post("", status_code=201, summary="Record a service 登记服务", response_model=ServiceOut)
async def create_service(
    person_id: UUID,
    body: ServiceCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ServiceOut:
    """Record a free service given at the present address. Needs `service:write`."""
    check_not_future({"/given_on": body.given_on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.give(
                runtime,
                tx,
                access.areas,
                person_id,
                body.kind,
                body.given_on,
                share_with_home=body.share_with_home,
                recorded_by=access.subject,
            )

        service_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, service_id)
    response.headers["Location"] = f"/persons/{person_id}/services"
    return _out(row)


@router.get("", summary="List a person's services 服务记录", response_model=ServicePage)
async def list_services(
    person_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ServicePage:
    """List services, the newest first. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, person_id, _position(after), limit + 1)
    rows = found[:limit]
    following = encode_cursor(rows[-1]["given_on"], str(rows[-1]["id"])) if len(found) > limit else None
    return ServicePage(items=[_out(row) for row in rows], next=following)


def _position(after: str | None) -> tuple[date, UUID] | None:
    keys = decode_cursor(after, 2)
    if keys is None:
        return None
    try:
        return date.fromisoformat(keys[0]), UUID(keys[1])
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput.field(
            "/after", "cursor", "翻页标记无效", "this is not a cursor of this list"
        ) from error
