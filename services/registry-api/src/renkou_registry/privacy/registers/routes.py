"""HTTP of the registers of processing and of sharing, and of the node's impact assessment."""

import csv
from datetime import datetime
from io import StringIO
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.sheets.delimited import defused
from renkou_registry.privacy import assessment
from renkou_registry.privacy.registers import service
from renkou_registry.privacy.registers.schemas import (
    Kept,
    ProcessingOut,
    ProcessingRegister,
    SharingOut,
    SharingPage,
)
from renkou_registry.privacy.registers.service import Entry
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff import service as staff

router = APIRouter(prefix="/privacy", tags=["privacy 个人信息保护"])
Reader = Annotated[Access, Depends(requires(Scope.PRIVACY_READ))]
Auditor = Annotated[Access, Depends(requires(Scope.READING_AUDIT))]
_HEADINGS = {
    "code": "目的代码",
    "zh": "处理目的",
    "articles": "法律依据",
    "in_force": "现行",
    "sensitive": "敏感个人信息",
    "separate_consent": "单独同意",
    "tables": "保存的表",
    "encrypted_fields": "加密字段",
    "lists": "可导出名单",
    "roles": "可申请导出的岗位",
    "notices": "对外通报",
    "retention": "保存期限",
    "assessment_grounds": "影响评估事由（第五十五条）",
    "impact": "影响",
    "rows": "现有记录约数",
    "exports": "一年内导出次数",
}


async def _entries(runtime: Runtime, access: Access) -> list[Entry]:
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.register(runtime, tx)


def _out(entry: Entry) -> ProcessingOut:
    made, purpose = entry.processing, entry.processing.purpose
    return ProcessingOut(
        code=purpose.code,
        zh=purpose.zh,
        en=purpose.en,
        articles=entry.articles,
        in_force=entry.in_force,
        active_from=purpose.active_from,
        active_to=purpose.active_to,
        sensitive=purpose.sensitive,
        separate_consent=purpose.consent if purpose.needs_separate_consent else None,
        tables=list(made.tables),
        fields=made.fields,
        encrypted_fields=list(made.sealed),
        health_fields=list(made.health),
        lists=list(made.exports),
        roles=list(made.roles),
        notices=list(made.notices),
        retention=[
            Kept(code=rule.code, zh=rule.zh, en=rule.en, days=rule.days, law=rule.law)
            for rule in made.retention
        ],
        assessment_grounds=list(made.needs_assessment),
        impact=made.impact,
        rows=entry.rows,
        exports=entry.exports,
        exported_rows=entry.exported_rows,
    )


@router.get("/processing", summary="Register of processing 处理活动记录", response_model=ProcessingRegister)
async def read_processing(runtime: CurrentRuntime, access: Reader) -> ProcessingRegister:
    """Read every purpose with its basis, fields, encryption, retention, lists, recipients and numbers, made from
    the data as it is now. Needs `privacy:read`."""
    return ProcessingRegister(
        made_at=runtime.clock.now(),
        district=runtime.settings.district,
        items=[_out(each) for each in await _entries(runtime, access)],
    )


@router.get(
    "/processing.csv",
    summary="Register of processing to print 处理活动记录 (CSV)",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def print_processing(runtime: CurrentRuntime, access: Reader) -> Response:
    """Read the same as a table. Needs `privacy:read`."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADINGS.values())
    for entry in await _entries(runtime, access):
        out = _out(entry)
        values = out.model_dump(exclude={"retention"}) | {
            "retention": [f"{each.zh} {each.days} 天" if each.days else each.zh for each in out.retention]
        }
        writer.writerow([_cell(values[name]) for name in _HEADINGS])
    headers = {"Content-Disposition": 'attachment; filename="processing.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv", headers=headers)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return defused(text)


@router.get("/sharing", summary="Register of sharing 提供记录 (导出)", response_model=SharingPage)
async def read_sharing(
    runtime: CurrentRuntime,
    access: Auditor,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SharingPage:
    """List who took which list out, when, for which purpose and on which basis. What went to other districts is in
    migrant-api's register of the same name. Needs `reading:audit`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rows = await service.loaded(tx, decode_cursor(after, datetime, UUID), limit + 1)
        names = await staff.names_of(tx, {row["logged_by"] for row in rows})
    items = [
        SharingOut(
            at=row["logged_at"],
            by=row["logged_by"],
            by_name=names.get(row["logged_by"]),
            list=row["list_name"],
            columns=row["columns"],
            rows=row["rows"],
            purpose_code=row["purpose_code"],
            articles=row["articles"],
            purpose=row["purpose"],
        )
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return SharingPage(
        items=items, next=encode_cursor(last["logged_at"].isoformat(), str(last["id"])) if last else None
    )


@router.get(
    "/impact-assessment",
    summary="Impact assessment of this node 影响评估",
    response_class=Response,
    responses={200: {"content": {"text/markdown": {}}}},
)
async def read_assessment(runtime: CurrentRuntime, access: Reader) -> Response:
    """Read the assessment of articles 55 and 56, made from the node's purposes, periods and numbers; to be kept for
    three years at least. Needs `privacy:read`."""
    page = assessment.page_of_node(
        runtime.settings.district, runtime.clock.now(), await _entries(runtime, access)
    )
    return Response(page, media_type="text/markdown; charset=utf-8")
