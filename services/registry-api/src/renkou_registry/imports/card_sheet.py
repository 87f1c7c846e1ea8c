"""Women's cards by sheet (信息卡): whose cards to open, and nothing that a woman tells (see ``kinds.py``)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.identity.roles import Scope
from renkou_registry.cards import service
from renkou_registry.imports import sheet
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk

_NUMBER, _NAME, _DAY = "身份证号", "姓名", "建卡日期"
SHEET = Sheet(
    "cards",
    "信息卡建卡表",
    "women's cards",
    (
        sheet.resident_id(_NUMBER, required=True, example="340103199205202225"),
        sheet.name(_NAME, required=True, example="李小红"),
        sheet.day(_DAY, "不填即今天", example="2025-03-18"),
    ),
    ("避孕方法、预产期等由本人自愿告知并单独同意, 不通过表格收集。",),
)


class _Cards(RowByRow):
    person = ((_NUMBER, _NAME),)
    days = (_DAY,)
    columns = MappingProxyType({"/opened_on": _DAY, "/person_id": _NUMBER})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        opened_on = row[_DAY] or desk.today
        await service.open_card(desk.runtime, desk.tx, desk.scope, persons[_NUMBER], opened_on, desk.subject)


KIND = Kind(SHEET, Scope.CARD_WRITE, _Cards, "信息卡")
