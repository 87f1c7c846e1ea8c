"""HTTP of roster imports."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.exceptions import HTTPException

from renkou_common.errors import InvalidInput
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.imports import service, sheets
from renkou_registry.imports.domain import Severity
from renkou_registry.imports.schemas import ImportOut, RowError, RowErrorPage
from renkou_registry.runtime import CurrentRuntime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_XLSX_CONTENT = {XLSX: {"schema": {"type": "string", "format": "binary"}}}

router = APIRouter(prefix="/imports", tags=["imports 花名册导入"])
Clerk = Annotated[Access, Depends(requires(Scope.RESIDENT_IMPORT))]


def _workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


@router.get(
    "/template.xlsx",
    summary="The empty sheet 下载模板",
    response_class=Response,
    responses={200: {"content": _XLSX_CONTENT}},
)
async def template(access: Clerk) -> Response:
    """A sheet with drop-downs, text cells and instructions. Needs `resident:import`."""
    return _workbook(await asyncio.to_thread(sheets.template), "roster-template.xlsx")


def _require_xlsx(request: Request) -> None:
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != XLSX:
        raise HTTPException(415, f"Content-Type has to be {XLSX}")


@router.post(
    "",
    status_code=202,
    summary="Hand in a roster 上传花名册",
    response_model=ImportOut,
    dependencies=[Depends(_require_xlsx)],
    openapi_extra={"requestBody": {"required": True, "content": _XLSX_CONTENT}},
)
async def hand_in(
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    key: Annotated[RequestKey, Depends(request_key)],
    stock_date: Annotated[
        Day | None, Query(description="登记日期: the day on which the roster is true; today unless given")
    ] = None,
    dry_run: Annotated[bool, Query(description="check only, and wait for POST /imports/{id}/start")] = False,
) -> ImportOut:
    """Hand in an .xlsx roster of at most 50 MB and 100,000 rows. Needs `resident:import`.

    A job checks every row and lists everything that is wrong at once. Good rows go in, bad rows stay out.
    """
    content = await request.body()
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.hand_in(
                runtime,
                tx,
                content,
                stock_date=stock_date,
                dry_run=dry_run,
                scope=access.areas,
                clerk=access.subject,
            )

        job_id, _ = await once(tx, access.subject, key, create)
        job = await service.find(tx, job_id, access.areas)
    response.headers["Location"] = f"/imports/{job.id}"
    return ImportOut.of(job)


@router.get("/{import_id}", summary="Progress 导入进度", response_model=ImportOut)
async def read_import(import_id: UUID, runtime: CurrentRuntime, access: Clerk) -> ImportOut:
    """Read state, counts and progress. Needs `resident:import`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return ImportOut.of(await service.find(tx, import_id, access.areas))


@router.post("/{import_id}/start", status_code=202, summary="Go on after a dry run 确认导入")
async def start(import_id: UUID, runtime: CurrentRuntime, access: Clerk) -> ImportOut:
    """Let the good rows of a checked dry run go in. Needs `resident:import`; may be repeated."""
    async with runtime.database.transaction(access.areas) as tx:
        return ImportOut.of(await service.start(runtime, tx, import_id, access.areas))


@router.get("/{import_id}/errors", summary="What is wrong, row by row 错误清单", response_model=RowErrorPage)
async def list_errors(
    import_id: UUID,
    runtime: CurrentRuntime,
    access: Clerk,
    severity: Annotated[
        Severity, Query(description="errors keep a row out, warnings do not")
    ] = Severity.ERROR,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RowErrorPage:
    """List findings by row. Needs `resident:import`."""
    keys = decode_cursor(after, 2) or [0, 0]
    if not all(isinstance(each, int) for each in keys):
        raise InvalidInput.field("/after", "cursor", "翻页标记无效", "this is not a cursor of this list")
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        job = await service.find(tx, import_id, access.areas)
        found = await service.findings(tx, job.id, severity, (keys[0], keys[1]), limit + 1)
    page = found[:limit]
    following = encode_cursor(page[-1].row, page[-1].position) if len(found) > limit else None
    return RowErrorPage(items=[RowError.of(each) for each in page], next=following)


@router.get(
    "/{import_id}/errors.xlsx",
    summary="The refused rows as a sheet 下载错误行",
    response_class=Response,
    responses={200: {"content": _XLSX_CONTENT}},
)
async def error_sheet(import_id: UUID, runtime: CurrentRuntime, access: Clerk) -> Response:
    """Only the refused rows, the wrong cells marked with a comment; correct them and hand the sheet in again.

    Needs `resident:import`. The rows are those of the file, unmasked.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        job = await service.find(tx, import_id, access.areas)
        found = await service.findings(tx, job.id, Severity.ERROR, (0, 0), sheets.MAXIMUM_FINDINGS)
        content = await service.content(runtime.cipher, tx, job.id)
    sheet = await asyncio.to_thread(sheets.refused_rows, content, found)
    return _workbook(sheet, f"refused-{job.id}.xlsx")
