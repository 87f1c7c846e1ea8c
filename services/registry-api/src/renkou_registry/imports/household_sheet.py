"""Households by sheet (户): number, community, head."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.findings import Finding
from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import HOUSEHOLD_KINDS, HouseholdKind
from renkou_common.identity.roles import Scope
from renkou_registry.households import service as households
from renkou_registry.households.domain import HouseholdEntry, MemberEntry
from renkou_registry.imports import sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk

_AREA = "社区（村）编码"
_HEAD, _HEAD_NAME = "户主身份证号", "户主姓名"
NOT_A_COMMUNITY = Finding(
    "area_outside_district", "应为本区的 12 位社区（村）代码", "must be a community of this district"
)
SHEET = Sheet(
    "households",
    "家庭户登记表",
    "households",
    (
        sheet.text("户号", 40, "在社区（村）内唯一", required=True, example="340103000001", width=16),
        sheet.coded("户别", HOUSEHOLD_KINDS, required=True, example="家庭户"),
        sheet.area(_AREA, "本区 12 位社区（村）代码", required=True, example="340103001001"),
        sheet.text(
            "详细地址", 200, "路、号、幢、室", example="亳州路 1 号", privacy=Privacy.HIDDEN, width=28
        ),
        sheet.resident_id(_HEAD, "户主已在登记册中的填写", example="340103199001311235"),
        sheet.name(_HEAD_NAME, "填写时与登记册核对", example="王小明"),
    ),
)


class _Households(RowByRow):
    person = ((_HEAD, _HEAD_NAME),)
    columns = MappingProxyType({"/area": _AREA, "/number": "户号"})

    def check(self, row: Row) -> None:
        area = row[_AREA]
        if area is not None and not (self.runtime.district.contains(area) and len(area.value) == 12):
            row.blame(_AREA, NOT_A_COMMUNITY)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        head = persons.get(_HEAD)
        entry = HouseholdEntry(
            number=row["户号"],
            area=row[_AREA].key,
            kind=HouseholdKind(row["户别"]),
            street=row["详细地址"],
            members=(MemberEntry(head, Relation.HEAD),) if head else (),
        )
        await households.create(desk.runtime, desk.tx, desk.scope, entry, recorded_by=desk.subject)


KIND = Kind(SHEET, Scope.RESIDENT_WRITE, _Households, "户")
