"""Supplies by sheet: products with their specifications, and receipts at a point by batch (药具品种, 入库)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from renkou_common.codes.offices import SUPPLY_KINDS
from renkou_common.identity.roles import Scope
from renkou_registry.imports import sheet
from renkou_registry.imports.documents import RowsOfDocuments
from renkou_registry.imports.importer import Kind, RowByRow, office_of
from renkou_registry.imports.sheet import Row, Sheet
from renkou_registry.life_events.recording import Desk
from renkou_registry.supplies.catalogue import service as catalogue
from renkou_registry.supplies.ledger import service as ledger

_CODE, _NAME, _SPECIFICATION = "品种代码", "药具名称", "规格"
_AREA, _POINT, _DAY, _SOURCE = "发放点所在区划编码", "发放点名称", "入库日期", "来源"
_PAPER = "单据号"
PRODUCTS = Sheet(
    "supply_products",
    "药具品种表",
    "supply products and specifications",
    (
        sheet.text(_CODE, 40, "字母、数字、-; 一行一个规格", required=True, example="BYT-01"),
        sheet.text(_NAME, 100, required=True, example="避孕套"),
        sheet.coded("类型", SUPPLY_KINDS, required=True, example="避孕套"),
        sheet.text(_SPECIFICATION, 100, required=True, example="中号 10 只装"),
        sheet.text("单位", 10, "计量单位", required=True, example="盒"),
    ),
    ("已登记的品种只增加规格, 名称和类型以已登记的为准。",),
)
RECEIPTS = Sheet(
    "supply_receipts",
    "药具入库表",
    "receipts of supplies by batch",
    (
        sheet.area(_AREA, "发放点登记的区划代码", required=True, example="340103001001"),
        sheet.text(_POINT, 100, required=True, example="三孝口发放点", width=18),
        sheet.day(_DAY, required=True, example="2025-03-18"),
        sheet.text(_CODE, 40, "品种须已登记", required=True, example="BYT-01"),
        sheet.text(_SPECIFICATION, 100, required=True, example="中号 10 只装"),
        sheet.text("批号", 40, required=True, example="20250101A"),
        sheet.day("有效期至", "可以发放的最后一天", required=True, example="2028-12-31"),
        sheet.number("数量", 1, 10_000_000, required=True, example="200"),
        sheet.text(_SOURCE, 100, example="省药具站"),
        sheet.text(
            _PAPER,
            40,
            "同一单据的各行填同一号码, 合为一张入库单; 不填则一行一单",
            absent=True,
        ),
    ),
    ("同一单据号的各行, 发放点、入库日期和来源应相同; 其中一行有误, 整张单据不录入。",),
)


class _Products(RowByRow):
    columns = MappingProxyType({"/code": _CODE, "/name": _NAME})

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        office = office_of(desk)
        known = await catalogue.product_of_code(office, row[_CODE])
        values = {"code": row[_CODE], "name": row[_NAME], "kind": row["类型"]}
        product_id = known["id"] if known else await catalogue.create_product(office, values)
        specification = {"name": row[_SPECIFICATION], "unit": row["单位"]}
        await catalogue.create_specification(office, product_id, specification)


class _Receipts(RowsOfDocuments):
    number = _PAPER
    head = (_AREA, _POINT, _DAY, _SOURCE)
    days = (_DAY,)
    columns = MappingProxyType(
        {
            "/area": _AREA,
            "/point": _POINT,
            "/specification": _SPECIFICATION,
            "/on": _DAY,
            "/lines/0/expires_on": "有效期至",
            "/lines/0/batch_number": "批号",
            "/lines/0/specification_id": _SPECIFICATION,
        }
    )

    async def look_up(self, desk: Desk, row: Row) -> None:
        office = office_of(desk)
        await catalogue.point_named(office, row[_AREA], row[_POINT])
        await catalogue.specification_named(office, row[_CODE], row[_SPECIFICATION])

    async def enter_document(self, desk: Desk, rows: Sequence[Row]) -> None:
        office, head = office_of(desk), rows[0]
        point = await catalogue.point_named(office, head[_AREA], head[_POINT])
        lines = []
        for row in rows:
            specification = await catalogue.specification_named(office, row[_CODE], row[_SPECIFICATION])
            lines.append(ledger.Received(specification["id"], row["批号"], row["有效期至"], row["数量"]))
        receipt = ledger.Receipt(head[_DAY], lines, head[_SOURCE], head[_PAPER])
        await ledger.receive(office, point["id"], receipt)


KINDS = (
    Kind(PRODUCTS, Scope.SUPPLY_MANAGE, _Products, "药具品种"),
    Kind(RECEIPTS, Scope.SUPPLY_MANAGE, _Receipts, "药具入库"),
)
