"""HTTP of the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from renkou_common.audit import export as exporting
from renkou_common.audit import log
from renkou_common.audit.entries import COLUMNS
from renkou_common.audit.log import Wanted
from renkou_common.audit.sealing import last_root
from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit import service
from renkou_registry.audit.schemas import (
    Action,
    AuditEntryOut,
    AuditEntryPage,
    AuditExport,
    AuditKeys,
    AuditRootOut,
    AuditRootPage,
)
from renkou_registry.readings.domain import ACTIONS, label_of
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["audit 审计"])
Auditor = Annotated[Access, Depends(requires(Scope.READING_AUDIT))]
_Text = Annotated[str | None, Query(max_length=200)]


@router.get("/audit/entries", summary="Search the audit log 查审计日志", response_model=AuditEntryPage)
async def search_entries(
    runtime: CurrentRuntime,
    access: Auditor,
    person_id: Annotated[UUID | None, Query(description="whoever was read or changed")] = None,
    actor_id: Annotated[UUID | None, Query(description="whoever read or changed")] = None,
    actor_kind: Annotated[str | None, Query(description="staff, person, service, import, database")] = None,
    action: Annotated[Action | None, Query()] = None,
    what: Annotated[_Text, Query(description="what an answer showed, or the table that was changed")] = None,
    purpose: _Text = None,
    address: Annotated[_Text, Query(description="address of the client")] = None,
    record_id: _Text = None,
    trace_id: _Text = None,
    since: Annotated[datetime | None, Query(description="from this moment on")] = None,
    until: Annotated[datetime | None, Query(description="before this moment")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditEntryPage:
    """Search who read or changed what of whom, the last first; everything given has to fit. The search is an entry
    itself. Persons are references, not names. Needs `reading:audit`."""
    before = decode_cursor(after, datetime, int)
    wanted = Wanted(
        person_id=person_id,
        actor_id=actor_id,
        actor_kind=actor_kind,
        actions=(action.value,) if action else (),
        what=what,
        purpose=purpose,
        address=address,
        record_id=record_id,
        trace_id=trace_id,
        since=since,
        until=until,
    )
    async with runtime.database.transaction(access.areas) as tx:
        rows = await service.search(tx, access, wanted, before, limit + 1, runtime.clock.now())
    last = rows[limit - 1] if len(rows) > limit else None
    return AuditEntryPage.model_construct(
        items=[_entry(row) for row in rows[:limit]],
        next=encode_cursor(last["at"].isoformat(), last["id"]) if last else None,
    )


def _entry(row: asyncpg.Record) -> AuditEntryOut:
    return AuditEntryOut.model_construct(
        **{name: row[name] for name in COLUMNS}
        | {
            "id": str(row["id"]),
            "seq": None if row["seq"] is None else str(row["seq"]),
            "action_label": ACTIONS.get(row["action"], row["action"]),
            "what_label": label_of(row["what"], ()),
        }
    )


@router.get(
    "/audit/roots", summary="Signed roots of the audit log 审计日志的签名根", response_model=AuditRootPage
)
async def list_roots(
    runtime: CurrentRuntime,
    access: Auditor,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditRootPage:
    """List the hourly signed roots, the first first. Whoever keeps one can prove later that nothing it covers was
    changed. Needs `reading:audit`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await log.roots(tx, decode_key(after, int) or 0, limit + 1)
    return AuditRootPage(
        items=[_root(row) for row in rows[:limit]],
        next=encode_cursor(rows[limit - 1]["number"]) if len(rows) > limit else None,
    )


def _root(row: Any) -> AuditRootOut:
    return AuditRootOut(
        number=row["number"], first=str(row["first"]), last=str(row["last"]), at=row["at"], token=row["token"]
    )


@router.get("/audit/roots/newest", summary="Newest signed root 最新的签名根", response_model=AuditRootOut)
async def newest_root(
    runtime: CurrentRuntime, access: Annotated[Access, Depends(requires(Scope.FEED_READ))]
) -> AuditRootOut:
    """Read the newest root: migrant-api puts it into the message log that partners witness. For services, with
    `feed:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await last_root(tx)
    if row is None:
        raise NotFound.of("签名根", "root")
    return _root(row)


@router.post(
    "/audit/exports",
    summary="Take the audit log out 导出审计日志",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}},
)
async def export_log(body: AuditExport, runtime: CurrentRuntime, access: Auditor) -> StreamingResponse:
    """Take out the log, or the roots that hold a span of time, as lines that `renkou-verify.pyz audit` verifies
    without the node; its end is signed now. That it was taken out, and why, stands in the log. Needs
    `reading:audit`."""
    now = runtime.clock.now()
    async with runtime.database.transaction(access.areas) as tx:
        await service.note_export(tx, access, body.reason, now)
    lines = exporting.export(
        runtime.database, runtime.audit_key, runtime.audit_log, now, body.since, body.until
    )
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


@router.get("/.well-known/audit-keys.json", summary="Keys that roots are verified with 审计根公钥")
async def audit_keys(runtime: CurrentRuntime) -> AuditKeys:
    """Read the public key that signs the roots of the audit log, as a JWK set. For everybody."""
    return AuditKeys(keys=[runtime.audit_key.public])
