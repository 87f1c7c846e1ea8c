"""HTTP of imports."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from renkou_common.database import Transaction
from renkou_common.http.cursors import decode_cursor, encode_cursor, foreign_cursor
from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.sheets.domain import XLSX
from renkou_registry.imports import service, sheets
from renkou_registry.imports.importer import Kind
from renkou_registry.imports.kinds import KINDS, kind_of
from renkou_registry.imports.repository import Job
from renkou_registry.imports.schemas import (
    ImportKind,
    ImportKinds,
    ImportOut,
    ImportPage,
    RowError,
    RowErrorPage,
)
from renkou_registry.imports.sheet import Severity
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.uploads import CSV, Upload, upload

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_XLSX_CONTENT = {XLSX: _BINARY}

router = APIRouter(prefix="/imports", tags=["imports 导入"])
Clerk = Annotated[Access, Depends(requires(Scope.SHEET_IMPORT))]


def _workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


@router.get("/kinds", summary="What can be imported 可导入的表", response_model=ImportKinds)
async def list_kinds(access: Clerk) -> ImportKinds:
    """List the kinds of import with their columns. Needs `sheet:import`."""
    return ImportKinds(items=[ImportKind.of(kind) for kind in KINDS.values()])


@router.get(
    "/template.xlsx",
    summary="The empty roster 下载人口登记表模板",
    response_class=Response,
    responses={200: {"content": _XLSX_CONTENT}},
)
async def template(access: Clerk) -> Response:
    """A roster sheet with drop-downs, text cells and instructions. Needs `sheet:import`."""
    return await _template(kind_of("persons"))


@router.get(
    "/templates/{kind}.xlsx",
    summary="The empty sheet of a kind 下载模板",
    response_class=Response,
    responses={200: {"content": _XLSX_CONTENT}},
)
async def template_of_kind(kind: str, access: Clerk) -> Response:
    """A sheet with drop-downs, text cells, instructions and an example row. Needs `sheet:import`."""
    return await _template(kind_of(kind))


async def _template(kind: Kind) -> Response:
    content = await asyncio.to_thread(sheets.template, kind.sheet)
    return _workbook(content, f"{kind.sheet.kind}-template.xlsx")


@router.post(
    "",
    status_code=202,
    summary="Hand in a sheet 上传",
    response_model=ImportOut,
    openapi_extra={"requestBody": {"required": True, "content": {XLSX: _BINARY, CSV: _BINARY}}},
)
async def hand_in(
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    file: Annotated[Upload, Depends(upload)],
    kind: Annotated[
        str, Query(max_length=40, description="what the sheet holds: GET /imports/kinds")
    ] = "persons",
    stock_date: Annotated[
        Day | None, Query(description="登记日期: the day on which the roster is true; today unless given")
    ] = None,
    dry_run: Annotated[bool, Query(description="check only, and wait for POST /imports/{id}/start")] = False,
) -> ImportOut:
    """Hand in an .xlsx or CSV of at most 50 MB and 100,000 rows. Needs `sheet:import`, and the kind's own
    right.

    A job checks every row and lists everything that is wrong at once. Good rows go in, bad rows stay out. A
    file that was handed in before is named in `same_as`; its rows are not entered twice. Needs
    `sheet:import`.
    """
    wanted = kind_of(kind)
    own = await runtime.identity.access(request.headers.get("authorization"), wanted.right)
    order = service.Order(
        kind=wanted,
        stock_date=stock_date,
        dry_run=dry_run,
        scope=access.areas.within(own.areas),
        clerk=access.subject,
        upload=file,
    )
    job_id = await service.hand_in(runtime, order)
    response.headers["Location"] = f"/imports/{job_id}"
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, await service.find(tx, job_id, access.areas))


async def _answer(tx: Transaction, job: Job) -> ImportOut:
    return ImportOut.of(job, await service.same_before(tx, job))


async def _found(runtime: Runtime, request: Request, tx: Transaction, job_id: UUID, access: Access) -> Job:
    """Return a job for one who could have handed it in: a sheet shows what its kind's right shows.

    Raises NotFound outside the caller's areas, Forbidden without the kind's own right.
    """
    job = await service.find(tx, job_id, access.areas)
    own = await runtime.identity.access(request.headers.get("authorization"), kind_of(job.kind).right)
    return await service.find(tx, job_id, access.areas.within(own.areas))


@router.get("", summary="Imports so far 导入列表", response_model=ImportPage)
async def list_imports(
    runtime: CurrentRuntime,
    access: Clerk,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ImportPage:
    """List imports, the latest first. Needs `sheet:import`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, decode_cursor(after, datetime, UUID), limit + 1)
    page = found[:limit]
    following = (
        encode_cursor(page[-1].created_at.isoformat(), str(page[-1].id)) if len(found) > limit else None
    )
    return ImportPage(items=[ImportOut.of(job, None) for job in page], next=following)


