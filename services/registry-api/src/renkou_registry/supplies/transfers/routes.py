"""HTTP of transfers."""

from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import Desk
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.supplies.domain import Wanted
from renkou_registry.supplies.transfers import repository, service
from renkou_registry.supplies.transfers.schemas import (
    STATE_LABELS,
    TransferCallBack,
    TransferCreate,
    TransferLineOut,
    TransferOut,
    TransferPage,
    TransferReceive,
)

router = APIRouter(tags=["supplies 药具"])
Reader = Annotated[Access, Depends(requires(Scope.SUPPLY_READ))]
Writer = Annotated[Access, Depends(requires(Scope.SUPPLY_WRITE))]
Version = Annotated[int, Depends(expected_version)]
_DIRECTIONS = {"out": "area", "in": "to_area"}


def _out(row: asyncpg.Record, lines: list[asyncpg.Record]) -> TransferOut:
    same = {
        name: row[name]
        for name in TransferOut.model_fields
        if name not in ("area", "to_area", "state_label", "lines")
    }
    return TransferOut(
        **same,
        area=area_code(row["area"]),
        to_area=area_code(row["to_area"]),
        state_label=STATE_LABELS[row["state"]],
        lines=[
            TransferLineOut(**{name: line[name] for name in TransferLineOut.model_fields})
            for line in lines
            if line["transfer_id"] == row["id"]
        ],
    )


async def _answer(at: Desk, row: asyncpg.Record, response: Response) -> TransferOut:
    response.headers["ETag"] = etag(row["version"])
    return _out(row, await repository.lines(at.tx, [row["id"]]))


@router.post(
    "/supply-points/{point_id}/transfers",
    status_code=201,
    summary="Send supplies to another point 调拨",
    response_model=TransferOut,
)
async def create_transfer(
    point_id: UUID,
    body: TransferCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> TransferOut:
    """Send supplies; they are in transit until the other point receives them. Needs `supply:write`."""
    wanted = [Wanted(line.specification_id, line.quantity, line.batch_id) for line in body.lines]
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.send(at, point_id, body.to_point, body.on, wanted)

        transfer_id, _ = await once(at.tx, access.subject, key, create)
        row = await repository.find(at.tx, transfer_id, at.scope)
        response.headers["Location"] = f"/supply-transfers/{transfer_id}"
        return await _answer(at, row, response)


@router.get("/supply-transfers", summary="List transfers 调拨列表", response_model=TransferPage)
async def list_transfers(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    direction: Annotated[Literal["out", "in"], Query(description="sent from the area, or to it")] = "out",
    state: Annotated[Literal["in_transit", "received", "called_back"] | None, Query()] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TransferPage:
    """List what was sent from an area, or to it. Needs `supply:read`."""
    interval, column = area.interval(), _DIRECTIONS[direction]
    if not access.areas.covers(*interval):
        raise NotFound.of("区划", "area")
    async with desk(runtime, access, read_only=True) as at:
        found = await repository.page(
            at.tx, column, interval, state, decode_cursor(after, int, UUID), limit + 1
        )
        rows = found[:limit]
        lines = await repository.lines(at.tx, [row["id"] for row in rows])
    following = encode_cursor(rows[-1][column], str(rows[-1]["id"])) if len(found) > limit else None
    return TransferPage(items=[_out(row, lines) for row in rows], next=following)


@router.get("/supply-transfers/{transfer_id}", summary="Read a transfer 调拨详情", response_model=TransferOut)
async def read_transfer(
    transfer_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> TransferOut:
    """Read a transfer from or to the caller's area. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        return await _answer(at, await repository.find(at.tx, transfer_id, at.scope), response)


@router.post(
    "/supply-transfers/{transfer_id}/receipt", summary="Receive a transfer 收货", response_model=TransferOut
)
async def receive_transfer(
    transfer_id: UUID,
    body: TransferReceive,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> TransferOut:
    """Take what arrived into stock at the caller's point. Needs `supply:write` there."""
    shortages: dict[UUID, int] = {}
    for each in body.shortages:
        shortages[each.batch_id] = shortages.get(each.batch_id, 0) + each.quantity
    async with desk(runtime, access) as at:
        row = await service.receive(at, transfer_id, version, body.on, shortages)
        return await _answer(at, row, response)


@router.post(
    "/supply-transfers/{transfer_id}/call-back",
    summary="Call a transfer back 撤回",
    response_model=TransferOut,
)
async def call_back_transfer(
    transfer_id: UUID,
    body: TransferCallBack,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> TransferOut:
    """Put what has not arrived back into the sender's stock. Needs `supply:write` there."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.call_back(at, transfer_id, version, body.reason), response)
