"""HTTP of conversations: inquiries, threads, amendments, reminders, attachments, what is overdue."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.http.conditions import expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.arrivals.notices import subject_of
from renkou_migrant.audit.domain import What, purpose_of
from renkou_migrant.exchange import amendments, births, errors, files, inquiries, reminders, service
from renkou_migrant.exchange.contents import decrypt
from renkou_migrant.exchange.domain import Direction
from renkou_migrant.exchange.inquiries import About, Asked
from renkou_migrant.exchange.routes import detail_of, named
from renkou_migrant.exchange.schemas import (
    Conversation,
    CorrectionCreate,
    InquiryCreate,
    NoticeDetail,
    NoticePage,
    NoticeRead,
    OverdueCount,
    OverdueCounts,
    ReplyRead,
    WithdrawalCreate,
)
from renkou_migrant.people import facts_of
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["notices 通报"])
Reader = Annotated[Access, Depends(requires(Scope.NOTICE_READ))]
Clerk = Annotated[Access, Depends(requires(Scope.NOTICE_ANSWER))]
Version = Annotated[int, Depends(expected_version)]


class Side(StrEnum):
    """Who owes the reply."""

    OURS = "ours"  # 本方未复
    THEIRS = "theirs"  # 对方未复


_DIRECTIONS = {Side.OURS: Direction.IN, Side.THEIRS: Direction.OUT}


@router.post("/arrivals/{arrival_id}/inquiries", status_code=201, summary="Ask about somebody 发起协查")
async def ask(
    arrival_id: UUID,
    body: InquiryCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    key: Annotated[RequestKey, Depends(request_key)],
) -> NoticeDetail:
    """Ask the home district, or that of the workplace, about somebody who lives here. Needs `notice:answer`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        stay = await arrivals.get(tx, access.areas, arrival_id)
    to_workplace = body.to is Asked.WORKPLACE
    office = stay.workplace_district if to_workplace else stay.home_office
    if office is None:
        raise errors.workplace_unknown()
    facts = await facts_of(runtime, stay.person_id, stay.person_ref, inquiries.PURPOSE, access.token)
    about = About(stay.id, stay.person_ref, stay.area, office)
    subject = subject_of(facts, stay.home_area, to_workplace=to_workplace)
    async with runtime.database.transaction(access.areas) as tx:
        message_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: inquiries.ask(
                tx,
                runtime,
                about,
                subject,
                body.questions,
                body.note,
                urgent=body.urgent,
                attachments=[one.to_attachment() for one in body.attachments],
            ),
        )
        stored = await service.get(tx, access.areas, message_id)
        answer = await detail_of(tx, runtime, access, response, stored)
    response.headers["Location"] = f"/notices/{message_id}"
    return answer


@router.get("/threads/{thread_id}", summary="One conversation 往来全文")
async def read_thread(thread_id: UUID, runtime: CurrentRuntime, access: Reader) -> Conversation:
    """Read what two offices said about one stay, in order. Needs `notice:read`."""
    today = runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.conversation(tx, access.areas, thread_id)
    await runtime.readings.record(access, What.NOTICE, named(found), record_id=thread_id)
    items = [ReplyRead.with_content(one, today, decrypt(runtime, one.content)) for one in found]
    return Conversation(thread=thread_id, items=items)


@router.post("/notices/{notice_id}/withdrawal", summary="Take an inquiry or a reply back 撤回")
async def withdraw_message(
    notice_id: UUID,
    body: WithdrawalCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    version: Version,
) -> NoticeDetail:
    """Take an inquiry or a reply of ours back; what it replied to waits again. Needs `notice:answer`.

    Notices are taken back when the register takes back what they tell.
    """
    async with runtime.database.transaction(access.areas) as tx:
        stored = await amendments.take_back_by_hand(
            tx, runtime, access.areas, notice_id, version, body.reason
        )
        return await detail_of(tx, runtime, access, response, stored)


@router.post("/notices/{notice_id}/correction", summary="Correct an answer or a dispute 更正答复、异议")
async def correct_message(
    notice_id: UUID,
    body: CorrectionCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    version: Version,
) -> NoticeDetail:
    """Correct an answer or a dispute of ours. Notices follow the register. Needs `notice:answer`."""
    content = body.to_content()
    async with runtime.database.transaction(access.areas) as tx:
        stored = await amendments.correct_by_hand(tx, runtime, access.areas, notice_id, version, content)
        return await detail_of(tx, runtime, access, response, stored)


