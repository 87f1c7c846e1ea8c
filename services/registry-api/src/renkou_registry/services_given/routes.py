"""HTTP of services: a person's services, offers, bookings, what came of them, an area's list."""

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.maternal import SERVICE_RESULTS
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.fields import AreaQuery, check_not_future
from renkou_registry.proofs.printing import PDF
from renkou_registry.proofs.printing import answer as printed
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.services_given import answers, domain, service
from renkou_registry.services_given.domain import Service
from renkou_registry.services_given.schemas import (
    Acceptance,
    BookingCreate,
    Cancellation,
    Giving,
    ListedKind,
    ListedState,
    OfferCreate,
    ResultIn,
    ResultOut,
    ServiceCorrection,
    ServiceCreate,
    ServiceOut,
    ServicePage,
)

router = APIRouter(tags=["services given 服务"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Writer = Annotated[Access, Depends(requires(Scope.SERVICE_WRITE))]
Results = Annotated[Access, Depends(requires(Scope.SERVICE_RESULT))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]


@router.post(
    "/persons/{person_id}/services",
    status_code=201,
    summary="Record a service 登记服务",
    response_model=ServiceOut,
)
async def create_service(
    person_id: UUID,
    body: ServiceCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Key,
) -> ServiceOut:
    """Record a free service given at the present address without an offer before. Needs `service:write`."""
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
        row = await service.find(tx, service_id, access.areas)
    return _answer(response, row, created=True)


@router.get(
    "/persons/{person_id}/services", summary="List a person's services 服务记录", response_model=ServicePage
)
async def list_services(
    person_id: UUID,
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ServicePage:
    """List the services that were given to a person, the newest first. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, person_id, decode_cursor(after, date, UUID), limit + 1)
    rows = found[:limit]
    await runtime.readings.record(access, What.SERVICES, [person_id])
    following = encode_cursor(rows[-1]["given_on"], str(rows[-1]["id"])) if len(found) > limit else None
    return ServicePage(items=[answers.service(row) for row in rows], next=following)


@router.post(
    "/persons/{person_id}/service-offers",
    status_code=201,
    summary="Record an offer 告知免费服务",
    response_model=ServiceOut,
)
async def create_offer(
    person_id: UUID, body: OfferCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> ServiceOut:
    """Record that the person was told of a free service, before an answer. Needs `service:write`."""
    check_not_future({"/offered_on": body.offered_on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.offer(
                runtime,
                tx,
                access.areas,
                person_id,
                body.kind,
                body.offered_on,
                recorded_by=access.subject,
            )

        service_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, service_id, access.areas)
    return _answer(response, row, created=True)


@router.get(
    "/persons/{person_id}/service-offers",
    summary="List a person's offers 告知与预约",
    response_model=ServicePage,
)
async def list_offers(person_id: UUID, runtime: CurrentRuntime, access: Reader) -> ServicePage:
    """List a person's last 200 services in every state, the latest first. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.all_of_person(tx, access.areas, person_id)
    await runtime.readings.record(access, What.SERVICES, [person_id])
    return ServicePage(items=[answers.service(row) for row in rows], next=None)


@router.post(
    "/services/bookings", status_code=201, summary="Book a service 预约服务", response_model=ServiceOut
)
async def create_booking(
    body: BookingCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> ServiceOut:
    """Book a service for a person who asked for it. Needs `service:write`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.book(
                runtime,
                tx,
                access.areas,
                body.person_id,
                body.kind,
                body.booked_for,
                booked_by="worker",
                recorded_by=access.subject,
            )

        service_id, _ = await once(tx, access.subject, key, create)
        row = await service.find(tx, service_id, access.areas)
    return _answer(response, row, created=True)


@router.get("/services", summary="List an area's services 服务列表", response_model=ServicePage)
async def list_of_area(
    runtime: CurrentRuntime,
    access: Writer,
    area: AreaQuery,
    kind: Annotated[ListedKind | None, Query(description="服务项目")] = None,
    state: Annotated[ListedState | None, Query(description="状态")] = None,
    first_day: Annotated[Day | None, Query(alias="from", description="first day")] = None,
    last_day: Annotated[Day | None, Query(alias="to", description="last day")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ServicePage:
    """List services by area and day: given, else booked, else offered on.

    Who declined, and contraceptive procedures, stand in no list. Needs `service:write`.
    """
    position, days = decode_cursor(after, int, date, UUID), (first_day, last_day)
    async with runtime.database.reading(access.areas) as tx:
        found = await service.page_of_area(tx, access.areas, area, days, kind, state, position, limit + 1)
    rows = found[:limit]
    await runtime.readings.record(access, What.SERVICES, {row["person_id"] for row in rows})
    following = None
    if len(found) > limit:
        last = rows[-1]
        following = encode_cursor(last["area"], last["listed_on"], str(last["id"]))
    return ServicePage(items=[answers.service(row) for row in rows], next=following)


@router.get("/services/{service_id}", summary="Read a service 服务详情", response_model=ServiceOut)
async def read_service(
    service_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> ServiceOut:
    """Read a service without its result. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, service_id, access.areas)
    await runtime.readings.record(access, What.SERVICES, [row["person_id"]])
    return _answer(response, row)


@router.post("/services/{service_id}/acceptance", summary="Accept 接受服务", response_model=ServiceOut)
async def accept(
    service_id: UUID,
    body: Acceptance,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> ServiceOut:
    """Record that the person wants the service, or agree on another day. Needs `service:write`."""
    domain.check_booking(body.booked_for, runtime.clock.today())
    return await _change(
        runtime,
        access,
        response,
        service_id,
        version,
        lambda it: domain.accept(it, body.booked_for, "worker"),
    )


@router.post("/services/{service_id}/decline", summary="Decline 不需要服务", response_model=ServiceOut)
async def decline(
    service_id: UUID, response: Response, runtime: CurrentRuntime, access: Writer, version: Version
) -> ServiceOut:
    """Record that the person does not want the service; nothing follows from it. Needs `service:write`."""
    return await _change(runtime, access, response, service_id, version, domain.decline)


@router.post("/services/{service_id}/giving", summary="Give 提供服务", response_model=ServiceOut)
async def give(
    service_id: UUID,
    body: Giving,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> ServiceOut:
    """Record that an offered or booked service was given. Needs `service:write`."""
    check_not_future({"/given_on": body.given_on}, runtime.clock.today())
    return await _change(
        runtime,
        access,
        response,
        service_id,
        version,
        lambda it: domain.give(it, body.given_on, share_with_home=body.share_with_home),
    )


@router.post("/services/{service_id}/cancellation", summary="Cancel 取消服务", response_model=ServiceOut)
async def cancel(
    service_id: UUID,
    body: Cancellation,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> ServiceOut:
    """Cancel a service; one that was given only as recorded in error. Needs `service:write`."""
    return await _change(
        runtime, access, response, service_id, version, lambda it: domain.cancel(it, body.reason)
    )


@router.post("/services/{service_id}/corrections", summary="Correct 更正服务", response_model=ServiceOut)
async def correct(
    service_id: UUID,
    body: ServiceCorrection,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> ServiceOut:
    """Put right what was recorded wrongly; the record keeps what it said before. Needs `service:write`."""
    changes = body.changes.model_dump(exclude_unset=True)
    days = {f"/changes/{name}": changes.get(name) for name in ("offered_on", "given_on")}
    check_not_future(days, runtime.clock.today())
    return await _change(
        runtime,
        access,
        response,
        service_id,
        version,
        lambda it: domain.correct(it, changes),
        reason=body.reason,
    )


@router.post("/services/{service_id}/result", summary="Record the result 登记结果", response_model=ServiceOut)
async def record_result(
    service_id: UUID,
    body: ResultIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Results,
    version: Version,
) -> ServiceOut:
    """Seal the kind of result where the next offer needs it. Needs `service:result`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.record_result(runtime, tx, access, service_id, version, body.result)
    return _answer(response, row)


@router.get("/services/{service_id}/result", summary="Read the result 查看结果", response_model=ResultOut)
async def read_result(
    service_id: UUID,
    runtime: CurrentRuntime,
    access: Results,
    purpose: Annotated[domain.ResultPurpose, Query(description="what it is read for")],
) -> ResultOut:
    """Read the kind of result in the clear; the reading is logged. Needs `service:result`."""
    async with runtime.database.transaction(access.areas) as tx:
        result = await service.read_result(runtime, tx, access, service_id, purpose)
    return ResultOut(
        service_id=service_id, result=result, result_label=SERVICE_RESULTS.entry(result).zh, purpose=purpose
    )


@router.get(
    "/services/{service_id}/proof.pdf",
    summary="Print the proof 打印凭证",
    responses={200: {"content": PDF}},
    response_class=Response,
)
async def print_proof(service_id: UUID, runtime: CurrentRuntime, access: Reader) -> Response:
    """Print that the service was given, without any result. Needs `resident:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, service_id, access.areas)
        proof = await answers.proof(runtime, tx, access.areas, row)
    await runtime.readings.record(access, What.SERVICES, [row["person_id"]])
    return await printed(runtime, proof)


async def _change(
    runtime: Runtime,
    access: Access,
    response: Response,
    service_id: UUID,
    version: int,
    rule: Callable[[Service], Service],
    reason: str | None = None,
) -> ServiceOut:
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.change(runtime, tx, access, service_id, version, rule, reason)
    return _answer(response, row)


def _answer(response: Response, row: asyncpg.Record, *, created: bool = False) -> ServiceOut:
    response.headers["ETag"] = etag(row["version"])
    if created:
        response.headers["Location"] = f"/services/{row['id']}"
    return answers.service(row)
