"""The sheet of a form as offices know it: head, numbered columns, foot; only what is to be filled in is open.

The same workbook is the template, the return as it stands, and the error sheet: wrong cells marked, with a comment
in Chinese and English, and listed on a sheet of their own.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO

from xlsxwriter.workbook import Workbook as Writer
from xlsxwriter.worksheet import Worksheet

from renkou_common.contracts.lines import Population
from renkou_common.errors import Text
from renkou_common.sheets.domain import letters
from renkou_common.sheets.writing import writer
from renkou_reporting.forms.checking import Known
from renkou_reporting.forms.domain import FIXED_PLACES, HEAD_LINES, Cell, Column, Form, Section, heading_lines
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.returns.examining import AT, FIRST_LINE, Found
from renkou_reporting.returns.further_sheets import (
    ERRORS,
    EXPLAINED,
    IDENTITY,
    MAIN,
    NOTES,
    Filled,
    Head,
    write_errors,
    write_identity,
    write_notes,
    write_rules,
)
from renkou_reporting.returns.schemas import LINE_FIELDS
from renkou_reporting.returns.styles import PAGES, Styles, height, printed
from renkou_reporting.validation.domain import Severity

OPEN_ROWS, _SHOWN_ROWS = 500, 24
"""Lines of an open list that may be filled in, and those of them that are printed where fewer are."""
_CODE, _NAME, _UNIT, _VALUE = 12, 34, 10, 13
"""Widths of columns in characters."""
_SIGNERS = ("统计负责人", "填表人", "审核人", "单位负责人")
_SIGNED = ("　".join(f"{one}：＿＿＿＿＿" for one in _SIGNERS), "报出日期：＿＿＿＿年＿＿月＿＿日")
_CODES = "码表"
_SEXES = ("0 不分性别", "1 男", "2 女", "9 未说明")
_NUMBERS = "甲乙丙"
_LINE_HEADINGS = {
    "area": Text("区划代码", "area"),
    "on": Text("日期", "day"),
    "population": Text("统计人口", "population"),
    "measure": Text("指标", "measure"),
    "sex": Text("性别", "sex"),
    "birth_month": Text("出生年月", "birth month"),
    "parity": Text("孩次", "parity"),
    "detail": Text("细分", "detail"),
    "value": Text("数值", "value"),
}


def workbook(form: Form, head: Head, filled: Filled) -> bytes:
    """Return the .xlsx of a form for a place and period; blocks for some milliseconds."""
    target = BytesIO()
    with writer(target) as book:
        styles = Styles(book)
        main = book.add_worksheet(MAIN)
        if filled.found:
            write_errors(book.add_worksheet(ERRORS), styles, filled.found)
        explained = book.add_worksheet(EXPLAINED)
        notes = book.add_worksheet(NOTES)
        identity = book.add_worksheet(IDENTITY)
        if form.definition.open_lines:
            last = _open_list(book, main, styles, filled)
        else:
            last = _sections(main, styles, form, filled)
        width = FIXED_PLACES + max((len(one.columns) for one in form.definition.sections), default=6)
        _top(main, styles, form, head, width)
        if not form.definition.open_lines:
            _foot(main, styles, last, width)
        write_rules(explained, styles, form, filled)
        write_notes(notes, styles, form)
        write_identity(identity, form, head)
        _page(main, width, open_lines=form.definition.open_lines)
    return target.getvalue()


def _top(sheet: Worksheet, styles: Styles, form: Form, head: Head, width: int) -> None:
    definition = form.definition
    sheet.merge_range(0, 0, 0, width - 1, definition.zh, styles.title)
    sheet.merge_range(1, 0, 1, width - 1, definition.en, styles.subtitle)
    sheet.set_row(0, 26)
    until = str(definition.valid_to) if definition.valid_to else "长期 open"
    lines = (
        (f"填报单位 Unit: {head.unit}", f"表号 No.: {definition.number}"),
        (f"区划代码 Area: {head.area}", f"制定机关 Issued by: {definition.authority.zh}"),
        (
            f"统计期 Period: {head.period_label.zh} ({head.period})",
            f"批准机关 Approved by: {definition.approval.zh}",
        ),
        (f"应报日期 Due: {head.due_on}", f"有效期至 Valid to: {until}"),
    )
    for number, (left, right) in enumerate(lines, 2):
        sheet.write_string(number, 0, left, styles.plain)
        sheet.write_string(number, width - 1, right, styles.right)


def _sections(sheet: Worksheet, styles: Styles, form: Form, filled: Filled) -> int:
    sheet.set_column(0, 0, _CODE)
    sheet.set_column(1, 1, _NAME)
    sheet.set_column(2, 2, _UNIT)
    sheet.set_column(3, 60, _VALUE)
    marks = _marks(filled.found)
    line = HEAD_LINES
    for section in form.definition.sections:
        line = _section_head(sheet, styles, section, line)
        for row in section.rows:
            unit = row.unit or section.unit
            names = height(f"{row.zh}\n{row.en}", _NAME - row.indent, 30)
            sheet.set_row(line, max(names, height(f"{unit.zh}\n{unit.en}", _UNIT, 30)))
            sheet.write_string(line, 0, row.code, styles.code)
            sheet.write_string(line, 1, f"{row.zh}\n{row.en}", styles.names[row.indent])
            sheet.write_string(line, 2, f"{unit.zh}\n{unit.en}", styles.number)
            for column in section.columns:
                cell = form.cells[f"{section.code}.{row.code}.{column.code}"]
                _value(sheet, styles, cell, filled.content["cells"].get(cell.key, ""), marks)
            line += 1
        line += 1
    return line


def _section_head(sheet: Worksheet, styles: Styles, section: Section, line: int) -> int:
    """Write a section's title, headings and column numbers; return the line of its first row."""
    sheet.set_row(line, 22)
    sheet.write_string(line, 0, f"{section.zh}  {section.en}", styles.section)
    first, last = line + 1, line + heading_lines(section) - 2
    for place, (zh, en) in enumerate((("代码", "code"), ("指标名称", "item"), ("计量单位", "unit"))):
        _heading(sheet, styles, (first, place, last, place), f"{zh}\n{en}")
    for place, column in enumerate(section.columns, FIXED_PLACES):
        if first == last or column.group is None:
            _heading(sheet, styles, (first, place, last, place), f"{column.zh}\n{column.en}")
        else:
            _heading(sheet, styles, (last, place, last, place), f"{column.zh}\n{column.en}")
    if first != last:
        _groups(sheet, styles, section.columns, first)
    needed = max(height(f"{column.zh}\n{column.en}", _VALUE, 30) for column in section.columns)
    for number in range(first, last):
        sheet.set_row(number, 30)
    sheet.set_row(last, needed)
    for place in range(FIXED_PLACES + len(section.columns)):
        text = _NUMBERS[place] if place < FIXED_PLACES else str(place - FIXED_PLACES + 1)
        sheet.write_string(last + 1, place, text, styles.number)
    return last + 2