@router.post("/notices/{notice_id}/reminder", summary="Remind the other office 催办")
async def remind_office(
    notice_id: UUID, response: Response, runtime: CurrentRuntime, access: Clerk, version: Version
) -> NoticeDetail:
    """Remind the other office of an overdue reply, at most once in 7 days; never a person.

    Needs `notice:answer`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        stored = await reminders.remind_by_hand(tx, runtime, access.areas, notice_id, version)
        return await detail_of(tx, runtime, access, response, stored)


@router.post("/notices/{notice_id}/acknowledgement", summary="Take note of a change 已知悉")
async def acknowledge_change(
    notice_id: UUID, response: Response, runtime: CurrentRuntime, access: Clerk, version: Version
) -> NoticeDetail:
    """Take note that the other office corrected a message or took it back. Needs `notice:answer`."""
    async with runtime.database.transaction(access.areas) as tx:
        stored = await amendments.take_note(tx, access.areas, notice_id, version)
        return await detail_of(tx, runtime, access, response, stored)


@router.post("/notices/{notice_id}/register-correction", summary="Ask for the correction here 申请更正登记")
async def request_register_correction(
    notice_id: UUID, response: Response, runtime: CurrentRuntime, access: Clerk, version: Version
) -> NoticeDetail:
    """Ask, in the clerk's name, that the birth entered on a notice be corrected or taken back in the register.

    A partner changes nothing in the register here: somebody else approves the request. Needs `notice:answer`.
    """
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        asked = await births.to_correct(tx, runtime, access.areas, notice_id, version)
    request_id = await births.request_correction(runtime, asked, access.token)
    async with runtime.database.transaction(access.areas) as tx:
        stored = await amendments.take_note(tx, access.areas, notice_id, version, request_id)
        return await detail_of(tx, runtime, access, response, stored)


@router.get(
    "/notices/{notice_id}/attachments/{sha256}",
    summary="Download an attachment 下载附件",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def download_attachment(
    notice_id: UUID,
    sha256: Annotated[str, Path(max_length=64, description="of the file, hexadecimal")],
    runtime: CurrentRuntime,
    access: Reader,
) -> Response:
    """Download a file of a message; who did is logged. Needs `notice:read`."""
    async with runtime.database.transaction(access.areas) as tx:
        stored = await service.get(tx, access.areas, notice_id)
        found = await files.read(tx, runtime, access, notice_id, sha256)
    purpose = purpose_of(stored.message.kind)
    await runtime.readings.record(access, What.ATTACHMENT, named([stored]), purpose, record_id=notice_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.raw, media_type=found.media_type, headers=headers)


@router.get("/overdue-notices", summary="Overdue replies of either side 逾期未复")
async def list_overdue(
    runtime: CurrentRuntime,
    access: Reader,
    side: Annotated[Side | None, Query(description="ours 本方未复, theirs 对方未复")] = None,
    partner: Annotated[str | None, Query(pattern=r"^\d{6}(\d{3})?$")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    """List messages whose reply was due before today, the longest overdue first. Needs `notice:read`."""
    today = runtime.clock.today()
    key = decode_cursor(after, date, int)
    direction = _DIRECTIONS[side] if side else None
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await reminders.page(tx, access.areas, today, direction, partner, key, limit + 1)
    await runtime.readings.record(access, What.NOTICE_LIST, named(found[:limit]))
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = encode_cursor(str(last.message.due_on), last.position)
    return NoticePage(items=[NoticeRead.of(one, today) for one in found[:limit]], next=following)


@router.get("/overdue-notices/counts", summary="Overdue replies by partner 逾期未复数")
async def count_overdue(runtime: CurrentRuntime, access: Reader) -> OverdueCounts:
    """Count overdue replies on either side by partner. Needs `notice:read`."""
    today = runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await reminders.counts(tx, access.areas, today)
    return OverdueCounts(on=today, items=[OverdueCount(**one) for one in found])
