"""The monthly balance as a sheet in the layout of a return: head, numbered columns, foot with signatures."""

from io import BytesIO

from xlsxwriter.worksheet import Worksheet

from renkou_common.codes.period import Period
from renkou_common.sheets.writing import writer
from renkou_registry.supplies.balances.schemas import Balance

_GROUPS = (
    ("本月收入", ("入库", "退回", "调入")),
    ("本月支出", ("发放", "报损", "调出")),
    ("调整", ("盘点", "冲销")),
)
_LEFT = ("药具名称", "规格", "单位", "月初结存")
_FOOT = ("统计负责人:", "填表人:", "审核人:", "单位负责人:", "报出日期:")
_FIRST_ROW = 6


def workbook(balance: Balance, reporting_unit: str) -> bytes:
    """Return the .xlsx of a point's month; blocks for some milliseconds."""
    target = BytesIO()
    with writer(target) as book:
        styles = {
            "title": book.add_format({"bold": True, "font_size": 16, "align": "center"}),
            "head": book.add_format({"bold": True, "border": 1, "align": "center", "text_wrap": True}),
            "text": book.add_format({"border": 1, "num_format": "@"}),
            "number": book.add_format({"border": 1, "num_format": "0"}),
        }
        sheet = book.add_worksheet("药具收支月报")
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(3, _FIRST_ROW - 1)
        _head(sheet, styles, balance, reporting_unit)
        last = _rows(sheet, styles, balance)
        for place, text in enumerate(_FOOT):
            sheet.write_string(last + 1, place * 2 + 1, text)
    return target.getvalue()


def _head(sheet: Worksheet, styles: dict[str, object], balance: Balance, reporting_unit: str) -> None:
    month = Period.parse(balance.month)
    sheet.merge_range(0, 0, 0, 12, "免费药具收支存月报表", styles["title"])
    sheet.write_string(1, 0, f"填报单位: {reporting_unit}")
    sheet.write_string(1, 6, month.label_zh)
    sheet.write_string(1, 9, "表号: 药具月 1 表")
    sheet.write_string(2, 0, f"发放点: {balance.point_name}")
    sheet.write_string(2, 6, "计量单位: 见“单位”栏")
    sheet.write_string(2, 9, "制表机关: ____  批准机关: ____  文号: ____  有效期至: ____")
    for place, text in enumerate(_LEFT):
        sheet.merge_range(3, place, 4, place, text, styles["head"])
    place = len(_LEFT)
    for group, columns in _GROUPS:
        sheet.merge_range(3, place, 3, place + len(columns) - 1, group, styles["head"])
        for column in columns:
            sheet.write_string(4, place, column, styles["head"])
            place += 1
    sheet.merge_range(3, place, 4, place, "月末结存", styles["head"])
    for number, letter in enumerate(("甲", "乙", "丙")):
        sheet.write_string(5, number, letter, styles["head"])
    for number in range(3, place + 1):
        sheet.write_number(5, number, number - 2, styles["head"])
    sheet.set_column(0, 1, 20)
    sheet.set_column(2, place, 9)


def _rows(sheet: Worksheet, styles: dict[str, object], balance: Balance) -> int:
    """Write the rows, what went out as positive numbers; return the first free row."""
    line = _FIRST_ROW
    for row in balance.rows:
        texts = (row.product_name, row.name, row.unit)
        numbers = (
            row.opening,
            row.receipt,
            row.returned,
            row.transfer_in,
            -row.issue,
            -row.loss,
            -row.transfer_out,
            row.stocktaking,
            row.reversal,
            row.closing,
        )
        for place, text in enumerate(texts):
            sheet.write_string(line, place, text, styles["text"])
        for place, number in enumerate(numbers, len(texts)):
            sheet.write_number(line, place, number, styles["number"])
        line += 1
    return line
