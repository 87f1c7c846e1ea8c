"""HTTP of a person's own record (本人)."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response

from renkou_common.audit import log as audit_log
from renkou_common.audit.routes import readings_page
from renkou_common.audit.schemas import ReadingPage
from renkou_common.http.cursors import decode_cursor
from renkou_common.printing.fonts import Fonts
from renkou_common.scope import AreaScope
from renkou_registry.audit.domain import label_of
from renkou_registry.consents import service as consents
from renkou_registry.consents.domain import TEXTS, ConsentPurpose, How
from renkou_registry.fields import area_code
from renkou_registry.honour import answers as honour_answers
from renkou_registry.honour import service as honour
from renkou_registry.households import service as households
from renkou_registry.me.copy import full_copy
from renkou_registry.me.identity import Myself, Own
from renkou_registry.me.paper import print_copy
from renkou_registry.me.schemas import (
    ConsentChange,
    ConsentOut,
    Consents,
    OwnHonour,
    OwnHousehold,
    OwnHouseholds,
    OwnIds,
    OwnRecord,
)
from renkou_registry.persons import answers
from renkou_registry.persons import service as persons
from renkou_registry.persons.reading import open_phone, open_resident_id
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff import service as staff

router = APIRouter(prefix="/me", tags=["me 本人"])


@router.get("", summary="My record 我的记录", response_model=OwnRecord)
async def read_own_record(
    me: Myself,
    runtime: CurrentRuntime,
    clear: Annotated[bool, Query(description="number and phone in the clear 显示完整证件号和电话")] = False,
) -> OwnRecord:
    """Read the own record as the register holds it today. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        row = await persons.find(tx, me.person_id, me.access.areas)
    values = answers.members(runtime, row)
    if clear:
        values |= {"resident_id": open_resident_id(runtime, row), "phone": open_phone(runtime, row)}
    return OwnRecord.model_construct(**values)


@router.get("/ids", summary="My references 我的引用号")
async def read_own_ids(me: Myself) -> OwnIds:
    """Read under which references other services of the node know the caller. For the person."""
    return OwnIds(person_id=me.person_id, person_ref=me.ref)


@router.get("/honour-certificates", summary="My honour certificates 我的光荣证", response_model=OwnHonour)
async def read_own_honour(me: Myself, runtime: CurrentRuntime) -> OwnHonour:
    """Read the own honour certificates, cancelled ones too, the latest first. For the person."""
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        rows = await honour.of_person(tx, me.access.areas, me.person_id)
    return OwnHonour(items=[honour_answers.certificate(row) for row in rows])


@router.get("/household", summary="My households 我的户", response_model=OwnHouseholds)
async def read_own_households(me: Myself, runtime: CurrentRuntime) -> OwnHouseholds:
    """Read in which households the caller is registered or lives today. For the person."""
    now = runtime.clock.now()
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        held = await households.memberships_as_of(tx, me.person_id, now.date(), now)
        homes = [await households.find(tx, each.household_id, AreaScope.everything()) for each in held]
    return OwnHouseholds(
        items=[
            OwnHousehold(
                household_id=each.household_id,
                number=home["number"],
                area=area_code(home["area"]),
                kind=each.kind,
                relation=each.relation,
                since=each.since,
            )
            for each, (home, _) in zip(held, homes, strict=True)
        ]
    )


@router.get("/readings", summary="Who read my record 谁查阅了我的记录")
async def read_own_readings(
    me: Myself,
    runtime: CurrentRuntime,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReadingPage:
    """Read who read the own record, what of it, when and what for, the last first. For the person."""
    before = decode_cursor(after, datetime, int)
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        rows = await audit_log.readings_of(tx, (me.person_id,), before, limit + 1)
        names = await staff.names_of(tx, {row["actor_id"] for row in rows[:limit] if row["actor_id"]})
    return readings_page(rows, limit, lambda row: names.get(row["actor_id"], "本区系统服务"), label_of)


@router.get("/copy.json", summary="Everything held about me 我的全部信息")
async def read_own_copy(me: Myself, runtime: CurrentRuntime) -> Response:
    """Read every record held about the caller, sealed values in the clear. For the person."""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await full_copy(runtime, tx, me.person_id)
    headers = {"Content-Disposition": 'attachment; filename="my-record.json"'}
    return Response(orjson.dumps(found, default=str), media_type="application/json", headers=headers)


@router.get(
    "/copy.pdf",
    summary="Everything held about me on paper 我的全部信息 (PDF)",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def read_own_copy_on_paper(me: Myself, runtime: CurrentRuntime) -> Response:
    """Read the same as copy.json as pages to print. For the person."""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await full_copy(runtime, tx, me.person_id)
    fonts = Fonts.of(runtime.settings.rare_fonts_dir)
    made_at, district = runtime.clock.now(), runtime.settings.district
    pages = await asyncio.to_thread(print_copy, found, fonts, made_at, district)
    headers = {"Content-Disposition": 'attachment; filename="my-record.pdf"'}
    return Response(pages, media_type="application/pdf", headers=headers)


@router.get("/consents", summary="My consents 我的同意")
async def read_own_consents(me: Myself, runtime: CurrentRuntime) -> Consents:
    """Read every purpose there is, and whether the caller agreed to it. For the person."""
    return await _consents(runtime, me)


@router.put("/consents/{purpose}", summary="Agree or withdraw 同意或撤回")
async def set_own_consent(
    purpose: ConsentPurpose, body: ConsentChange, me: Myself, runtime: CurrentRuntime
) -> Consents:
    """Agree to a purpose or withdraw; withdrawing has no consequence but that the purpose ends: a running
    pre-pregnancy check ends and its findings are deleted. For the person."""
    async with runtime.database.transaction(me.access.areas) as tx:
        await consents.set_consent(
            runtime,
            tx,
            me.access.areas,
            me.person_id,
            purpose,
            given=body.given,
            by=me.access.subject,
            how=How.OWN_ACCOUNT,
        )
    return await _consents(runtime, me)


async def _consents(runtime: Runtime, me: Own) -> Consents:
    async with runtime.database.transaction(me.access.areas, read_only=True) as tx:
        rows = await consents.of_person(tx, me.person_id)
    last: dict[str, Any] = {row["purpose"]: row for row in rows}
    return Consents(items=[_consent(purpose, last.get(purpose)) for purpose in ConsentPurpose])


def _consent(purpose: ConsentPurpose, row: Any) -> ConsentOut:
    text = TEXTS[purpose]
    return ConsentOut(
        purpose=purpose,
        text_zh=text.zh,
        text_en=text.en,
        given=row is not None and row["ended_at"] is None,
        given_at=row["given_at"] if row else None,
        withdrawn_at=row["ended_at"] if row else None,
    )
