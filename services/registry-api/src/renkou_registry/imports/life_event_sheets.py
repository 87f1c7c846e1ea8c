"""Life events by sheet: births, deaths, marriages, moves. Who is meant is told by ID number and name."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import Finding
from renkou_common.codes.lists import DOCUMENT_KINDS, MARITAL_STATUSES, SEXES, DocumentKind
from renkou_common.errors import Conflict
from renkou_common.identity.roles import Scope
from renkou_registry.fields import area_error
from renkou_registry.imports import sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events import births, service, unions
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as person_service

_NUMBER, _NAME = "身份证号", "姓名"
_ID = "340103199001311235"
_MOTHER, _FATHER, _SPOUSE = "母亲身份证号", "父亲身份证号", "配偶身份证号"
_TO = "迁往地编码"
_MARRIED = frozenset({"21", "22", "23"})

BIRTHS = Sheet(
    "births",
    "出生登记表",
    "births",
    (
        sheet.resident_id(_MOTHER, required=True, example="340103199205202225"),
        sheet.name("母亲姓名", required=True, example="李小红"),
        sheet.resident_id(_FATHER, "父亲在登记册中的填写"),
        sheet.name("父亲姓名", "填写时与登记册核对"),
        sheet.day("出生日期", required=True, example="2025-03-18"),
        sheet.name("新生儿姓名", required=True, example="王小满"),
        sheet.coded("性别", SEXES, required=True, example="女"),
        sheet.coded("证件类型", DOCUMENT_KINDS, required=True, example="出生医学证明"),
        sheet.resident_id("新生儿身份证号", "证件类型为居民身份证时必填"),
        sheet.number("孩次", 1, 30, "母亲的第几个子女; 不填按登记推算", example="1"),
    ),
    ("户籍地和现居住地随母亲。",),
)
DEATHS = Sheet(
    "deaths",
    "死亡登记表",
    "deaths",
    (
        sheet.resident_id(_NUMBER, required=True, example=_ID),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.day("死亡日期", required=True, example="2025-03-18"),
    ),
)
MARRIAGES = Sheet(
    "marriages",
    "结婚登记表",
    "marriages",
    (
        sheet.resident_id(_NUMBER, required=True, example=_ID),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.resident_id(_SPOUSE, "配偶在登记册中的填写", example="340103199205202225"),
        sheet.name("配偶姓名", "填写时与登记册核对", example="李小红"),
        sheet.day("结婚日期", required=True, example="2025-03-18"),
        sheet.coded("婚姻状况", MARITAL_STATUSES, "初婚、再婚或复婚; 不填按登记推算", example="初婚"),
    ),
)
MOVES = Sheet(
    "moves",
    "迁移登记表",
    "moves",
    (
        sheet.resident_id(_NUMBER, required=True, example=_ID),
        sheet.name(_NAME, required=True, example="王小明"),
        sheet.day("迁移日期", required=True, example="2025-03-18"),
        sheet.area(_TO, required=True, example="310115"),
        sheet.text("迁往地详细地址", 200, "路、号、幢、室", privacy=Privacy.HIDDEN, width=28),
        sheet.yes_no("户籍随迁", "户籍一并迁走的填“是”", required=True, example="否"),
    ),
)
_NOT_MARRIED = Finding(
    "marital_status", "应为初婚、再婚或复婚", "must be a first, another or a resumed marriage"
)
_NUMBER_MISSING = Finding("value_missing", "证件类型为居民身份证时必填", "required for this kind of document")


class _Births(RowByRow):
    person = ((_MOTHER, "母亲姓名"), (_FATHER, "父亲姓名"))
    days = ("出生日期",)
    columns = MappingProxyType(
        {
            "/mother_id": _MOTHER,
            "/father_id": _FATHER,
            "/child/resident_id": "新生儿身份证号",
            "/happened_on": "出生日期",
        }
    )

    def check(self, row: Row) -> None:
        if row["证件类型"] == DocumentKind.RESIDENT_ID and row["新生儿身份证号"] is None:
            row.blame("新生儿身份证号", _NUMBER_MISSING)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        mother, born_on = persons[_MOTHER], row["出生日期"]
        if await person_service.has_child(desk.tx, mother, born_on, row["新生儿姓名"]):
            raise Conflict("birth_recorded", "该出生已登记", "this birth is recorded already")
        kind = row["证件类型"]
        birth = births.Birth(
            mother_id=mother,
            father_id=persons.get(_FATHER),
            happened_on=born_on,
            name=row["新生儿姓名"],
            sex=int(row["性别"]),
            document_kind=kind,
            resident_id=row["新生儿身份证号"] if kind == DocumentKind.RESIDENT_ID else None,
            parity=row["孩次"],
        )
        await births.record_birth(desk, birth)


class _Deaths(RowByRow):
    person = ((_NUMBER, _NAME),)
    days = ("死亡日期",)
    columns = MappingProxyType({"/happened_on": "死亡日期"})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        await unions.record_death(desk, persons[_NUMBER], row["死亡日期"])


class _Marriages(RowByRow):
    person = ((_NUMBER, _NAME), (_SPOUSE, "配偶姓名"))
    days = ("结婚日期",)
    columns = MappingProxyType(
        {"/spouse_id": _SPOUSE, "/happened_on": "结婚日期", "/marital_status": "婚姻状况"}
    )

    def check(self, row: Row) -> None:
        if row["婚姻状况"] is not None and row["婚姻状况"] not in _MARRIED:
            row.blame("婚姻状况", _NOT_MARRIED)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        await service.record_marriage(
            desk, persons[_NUMBER], persons.get(_SPOUSE), row["结婚日期"], row["婚姻状况"]
        )


class _Moves(RowByRow):
    person = ((_NUMBER, _NAME),)
    days = ("迁移日期",)
    columns = MappingProxyType({"/to_area": _TO, "/happened_on": "迁移日期"})

    def check(self, row: Row) -> None:
        code: AreaCode | None = row[_TO]
        error = area_error("/to_area", code, self.runtime.district) if code is not None else None
        if error is not None:
            row.blame(_TO, Finding(error.code, error.text.zh, error.text.en))
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        await service.record_move(
            desk,
            persons[_NUMBER],
            row["迁移日期"],
            row[_TO].key,
            row["迁往地详细地址"],
            transfer_registration=row["户籍随迁"],
        )


KINDS = (
    Kind(BIRTHS, Scope.LIFE_EVENT_WRITE, _Births, "出生"),
    Kind(DEATHS, Scope.LIFE_EVENT_WRITE, _Deaths, "死亡"),
    Kind(MARRIAGES, Scope.LIFE_EVENT_WRITE, _Marriages, "结婚"),
    Kind(MOVES, Scope.LIFE_EVENT_WRITE, _Moves, "迁移"),
)
