"""Places below a community and kin links by sheet (楼院, 亲属)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.lists import KIN_KINDS, PLACE_KINDS, KinKind, PlaceKind
from renkou_common.identity.roles import Scope
from renkou_registry.imports import sheet
from renkou_registry.imports.household_sheet import NOT_A_COMMUNITY
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.kin import service as kin
from renkou_registry.life_events.recording import Desk
from renkou_registry.places import service as places
from renkou_registry.places.domain import PlaceEntry

_AREA, _CODE, _PARENT = "社区（村）编码", "编号", "上级编号"
_NUMBER, _NAME = "身份证号", "姓名"
_KIN, _KIN_NAME, _KIND = "亲属身份证号", "亲属姓名", "亲属关系"
PLACES = Sheet(
    "places",
    "楼院登记表",
    "places below a community",
    (
        sheet.text(_CODE, 40, "在社区（村）内唯一", required=True, example="G03-12"),
        sheet.coded("类型", PLACE_KINDS, required=True, example="楼栋"),
        sheet.text("名称", 100, required=True, example="安庆新村 12 栋", width=24),
        sheet.area(_AREA, "本区 12 位社区（村）代码", required=True, example="340103001001"),
        sheet.text(_PARENT, 40, "所在网格、院落的编号, 须先登记"),
        sheet.day("启用日期", required=True, example="2025-01-01"),
        sheet.day("停用日期", "不再使用的第一天; 仍在使用的不填"),
    ),
)
KIN = Sheet(
    "kin",
    "亲属关系登记表",
    "kin links",
    (
        sheet.resident_id(_NUMBER, required=True, example="340103199001311235"),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.coded(_KIND, KIN_KINDS, "下列亲属是此人的什么人", required=True, example="子女"),
        sheet.resident_id(_KIN, required=True, example="340103201503182229"),
        sheet.name(_KIN_NAME, required=True, example="王小满"),
        sheet.yes_no("此前未计入子女数", "该子女此前未计入父母的子女数的填“是”; 不填即“否”", example="否"),
    ),
    ("出生、结婚登记自动建立亲属关系, 不必在此登记。",),
)


class _Places(RowByRow):
    columns = MappingProxyType(
        {"/area": _AREA, "/parent_id": _PARENT, "/valid_from": "启用日期", "/valid_to": "停用日期"}
    )

    def check(self, row: Row) -> None:
        area = row[_AREA]
        if area is not None and not (self.runtime.district.contains(area) and len(area.value) == 12):
            row.blame(_AREA, NOT_A_COMMUNITY)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        area, parent = row[_AREA].key, row[_PARENT]
        above = await places.of_code(desk.tx, desk.scope, area, parent) if parent else None
        entry = PlaceEntry(
            area=area,
            kind=PlaceKind(row["类型"]),
            code=row[_CODE],
            name=row["名称"],
            valid_from=row["启用日期"],
            valid_to=row["停用日期"],
            parent_id=above["id"] if above else None,
        )
        await places.create(desk.runtime, desk.tx, desk.scope, entry, recorded_by=desk.subject)


class _Kin(RowByRow):
    person = ((_NUMBER, _NAME), (_KIN, _KIN_NAME))
    columns = MappingProxyType({"/person_id": _KIN, "/relation": _KIND})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        await kin.link(
            desk.runtime,
            desk.tx,
            desk.scope,
            persons[_NUMBER],
            KinKind(row[_KIND]),
            persons[_KIN],
            additional=bool(row["此前未计入子女数"]),
            recorded_by=desk.subject,
        )


KINDS = (
    Kind(PLACES, Scope.RESIDENT_WRITE, _Places, "楼院"),
    Kind(KIN, Scope.RESIDENT_WRITE, _Kin, "亲属"),
)
