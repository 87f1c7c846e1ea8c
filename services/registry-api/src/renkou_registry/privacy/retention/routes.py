"""HTTP of retention."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.privacy.retention import service
from renkou_registry.privacy.retention.schemas import (
    DueOut,
    DueReport,
    HoldCreate,
    HoldOut,
    Holds,
    RuleOut,
    RulePatch,
    Rules,
    RunOut,
    RunPage,
)
from renkou_registry.privacy.retention.service import Standing
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/retention", tags=["retention 保存期限"])
Reader = Annotated[Access, Depends(requires(Scope.PRIVACY_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PRIVACY_MANAGE))]
Decider = Annotated[Access, Depends(requires(Scope.PRIVACY_DECIDE))]
Key = Annotated[RequestKey, Depends(request_key)]


def _rule(each: Standing) -> RuleOut:
    values = {name: getattr(each.rule, name) for name in RuleOut.model_fields if name != "version"}
    return RuleOut(**values | {"tables": list(each.rule.tables), "version": each.version})


def _hold(row: asyncpg.Record) -> HoldOut:
    return HoldOut(**{name: row[name] for name in HoldOut.model_fields})


@router.get("/rules", summary="Retention rules 保存期限", response_model=Rules)
async def list_rules(runtime: CurrentRuntime, access: Reader) -> Rules:
    """List how long each kind of record is kept, counted from when, and what then. Needs `privacy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return Rules(items=[_rule(each) for each in await service.standing(runtime, tx)])


@router.patch("/rules/{code}", summary="Set a period 设定期限", response_model=RuleOut)
async def set_period(
    code: Annotated[str, Path(max_length=40)],
    body: RulePatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Annotated[int, Depends(expected_version)],
) -> RuleOut:
    """Set the period of a kind of record, for a reason that stays on record. Needs `privacy:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.set_days(runtime, tx, code, version, body.days, body.reason, access.subject)
        found = next(each for each in await service.standing(runtime, tx) if each.rule.code == code)
    response.headers["ETag"] = etag(found.version)
    return _rule(found)


@router.get("/due", summary="What is due 到期清单 (仅数量)", response_model=DueReport)
async def read_due(runtime: CurrentRuntime, access: Manager) -> DueReport:
    """Read how many records the next run would remove and how many are held; nothing is removed. Needs
    `privacy:manage`."""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await service.due(runtime, tx)
    items = [
        DueOut(code=rule.code, zh=rule.zh, en=rule.en, days=rule.days or 0, due=due, held=held)
        for rule, due, held in found
    ]
    return DueReport(on=runtime.clock.today(), items=items)


@router.get("/runs", summary="What was removed 到期处理记录", response_model=RunPage)
async def list_runs(
    runtime: CurrentRuntime,
    access: Reader,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunPage:
    """List what the daily task removed: counts by rule, never names. Needs `privacy:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.runs(tx, decode_key(after, int), limit + 1)
    items = [RunOut(**{name: row[name] for name in RunOut.model_fields}) for row in rows[:limit]]
    return RunPage(
        items=items, next=encode_cursor(rows[limit - 1]["position"]) if len(rows) > limit else None
    )


@router.post("/holds", status_code=201, summary="Hold records 暂缓删除", response_model=HoldOut)
async def place_hold(body: HoldCreate, runtime: CurrentRuntime, access: Decider, key: Key) -> HoldOut:
    """Keep a person's records, or one record, past their time. Needs `privacy:decide`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.place(
                runtime,
                tx,
                access.areas,
                body.person_id,
                body.record_id,
                body.cause,
                body.reason,
                body.until,
                access.subject,
            )

        hold_id, _ = await once(tx, access.subject, key, create)
        return _hold(await service.find_hold(tx, hold_id))


@router.get("/holds", summary="Holds in force 暂缓删除清单", response_model=Holds)
async def list_holds(runtime: CurrentRuntime, access: Decider, person_id: UUID | None = None) -> Holds:
    """List holds in force, those of one person where asked for. Needs `privacy:decide`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return Holds(items=[_hold(row) for row in await service.holds(runtime, tx, person_id)])


@router.post("/holds/{hold_id}/lifting", summary="Lift a hold 解除暂缓", response_model=HoldOut)
async def lift_hold(hold_id: UUID, runtime: CurrentRuntime, access: Decider, _key: Key) -> HoldOut:
    """End a hold; what is due then goes with the next run. Needs `privacy:decide`."""
    async with runtime.database.transaction(access.areas) as tx:
        return _hold(await service.lift(runtime, tx, hold_id, access.subject))
