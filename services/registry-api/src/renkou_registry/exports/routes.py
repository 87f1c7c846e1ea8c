"""HTTP of exports."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.exports import service
from renkou_registry.exports.listing import ExportList, Format
from renkou_registry.exports.lists import LISTS, list_of
from renkou_registry.exports.schemas import (
    ExportCreate,
    ExportListOut,
    ExportLists,
    ExportLogEntry,
    ExportLogPage,
    ExportOut,
    LinkOut,
)
from renkou_registry.privacy.purposes import service as purposes
from renkou_registry.privacy.purposes.domain import Sort
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/exports", tags=["exports 导出"])
Clerk = Annotated[Access, Depends(requires(Scope.RESIDENT_EXPORT))]
Auditor = Annotated[Access, Depends(requires(Scope.READING_AUDIT))]
_MEDIA_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}


@router.get("/lists", summary="What can be exported 可导出的名单", response_model=ExportLists)
async def list_lists(runtime: CurrentRuntime, access: Clerk) -> ExportLists:
    """List the lists with their columns, filters and the purposes that cover them today. Needs `resident:export`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await purposes.listed(tx, None, runtime.clock.today())
    return ExportLists(
        items=[
            ExportListOut(
                list=each.name,
                zh=each.zh,
                en=each.en,
                right=each.right,
                columns=dict(each.columns),
                filters=each.filters.model_json_schema(),
                purposes=[row["code"] for row in rows if f"{Sort.EXPORT}:{each.name}" in row["covers"]],
                health=sorted(each.health.columns) if each.health else [],
            )
            for each in LISTS.values()
        ]
    )


@router.post("", status_code=202, summary="Ask for an export 申请导出", response_model=ExportOut)
async def ask(
    body: ExportCreate,
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    key: Annotated[RequestKey, Depends(request_key)],
) -> ExportOut:
    """Have a list written to a file: ID numbers and phones masked, logged with its purpose. The purpose has to
    be in force and to cover the list; what tells of health is left out without the person's separate consent.

    The file can be loaded for 24 hours. Needs `resident:export`.
    """
    of = list_of(body.list)
    filters = _filters(of, body)
    own = await runtime.identity.access(request.headers.get("authorization"), of.right)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.ask(
                runtime,
                tx,
                of,
                filters,
                body.columns,
                body.format,
                body.purpose_code,
                body.purpose,
                access.areas.within(own.areas),
                access.subject,
            )

        job_id, _ = await once(tx, access.subject, key, create)
        export = await service.find(tx, job_id, access.areas)
    response.headers["Location"] = f"/exports/{job_id}"
    return ExportOut.of(export)


def _filters(of: ExportList, body: ExportCreate) -> dict[str, object]:
    """Return the filters as the list takes them; raises RequestValidationError with paths below /filters."""
    try:
        of.filters.model_validate(body.filters)
    except ValidationError as error:
        found = [{**each, "loc": ("body", "filters", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(found) from error
    defaults = {
        field.alias or name: field.default
        for name, field in of.filters.model_fields.items()
        if not field.is_required()
    }
    return defaults | body.filters


@router.get("/log", summary="Who exported what 导出日志", response_model=ExportLogPage)
async def read_log(
    runtime: CurrentRuntime,
    access: Auditor,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ExportLogPage:
    """Read the append-only log of exports. Needs `reading:audit`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.logged(tx, decode_cursor(after, datetime, UUID), limit + 1)
    rows = found[:limit]
    following = (
        encode_cursor(rows[-1]["logged_at"].isoformat(), str(rows[-1]["id"])) if len(found) > limit else None
    )
    items = [
        ExportLogEntry(
            id=row["id"],
            export_id=row["job_id"],
            kind=row["kind"],
            list=row["list_name"],
            filters=row["filters"],
            columns=row["columns"],
            purpose_code=row["purpose_code"],
            purpose=row["purpose"],
            rows=row["rows"],
            left_out=row["left_out"],
            by=row["logged_by"],
            at=row["logged_at"],
        )
        for row in rows
    ]
    return ExportLogPage(items=items, next=following)


@router.get(
    "/files/{token}",
    summary="Load the file 下载",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/octet-stream",)
            }
        }
    },
)
async def load(token: str, runtime: CurrentRuntime, access: Clerk) -> StreamingResponse:
    """Load the file of a link; only who asked for the export can, and each time is logged. Needs
    `resident:export`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        export = await service.open_link(runtime, tx, token, access.subject)
    headers = {
        "Content-Disposition": f'attachment; filename="{export.list_name}-{export.id}.{export.format}"'
    }
    content = service.content(runtime, export)
    return StreamingResponse(content, media_type=_MEDIA_TYPES[export.format], headers=headers)


@router.get("/{export_id}", summary="Progress 导出进度", response_model=ExportOut)
async def read_export(export_id: UUID, runtime: CurrentRuntime, access: Clerk) -> ExportOut:
    """Read state and progress. Needs `resident:export`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return ExportOut.of(await service.find(tx, export_id, access.areas))


@router.post(
    "/{export_id}/link", status_code=201, summary="A link to the file 获取下载链接", response_model=LinkOut
)
async def create_link(export_id: UUID, runtime: CurrentRuntime, access: Clerk) -> LinkOut:
    """Get a link to a finished export; an earlier link ends. May be repeated. Needs `resident:export`."""
    async with runtime.database.transaction(access.areas) as tx:
        token, export = await service.link(runtime, tx, export_id, access.areas, access.subject)
    assert export.expires_at is not None
    return LinkOut(path=f"/exports/files/{token}", expires_at=export.expires_at)
