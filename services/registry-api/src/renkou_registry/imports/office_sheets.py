"""Activities, petitions and budget lines by sheet (活动, 信访, 事业费预算)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.findings import Finding
from renkou_common.codes.offices import ACTIVITY_KINDS, BUDGET_KINDS, PETITION_CHANNELS, PETITION_TOPICS
from renkou_common.identity.roles import Scope
from renkou_registry.activities import service as activities
from renkou_registry.budget import service as budget
from renkou_registry.imports import sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.importer import Kind, RowByRow, office_of
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk
from renkou_registry.petitions import service as petitions

_AREA = "区划编码"
_AREA_HELP = "本区任一级区划代码: 区、街道或社区（村）"
_HELD, _RECEIVED, _ANONYMOUS, _PETITIONER = "活动日期", "受理日期", "匿名", "信访人姓名"
_MATERIAL, _QUANTITY = "发放材料", "材料数量"
ACTIVITIES = Sheet(
    "activities",
    "活动登记表",
    "activities",
    (
        sheet.text("活动名称", 200, required=True, example="社区义诊", width=24),
        sheet.coded("活动类型", ACTIVITY_KINDS, required=True, example="义诊"),
        sheet.area(_AREA, _AREA_HELP, required=True, example="340103001001"),
        sheet.text("地点", 200, required=True, example="社区广场", width=20),
        sheet.day(_HELD, required=True, example="2025-03-08"),
        sheet.number("参加人数", 0, 1_000_000, required=True, example="120"),
        sheet.text(_MATERIAL, 100, example="优生优育手册", width=18),
        sheet.number(_QUANTITY, 1, 1_000_000, "填了材料的必填", example="200"),
    ),
)
PETITIONS = Sheet(
    "petitions",
    "信访登记表",
    "petitions",
    (
        sheet.day(_RECEIVED, required=True, example="2025-03-03"),
        sheet.area(_AREA, _AREA_HELP, required=True, example="340103001001"),
        sheet.coded("信访渠道", PETITION_CHANNELS, required=True, example="来访"),
        sheet.coded("信访事项", PETITION_TOPICS, required=True, example="奖励扶助"),
        sheet.text("承办单位", 100, required=True, example="三孝口街道计生办", width=20),
        sheet.yes_no(_ANONYMOUS, "匿名的填“是”, 不填姓名和电话", required=True, example="否"),
        sheet.name(_PETITIONER, "不匿名的必填", example="王小明"),
        sheet.phone("信访人电话", example="13800138000"),
        sheet.text(
            "内容", 10_000, required=True, example="咨询奖励扶助的申请条件", privacy=Privacy.HIDDEN, width=40
        ),
    ),
)
BUDGET = Sheet(
    "budget_lines",
    "事业费预算表",
    "budget lines",
    (
        sheet.number("年度", 1990, 2200, required=True, example="2025"),
        sheet.area(_AREA, _AREA_HELP, required=True, example="340103001"),
        sheet.coded("科目", BUDGET_KINDS, required=True, example="宣传教育"),
        sheet.amount("预算（元）", required=True, example="40000.00"),
    ),
)
_BOTH = Finding("value_missing", "发放材料与材料数量应同时填写", "material and quantity go together")
_NAME_OR_NOT = Finding(
    "petitioner", "匿名的不填姓名, 不匿名的必填姓名", "a name unless anonymous, and none if anonymous"
)


class _Activities(RowByRow):
    days = (_HELD,)
    columns = MappingProxyType({"/area": _AREA, "/held_on": _HELD})

    def check(self, row: Row) -> None:
        if (row[_MATERIAL] is None) != (row[_QUANTITY] is None):
            row.blame(_QUANTITY, _BOTH)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        material = {"name": row[_MATERIAL], "quantity": row[_QUANTITY]}
        values = {
            "kind": row["活动类型"],
            "title": row["活动名称"],
            "place": row["地点"],
            "held_on": row[_HELD],
            "people_reached": row["参加人数"],
            "materials": [material] if row[_MATERIAL] else [],
        }
        await activities.create(office_of(desk), row[_AREA], values)


class _Petitions(RowByRow):
    days = (_RECEIVED,)
    columns = MappingProxyType({"/area": _AREA, "/received_on": _RECEIVED})

    def check(self, row: Row) -> None:
        if row[_ANONYMOUS] is not None and row[_ANONYMOUS] == (row[_PETITIONER] is not None):
            row.blame(_PETITIONER, _NAME_OR_NOT)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        values = {
            "received_on": row[_RECEIVED],
            "channel": row["信访渠道"],
            "topic": row["信访事项"],
            "office": row["承办单位"],
            "anonymous": row[_ANONYMOUS],
            "petitioner_name": row[_PETITIONER],
            "petitioner_phone": row["信访人电话"],
            "content": row["内容"],
        }
        await petitions.receive(office_of(desk), row[_AREA], values)


class _Budget(RowByRow):
    columns = MappingProxyType({"/area": _AREA, "/year": "年度", "/kind": "科目"})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        await budget.create(office_of(desk), row[_AREA], row["年度"], row["科目"], row["预算（元）"])


KINDS = (
    Kind(ACTIVITIES, Scope.OFFICE_WRITE, _Activities, "活动"),
    Kind(PETITIONS, Scope.PETITION_WRITE, _Petitions, "信访"),
    Kind(BUDGET, Scope.BUDGET_WRITE, _Budget, "事业费预算"),
)
