"""HTTP of petitions."""

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.masking import mask_name, mask_phone
from renkou_common.codes.offices import PETITION_CHANNELS, PETITION_STATES, PETITION_TOPICS, PetitionState
from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.petitions import repository, service
from renkou_registry.petitions.domain import clocks
from renkou_registry.petitions.repository import PETITIONS
from renkou_registry.petitions.schemas import (
    OverduePage,
    OverdueRow,
    PetitionCreate,
    PetitionerAsk,
    PetitionerOut,
    PetitionExtend,
    PetitionOut,
    PetitionPage,
    PetitionPatch,
    PetitionSummary,
    PetitionWithdraw,
    ReplyCreate,
    ReplyOut,
)
from renkou_registry.records import Desk, page_of_area
from renkou_registry.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/petitions", tags=["petitions 信访"])
Reader = Annotated[Access, Depends(requires(Scope.PETITION_READ))]
Writer = Annotated[Access, Depends(requires(Scope.PETITION_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]
_DERIVED = frozenset({"area", "channel_label", "topic_label", "state_label", "on_time"})


def _summary(runtime: Runtime, row: asyncpg.Record) -> PetitionSummary:
    same = {name: row[name] for name in PetitionSummary.model_fields if name not in _DERIVED}
    return PetitionSummary(
        **same,
        area=area_code(row["area"]),
        channel_label=PETITION_CHANNELS.entry(row["channel"]).zh,
        topic_label=PETITION_TOPICS.entry(row["topic"]).zh,
        state_label=PETITION_STATES.entry(row["state"]).zh,
        on_time=clocks(service.course_of(row), service.rules_of(runtime)).on_time,
    )


def _reply(runtime: Runtime, row: asyncpg.Record) -> ReplyOut:
    return ReplyOut(
        id=row["id"],
        on=row["replied_on"],
        closing=row["closing"],
        content=runtime.cipher.decrypt(row["content_sealed"], service.REPLY),
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )


async def _answer(at: Desk, row: asyncpg.Record, response: Response) -> PetitionOut:
    response.headers["ETag"] = etag(row["version"])
    name, phone = service.opened(at.runtime, row)
    return PetitionOut(
        **_summary(at.runtime, row).model_dump(),
        petitioner_name=mask_name(name) if name else None,
        petitioner_phone=mask_phone(phone) if phone else None,
        content=at.runtime.cipher.decrypt(row["content_sealed"], service.CONTENT),
        recorded_at=row["recorded_at"],
        replies=[_reply(at.runtime, each) for each in await repository.replies(at.tx, row["id"])],
    )


@router.post("", status_code=201, summary="Receive a petition 受理信访", response_model=PetitionOut)
async def create_petition(
    body: PetitionCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> PetitionOut:
    """Enter a petition; the petitioner and what was said are stored sealed. Needs `petition:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.receive(at, body.area, body.model_dump(exclude={"area"}))

        petition_id, _ = await once(at.tx, access.subject, key, create)
        response.headers["Location"] = f"/petitions/{petition_id}"
        return await _answer(at, await PETITIONS.find(at.tx, petition_id, at.scope), response)


@router.get("", summary="List petitions 信访列表", response_model=PetitionPage)
async def list_petitions(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    state: Annotated[PetitionState | None, Query(description="信访状态")] = None,
    after: After = None,
    limit: Limit = 50,
) -> PetitionPage:
    """List an area's petitions without who petitioned. Needs `petition:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, PETITIONS, area, after, limit, {"state": state})
    return PetitionPage(items=[_summary(runtime, row) for row in rows], next=following)


@router.get("/overdue", summary="What offices are reminded of 超期催办", response_model=OverduePage)
async def list_overdue(
    runtime: CurrentRuntime, access: Reader, area: AreaQuery, after: After = None, limit: Limit = 50
) -> OverduePage:
    """List petitions that wait for an office beyond their day: a reminder to the office, to nobody else.

    Needs `petition:read`.
    """
    interval = area.interval()
    if not access.areas.covers(*interval):
        raise NotFound.of("区划", "area")
    async with desk(runtime, access, read_only=True) as at:
        found = await repository.overdue(
            at.tx, interval, at.today, decode_cursor(after, date, UUID), limit + 1
        )
        today = at.today
    rows = found[:limit]
    items = []
    for row in rows:
        running = clocks(service.course_of(row), service.rules_of(runtime)).running
        items.append(
            OverdueRow(
                id=row["id"],
                area=area_code(row["area"]),
                office=row["office"],
                due=str(running),
                due_on=row["next_due"],
                days_over=(today - row["next_due"]).days,
            )
        )
    following = None
    if len(found) > limit:
        following = encode_cursor(rows[-1]["next_due"].isoformat(), str(rows[-1]["id"]))
    return OverduePage(items=items, next=following)


@router.get("/{petition_id}", summary="Read a petition 信访详情", response_model=PetitionOut)
async def read_petition(
    petition_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> PetitionOut:
    """Read a petition with its replies, the petitioner masked. Needs `petition:read`."""
    async with desk(runtime, access, read_only=True) as at:
        return await _answer(at, await PETITIONS.find(at.tx, petition_id, at.scope), response)


@router.patch("/{petition_id}", summary="Assign or change a petition 交办", response_model=PetitionOut)
async def change_petition(
    petition_id: UUID,
    body: PetitionPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> PetitionOut:
    """Assign an open petition to an office, or change its topic. Needs `petition:write`."""
    async with desk(runtime, access) as at:
        row = await service.change(at, petition_id, version, body.model_dump(exclude_unset=True))
        return await _answer(at, row, response)


@router.post(
    "/{petition_id}/replies",
    status_code=201,
    summary="Reply, and close 答复、办结",
    response_model=PetitionOut,
)
async def create_reply(
    petition_id: UUID,
    body: ReplyCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    key: Key,
) -> PetitionOut:
    """Enter a reply to the petitioner; a closing one closes the petition. Needs `petition:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.reply(at, petition_id, body.on, body.content, closing=body.closing)

        await once(at.tx, access.subject, key, create)
        return await _answer(at, await PETITIONS.find(at.tx, petition_id, at.scope), response)


@router.post("/{petition_id}/extension", summary="Extend the closing once 延期", response_model=PetitionOut)
async def extend_petition(
    petition_id: UUID,
    body: PetitionExtend,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> PetitionOut:
    """Extend the closing once, for a reason, before it is overdue. Needs `petition:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.extend(at, petition_id, version, body.reason), response)


@router.post("/{petition_id}/withdrawal", summary="Withdraw a petition 撤回", response_model=PetitionOut)
async def withdraw_petition(
    petition_id: UUID,
    body: PetitionWithdraw,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> PetitionOut:
    """Note that the petitioner takes it back; it then counts nowhere. Needs `petition:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.withdraw(at, petition_id, version, body.on), response)


@router.post(
    "/{petition_id}/petitioner", summary="Read the petitioner 查看信访人", response_model=PetitionerOut
)
async def read_petitioner(
    petition_id: UUID, body: PetitionerAsk, runtime: CurrentRuntime, access: Writer
) -> PetitionerOut:
    """Read who petitioned in the clear; logged with the reason. Needs `petition:write`."""
    async with desk(runtime, access) as at:
        name, phone = await service.petitioner(at, petition_id, body.reason)
    return PetitionerOut(name=name, phone=phone)
