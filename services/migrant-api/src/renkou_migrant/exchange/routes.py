"""HTTP of notices: what clerks see of the exchange and do in it."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.audit.domain import What, purpose_of
from renkou_migrant.exchange import births, service
from renkou_migrant.exchange.contents import decrypt
from renkou_migrant.exchange.contracts import AGREED, MessageKind
from renkou_migrant.exchange.domain import Direction, MessageState
from renkou_migrant.exchange.repository import Filters, StoredMessage
from renkou_migrant.exchange.schemas import (
    AnswerCreate,
    DisputeCreate,
    FormerContent,
    NoticeDetail,
    NoticePage,
    NoticeRead,
    ReplyRead,
    masked,
)
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(tags=["notices 通报"])
Reader = Annotated[Access, Depends(requires(Scope.NOTICE_READ))]
Clerk = Annotated[Access, Depends(requires(Scope.NOTICE_ANSWER))]
Version = Annotated[int, Depends(expected_version)]
_LISTED = sorted(AGREED | {MessageKind.DISPUTE})


@router.get("/notices", summary="Messages with partner districts 往来通报列表")
async def list_notices(
    runtime: CurrentRuntime,
    access: Reader,
    direction: Direction | None = None,
    state: MessageState | None = None,
    kind: MessageKind | None = None,
    partner: Annotated[str | None, Query(pattern=r"^\d{6}(\d{3})?$")] = None,
    arrival_id: UUID | None = None,
    overdue: Annotated[bool, Query(description="only those whose reply was due before today")] = False,
    attention: Annotated[
        bool, Query(description="only what the other office corrected or took back and nobody noted yet")
    ] = False,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    """List messages to and from partner districts, the latest first. Needs `notice:read`.

    Answers and confirmations are shown with what they reply to, and listed only if asked for by kind.
    """
    today = runtime.clock.today()
    filters = Filters(
        kinds=[kind] if kind else _LISTED,
        direction=direction,
        state=state,
        partner=partner,
        arrival_id=arrival_id,
        overdue_on=today if overdue else None,
        attention=attention,
    )
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, filters, before, limit + 1)
    await runtime.readings.record(access, What.NOTICE_LIST, named(found[:limit]))
    return NoticePage(
        items=[NoticeRead.of(stored, today) for stored in found[:limit]],
        next=encode_cursor(found[limit - 1].position) if len(found) > limit else None,
    )


@router.get("/notices/{notice_id}", summary="Read a message 通报详情")
async def read_notice(
    notice_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> NoticeDetail:
    """Read a message with its content and replies. Needs `notice:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        stored = await service.get(tx, access.areas, notice_id)
        detail = await detail_of(tx, runtime, access, response, stored)
    purpose = purpose_of(stored.message.kind)
    await runtime.readings.record(access, What.NOTICE, named([stored]), purpose, record_id=notice_id)
    return detail


@router.post("/notices/{notice_id}/confirmation", summary="Confirm a notice 确认通报")
async def confirm_notice(
    notice_id: UUID, response: Response, runtime: CurrentRuntime, access: Clerk, version: Version
) -> NoticeDetail:
    """Confirm a service or birth notice; a birth is first entered in the register, in the clerk's name.

    Needs `notice:answer`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        birth = await service.birth_to_register(tx, runtime, access.areas, notice_id, version)
    life_event_id = await births.register(runtime, birth, access.token) if birth else None
    async with runtime.database.transaction(access.areas) as tx:
        stored = await service.confirm(
            tx, runtime, access.areas, notice_id, version, access.subject, life_event_id
        )
        return await detail_of(tx, runtime, access, response, stored)


@router.post("/notices/{notice_id}/answer", summary="Answer a message 答复")
async def answer_notice(
    notice_id: UUID,
    body: AnswerCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    version: Version,
) -> NoticeDetail:
    """Answer an arrival notice, an inquiry or a dispute. Needs `notice:answer`."""
    content = body.to_content()
    async with runtime.database.transaction(access.areas) as tx:
        stored = await service.answer(tx, runtime, access.areas, notice_id, version, access.subject, content)
        return await detail_of(tx, runtime, access, response, stored)


@router.post("/notices/{notice_id}/dispute", summary="Dispute a notice 提出异议")
async def dispute_notice(
    notice_id: UUID,
    body: DisputeCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    version: Version,
) -> NoticeDetail:
    """Say that what a notice tells is not so. Needs `notice:answer`."""
    content = body.to_content()
    async with runtime.database.transaction(access.areas) as tx:
        stored = await service.dispute(tx, runtime, access.areas, notice_id, version, access.subject, content)
        return await detail_of(tx, runtime, access, response, stored)


def named(found: Iterable[StoredMessage]) -> set[UUID]:
    """Return the persons of this district's register whom messages are about."""
    return {one.person_ref for one in found if one.person_ref is not None}


async def detail_of(
    tx: Transaction, runtime: Runtime, access: Access, response: Response, stored: StoredMessage
) -> NoticeDetail:
    """Return a message with its content, what it said before, and its replies."""
    today = runtime.clock.today()
    replies = await service.replies_to(tx, access.areas, stored.message.id)
    response.headers["ETag"] = etag(stored.message.revision)
    detail = NoticeDetail.with_content(stored, today, decrypt(runtime, stored.content))
    former = [
        FormerContent(
            content=masked(decrypt(runtime, one["content"])),
            replaced_by=one["replaced_by"],
            replaced_at=one["replaced_at"],
        )
        for one in await service.history(tx, stored.message.id)
    ]
    shown = [ReplyRead.with_content(one, today, decrypt(runtime, one.content)) for one in replies]
    return detail.model_copy(update={"replies": shown, "history": former})
