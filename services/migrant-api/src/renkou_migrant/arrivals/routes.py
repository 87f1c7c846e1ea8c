"""HTTP of arrivals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.arrivals import entry, service
from renkou_migrant.arrivals.domain import Arrival
from renkou_migrant.arrivals.repository import Filters
from renkou_migrant.arrivals.schemas import (
    ArrivalCreate,
    ArrivalItem,
    ArrivalPage,
    ArrivalRead,
    SeparatedCreate,
    StayEndCreate,
    WorkplaceChange,
)
from renkou_migrant.audit.domain import What, about
from renkou_migrant.fields import AreaQuery
from renkou_migrant.people import facts_of, person_card
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/arrivals", tags=["arrivals 流入登记"])
Reader = Annotated[Access, Depends(requires(Scope.MIGRATION_READ))]
Writer = Annotated[Access, Depends(requires(Scope.MIGRATION_WRITE))]


def _answer(response: Response, arrival: Arrival) -> ArrivalRead:
    response.headers["ETag"] = etag(arrival.version)
    return ArrivalRead.model_validate(ArrivalItem.of(arrival).model_dump())


@router.post("", status_code=201, summary="Register an arrival 登记流入")
async def register_arrival(
    body: ArrivalCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ArrivalRead:
    """Enter the person into the register, record the stay, tell the home. Needs `migration:write`."""
    person = await entry.registered_person(runtime, access, body, key.key)
    async with runtime.database.transaction(access.areas) as tx:
        arrival_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.register(
                tx, runtime, access, person, body.area, body.arrived_on, body.workplace_district
            ),
        )
        arrival = await service.get(tx, access.areas, arrival_id)
    response.headers["Location"] = f"/arrivals/{arrival.id}"
    return _answer(response, arrival)


@router.post("/separated", status_code=201, summary="Register separation within the district 登记人户分离")
async def register_separated(
    body: SeparatedCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ArrivalRead:
    """Record that a person registered in another subdistrict lives here, and tell it. Needs `migration:write`."""
    separated = await entry.separated_person(runtime, access, body)
    async with runtime.database.transaction(access.areas) as tx:
        arrival_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.register(
                tx,
                runtime,
                access,
                separated.person,
                separated.area,
                separated.since,
                body.workplace_district,
            ),
        )
        arrival = await service.get(tx, access.areas, arrival_id)
    response.headers["Location"] = f"/arrivals/{arrival.id}"
    return _answer(response, arrival)


@router.post("/{arrival_id}/workplace", summary="Change the workplace's district 变更工作地")
async def change_workplace(
    arrival_id: UUID,
    body: WorkplaceChange,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> ArrivalRead:
    """Note in which district the person works; the former one's notice is taken back. Needs `migration:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        known = await service.get(tx, access.areas, arrival_id)
    entry.check_workplace(runtime, body.workplace_district, known.home_area)
    facts = await facts_of(runtime, known.person_id, known.person_ref, service.ARRIVAL_PURPOSE, access.token)
    async with runtime.database.transaction(access.areas) as tx:
        arrival = await service.change_workplace(
            tx, runtime, access.areas, arrival_id, version, body.workplace_district, facts
        )
    return _answer(response, arrival)


@router.get("", summary="Arrivals, the last recorded first 流入登记列表")
async def list_arrivals(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    person_id: UUID | None = None,
    staying: Annotated[bool | None, Query(description="only stays that go on, or only others")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ArrivalPage:
    """List stays in the caller's area, without names. Needs `migration:read`."""
    filters = Filters(person_id, area.interval() if area else None, staying)
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, filters, before, limit + 1)
    await runtime.readings.record(access, What.ARRIVAL, about(found[:limit]))
    following = encode_cursor(found[limit - 1].position) if len(found) > limit else None
    return ArrivalPage(items=[ArrivalItem.of(one) for one in found[:limit]], next=following)


@router.get("/{arrival_id}", summary="One arrival 流入登记详情")
async def read_arrival(
    arrival_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> ArrivalRead:
    """Read a stay; the name comes from the register. Needs `migration:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        arrival = await service.get(tx, access.areas, arrival_id)
    await runtime.readings.record(access, What.ARRIVAL, about([arrival]), record_id=arrival.id)
    answer = _answer(response, arrival)
    answer.person = await person_card(runtime, arrival.person_id, access.token)
    return answer


@router.post("/{arrival_id}/departure", summary="Register that a migrant left 登记离开")
async def register_departure(
    arrival_id: UUID,
    body: StayEndCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Annotated[int, Depends(expected_version)],
) -> ArrivalRead:
    """Register the day on which the person left, and tell the home district. Needs `migration:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        known = await service.get(tx, access.areas, arrival_id)
    facts = await facts_of(
        runtime, known.person_id, known.person_ref, service.DEPARTURE_PURPOSE, access.token
    )
    async with runtime.database.transaction(access.areas) as tx:
        arrival = await service.end_stay(
            tx,
            runtime,
            access.areas,
            arrival_id,
            version,
            body.departed_on,
            body.destination_area,
            facts,
        )
    return _answer(response, arrival)
