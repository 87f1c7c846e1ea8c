"""HTTP of external lists."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Request, Response

from renkou_common.codes.area import AreaCode
from renkou_common.codes.masking import mask_resident_id
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.sheets.domain import XLSX
from renkou_registry.audit.domain import What
from renkou_registry.external_lists import service
from renkou_registry.external_lists.kinds import KINDS, SOURCES, check_columns, kind_of
from renkou_registry.external_lists.matching import Match
from renkou_registry.external_lists.repository import List
from renkou_registry.external_lists.schemas import (
    BulkFailure,
    BulkOut,
    BulkSettlement,
    CandidateOut,
    ExternalListOut,
    ExternalListPage,
    ListKindName,
    MatchCount,
    ProfileCreate,
    ProfileOut,
    Profiles,
    RowOut,
    RowPage,
    SettlementCreate,
    Source,
)
from renkou_registry.imports.cells import Privacy
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons.commands import check_known_areas, entry_of
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.uploads import CSV, Upload, upload

router = APIRouter(prefix="/external-lists", tags=["external lists 名单比对"])
Clerk = Annotated[Access, Depends(requires(Scope.LIST_MATCH))]
Key = Annotated[RequestKey, Depends(request_key)]
Told = Annotated[str, Query(min_length=2, max_length=500)]
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _profile(row: asyncpg.Record) -> ProfileOut:
    return ProfileOut(**{name: row[name] for name in ProfileOut.model_fields})


@router.post("/profiles", status_code=201, summary="Keep a profile 新建列对照", response_model=ProfileOut)
async def create_profile(body: ProfileCreate, runtime: CurrentRuntime, access: Clerk, key: Key) -> ProfileOut:
    """Say which heading of a sender's files holds which column. Needs `list:match`."""
    check_columns(kind_of(body.kind), body.columns)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.create_profile(
                tx, body.name, body.source, body.kind, body.columns, access.subject, runtime.clock.now()
            )

        profile_id, _ = await once(tx, access.subject, key, create)
        return _profile(await service.profile(tx, profile_id))


@router.get("/profiles", summary="Profiles 列对照", response_model=Profiles)
async def list_profiles(runtime: CurrentRuntime, access: Clerk) -> Profiles:
    """List the profiles by name. Needs `list:match`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return Profiles(items=[_profile(row) for row in await service.profiles(tx)])


@router.post(
    "",
    status_code=202,
    summary="Hand in a list 上传名单",
    response_model=ExternalListOut,
    openapi_extra={"requestBody": {"required": True, "content": {XLSX: _BINARY, CSV: _BINARY}}},
)
async def hand_in(
    response: Response,
    runtime: CurrentRuntime,
    access: Clerk,
    file: Annotated[Upload, Depends(upload)],
    source: Source,
    kind: ListKindName,
    purpose: Annotated[Told, Query(description="用途")],
    legal_basis: Annotated[Told, Query(description="法律依据")],
    profile: Annotated[UUID | None, Query(description="列对照; our own headings unless given")] = None,
) -> ExternalListOut:
    """Hand in a list of births, deaths, marriages or household changes to be matched with the register.

    Columns that the kind does not name are not read. Needs `list:match`.
    """
    columns: dict[str, str] = {}
    if profile is not None:
        async with runtime.database.transaction(access.areas, read_only=True) as tx:
            found = await service.profile(tx, profile)
        if found["kind"] != kind:
            raise InvalidInput.field(
                "/query/profile",
                "profile_kind",
                "该列对照不适用于此类名单",
                "this profile is for another kind",
            )
        columns = found["columns"]
    order = service.Order(
        source, kind_of(kind), columns, purpose, legal_basis, access.areas, access.subject, file
    )
    list_id = await service.hand_in(runtime, order)
    response.headers["Location"] = f"/external-lists/{list_id}"
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _out(tx, await service.find(tx, list_id, access.areas))


async def _out(tx: Transaction, found: List) -> ExternalListOut:
    failure = found.failure
    counts = await service.counts(tx, found)
    return ExternalListOut(
        id=found.id,
        source=found.source,
        source_label=SOURCES[found.source][0],
        kind=found.kind,
        kind_label=KINDS[found.kind].zh,
        purpose=found.purpose,
        legal_basis=found.legal_basis,
        state=found.state,
        counts={match: MatchCount(rows=rows, settled=settled) for match, (rows, settled) in counts.items()},
        same_as=await service.same_before(tx, found),
        created_by=found.created_by,
        created_at=found.created_at,
        matched_at=found.matched_at,
        keep_until=found.keep_until,
        failure={"code": failure.code, "zh": failure.zh, "en": failure.en} if failure else None,
    )


@router.get("", summary="Lists so far 名单列表", response_model=ExternalListPage)
async def list_lists(
    runtime: CurrentRuntime,
    access: Clerk,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ExternalListPage:
    """List the lists, the latest first. Needs `list:match`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, decode_cursor(after, datetime, UUID), limit + 1)
        items = [await _out(tx, each) for each in found[:limit]]
    last = items[-1] if len(found) > limit else None
    following = encode_cursor(last.created_at.isoformat(), str(last.id)) if last else None
    return ExternalListPage(items=items, next=following)