def _groups(sheet: Worksheet, styles: Styles, columns: Sequence[Column], line: int) -> None:
    place = 0
    while place < len(columns):
        group, end = columns[place].group, place
        while end + 1 < len(columns) and columns[end + 1].group == group:
            end += 1
        if group is not None:
            box = (line, FIXED_PLACES + place, line, FIXED_PLACES + end)
            _heading(sheet, styles, box, f"{group.zh}\n{group.en}")
        place = end + 1


def _heading(sheet: Worksheet, styles: Styles, box: tuple[int, int, int, int], text: str) -> None:
    if box[:2] == box[2:]:
        sheet.write_string(box[0], box[1], text, styles.heading)
    else:
        sheet.merge_range(*box, text, styles.heading)


def _marks(found: Sequence[Found]) -> dict[str, tuple[str, str]]:
    """Return by address how a cell is marked, and its comment; explained findings are left alone."""
    marks: dict[str, tuple[str, str]] = {}
    for one in found:
        if not one.refuses:
            continue
        for address in one.addresses:
            severity, text = marks.get(address, ("", ""))
            worse = Severity.HARD.value if Severity.HARD.value in (severity, one.severity.value) else "soft"
            marks[address] = (worse, f"{text}{one.code}: {one.text.zh}\n{one.text.en}\n\n")
    return marks


def _value(
    sheet: Worksheet, styles: Styles, cell: Cell, text: str, marks: Mapping[str, tuple[str, str]]
) -> None:
    severity, comment = marks.get(cell.address, ("", ""))
    if cell.blocked and not text:
        sheet.write_string(cell.line, cell.place, "×", styles.blocked)
        return
    style = styles.value(cell.digits, severity)
    if text == "":
        sheet.write_blank(cell.line, cell.place, None, style)
    elif _is_number(text):
        sheet.write_number(cell.line, cell.place, float(text), style)
    else:
        sheet.write_string(cell.line, cell.place, text, style)
    if comment:
        _comment(sheet, cell.line, cell.place, comment)
    low, high = format(cell.low, "f"), format(cell.high, "f")
    sheet.data_validation(
        cell.line,
        cell.place,
        cell.line,
        cell.place,
        {
            "validate": "decimal" if cell.digits else "integer",
            "criteria": "between",
            "minimum": float(cell.low) if cell.digits else int(cell.low),
            "maximum": float(cell.high) if cell.digits else int(cell.high),
            "error_title": "填写有误 Wrong value",
            "error_message": f"应为 {low} 至 {high} 的{'数' if cell.digits else '整数'}。"
            f" {'A number' if cell.digits else 'A whole number'} from {low} to {high}.",
        },
    )


