"""Childbirth registrations and existing honour certificates by sheet (生育登记, 光荣证)."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.findings import Finding
from renkou_common.codes.maternal import CHILDBIRTH_ADDRESSES
from renkou_common.identity.roles import Scope
from renkou_registry.childbirth import service as childbirth
from renkou_registry.childbirth.domain import Address
from renkou_registry.honour import service as honour
from renkou_registry.imports import sheet
from renkou_registry.imports.importer import Kind, RowByRow
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk

_NUMBER, _NAME = "身份证号", "姓名"
_PARTNER, _PARTNER_NAME = "配偶或伴侣身份证号", "配偶或伴侣姓名"
_FIRST, _SECOND, _CHILD = "持证人身份证号", "持证人配偶身份证号", "子女身份证号"
CHILDBIRTHS = Sheet(
    "childbirth_registrations",
    "生育登记表",
    "childbirth registrations",
    (
        sheet.resident_id(_NUMBER, required=True, example="340103199205202225"),
        sheet.name(_NAME, required=True, example="李小红"),
        sheet.coded("登记地址", CHILDBIRTH_ADDRESSES, required=True, example="现居住地"),
        sheet.day("登记日期", "不填即今天", example="2025-03-18"),
        sheet.resident_id(_PARTNER, "在登记册中且本人愿意填写的"),
        sheet.name(_PARTNER_NAME, "本人愿意填写的; 可只填姓名"),
        sheet.number("孩次", 1, 30, "本人愿意填写的", example="1"),
    ),
    ("生育登记是登记, 不是审批; 不限婚姻状况和子女数。",),
)
HONOURS = Sheet(
    "honour_certificates",
    "光荣证登记表",
    "existing honour certificates",
    (
        sheet.text("证号", 40, "原证上的号码", required=True, example="庐阳独字第 0012345 号", width=24),
        sheet.resident_id(_FIRST, required=True, example="340103196501311239"),
        sheet.name("持证人姓名", required=True, example="王大明"),
        sheet.resident_id(_SECOND),
        sheet.name("持证人配偶姓名", "填写时与登记册核对"),
        sheet.resident_id(_CHILD, required=True, example="340103199001311235"),
        sheet.name("子女姓名", required=True, example="王小明"),
        sheet.day("发证日期", required=True, example="1991-05-04"),
    ),
    ("只录入原有证件; 2016 年 1 月 1 日及以后出生的子女依法不再发证。",),
)
_SAME_HOLDER = Finding("same_holder", "双方不能是同一人", "the two holders must be different people")


class _Childbirths(RowByRow):
    person = ((_NUMBER, _NAME), (_PARTNER, _PARTNER_NAME))
    days = ("登记日期",)
    columns = MappingProxyType(
        {"/registered_on": "登记日期", "/address": "登记地址", "/partner_id": _PARTNER}
    )

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        partner = persons.get(_PARTNER)
        await childbirth.register(
            desk.runtime,
            desk.tx,
            desk.scope,
            persons[_NUMBER],
            Address(row["登记地址"]),
            row["登记日期"] or desk.today,
            partner_id=partner,
            partner_name=None if partner else row[_PARTNER_NAME],
            child_ordinal=row["孩次"],
            recorded_by=desk.subject,
        )


class _Honours(RowByRow):
    person = ((_FIRST, "持证人姓名"), (_SECOND, "持证人配偶姓名"), (_CHILD, "子女姓名"))
    days = ("发证日期",)
    columns = MappingProxyType({"/number": "证号", "/issued_on": "发证日期", "/child_id": _CHILD})

    def check(self, row: Row) -> None:
        if row[_FIRST] is not None and row[_FIRST] == row[_SECOND]:
            row.blame(_SECOND, _SAME_HOLDER)
        super().check(row)

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        entry = honour.Entry(
            persons[_FIRST], persons.get(_SECOND), persons[_CHILD], row["发证日期"], row["证号"]
        )
        await honour.enter(desk.runtime, desk.tx, desk.scope, entry, recorded_by=desk.subject)


KINDS = (
    Kind(CHILDBIRTHS, Scope.CHILDBIRTH_WRITE, _Childbirths, "生育登记"),
    Kind(HONOURS, Scope.HONOUR_WRITE, _Honours, "光荣证"),
)
