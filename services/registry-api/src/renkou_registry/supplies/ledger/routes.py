"""HTTP of the ledger."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.offices import SupplyDocumentKind
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.desks import desk
from renkou_registry.records import Desk
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.supplies import answers
from renkou_registry.supplies.catalogue.repository import POINTS
from renkou_registry.supplies.domain import Wanted
from renkou_registry.supplies.ledger import repository, service
from renkou_registry.supplies.ledger.schemas import (
    BatchLine,
    DocumentOut,
    DocumentPage,
    IssueCreate,
    LossCreate,
    ReceiptCreate,
    ReturnCreate,
    ReversalCreate,
    StockOut,
    StockPage,
)
from renkou_registry.supplies.users import service as users

router = APIRouter(tags=["supplies 药具"])
Reader = Annotated[Access, Depends(requires(Scope.SUPPLY_READ))]
Writer = Annotated[Access, Depends(requires(Scope.SUPPLY_WRITE))]
Manager = Annotated[Access, Depends(requires(Scope.SUPPLY_MANAGE))]
Key = Annotated[RequestKey, Depends(request_key)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


async def _posted(
    runtime: Runtime,
    access: Access,
    key: RequestKey,
    response: Response,
    act: Callable[[Desk], Awaitable[UUID]],
) -> DocumentOut:
    """Post once and answer with the document."""
    async with desk(runtime, access) as at:
        document_id, _ = await once(at.tx, access.subject, key, lambda: act(at))
        row = await repository.DOCUMENTS.find(at.tx, document_id, at.scope)
        lines = await repository.lines(at.tx, [document_id])
    response.headers["Location"] = f"/supply-documents/{document_id}"
    return answers.document(row, lines)


def _by_batch(lines: list[BatchLine]) -> dict[UUID, int]:
    total: Counter[UUID] = Counter()
    for line in lines:
        total[line.batch_id] += line.quantity
    return dict(total)


@router.post(
    "/supply-points/{point_id}/receipts",
    status_code=201,
    summary="Receive supplies 入库",
    response_model=DocumentOut,
)
async def create_receipt(
    point_id: UUID,
    body: ReceiptCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Key,
) -> DocumentOut:
    """Post what came in from outside, by batch with its expiry. Needs `supply:manage`."""
    lines = [
        service.Received(line.specification_id, line.batch_number, line.expires_on, line.quantity)
        for line in body.lines
    ]
    receipt = service.Receipt(body.on, lines, body.source, body.paper_number)

    async def act(at: Desk) -> UUID:
        return await service.receive(at, point_id, receipt)

    return await _posted(runtime, access, key, response, act)


@router.post(
    "/supply-points/{point_id}/issues",
    status_code=201,
    summary="Issue supplies 发放",
    response_model=DocumentOut,
)
async def create_issue(
    point_id: UUID,
    body: IssueCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Key,
) -> DocumentOut:
    """Post what was given out free of charge, to a named person (sealed) or without a name.

    The batch that expires first is taken, nothing that has expired. Needs `supply:write`.
    """
    wanted = [Wanted(line.specification_id, line.quantity, line.batch_id) for line in body.lines]

    async def act(at: Desk) -> UUID:
        named = body.person_id is not None
        issued = await service.issue(
            at, point_id, body.on, wanted, people=body.people, named=named, reason=body.reason
        )
        if body.person_id is not None:
            await users.note_issue(at, issued, body.person_id)
        return issued.id

    return await _posted(runtime, access, key, response, act)


@router.post(
    "/supply-points/{point_id}/returns",
    status_code=201,
    summary="Take supplies back 退回",
    response_model=DocumentOut,
)
async def create_return(
    point_id: UUID,
    body: ReturnCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Key,
) -> DocumentOut:
    """Post what came back unused from an issue. Needs `supply:write`."""

    async def act(at: Desk) -> UUID:
        return await service.take_back(at, point_id, body.on, body.issue_id, _by_batch(body.lines))

    return await _posted(runtime, access, key, response, act)


@router.post(
    "/supply-points/{point_id}/losses",
    status_code=201,
    summary="Write supplies off 报损",
    response_model=DocumentOut,
)
async def create_loss(
    point_id: UUID,
    body: LossCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Key,
) -> DocumentOut:
    """Post what expired, was damaged or lost. Needs `supply:manage`."""

    async def act(at: Desk) -> UUID:
        return await service.write_off(
            at, point_id, body.on, body.loss_kind, body.reason, _by_batch(body.lines)
        )

    return await _posted(runtime, access, key, response, act)


@router.post(
    "/supply-documents/{document_id}/reversal",
    status_code=201,
    summary="Reverse a document 冲销",
    response_model=DocumentOut,
)
async def reverse_document(
    document_id: UUID,
    body: ReversalCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Key,
) -> DocumentOut:
    """Take a wrong document back as a whole, dated today; the right one is entered anew.

    Needs `supply:manage`.
    """

    async def act(at: Desk) -> UUID:
        reversal_id, document = await service.reverse(at, document_id, body.reason)
        if document["kind"] == SupplyDocumentKind.ISSUE:
            await users.note_reversal(at, document)
        return reversal_id

    return await _posted(runtime, access, key, response, act)


@router.get("/supply-documents/{document_id}", summary="Read a document 单据详情", response_model=DocumentOut)
async def read_document(document_id: UUID, runtime: CurrentRuntime, access: Reader) -> DocumentOut:
    """Read a document of the ledger. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row = await repository.DOCUMENTS.find(at.tx, document_id, at.scope)
        return answers.document(row, await repository.lines(at.tx, [document_id]))


@router.get(
    "/supply-points/{point_id}/documents",
    summary="List a point's documents 单据列表",
    response_model=DocumentPage,
)
async def list_documents(
    point_id: UUID, runtime: CurrentRuntime, access: Reader, after: After = None, limit: Limit = 50
) -> DocumentPage:
    """List a point's documents, the newest first. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await POINTS.find(at.tx, point_id, at.scope)
        found = await repository.documents_of_point(at.tx, point_id, decode_key(after, UUID), limit + 1)
        rows = found[:limit]
        lines = await repository.lines(at.tx, [row["id"] for row in rows])
    items = [answers.document(row, lines) for row in rows]
    return DocumentPage(items=items, next=encode_cursor(str(rows[-1]["id"])) if len(found) > limit else None)


def _stock(row: asyncpg.Record, today: date) -> StockOut:
    same = {name: row[name] for name in StockOut.model_fields if name != "expired"}
    return StockOut(**same, expired=row["expires_on"] < today)


@router.get("/supply-points/{point_id}/stock", summary="Read a point's stock 库存", response_model=StockPage)
async def read_stock(
    point_id: UUID, runtime: CurrentRuntime, access: Reader, after: After = None, limit: Limit = 50
) -> StockPage:
    """Read what a point holds, by specification, first expiry first. Needs `supply:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await POINTS.find(at.tx, point_id, at.scope)
        found = await repository.stock_of_point(
            at.tx, point_id, decode_cursor(after, UUID, date, UUID), limit + 1
        )
        rows = found[:limit]
        items = [_stock(row, at.today) for row in rows]
    following = None
    if len(found) > limit:
        last = rows[-1]
        following = encode_cursor(
            str(last["specification_id"]), last["expires_on"].isoformat(), str(last["batch_id"])
        )
    return StockPage(items=items, next=following)