def _is_number(text: str) -> bool:
    digits = text.lstrip("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit() and len(digits) <= 15


def _comment(sheet: Worksheet, line: int, place: int, text: str) -> None:
    sheet.write_comment(
        line, place, text.strip()[:1500], {"author": "统计审核", "x_scale": 3, "y_scale": 2, "visible": False}
    )


def _open_list(book: Writer, sheet: Worksheet, styles: Styles, filled: Filled) -> int:
    for place, (name, heading) in enumerate(_LINE_HEADINGS.items()):
        sheet.set_column(place, place, 26 if name in ("population", "measure") else 15)
        sheet.write_string(FIRST_LINE - 2, place, f"{heading.zh}\n{heading.en}", styles.heading)
    sheet.set_row(FIRST_LINE - 2, 30)
    marks = _marks(filled.found)
    at = {int(line.get(AT, FIRST_LINE + number)): line for number, line in enumerate(filled.content["lines"])}
    last = FIRST_LINE + max(OPEN_ROWS, max(at, default=0) - FIRST_LINE + 1)
    unfilled = max(FIRST_LINE + _SHOWN_ROWS, max(at, default=0) + 1)
    for line in range(unfilled, last):
        for place in range(len(LINE_FIELDS)):
            sheet.write_blank(line - 1, place, None, styles.unfilled)
    if unfilled < last:
        look = {"type": "formula", "criteria": "=TRUE", "format": styles.unfilled_look}
        sheet.conditional_format(unfilled - 1, 0, last - 2, len(LINE_FIELDS) - 1, look)
    for line in range(FIRST_LINE, unfilled):
        given = at.get(line, {})
        for place, name in enumerate(LINE_FIELDS):
            _, comment = marks.get(f"{letters(place)}{line}", ("", ""))
            style = styles.wrong_text if comment else styles.text
            text = given.get(name)
            if text in (None, "") or (text == 0 and name in ("sex", "parity")):
                sheet.write_blank(line - 1, place, None, style)
            else:
                sheet.write_string(line - 1, place, str(text), style)
            if comment:
                _comment(sheet, line - 1, place, comment)
    _drop_downs(book, sheet, filled.known, last)
    return last


def _drop_downs(book: Writer, sheet: Worksheet, known: Known, last: int) -> None:
    codes = book.add_worksheet(_CODES)
    lists = {
        "population": [f"{one.value} {POPULATION_NAMES[one][0]}" for one in Population],
        "measure": sorted(known),
        "sex": list(_SEXES),
    }
    for place, (name, items) in enumerate(lists.items()):
        codes.write_string(0, place, _LINE_HEADINGS[name].zh)
        codes.set_column(place, place, 34)
        for number, item in enumerate(items, 1):
            codes.write_string(number, place, item)
        letter, column = letters(place), LINE_FIELDS.index(name)
        sheet.data_validation(
            FIRST_LINE - 1,
            column,
            last - 2,
            column,
            {
                "validate": "list",
                "source": f"='{_CODES}'!${letter}$2:${letter}${len(items) + 1}",
                "error_title": "填写有误 Wrong value",
                "error_message": "请从下拉框中选择。 Choose from the list.",
            },
        )
    printed(codes, 1, landscape=False)
    codes.protect()


def _foot(sheet: Worksheet, styles: Styles, line: int, width: int) -> None:
    sheet.merge_range(line, 0, line, width - 1, "\n".join(_SIGNED), styles.signed)
    sheet.set_row(line, 48)


def _page(sheet: Worksheet, width: int, *, open_lines: bool) -> None:
    """Print a return; a list is signed at the foot of each page, for it may be of any length."""
    head = FIRST_LINE - 1 if open_lines else HEAD_LINES
    footer = f"&C{'　'.join(_SIGNED)}\n{PAGES.removeprefix('&C')}" if open_lines else PAGES
    printed(sheet, head, landscape=width > 7, footer=footer)
    sheet.freeze_panes(head, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
