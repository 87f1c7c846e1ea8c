"""Employers and who works for them by sheet (单位, 职工)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.credit_code import CreditCode
from renkou_common.identity.roles import Scope
from renkou_registry.employers import service
from renkou_registry.imports import cells, sheet
from renkou_registry.imports.importer import Kind, RowByRow, office_of
from renkou_registry.imports.sheet import Field, Row, Sheet
from renkou_registry.life_events.recording import Desk

_AREA, _CODE, _DAY = "社区（村）编码", "统一社会信用代码", "登记日期"
_NUMBER, _NAME, _SINCE = "身份证号", "姓名", "入职日期"
_EXAMPLE = "91110108551385082Q"


def _credit_code(*, required: bool = False) -> Field:
    return Field(
        _CODE,
        "18 位, GB 32100-2015",
        lambda cell: CreditCode.parse(cells.document_number(cell)).value,
        example=_EXAMPLE,
        required=required,
        width=22,
    )


EMPLOYERS = Sheet(
    "employers",
    "单位登记表",
    "employers",
    (
        sheet.text("单位名称", 200, required=True, example="合肥某某有限公司", width=28),
        _credit_code(),
        sheet.name("法定代表人", required=True, example="王小明"),
        sheet.phone("联系电话", example="0551-62345678"),
        sheet.area(_AREA, "本区 12 位社区（村）代码", required=True, example="340103001001"),
        sheet.text("详细地址", 200, "路、号、幢、室", example="安庆路 1 号", width=28),
        sheet.day(_DAY, "在本社区（村）开办的日期", required=True, example="2020-05-01"),
    ),
)
EMPLOYEES = Sheet(
    "employees",
    "单位职工登记表",
    "employees of employers",
    (
        _credit_code(required=True),
        sheet.resident_id(_NUMBER, required=True, example="340103199001311235"),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.day(_SINCE, required=True, example="2025-03-18"),
    ),
    ("单位须先登记。不收集职工的婚育、避孕信息。",),
)


class _Employers(RowByRow):
    days = (_DAY,)
    columns = MappingProxyType({"/area": _AREA, "/credit_code": _CODE, "/since": _DAY})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        code = row[_CODE]
        values = {
            "name": row["单位名称"],
            "credit_code": CreditCode(code) if code else None,
            "representative": row["法定代表人"],
            "phone": row["联系电话"],
            "street": row["详细地址"],
            "since": row[_DAY],
        }
        await service.create(office_of(desk), row[_AREA], values)


class _Employees(RowByRow):
    person = ((_NUMBER, _NAME),)
    days = (_SINCE,)
    columns = MappingProxyType({"/credit_code": _CODE, "/since": _SINCE, "/person_id": _NUMBER})

    async def look_up(self, desk: Desk, row: Row) -> None:
        await service.of_code(office_of(desk), row[_CODE])

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        office = office_of(desk)
        employer = await service.of_code(office, row[_CODE])
        await service.add_employee(office, employer["id"], persons[_NUMBER], row[_SINCE])


KINDS = (
    Kind(EMPLOYERS, Scope.OFFICE_WRITE, _Employers, "单位"),
    Kind(EMPLOYEES, Scope.OFFICE_WRITE, _Employees, "单位职工"),
)
