"""HTTP of the budget."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.offices import BUDGET_KINDS
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.budget import repository, service
from renkou_registry.budget.repository import LINES
from renkou_registry.budget.schemas import (
    LineCreate,
    LineOut,
    LinePage,
    LinePatch,
    LineSummary,
    PlanOut,
    SpendingCreate,
    SpendingOut,
    SpendingPage,
    SpendingReverse,
)
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import Desk, page_of_area
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/budget-lines", tags=["budget 事业费"])
Reader = Annotated[Access, Depends(requires(Scope.OFFICE_READ))]
Writer = Annotated[Access, Depends(requires(Scope.BUDGET_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _summary(row: asyncpg.Record) -> LineSummary:
    same = {n: row[n] for n in LineSummary.model_fields if n not in ("area", "kind_label")}
    return LineSummary(**same, area=area_code(row["area"]), kind_label=BUDGET_KINDS.entry(row["kind"]).zh)


def _spending(row: asyncpg.Record) -> SpendingOut:
    return SpendingOut(**{name: row[name] for name in SpendingOut.model_fields})


async def _answer(at: Desk, row: asyncpg.Record, response: Response) -> LineOut:
    response.headers["ETag"] = etag(row["version"])
    plans = [
        PlanOut(**{name: each[name] for name in PlanOut.model_fields})
        for each in await repository.plans(at.tx, row["id"])
    ]
    return LineOut(**dict(_summary(row)), plans=plans)


@router.post("", status_code=201, summary="Plan a budget line 编制预算", response_model=LineOut)
async def create_line(
    body: LineCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> LineOut:
    """Enter what is planned for a year, area and kind. Needs `budget:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create(at, body.area, body.year, body.kind, body.planned)

        line_id, _ = await once(at.tx, access.subject, key, create)
        response.headers["Location"] = f"/budget-lines/{line_id}"
        return await _answer(at, await LINES.find(at.tx, line_id, at.scope), response)


@router.get("", summary="List budget lines 预算列表", response_model=LinePage)
async def list_lines(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    year: Annotated[int | None, Query(ge=1990, le=2200)] = None,
    after: After = None,
    limit: Limit = 50,
) -> LinePage:
    """List an area's budget lines. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, LINES, area, after, limit, {"year": year})
    return LinePage(items=[_summary(row) for row in rows], next=following)


@router.get("/{line_id}", summary="Read a budget line 预算详情", response_model=LineOut)
async def read_line(line_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> LineOut:
    """Read a line with the versions of its plan. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        return await _answer(at, await LINES.find(at.tx, line_id, at.scope), response)


@router.patch("/{line_id}", summary="Change a plan 调整预算", response_model=LineOut)
async def change_line(
    line_id: UUID,
    body: LinePatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> LineOut:
    """Change what is planned, for a reason; the old plan stays on record. Needs `budget:write`."""
    async with desk(runtime, access) as at:
        row = await service.change(at, line_id, version, body.planned, body.reason)
        return await _answer(at, row, response)


@router.post("/{line_id}/end", summary="Close a line 关闭预算", response_model=LineOut)
async def end_line(
    line_id: UUID, response: Response, runtime: CurrentRuntime, access: Writer, version: Version
) -> LineOut:
    """Close a line; nothing more is spent on it. Needs `budget:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.end(at, line_id, version), response)


@router.post(
    "/{line_id}/spendings", status_code=201, summary="Book a spending 登记支出", response_model=SpendingOut
)
async def create_spending(
    line_id: UUID, body: SpendingCreate, runtime: CurrentRuntime, access: Writer, key: Key
) -> SpendingOut:
    """Book what was spent within the line's year. Needs `budget:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.spend(at, line_id, body.amount, body.spent_on, body.purpose)

        spending_id, _ = await once(at.tx, access.subject, key, create)
        row = await repository.spending(at.tx, line_id, spending_id)
    assert row is not None
    return _spending(row)


@router.get("/{line_id}/spendings", summary="List spendings 支出明细", response_model=SpendingPage)
async def list_spendings(
    line_id: UUID, runtime: CurrentRuntime, access: Reader, after: After = None, limit: Limit = 50
) -> SpendingPage:
    """List a line's spendings. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await LINES.find(at.tx, line_id, at.scope)
        found = await repository.spendings(at.tx, line_id, decode_key(after, UUID), limit + 1)
    items = [_spending(row) for row in found[:limit]]
    return SpendingPage(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


@router.post(
    "/{line_id}/spendings/{spending_id}/reversal",
    status_code=201,
    summary="Reverse a spending 冲销支出",
    response_model=SpendingOut,
)
async def reverse_spending(
    line_id: UUID,
    spending_id: UUID,
    body: SpendingReverse,
    runtime: CurrentRuntime,
    access: Writer,
    key: Key,
) -> SpendingOut:
    """Take a wrong spending back on its own day. Needs `budget:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.reverse(at, line_id, spending_id, body.reason)

        reversal_id, _ = await once(at.tx, access.subject, key, create)
        row = await repository.spending(at.tx, line_id, reversal_id)
    assert row is not None
    return _spending(row)