@router.get("/{list_id}", summary="A list 名单", response_model=ExternalListOut)
async def read_list(list_id: UUID, runtime: CurrentRuntime, access: Clerk) -> ExternalListOut:
    """Read state and counts. Needs `list:match`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _out(tx, await service.find(tx, list_id, access.areas))


@router.get("/{list_id}/rows", summary="Rows with candidates 比对结果", response_model=RowPage)
async def list_rows(
    list_id: UUID,
    runtime: CurrentRuntime,
    access: Clerk,
    match: Annotated[Match | None, Query(description="how certain")] = None,
    settled: Annotated[bool | None, Query(description="only settled ones, or only those that wait")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RowPage:
    """List rows in the order of the file. Needs `list:match`."""
    start = decode_key(after, int) or 0
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.find(tx, list_id, access.areas)
        rows = await service.rows(tx, found, match, settled, start, limit + 1)
    items = [_row(runtime, found, row) for row in rows[:limit]]
    shown = {candidate.person_id for each in items for candidate in each.candidates}
    await runtime.readings.record(access, What.MATCHES, shown, found.purpose)
    following = encode_cursor(items[-1].row) if len(rows) > limit else None
    return RowPage(items=items, next=following)


def _row(runtime: Runtime, found: List, row: asyncpg.Record) -> RowOut:
    values = service.values_of(runtime, found, row)
    told = {
        field.title: _told(value, field.privacy)
        for field, value in zip(KINDS[found.kind].sheet.fields, values.values, strict=True)
    }
    same = ("row", "match", "score", "findings", "action", "person_id", "event_id", "reason")
    return RowOut(
        **{name: row[name] for name in same},
        settled_by=row["settled_by"],
        settled_at=row["settled_at"],
        values=told,
        candidates=[CandidateOut(**each) for each in row["candidates"]],
    )


def _told(value: Any, privacy: Privacy) -> str | None:
    if value is None:
        return None
    if privacy is Privacy.NUMBER:
        return mask_resident_id(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, AreaCode):
        return value.value
    return value.isoformat() if isinstance(value, date) else str(value)


@router.post("/{list_id}/rows/{row}/settlement", summary="Settle a row 处理一行", response_model=RowOut)
async def settle_row(
    list_id: UUID,
    row: int,
    body: SettlementCreate,
    request: Request,
    runtime: CurrentRuntime,
    access: Clerk,
    key: Key,
) -> RowOut:
    """Link a row to a person, enter a new person, record what it tells, or ignore it with a reason.

    Recording also needs `life-event:write`, a new person `resident:write`. Needs `list:match`.
    """
    areas = await _may(request, runtime, access, body.action)
    if not 1 <= row < 1 << 31:
        raise InvalidInput.field("/row", "row", "行号无效", "no row has this number")
    entry = entry_of(body.person, runtime.district, runtime.clock.today()) if body.person else None
    async with runtime.database.transaction(areas) as tx:
        found = await service.find(tx, list_id, areas)

        async def settle() -> UUID:
            if body.person is not None:
                own = {
                    "/person/registered_area": body.person.registered_area,
                    "/person/present_area": body.person.present_area,
                }
                await check_known_areas(tx, own, runtime.district)
            settlement = service.Settlement(body.action, body.reason, body.person_id, entry)
            await service.settle(Desk(runtime, tx, areas, access.subject), found, row, settlement)
            return list_id

        await once(tx, access.subject, key, settle)
        rows = await service.rows(tx, found, None, None, row - 1, 1)
    return _row(runtime, found, rows[0])


async def _may(request: Request, runtime: Runtime, access: Access, action: service.Action) -> Any:
    """Return where the caller may do this; raises Forbidden."""
    needed = {service.Action.RECORD: Scope.LIFE_EVENT_WRITE, service.Action.NEW: Scope.RESIDENT_WRITE}
    if action not in needed:
        return access.areas
    own = await runtime.identity.access(request.headers.get("authorization"), needed[action])
    return access.areas.within(own.areas)


@router.post("/{list_id}/settlements", summary="Settle exact rows together 批量处理", response_model=BulkOut)
async def settle_exact(
    list_id: UUID, body: BulkSettlement, request: Request, runtime: CurrentRuntime, access: Clerk
) -> BulkOut:
    """Settle up to 500 exact rows that wait; by somebody other than who handed the list in. May be repeated, and
    goes on after the `last_row` of the answer before.

    Recording also needs `life-event:write`. Needs `list:match`.
    """
    areas = await _may(request, runtime, access, body.action)
    settlement = service.Settlement(body.action, body.reason)
    done = await service.settle_exact(
        runtime, areas, access.subject, list_id, settlement, body.after_row, body.limit
    )
    return BulkOut(
        settled=done.settled,
        failed=[
            BulkFailure(row=row, code=error.code, zh=error.detail.zh, en=error.detail.en)
            for row, error in done.failed
        ],
        last_row=done.last_row,
        more=done.more,
    )
