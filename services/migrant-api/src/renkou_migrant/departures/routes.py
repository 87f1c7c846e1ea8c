"""HTTP of departures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.audit.domain import What, about
from renkou_migrant.departures import service
from renkou_migrant.departures.domain import Departure
from renkou_migrant.departures.repository import Filters
from renkou_migrant.departures.schemas import (
    DepartureCreate,
    DepartureItem,
    DeparturePage,
    DepartureRead,
    ReturnCreate,
)
from renkou_migrant.fields import AreaQuery
from renkou_migrant.people import person_card
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/departures", tags=["departures 流出登记"])
Reader = Annotated[Access, Depends(requires(Scope.MIGRATION_READ))]
Writer = Annotated[Access, Depends(requires(Scope.MIGRATION_WRITE))]


def _answer(response: Response, departure: Departure) -> DepartureRead:
    response.headers["ETag"] = etag(departure.version)
    return DepartureRead.model_validate(DepartureItem.of(departure).model_dump())


@router.post("", status_code=201, summary="Register that someone left 登记外出")
async def register_departure(
    body: DepartureCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> DepartureRead:
    """Register that someone registered here left for another district. Needs `migration:write`."""
    facts = await runtime.registry.facts(body.person_id, service.FACTS_PURPOSE, token=access.token)
    async with runtime.database.transaction(access.areas) as tx:
        departure_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.register(
                tx,
                runtime,
                access,
                body.person_id,
                facts,
                body.destination_area,
                body.departed_on,
                body.reason,
            ),
        )
        departure = await service.get(tx, access.areas, departure_id)
    response.headers["Location"] = f"/departures/{departure.id}"
    return _answer(response, departure)


@router.get("", summary="Departures, the last recorded first 外出登记列表")
async def list_departures(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    person_id: UUID | None = None,
    away: Annotated[bool | None, Query(description="only people still away, or only others")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeparturePage:
    """List departures of people registered in the caller's area, without names. Needs `migration:read`."""
    filters = Filters(person_id, area.interval() if area else None, away)
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, filters, before, limit + 1)
    await runtime.readings.record(access, What.DEPARTURE, about(found[:limit]))
    following = encode_cursor(found[limit - 1].position) if len(found) > limit else None
    return DeparturePage(items=[DepartureItem.of(one) for one in found[:limit]], next=following)


@router.get("/{departure_id}", summary="One departure 外出登记详情")
async def read_departure(
    departure_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> DepartureRead:
    """Read a departure; the name comes from the register. Needs `migration:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        departure = await service.get(tx, access.areas, departure_id)
    await runtime.readings.record(access, What.DEPARTURE, about([departure]), record_id=departure.id)
    answer = _answer(response, departure)
    answer.person = await person_card(runtime, departure.person_id, access.token)
    return answer


@router.post("/{departure_id}/return", summary="Register that someone came back 登记返回")
async def register_return(
    departure_id: UUID,
    body: ReturnCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> DepartureRead:
    """Register the day on which the person came back. Needs `migration:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        departure = await service.record_return(
            tx, runtime, access.areas, departure_id, version, body.returned_on
        )
    return _answer(response, departure)