@router.get("/{import_id}", summary="Progress 导入进度", response_model=ImportOut)
async def read_import(import_id: UUID, request: Request, runtime: CurrentRuntime, access: Clerk) -> ImportOut:
    """Read state, counts and progress. Needs the right of its kind and `sheet:import`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, await _found(runtime, request, tx, import_id, access))


@router.post("/{import_id}/start", status_code=202, summary="Go on after a dry run 确认导入")
async def start(import_id: UUID, request: Request, runtime: CurrentRuntime, access: Clerk) -> ImportOut:
    """Let the good rows of a checked dry run go in; may be repeated. Needs the right of its kind and
    `sheet:import`."""
    async with runtime.database.transaction(access.areas) as tx:
        await _found(runtime, request, tx, import_id, access)
        return await _answer(tx, await service.start(runtime, tx, import_id, access.areas))


@router.get("/{import_id}/errors", summary="What is wrong, row by row 错误清单", response_model=RowErrorPage)
async def list_errors(
    import_id: UUID,
    request: Request,
    runtime: CurrentRuntime,
    access: Clerk,
    severity: Annotated[
        Severity, Query(description="errors keep a row out, warnings do not")
    ] = Severity.ERROR,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RowErrorPage:
    """List findings by row. Needs the right of its kind and `sheet:import`."""
    position = decode_cursor(after, int, int) or (0, 0)
    if not all(0 <= key < 1 << 31 for key in position):
        raise foreign_cursor()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        job = await _found(runtime, request, tx, import_id, access)
        found = await service.findings(runtime.cipher, tx, job.id, severity, position, limit + 1)
    page = found[:limit]
    following = encode_cursor(page[-1].row, page[-1].position) if len(found) > limit else None
    return RowErrorPage(items=[RowError.of(each) for each in page], next=following)


@router.get(
    "/{import_id}/errors.xlsx",
    summary="The refused rows as a sheet 下载错误行",
    response_class=Response,
    responses={200: {"content": _XLSX_CONTENT}},
)
async def error_sheet(import_id: UUID, request: Request, runtime: CurrentRuntime, access: Clerk) -> Response:
    """Only the refused rows, the wrong cells marked with a comment; correct them and hand the sheet in again.

    The rows are those of the file, unmasked. Needs the right of its kind and `sheet:import`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        job = await _found(runtime, request, tx, import_id, access)
        found = await service.findings(
            runtime.cipher, tx, job.id, Severity.ERROR, (0, 0), sheets.MAXIMUM_FINDINGS
        )
        numbers = {each.row for each in found}
        rows = await service.cells_of(runtime.cipher, tx, job, numbers) if numbers else []
    kind = kind_of(job.kind)
    sheet = await asyncio.to_thread(sheets.refused_rows, kind.sheet, job.headings or [], rows, found)
    return _workbook(sheet, f"refused-{job.id}.xlsx")
