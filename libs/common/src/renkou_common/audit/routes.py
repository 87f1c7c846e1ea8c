"""HTTP of an audit log: the same at each service that keeps one, which installs an :class:`AuditLog`.

``person_id`` of a search is any reference that the service knows a person by.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from renkou_common.audit import export as exporting
from renkou_common.audit import log, service
from renkou_common.audit.entries import COLUMNS
from renkou_common.audit.log import Wanted
from renkou_common.audit.root import AuditKey
from renkou_common.audit.schemas import (
    Action,
    AuditEntryOut,
    AuditEntryPage,
    AuditExport,
    AuditKeys,
    AuditRootOut,
    AuditRootPage,
    ReadingOut,
    ReadingPage,
)
from renkou_common.audit.sealing import last_root
from renkou_common.audit.words import ACTIONS
from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.database import Database
from renkou_common.errors import Forbidden, NotFound
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope


@dataclass(frozen=True, slots=True)
class AuditLog:
    """A service's log as its routes need it; ``name`` stands in the roots: district and service.

    ``label_of`` says in plain words what an entry is about, and which fields it names.
    """

    database: Database
    clock: Clock
    key: AuditKey
    name: str
    label_of: Callable[[str, Sequence[str]], str]
    district: AreaCode


async def _installed(request: Request) -> AuditLog:
    return cast(AuditLog, request.app.state.audit)


router = APIRouter(tags=["audit 审计"])


async def _auditor(
    audit: Annotated[AuditLog, Depends(_installed)],
    access: Annotated[Access, Depends(requires(Scope.READING_AUDIT))],
) -> Access:
    """The log is of the whole district: who may audit a part of it reads none."""
    if not access.areas.covers(*audit.district.interval()):
        raise Forbidden(
            "auditor_area", "审计日志只供全区审计员查阅", "The log is for auditors of the whole district"
        )
    return access


Auditor = Annotated[Access, Depends(_auditor)]
CurrentLog = Annotated[AuditLog, Depends(_installed)]
_Text = Annotated[str | None, Query(max_length=200)]


@router.get("/audit/entries", summary="Search the audit log 查审计日志", response_model=AuditEntryPage)
async def search_entries(
    audit: CurrentLog,
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
        person_ids=(person_id,) if person_id else (),
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
    async with audit.database.transaction(access.areas) as tx:
        rows = await service.search(tx, access.subject, wanted, before, limit + 1, audit.clock.now())
    last = rows[limit - 1] if len(rows) > limit else None
    return AuditEntryPage.model_construct(
        items=[_entry(audit, row) for row in rows[:limit]],
        next=encode_cursor(last["at"].isoformat(), last["id"]) if last else None,
    )


def _entry(audit: AuditLog, row: asyncpg.Record) -> AuditEntryOut:
    return AuditEntryOut.model_construct(
        **{name: row[name] for name in COLUMNS}
        | {
            "id": str(row["id"]),
            "seq": None if row["seq"] is None else str(row["seq"]),
            "action_label": ACTIONS.get(row["action"], row["action"]),
            "what_label": audit.label_of(row["what"], ()),
        }
    )


@router.get(
    "/audit/roots", summary="Signed roots of the audit log 审计日志的签名根", response_model=AuditRootPage
)
async def list_roots(
    audit: CurrentLog,
    access: Auditor,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditRootPage:
    """List the hourly signed roots, the first first. Whoever keeps one can prove later that nothing it covers was
    changed. Needs `reading:audit`."""
    async with audit.database.transaction(access.areas, read_only=True) as tx:
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
    audit: CurrentLog, access: Annotated[Access, Depends(requires(Scope.FEED_READ))]
) -> AuditRootOut:
    """Read the newest root: migrant-api puts it into the message log that partners witness. For services, with
    `feed:read`."""
    async with audit.database.transaction(access.areas, read_only=True) as tx:
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
async def export_log(body: AuditExport, audit: CurrentLog, access: Auditor) -> StreamingResponse:
    """Take out the log, or the roots that hold a span of time, as lines that `renkou-verify.pyz audit` verifies
    without the node; its end is signed now. That it was taken out, and why, stands in the log. Needs
    `reading:audit`."""
    now = audit.clock.now()
    async with audit.database.transaction(access.areas) as tx:
        await service.note_export(tx, access.subject, body.reason, now)
    lines = exporting.export(audit.database, audit.key, audit.name, now, body.since, body.until)
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


@router.get("/.well-known/audit-keys.json", summary="Keys that roots are verified with 审计根公钥")
async def audit_keys(audit: CurrentLog) -> AuditKeys:
    """Read the public key that signs the roots of the audit log, as a JWK set. For everybody."""
    return AuditKeys(keys=[audit.key.public])


def readings_page(
    rows: Sequence[asyncpg.Record],
    limit: int,
    readers: Callable[[asyncpg.Record], str],
    label_of: Callable[[str, Sequence[str]], str],
) -> ReadingPage:
    """Return a page of who read a person's record, of up to one row more than ``limit``."""
    last = rows[limit - 1] if len(rows) > limit else None
    return ReadingPage(
        items=[
            ReadingOut(
                read_at=row["at"],
                reader=readers(row),
                reader_kind=row["actor_kind"],
                what=row["what"],
                what_label=label_of(row["what"], row["fields"]),
                fields=row["fields"],
                purpose=row["reason"] or row["purpose"],
            )
            for row in rows[:limit]
        ],
        next=encode_cursor(last["at"].isoformat(), last["id"]) if last else None,
    )
