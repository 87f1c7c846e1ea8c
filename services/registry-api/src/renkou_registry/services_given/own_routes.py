"""HTTP of one's own services: book, answer an offer, call off, print. For the person alone."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Response

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_registry.me.identity import Myself, Own
from renkou_registry.proofs.printing import PDF
from renkou_registry.proofs.printing import answer as printed
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.services_given import answers, domain, service
from renkou_registry.services_given.domain import CancelReason, Service
from renkou_registry.services_given.schemas import Acceptance, OwnBooking, ServiceOut, ServicePage

router = APIRouter(prefix="/me/services", tags=["me 本人"])
Version = Annotated[int, Depends(expected_version)]


@router.get("", summary="My services 我的服务", response_model=ServicePage)
async def list_own(me: Myself, runtime: CurrentRuntime) -> ServicePage:
    """Read the own offers, bookings and services, the latest first. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        rows = await service.all_of_person(tx, me.access.areas, me.person_id)
    return ServicePage(items=[answers.service(row) for row in rows], next=None)


@router.post("/bookings", status_code=201, summary="Book a service 预约服务", response_model=ServiceOut)
async def book_own(
    body: OwnBooking,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ServiceOut:
    """Book a free service at the present address. For the person."""
    async with runtime.database.transaction(me.access.areas) as tx:

        async def create() -> UUID:
            return await service.book(
                runtime,
                tx,
                me.access.areas,
                me.person_id,
                body.kind,
                body.booked_for,
                booked_by="person",
                recorded_by=me.access.subject,
            )

        service_id, _ = await once(tx, me.access.subject, key, create)
        row = await _own(tx, me, service_id)
    return _answer(response, row)


@router.post("/{service_id}/acceptance", summary="Accept an offer 接受服务", response_model=ServiceOut)
async def accept_own(
    service_id: UUID,
    body: Acceptance,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    version: Version,
) -> ServiceOut:
    """Accept an offer, or agree on another day. For the person."""
    domain.check_booking(body.booked_for, runtime.clock.today())
    return await _change(
        runtime, me, response, service_id, version, lambda it: domain.accept(it, body.booked_for, "person")
    )


@router.post("/{service_id}/decline", summary="Decline an offer 不需要服务", response_model=ServiceOut)
async def decline_own(
    service_id: UUID, response: Response, me: Myself, runtime: CurrentRuntime, version: Version
) -> ServiceOut:
    """Decline an offer; nothing follows from it. For the person."""
    return await _change(runtime, me, response, service_id, version, domain.decline)


@router.post("/{service_id}/cancellation", summary="Call off a booking 取消预约", response_model=ServiceOut)
async def cancel_own(
    service_id: UUID, response: Response, me: Myself, runtime: CurrentRuntime, version: Version
) -> ServiceOut:
    """Call a booking off; no reason is asked. For the person."""
    return await _change(
        runtime, me, response, service_id, version, lambda it: domain.cancel(it, CancelReason.BY_PERSON)
    )


@router.get(
    "/{service_id}/proof.pdf",
    summary="Print the proof 打印凭证",
    responses={200: {"content": PDF}},
    response_class=Response,
)
async def print_own(service_id: UUID, me: Myself, runtime: CurrentRuntime) -> Response:
    """Print that a service was given. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        proof = await answers.proof(runtime, tx, me.access.areas, await _own(tx, me, service_id))
    return await printed(runtime, proof)


async def _change(
    runtime: Runtime,
    me: Own,
    response: Response,
    service_id: UUID,
    version: int,
    rule: Callable[[Service], Service],
) -> ServiceOut:
    async with runtime.database.transaction(me.access.areas) as tx:
        await _own(tx, me, service_id)
        row = await service.change(runtime, tx, me.access, service_id, version, rule)
    return _answer(response, row)


async def _own(tx: Transaction, me: Own, service_id: UUID) -> asyncpg.Record:
    """Return a service of the caller's own; somebody else's is not found."""
    row = await service.find(tx, service_id, me.access.areas)
    if row["person_id"] != me.person_id:
        raise NotFound.of("服务记录", "service")
    return row


def _answer(response: Response, row: asyncpg.Record) -> ServiceOut:
    response.headers["ETag"] = etag(row["version"])
    return answers.service(row)
