"""HTTP of life events. Nothing is ever changed or deleted here: what was wrong is corrected or retracted."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from renkou_common.codes.area import AreaCode
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import area_code, check_areas, check_not_future
from renkou_registry.life_events import births, families, history, service, unions
from renkou_registry.life_events.addresses import AddressKind
from renkou_registry.life_events.domain import EventKind
from renkou_registry.life_events.recording import Desk
from renkou_registry.life_events.records import StoredEvent
from renkou_registry.life_events.schemas import (
    AddressChangeCreate,
    AdoptionCreate,
    BirthCreate,
    DeathCreate,
    DivorceCreate,
    History,
    LifeEventOut,
    MarriageCreate,
    MoveCreate,
    MoveInCreate,
)
from renkou_registry.persons import service as persons
from renkou_registry.persons.commands import check_known_areas, check_warnings
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["life events 生命事件"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.LIFE_EVENT_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
LABELS = {
    EventKind.OPENING: "期初建档",
    EventKind.ARRIVAL: "流入",
    EventKind.BIRTH: "出生",
    EventKind.DEATH: "死亡",
    EventKind.MARRIAGE: "结婚",
    EventKind.MOVE: "迁移",
    EventKind.DIVORCE: "离婚",
    EventKind.WIDOWHOOD: "丧偶",
    EventKind.DISSOLUTION: "婚姻关系消除",
    EventKind.ADOPTION: "收养",
    EventKind.ADDRESS: "地址变更",
    EventKind.AREA_CHANGE: "区划变更",
    EventKind.MERGE: "合并",
    EventKind.CORRECTION: "更正",
    EventKind.RETRACTION: "撤销",
}


def event_out(stored: StoredEvent) -> LifeEventOut:
    event = stored.event
    return LifeEventOut(
        id=event.id,
        person_id=stored.person_id,
        kind=event.kind,
        kind_label=LABELS[event.kind],
        happened_on=event.happened_on,
        recorded_at=stored.recorded_at,
        recorded_by=stored.recorded_by,
        data=_codes(event.data),
        corrects=event.corrects,
        retracts=event.retracts,
    )


def _codes(data: Any) -> dict[str, Any]:
    """Return event data with areas as codes."""

    def value_of(name: str, value: Any) -> Any:
        if name == "changes":
            return _codes(value)
        return area_code(value) if name.endswith("_area") and value is not None else value

    return {name: value_of(name, value) for name, value in data.items()}


async def _record(
    runtime: Runtime,
    access: Access,
    key: RequestKey,
    response: Response,
    make: Callable[[Desk], Awaitable[UUID]],
    areas: Mapping[str, AreaCode | None] | None = None,
    *,
    on: date | None = None,
) -> LifeEventOut:
    """Record once in a transaction and answer with the event; areas have to be valid ``on`` the day."""
    given = {pointer: code for pointer, code in (areas or {}).items() if code is not None}
    check_areas({**given}, runtime.district)
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            await check_known_areas(tx, given, runtime.district, on)
            return await make(desk)

        event_id, _ = await once(tx, access.subject, key, create)
        stored = await service.recorded(desk, event_id)
    response.headers["Location"] = f"/persons/{stored.person_id}/events"
    return event_out(stored)


def _not_future(runtime: Runtime, day: date | None, pointer: str = "/happened_on") -> None:
    check_not_future({pointer: day}, runtime.clock.today())


@router.post(
    "/life-events/births", status_code=201, summary="Record a birth 出生", response_model=LifeEventOut
)
async def create_birth(
    body: BirthCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Enter a newborn; areas and usual residence follow the mother. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)
    child = body.child

    async def make(desk: Desk) -> UUID:
        if child.resident_id is not None:
            mother = await persons.find(desk.tx, body.mother_id, desk.scope)
            registered = body.registered_area or AreaCode.from_key(mother["registered_area"])
            check_warnings(
                child.resident_id,
                registered,
                body.happened_on,
                child.sex,
                body.confirmed_warnings,
                "/child/resident_id",
            )
        return await births.record_birth(desk, _birth(body))

    areas = {"/registered_area": body.registered_area, "/present_area": body.present_area}
    return await _record(runtime, access, key, response, make, areas, on=body.happened_on)


def _birth(body: BirthCreate) -> births.Birth:
    child = body.child
    return births.Birth(
        mother_id=body.mother_id,
        father_id=body.father_id,
        happened_on=body.happened_on,
        name=child.name,
        sex=child.sex,
        document_kind=child.document_kind,
        resident_id=child.resident_id.value if child.resident_id else None,
        document_number=child.document_number,
        nationality=child.nationality,
        parity=body.parity,
        registered_area=body.registered_area.key if body.registered_area else None,
        registered_street=body.registered_street,
        present_area=body.present_area.key if body.present_area else None,
        present_street=body.present_street,
        household_id=body.household_id,
    )


@router.post(
    "/life-events/deaths", status_code=201, summary="Record a death 死亡", response_model=LifeEventOut
)
async def create_death(
    body: DeathCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record a death. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        return await unions.record_death(desk, body.person_id, body.happened_on)

    return await _record(runtime, access, key, response, make)


@router.post(
    "/life-events/marriages", status_code=201, summary="Record a marriage 结婚", response_model=LifeEventOut
)
async def create_marriage(
    body: MarriageCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record a marriage for each spouse who is in the register. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        return await service.record_marriage(
            desk, body.person_id, body.spouse_id, body.happened_on, body.marital_status
        )

    return await _record(runtime, access, key, response, make)


@router.post("/life-events/moves", status_code=201, summary="Record a move 迁移", response_model=LifeEventOut)
async def create_move(
    body: MoveCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record a move to anywhere, with or without the household registration. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        return await service.record_move(
            desk,
            body.person_id,
            body.happened_on,
            body.to_area.key,
            body.to_street,
            transfer_registration=body.transfer_registration,
        )

    areas = {"/to_area": body.to_area}
    return await _record(runtime, access, key, response, make, areas, on=body.happened_on)


@router.post(
    "/life-events/move-ins",
    status_code=201,
    summary="Record that somebody comes to live here 迁入、返回",
    response_model=LifeEventOut,
)
async def create_move_in(
    body: MoveInCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record a move into the caller's area of somebody in the register, found by number and name: one who
    returns to the district, or comes from another community. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        return await service.record_move_in(
            desk,
            body.resident_id.value,
            body.name,
            body.happened_on,
            body.to_area.key,
            body.to_street,
            transfer_registration=body.transfer_registration,
        )

    areas = {"/to_area": body.to_area}
    return await _record(runtime, access, key, response, make, areas, on=body.happened_on)


@router.post(
    "/life-events/divorces", status_code=201, summary="Record a divorce 离婚", response_model=LifeEventOut
)
async def create_divorce(
    body: DivorceCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record a divorce for each former spouse who is in the register. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        return await unions.record_divorce(desk, body.person_id, body.happened_on)

    return await _record(runtime, access, key, response, make)


@router.post(
    "/life-events/adoptions", status_code=201, summary="Record an adoption 收养", response_model=LifeEventOut
)
async def create_adoption(
    body: AdoptionCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record a child's adoption, with the move to the new parents where there is one.

    Needs `life-event:write`.
    """
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        adoption = families.Adoption(body.child_id, body.happened_on, body.mother_id, body.father_id)
        event_id = await families.record_adoption(desk, adoption)
        if body.to_area is not None:
            await service.record_move(
                desk,
                body.child_id,
                body.happened_on,
                body.to_area.key,
                body.to_street,
                transfer_registration=body.transfer_registration,
            )
        return event_id

    areas = {"/to_area": body.to_area}
    return await _record(runtime, access, key, response, make, areas, on=body.happened_on)


@router.post(
    "/life-events/address-changes",
    status_code=201,
    summary="Record another street in the same community 地址变更",
    response_model=LifeEventOut,
)
async def create_address_change(
    body: AddressChangeCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LifeEventOut:
    """Record that the registered or present address has another street within its community; another
    community is a move. Needs `life-event:write`."""
    _not_future(runtime, body.happened_on)

    async def make(desk: Desk) -> UUID:
        kind = AddressKind(body.address)
        return await service.record_address(desk, body.person_id, body.happened_on, kind, body.street)

    return await _record(runtime, access, key, response, make)


@router.get("/persons/{person_id}/events", summary="History of a person 历史", response_model=History)
async def read_history(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> History:
    """Read everything recorded about a person. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await persons.find(tx, person_id, access.areas)
        found = await history.of_person(tx, person_id)
    await runtime.readings.record(access, What.HISTORY, [person_id])
    return History(items=[event_out(stored) for stored in found])
