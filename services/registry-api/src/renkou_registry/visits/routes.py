"""HTTP of visits: worklists, outcomes, batches of devices. A visit is an offer."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.days import Day
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.cards import service as cards
from renkou_registry.cards.domain import CardPurpose
from renkou_registry.fields import AreaQuery, check_not_future
from renkou_registry.persons import reading
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.visits import answers, batches, service
from renkou_registry.visits.schemas import (
    AcceptanceIn,
    BatchCreate,
    BatchItemOut,
    BatchOut,
    Changes,
    Download,
    ItemError,
    OutcomeIn,
    PlanIn,
    ResolutionIn,
    VisitOut,
    VisitPage,
    WorkItem,
    Worklist,
)

router = APIRouter(tags=["visits 随访"])
Reader = Annotated[Access, Depends(requires(Scope.CARD_READ))]
Writer = Annotated[Access, Depends(requires(Scope.VISIT_WRITE))]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]
Purpose = Annotated[
    CardPurpose | None, Query(description="what effect, problem and note are read for; none: masked")
]
Worker = Annotated[
    UUID | Literal["me"] | None,
    Query(description="`me`: mine and nobody's; a staff id: that one's; none: everybody's"),
]
OUTCOME_FIELDS = ("visit_effect", "visit_problem", "visit_note")


def _answer(response: Response, row: Any) -> VisitOut:
    response.headers["ETag"] = etag(row["version"])
    return answers.visit(row)


@router.get("/cards/{card_id}/visits", summary="Follow-up card 随访卡", response_model=VisitPage)
async def list_visits_of_card(
    card_id: UUID, runtime: CurrentRuntime, access: Reader, after: After = None, limit: Limit = 50
) -> VisitPage:
    """List the visits of a card, the latest due first, what was told masked. Needs `card:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        card = await cards.find(tx, card_id, access.areas)
        found = await service.of_card(tx, card_id, decode_cursor(after, date, UUID), limit + 1)
    rows = found[:limit]
    following = encode_cursor(rows[-1]["due_on"], str(rows[-1]["id"])) if len(found) > limit else None
    await runtime.readings.record(access, What.VISITS, [card["person_id"]])
    return VisitPage(items=[answers.visit(row) for row in rows], next=following)


async def _list(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    area: AreaCode,
    on: date,
    worker: UUID | str | None,
    after: str | None,
    limit: int,
) -> dict[str, Any]:
    mine = worker == "me"
    found = await service.worklist(
        tx,
        access.areas,
        area,
        on,
        access.subject if mine else worker if isinstance(worker, UUID) else None,
        unassigned_too=mine,
        after=decode_cursor(after, int, date, UUID),
        limit=limit + 1,
    )
    rows = found[:limit]
    following = None
    if len(found) > limit:
        last = rows[-1]
        following = encode_cursor(last["place"], last["planned_on"].isoformat(), str(last["id"]))
    return {"on": on, "items": [answers.work_item(runtime, row) for row in rows], "next": following}


async def _note(runtime: Runtime, access: Access, items: list[WorkItem]) -> None:
    await runtime.readings.record(access, What.VISITS, {each.person_id for each in items})


@router.get("/worklists", summary="Visits of a day 当日随访清单", response_model=Worklist)
async def read_worklist(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    on: Annotated[Day | None, Query(description="default today")] = None,
    worker: Worker = None,
    after: After = None,
    limit: Limit = 50,
) -> Worklist:
    """List the open offers planned up to a day for those who live in the area, by place and planned day.

    Needs `card:read`.
    """
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await _list(runtime, tx, access, area, day, worker, after, limit)
    await _note(runtime, access, found["items"])
    return Worklist(**found)


@router.get("/worklists/download", summary="Worklist for a device 离线下载", response_model=Download)
async def download_worklist(
    runtime: CurrentRuntime,
    access: Writer,
    area: AreaQuery,
    on: Annotated[Day | None, Query(description="default today")] = None,
    worker: Worker = "me",
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Download:
    """Give a device what it needs offline, masked, with versions and where to ask for changes from.

    Needs `visit:write`.
    """
    day = on or runtime.clock.today()
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        place, last = await service.now(tx)
        found = await _list(runtime, tx, access, area, day, worker, after, limit)
    await _note(runtime, access, found["items"])
    return Download(**found, changes_after=encode_cursor(place, str(last)))


@router.get("/visits/changes", summary="Changes since 变更同步", response_model=Changes)
async def list_changes(
    runtime: CurrentRuntime,
    access: Writer,
    after: Annotated[str, Query(description="`changes_after` of a download, or `next` of this answer")],
    limit: Limit = 200,
) -> Changes:
    """List visits of the caller's area that changed since, as they are now. Needs `visit:write`.

    A visit may come twice; none is left out. Who moved to another area is no longer in the next download.
    """
    since = decode_cursor(after, int, UUID)
    assert since is not None
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows, (place, last) = await service.changes(tx, access.areas, since, limit)
    items = [answers.work_item(runtime, row) for row in rows]
    await _note(runtime, access, items)
    return Changes(items=items, next=encode_cursor(place, str(last)), more=len(rows) == limit)


@router.get("/visits/{visit_id}", summary="Read a visit 随访详情", response_model=VisitOut)
async def read_visit(
    visit_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader, purpose: Purpose = None
) -> VisitOut:
    """Read a visit; with a purpose what was told at it is in the clear and the reading is logged.

    Needs `card:read`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.find(tx, visit_id, access.areas)
        if purpose is not None:
            await reading.log_health(runtime, tx, access.subject, row["person_id"], OUTCOME_FIELDS, purpose)
    await runtime.readings.record(access, What.VISITS, [row["person_id"]], purpose)
    answer = _answer(response, row)
    return answers.visit_in_the_clear(runtime, row) if purpose is not None else answer


@router.patch("/visits/{visit_id}", summary="Plan a visit 调整随访", response_model=VisitOut)
async def plan_visit(
    visit_id: UUID,
    body: PlanIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> VisitOut:
    """Plan an open visit for another day or worker. Needs `visit:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        held = await service.hold(tx, visit_id, access.areas, version)
        await service.reschedule(runtime, tx, held, body.columns(access.subject))
        row = await service.find(tx, visit_id, access.areas)
    return _answer(response, row)


