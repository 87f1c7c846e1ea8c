"""Rented houses and their tenants by sheet (出租房屋, 租客)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.findings import Finding
from renkou_common.identity.roles import Scope
from renkou_registry.imports import sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.importer import Kind, RowByRow, office_of
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk
from renkou_registry.rentals import service

_AREA, _STREET = "社区（村）编码", "详细地址"
_LANDLORD, _LANDLORD_NAME, _PHONE = "房东身份证号", "房东姓名", "房东电话"
_NUMBER, _NAME, _SINCE = "身份证号", "姓名", "入住日期"
RENTALS = Sheet(
    "rentals",
    "出租房屋登记表",
    "rented houses",
    (
        sheet.text(
            _STREET, 200, "路、号、幢、室", required=True, example="安庆路 1 号 2 幢 301 室", width=28
        ),
        sheet.area(_AREA, "本区 12 位社区（村）代码", required=True, example="340103001001"),
        sheet.number("间数", 1, 1000, required=True, example="2"),
        sheet.resident_id(_LANDLORD, "房东在登记册中的填写"),
        sheet.name(_LANDLORD_NAME, required=True, example="王小明"),
        sheet.phone(_PHONE, "未填房东身份证号时可填", example="13800138000"),
        sheet.day("出租日期", required=True, example="2025-03-18"),
    ),
)
TENANTS = Sheet(
    "tenants",
    "租客登记表",
    "tenants of rented houses",
    (
        sheet.resident_id(_NUMBER, required=True, example="340103199001311235"),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.area(_AREA, "出租房屋登记的社区（村）代码", required=True, example="340103001001"),
        sheet.text(
            _STREET, 200, "与出租房屋登记一致", required=True, example="安庆路 1 号 2 幢 301 室", width=28
        ),
        sheet.text("房间", 40, privacy=Privacy.HIDDEN, example="北间"),
        sheet.day(_SINCE, required=True, example="2025-03-18"),
    ),
    ("出租房屋须先登记。",),
)
_PHONE_IN_REGISTER = Finding(
    "landlord_phone", "在册房东的电话见人员信息, 不在此填写", "a registered landlord's phone is the person's"
)


class _Rentals(RowByRow):
    person = ((_LANDLORD, _LANDLORD_NAME),)
    days = ("出租日期",)
    columns = MappingProxyType({"/area": _AREA, "/since": "出租日期", "/landlord_id": _LANDLORD})

    def check(self, row: Row) -> None:
        if row[_LANDLORD] is not None and row[_PHONE] is not None:
            row.blame(_PHONE, _PHONE_IN_REGISTER)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        landlord = persons.get(_LANDLORD)
        values = {
            "street": row[_STREET],
            "rooms": row["间数"],
            "since": row["出租日期"],
            "landlord_id": landlord,
            "landlord_name": None if landlord else row[_LANDLORD_NAME],
            "landlord_phone": row[_PHONE],
        }
        await service.create(office_of(desk), row[_AREA], values)


class _Tenants(RowByRow):
    person = ((_NUMBER, _NAME),)
    days = (_SINCE,)
    columns = MappingProxyType({"/area": _AREA, "/street": _STREET, "/since": _SINCE, "/person_id": _NUMBER})

    async def look_up(self, desk: Desk, row: Row) -> None:
        await service.at_street(office_of(desk), row[_AREA], row[_STREET])

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        office = office_of(desk)
        house = await service.at_street(office, row[_AREA], row[_STREET])
        await service.add_tenant(office, house["id"], persons[_NUMBER], row[_SINCE], row["房间"])


KINDS = (
    Kind(RENTALS, Scope.OFFICE_WRITE, _Rentals, "出租房屋"),
    Kind(TENANTS, Scope.OFFICE_WRITE, _Tenants, "租客"),
)
