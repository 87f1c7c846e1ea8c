"""Workbooks that staff get: the empty template, and the refused rows with their cells marked."""

from collections.abc import Iterable, Sequence
from io import BytesIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook as Writer
from xlsxwriter.worksheet import Worksheet

from renkou_registry.imports.cells import Cell, text_of
from renkou_registry.imports.columns import (
    NO,
    REASON_HEADING,
    ROW_HEADING,
    RULE_OF,
    RULES,
    SHEET_NAME,
    YES,
    Column,
)
from renkou_registry.imports.domain import Row
from renkou_registry.imports.repository import StoredFinding
from renkou_registry.imports.workbook import open_workbook

MAXIMUM_FINDINGS = 100_000
_TEMPLATE_ROWS = 5000
_CODES_SHEET = "码表"
_WIDTHS = {
    Column.DOCUMENT_NUMBER: 22,
    Column.REGISTERED_STREET: 28,
    Column.PRESENT_STREET: 28,
    Column.EMPLOYER: 22,
    Column.HOUSEHOLD: 16,
}


class _Styles:
    """The few formats that both workbooks use."""

    def __init__(self, book: Writer) -> None:
        self.text = book.add_format({"num_format": "@"})
        self.heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True})
        self.required = book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1, "text_wrap": True})
        self.wrong = book.add_format(
            {"num_format": "@", "bg_color": "#FFC7CE", "font_color": "#9C0006", "bold": True}
        )
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})


def _writer(target: BytesIO) -> Writer:
    # in_memory: a service's container has no writable folder; no text becomes a formula, a link or a number.
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    return xlsxwriter.Workbook(target, options)


def _head(sheet: Worksheet, styles: _Styles, columns: Sequence[Column]) -> None:
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(column, 13), styles.text)
        style = styles.required if RULE_OF[column].required else styles.heading
        sheet.write_string(0, place, column.value, style)
    sheet.freeze_panes(1, 0)


def template() -> bytes:
    """Return the empty roster sheet: all cells text, drop-downs for codes, a sheet of instructions."""
    target = BytesIO()
    with _writer(target) as book:
        styles = _Styles(book)
        sheet = book.add_worksheet(SHEET_NAME)
        help_sheet = book.add_worksheet("填写说明")
        codes_sheet = book.add_worksheet(_CODES_SHEET)
        _head(sheet, styles, [rule.column for rule in RULES])
        for place, rule in enumerate(RULES):
            labels = [entry.zh for entry in rule.codes.entries] if rule.codes else []
            if rule.column is Column.CONFIRMED:
                labels = [YES, NO]
            if labels:
                _drop_down(sheet, codes_sheet, place, rule.column, labels)
        _instructions(help_sheet, styles)
    return target.getvalue()


def _drop_down(
    sheet: Worksheet, codes_sheet: Worksheet, place: int, column: Column, labels: Sequence[str]
) -> None:
    codes_sheet.write_string(0, place, column.value)
    for number, label in enumerate(labels, 1):
        codes_sheet.write_string(number, place, label)
    letter = chr(ord("A") + place)
    sheet.data_validation(
        1,
        place,
        _TEMPLATE_ROWS,
        place,
        {
            "validate": "list",
            "source": f"='{_CODES_SHEET}'!${letter}$2:${letter}${len(labels) + 1}",
            "error_title": column.value,
            "error_message": "请从下拉框中选择",
        },
    )


def _instructions(sheet: Worksheet, styles: _Styles) -> None:
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 2, 70, styles.wrap)
    sheet.set_column(3, 3, 26, styles.text)
    for place, heading in enumerate(("列", "必填", "填写要求", "示例")):
        sheet.write_string(0, place, heading, styles.heading)
    for number, rule in enumerate(RULES, 1):
        sheet.write_string(number, 0, rule.column.value)
        sheet.write_string(number, 1, YES if rule.required else NO)
        sheet.write_string(number, 2, rule.help, styles.wrap)
        sheet.write_string(number, 3, rule.example)
    notes = (
        "第 1 行为表头, 不要改动; 从第 2 行起一人一行, 最多 100000 行, 文件不超过 50 MB。",
        "有错误的行不会导入, 其余的行照常导入; 下载错误表改正后可直接再次上传。",
        "身份证号前六位与户籍地不同只作提示, 不影响导入。",
    )
    for number, note in enumerate(notes, len(RULES) + 2):
        sheet.write_string(number, 0, note)


def refused_rows(content: bytes, findings: Iterable[StoredFinding]) -> bytes:
    """Return a sheet of the rows that have findings; the cells are marked and say why."""
    by_row: dict[int, list[StoredFinding]] = {}
    for finding in findings:
        by_row.setdefault(finding.row, []).append(finding)
    source = open_workbook(content)
    columns = source.columns()
    if Column.CONFIRMED not in columns:
        columns.append(Column.CONFIRMED)
    target = BytesIO()
    with _writer(target) as book:
        styles = _Styles(book)
        sheet = book.add_worksheet(SHEET_NAME)
        _head(sheet, styles, columns)
        for place, heading in enumerate((ROW_HEADING, REASON_HEADING), len(columns)):
            sheet.write_string(0, place, heading, styles.heading)
        sheet.set_column(len(columns) + 1, len(columns) + 1, 60)
        line = 0
        for number, row in source.rows():
            if number in by_row:
                line += 1
                _refused_row(sheet, styles, line, columns, row, by_row[number])
    return target.getvalue()


def _refused_row(
    sheet: Worksheet,
    styles: _Styles,
    line: int,
    columns: Sequence[Column],
    row: Row,
    findings: Sequence[StoredFinding],
) -> None:
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        reasons.setdefault(finding.column, []).append(finding.zh)
    for place, column in enumerate(columns):
        _cell(
            sheet, styles.wrong if column.value in reasons else styles.text, line, place, row.get(column, "")
        )
        if column.value in reasons:
            text = "; ".join(reasons[column.value])
            sheet.write_comment(line, place, text, {"author": "人口登记", "x_scale": 2, "visible": False})
    sheet.write_string(line, len(columns), str(findings[0].row), styles.text)
    summary = "; ".join(f"{finding.column}: {finding.zh}" for finding in findings)
    sheet.write_string(line, len(columns) + 1, summary[:2000], styles.text)


def _cell(sheet: Worksheet, style: Format, line: int, place: int, cell: Cell) -> None:
    text = text_of(cell)
    if text:
        sheet.write_string(line, place, text[:32_000], style)
    else:
        sheet.write_blank(line, place, None, style)