@router.post("/visits/{visit_id}/acceptance", summary="Accept a visit 接受随访", response_model=VisitOut)
async def accept_visit(
    visit_id: UUID,
    body: AcceptanceIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> VisitOut:
    """Record that she accepts the offer. Needs `visit:write`."""
    check_not_future({"/on": body.on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        held = await service.hold(tx, visit_id, access.areas, version)
        await service.accept(runtime, tx, held, body.on)
        row = await service.find(tx, visit_id, access.areas)
    return _answer(response, row)


@router.post("/visits/{visit_id}/outcome", summary="Settle a visit 随访结果", response_model=VisitOut)
async def settle_visit(
    visit_id: UUID,
    body: OutcomeIn,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> VisitOut:
    """Record or correct what became of an offer: kept, declined or missed; the next one is offered.

    Needs `visit:write`.
    """
    check_not_future({"/on": body.on}, runtime.clock.today())
    async with runtime.database.transaction(access.areas) as tx:
        held = await service.hold(tx, visit_id, access.areas, version)
        await service.settle(runtime, tx, held, batches.outcome_of(body), access.subject)
        row = await service.find(tx, visit_id, access.areas)
    return _answer(response, row)


async def _batch_out(runtime: Runtime, tx: Transaction, access: Access, batch_id: UUID) -> BatchOut:
    batch, items = await batches.find(tx, access, batch_id)
    found: list[BatchItemOut] = []
    for item in items:
        conflict = item["state"] == "conflict"
        server = await service.find(tx, item["visit_id"], access.areas) if conflict else None
        found.append(
            BatchItemOut(
                client_id=item["client_id"],
                state=item["state"],
                visit_id=item["visit_id"],
                base_version=item["base_version"],
                version=item["version"],
                errors=[ItemError.model_validate(each) for each in item["errors"]],
                server=answers.visit(server) if server is not None else None,
                device=batches.device_side(runtime, item),
            )
        )
    return BatchOut(
        id=batch["id"],
        device_id=batch["device_id"],
        batch_id=batch["batch_id"],
        received_at=batch["received_at"],
        items=found,
    )


@router.post("/visit-batches", summary="Send a batch 离线批次上传", response_model=BatchOut)
async def send_batch(
    body: BatchCreate, response: Response, runtime: CurrentRuntime, access: Writer
) -> BatchOut:
    """Apply what was done offline: each item as a whole or not at all; the same batch again changes nothing.

    `device_id` and `batch_id` are the batch's own key. Needs `visit:write`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        batch_id = await batches.receive(runtime, tx, access, body)
        answer = await _batch_out(runtime, tx, access, batch_id)
    response.headers["Location"] = f"/visit-batches/{batch_id}"
    return answer


@router.get("/visit-batches/{batch_id}", summary="Read a batch 批次结果", response_model=BatchOut)
async def read_batch(batch_id: UUID, runtime: CurrentRuntime, access: Writer) -> BatchOut:
    """Read what became of a batch of one's own. Needs `visit:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _batch_out(runtime, tx, access, batch_id)


@router.post(
    "/visit-batches/{batch_id}/items/{client_id}/resolution",
    summary="Settle a conflict 处理冲突",
    response_model=BatchOut,
)
async def resolve_item(
    batch_id: UUID,
    client_id: Annotated[str, Path(max_length=64)],
    body: ResolutionIn,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> BatchOut:
    """Let the server's or the device's side hold; `If-Match`: the visit's version. Needs `visit:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        await batches.resolve(runtime, tx, access, batch_id, client_id, body.keep, version)
        return await _batch_out(runtime, tx, access, batch_id)
