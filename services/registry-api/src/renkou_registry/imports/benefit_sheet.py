"""Applications for benefits by sheet (奖扶申报), entered for the persons; checks and approval follow as ever."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.findings import CodeError
from renkou_common.identity.roles import Scope
from renkou_common.sheets.domain import Cell
from renkou_registry.benefits.enrolments import service
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.benefits.schemes.domain import FACT_NAMES, Fact
from renkou_registry.imports import cells, sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Field, Row, Sheet
from renkou_registry.life_events.recording import Desk

_NUMBER, _NAME, _SCHEME, _ACCOUNT = "身份证号", "姓名", "项目代码", "银行账号"
_ACCOUNT_FORM = re.compile(r"[0-9]{8,32}", re.ASCII)
_DECLARED = {
    FACT_NAMES[fact][0]: fact
    for fact in (Fact.RURAL_REGISTRATION, Fact.CHILD_DIED, Fact.CHILD_DISABLED, Fact.HONOUR_CERTIFICATE)
}


def _account(cell: Cell) -> str:
    number = cells.document_number(cell)
    if not _ACCOUNT_FORM.fullmatch(number):
        raise CodeError("account_form", "应为 8-32 位数字", "must be 8-32 digits")
    return number


SHEET = Sheet(
    "benefit_enrolments",
    "奖扶申报表",
    "benefit applications",
    (
        sheet.resident_id(_NUMBER, required=True, example="340103196501311239"),
        sheet.name(_NAME, required=True, example="王大明"),
        sheet.text(_SCHEME, 60, "奖扶项目的代码", required=True, example="rural_reward"),
        sheet.text("开户银行", 100, required=True, example="徽商银行", width=18),
        Field(
            _ACCOUNT,
            "8-32 位数字, 单元格必须是文本格式",
            _account,
            required=True,
            example="6217000012345678901",
            privacy=Privacy.HIDDEN,
            width=24,
        ),
        sheet.name("账户户名", required=True, example="王大明"),
        *(sheet.yes_no(title, "本人申报的填“是”或“否”; 不填即未申报") for title in _DECLARED),
    ),
    ("申报后仍须社区、街道核实和区级审批; 本人可随时撤回。",),
)


class _Enrolments(RowByRow):
    person = ((_NUMBER, _NAME),)
    columns = MappingProxyType({"/scheme": _SCHEME})

    async def look_up(self, desk: Desk, row: Row) -> None:
        await schemes.id_of_code(desk.tx, row[_SCHEME])

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        facts = {fact.value: row[title] for title, fact in _DECLARED.items() if row[title] is not None}
        account = {"bank": row["开户银行"], "number": row[_ACCOUNT], "holder": row["账户户名"]}
        application = service.Application(
            await schemes.id_of_code(desk.tx, row[_SCHEME]),
            persons[_NUMBER],
            "worker",
            {"facts": facts, "children": []},
            account,
        )
        await service.apply(service.Desk(desk.runtime, desk.tx, desk.scope, desk.subject), application)


KIND = Kind(SHEET, Scope.BENEFIT_APPLY, _Enrolments, "奖扶申报")
