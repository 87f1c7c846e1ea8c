"""HTTP of duplicates."""

from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.duplicates import merging, service
from renkou_registry.duplicates.domain import LABELS, WEIGHTS, Trait
from renkou_registry.duplicates.repository import Run
from renkou_registry.duplicates.schemas import (
    CandidateOut,
    CandidatePage,
    Compared,
    Distinct,
    MergeCreate,
    MergeOut,
    Merges,
    MergeUndo,
    RunCreate,
    RunOut,
    SideBySide,
    TraitOut,
)
from renkou_registry.persons import answers
from renkou_registry.persons import service as persons
from renkou_registry.persons.schemas import PersonOut
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff.domain import area_from_interval

router = APIRouter(tags=["duplicates 查重"])
Manager = Annotated[Access, Depends(requires(Scope.DUPLICATE_MANAGE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
PARTS = 10_000
"""Probabilities are kept to four decimals; a cursor holds whole numbers."""
_NOT_COMPARED = frozenset({"id", "ref", "version", "recorded_at"})


def _candidate(row: asyncpg.Record) -> dict[str, Any]:
    values = {name: row[name] for name in CandidateOut.model_fields if name != "traits"}
    return values | {"traits": [_trait(Trait(code)) for code in row["traits"]]}


def _trait(trait: Trait) -> TraitOut:
    zh, en = LABELS[trait]
    return TraitOut(code=trait, label_zh=zh, label_en=en, weight=WEIGHTS[trait])


def _run(found: Run) -> RunOut:
    low, high = found.area, found.area_high
    return RunOut(
        id=found.id,
        area=area_from_interval(low, high).value,
        state="running" if found.state == "running" else "done",
        compared=found.compared,
        total=found.total,
        found=found.found,
        started_at=found.started_at,
        ended_at=found.ended_at,
    )


@router.get("/duplicates", summary="Records that may be one person 疑似重复列表")
async def list_candidates(
    runtime: CurrentRuntime,
    access: Manager,
    state: Annotated[Literal["open", "merged", "distinct"], Query()] = "open",
    person_id: Annotated[UUID | None, Query(description="only those of this person")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CandidatePage:
    """List pairs of which the caller sees at least one, the most probable first. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.page(tx, access, state, person_id, _position(after), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = encode_cursor(round(last["probability"] * PARTS), str(last["id"])) if last else None
    items = [CandidateOut.model_validate(_candidate(row)) for row in rows[:limit]]
    return CandidatePage(items=items, next=following)


def _position(after: str | None) -> tuple[float, UUID] | None:
    keys = decode_cursor(after, int, UUID)
    return (keys[0] / PARTS, keys[1]) if keys else None


@router.get("/duplicates/{candidate_id}", summary="Two records side by side 并排比对")
async def read_candidate(
    candidate_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager
) -> SideBySide:
    """Read both records side by side; one outside the caller's area is null. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await service.find(tx, access, candidate_id)
        seen = {r["id"]: r for r in await persons.find_many(tx, service.ids_of([row]), access.areas)}
    await runtime.readings.record(access, What.RECORD, list(seen), "duplicates")
    response.headers["ETag"] = etag(row["version"])
    return _side_by_side(runtime, row, seen)


def _side_by_side(runtime: Runtime, row: asyncpg.Record, seen: dict[UUID, asyncpg.Record]) -> SideBySide:
    shown: list[PersonOut | None] = [
        answers.person(runtime, seen[row[name]]) if row[name] in seen else None
        for name in ("first_id", "second_id")
    ]
    first, second = shown
    fields = []
    if first is not None and second is not None:
        one, other = first.model_dump(mode="json"), second.model_dump(mode="json")
        fields = [
            Compared(field=name, first=one[name], second=other[name], same=one[name] == other[name])
            for name in one
            if name not in _NOT_COMPARED and (one[name] is not None or other[name] is not None)
        ]
    return SideBySide.model_validate(_candidate(row) | {"first": first, "second": second, "fields": fields})


@router.post("/duplicates/{candidate_id}/distinction", summary="Two different persons 确认为两人")
async def mark_distinct(
    candidate_id: UUID,
    body: Distinct,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Version,
) -> CandidateOut:
    """Settle a pair as two persons; it does not come up again. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.mark_distinct(runtime, tx, access, candidate_id, version, body.reason)
    response.headers["ETag"] = etag(row["version"])
    return CandidateOut.model_validate(_candidate(row))


@router.post("/duplicate-merges", status_code=201, summary="Join two records 合并")
async def create_merge(
    body: MergeCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> MergeOut:
    """Join one record to another: it leaves the register and the figures, what was recorded under it moves
    over, nothing is deleted. The caller must see both. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await merging.merge(
                merging.Desk(runtime, tx, access.areas, access.subject),
                body.kept_id,
                body.gone_id,
                body.reason,
                take_document=body.take_document,
            )

        merge_id, _ = await once(tx, access.subject, key, create)
        row = await merging.find(tx, access.areas, merge_id)
    response.headers["Location"] = f"/duplicate-merges/{merge_id}"
    response.headers["ETag"] = etag(row["version"])
    return MergeOut.model_validate(dict(row))


@router.get("/duplicate-merges/{merge_id}", summary="One merge 合并详情")
async def read_merge(
    merge_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager
) -> MergeOut:
    """Read a merge. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        row = await merging.find(tx, access.areas, merge_id)
    response.headers["ETag"] = etag(row["version"])
    return MergeOut.model_validate(dict(row))


@router.post("/duplicate-merges/{merge_id}/undoing", summary="Separate again 撤销合并")
async def undo_merge(
    merge_id: UUID,
    body: MergeUndo,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Version,
) -> MergeOut:
    """Separate two records again: everything that moved goes back. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = merging.Desk(runtime, tx, access.areas, access.subject)
        row = await merging.undo(desk, merge_id, version, body.reason)
    response.headers["ETag"] = etag(row["version"])
    return MergeOut.model_validate(dict(row))


@router.get("/persons/{person_id}/merges", summary="Merges of a person 合并记录")
async def list_merges(person_id: UUID, runtime: CurrentRuntime, access: Manager) -> Merges:
    """List the merges a person was part of. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await persons.find(tx, person_id, access.areas)
        rows = await merging.of_person(tx, person_id)
    return Merges(items=[MergeOut.model_validate(dict(row)) for row in rows])


@router.post("/duplicate-runs", status_code=202, summary="Compare everybody in an area 批量查重")
async def create_run(
    body: RunCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> RunOut:
    """Have everybody in an area compared with the whole register, in the background. Needs
    `duplicate:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        run_id, _ = await once(
            tx, access.subject, key, lambda: service.start_run(runtime, tx, access, body.area)
        )
        found = await service.run(tx, access, run_id)
    response.headers["Location"] = f"/duplicate-runs/{run_id}"
    return _run(found)


@router.get("/duplicate-runs/{run_id}", summary="How far a comparison is 查重进度")
async def read_run(run_id: UUID, runtime: CurrentRuntime, access: Manager) -> RunOut:
    """Read the progress of a comparison. Needs `duplicate:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.run(tx, access, run_id)
    return _run(found)
