"""Services given by sheet (服务记录)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.lists import SERVICE_KINDS
from renkou_common.errors import Conflict
from renkou_common.identity.roles import Scope
from renkou_registry.imports import sheet
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk
from renkou_registry.services_given import service

_NUMBER, _NAME, _DAY = "身份证号", "姓名", "服务日期"
SHEET = Sheet(
    "services",
    "服务登记表",
    "services given",
    (
        sheet.resident_id(_NUMBER, required=True, example="340103199001311235"),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.coded("服务项目", SERVICE_KINDS, required=True, example="健康检查"),
        sheet.day(_DAY, required=True, example="2025-03-18"),
        sheet.yes_no("同意通报户籍地", "本人同意的填“是”; 不填即不通报", example="否"),
    ),
    ("服务均为免费, 是否接受由本人决定。",),
)


class _Services(RowByRow):
    person = ((_NUMBER, _NAME),)
    days = (_DAY,)
    columns = MappingProxyType({"/given_on": _DAY, "/kind": "服务项目"})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        person_id, kind, given_on = persons[_NUMBER], row["服务项目"], row[_DAY]
        if await service.is_recorded(desk.tx, person_id, kind, given_on):
            raise Conflict("service_recorded", "该项服务已登记", "this service is recorded already")
        await service.give(
            desk.runtime,
            desk.tx,
            desk.scope,
            person_id,
            kind,
            given_on,
            share_with_home=bool(row["同意通报户籍地"]),
            recorded_by=desk.subject,
        )


KIND = Kind(SHEET, Scope.SERVICE_WRITE, _Services, "服务")
