"""HTTP of the message log: what stands in it, its export, and the evidence about one message."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from renkou_common.audit.log import EXPORT, Noted, append
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.audit.domain import What, purpose_of
from renkou_migrant.exchange import service as exchange
from renkou_migrant.message_log import evidence, service
from renkou_migrant.message_log.schemas import (
    EvidenceBundle,
    EvidenceRequest,
    ExportPage,
    ExportRead,
    LogEntry,
    LogPage,
)
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["message log 消息日志"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]


@router.get("/message-log", summary="The chain of messages 消息链")
async def list_log(
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> LogPage:
    """List the chain of all messages and receipts, without their content. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        links = await service.page(tx, after, limit)
    return LogPage(
        items=[LogEntry.of(link) for link in links], next_after=links[-1].position if links else after
    )


@router.get(
    "/message-log/export",
    summary="The whole log, to be verified elsewhere 导出消息日志",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}},
)
async def export_log(runtime: CurrentRuntime, access: Reader) -> StreamingResponse:
    """Export the log with receipts, trust lists and checkpoints, without messages' content, one JSON object a line.

    A checkpoint over all of it is signed first. Needs `partner:read`.
    """
    headers = {"Content-Disposition": 'attachment; filename="message-log.jsonl"'}
    return StreamingResponse(
        evidence.export(runtime, access.areas), media_type="application/x-ndjson", headers=headers
    )


@router.post(
    "/notices/{notice_id}/evidence",
    summary="Evidence about a message 出具消息证据",
    response_model_exclude_unset=True,
)
async def take_evidence(
    notice_id: UUID,
    body: EvidenceRequest,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.NOTICE_PROVE))],
) -> EvidenceBundle:
    """Take out what proves to a third party what was sent, by whom, when, and received when.

    It holds the message's content in the clear; who takes it out, and why, is logged. Needs `notice:prove`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        stored = await exchange.get(tx, access.areas, notice_id)
        found = await evidence.bundle(tx, runtime, stored.message.id)
        await service.note_export(tx, notice_id, access.subject, body.reason, runtime.clock.now())
        taken = Noted.by_who_acts(
            runtime.clock.now(),
            EXPORT,
            What.EVIDENCE,
            actor_id=access.subject,
            person_ids=() if stored.person_ref is None else (stored.person_ref,),
            fields=("content",),
            purpose=purpose_of(stored.message.kind),
            reason=body.reason,
        )
        await append(tx, [replace(taken, record_id=str(notice_id))])
    return EvidenceBundle.model_validate(found)


@router.get("/evidence-exports", summary="Evidence taken out 证据出具记录")
async def list_exports(
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.READING_AUDIT))],
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ExportPage:
    """List who took evidence about messages out, and why, the latest first. Needs `reading:audit`."""
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.exports(tx, before, limit + 1)
    return ExportPage(
        items=[ExportRead(**{k: v for k, v in one.items() if k != "position"}) for one in found[:limit]],
        next=encode_cursor(found[limit - 1]["position"]) if len(found) > limit else None,
    )
