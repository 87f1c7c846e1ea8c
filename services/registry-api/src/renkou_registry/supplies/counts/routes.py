"""HTTP of stocktakings."""

from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import Desk, page_of_area
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.supplies.counts import repository, service
from renkou_registry.supplies.counts.schemas import (
    STATE_LABELS,
    CountCreate,
    CountLineOut,
    CountOut,
    CountPage,
    CountReject,
)

router = APIRouter(tags=["supplies 药具"])
Reader = Annotated[Access, Depends(requires(Scope.SUPPLY_READ))]
Writer = Annotated[Access, Depends(requires(Scope.SUPPLY_WRITE))]
Version = Annotated[int, Depends(expected_version)]


def _line(row: asyncpg.Record) -> CountLineOut:
    same = {name: row[name] for name in CountLineOut.model_fields if name != "difference"}
    return CountLineOut(**same, difference=row["counted"] - row["expected"])


def _out(row: asyncpg.Record, lines: list[asyncpg.Record]) -> CountOut:
    other = ("area", "state_label", "on", "lines")
    same = {name: row[name] for name in CountOut.model_fields if name not in other}
    return CountOut(
        **same,
        area=area_code(row["area"]),
        state_label=STATE_LABELS[row["state"]],
        on=row["counted_on"],
        lines=[_line(line) for line in lines if line["count_id"] == row["id"]],
    )


async def _answer(at: Desk, row: asyncpg.Record, response: Response) -> CountOut:
    response.headers["ETag"] = etag(row["version"])
    return _out(row, await repository.lines(at.tx, [row["id"]]))


@router.post(
    "/supply-points/{point_id}/counts",
    status_code=201,
    summary="Enter a count sheet 盘点",
    response_model=CountOut,
)
async def create_count(
    point_id: UUID,
    body: CountCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Annotated[RequestKey, Depends(request_key)],
) -> CountOut:
    """Enter what was counted of every batch; another person books it. Needs `supply:write`."""
    counted = [(line.batch_id, line.counted) for line in body.lines]
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.count(at, point_id, body.on, counted)

        count_id, _ = await once(at.tx, access.subject, key, create)
        response.headers["Location"] = f"/supply-counts/{count_id}"
        return await _answer(at, await repository.COUNTS.find(at.tx, count_id, at.scope), response)


@router.get("/supply-counts", summary="List stocktakings 盘点单列表", response_model=CountPage)
async def list_counts(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    state: Annotated[Literal["entered", "booked", "rejected"] | None, Query()] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CountPage:
    """List an area's stocktakings. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, repository.COUNTS, area, after, limit, {"state": state})
        lines = await repository.lines(at.tx, [row["id"] for row in rows])
    return CountPage(items=[_out(row, lines) for row in rows], next=following)


@router.get("/supply-counts/{count_id}", summary="Read a stocktaking 盘点单详情", response_model=CountOut)
async def read_count(count_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> CountOut:
    """Read a stocktaking with its differences. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        return await _answer(at, await repository.COUNTS.find(at.tx, count_id, at.scope), response)


@router.post(
    "/supply-counts/{count_id}/booking", summary="Book the differences 差异入账", response_model=CountOut
)
async def book_count(
    count_id: UUID, response: Response, runtime: CurrentRuntime, access: Writer, version: Version
) -> CountOut:
    """Book the differences; not by the person who counted. Needs `supply:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.book(at, count_id, version), response)


@router.post(
    "/supply-counts/{count_id}/rejection", summary="Send a sheet back 退回重盘", response_model=CountOut
)
async def reject_count(
    count_id: UUID,
    body: CountReject,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> CountOut:
    """Send a sheet back; not by the person who counted. Needs `supply:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.reject(at, count_id, version, body.reason), response)
