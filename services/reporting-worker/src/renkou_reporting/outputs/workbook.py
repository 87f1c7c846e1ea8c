"""A table as the .xlsx that offices know as a statistical return (统计报表).

Title, form number, issuing office, reporting unit and period above; merged headings of several rows, units and numbered
columns; notes and the line of signatures below; A4 across, headings repeated on every page, pages numbered. Values are
numbers with a format; a hidden one is ``…``. A second sheet holds numerators and denominators, a third the definitions.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook as Writer
from xlsxwriter.worksheet import Worksheet

from renkou_common.clock import SHANGHAI
from renkou_common.errors import Text
from renkou_common.sheets.writing import writer
from renkou_reporting.outputs.domain import HIDDEN_MARK, Number, Position, State, Table
from renkou_reporting.outputs.form import BLANK, DATE_BLANK, SIGNED_ON, SIGNERS, Form
from renkou_reporting.outputs.layout import Layout, laid_out

_ACROSS = 22
"""Columns that a page holds in print before more pages go across."""
_LONGEST = 15
"""Digits that a spreadsheet keeps of a number; a longer one is written as text."""
_NARROWEST, _DEFAULT = 84, 8.43
"""Characters that the lines above a table need, and those of a column whose width is not set."""
_SHORT = 24
"""Characters of a row's name that may be on one line in both languages."""
_LINE = 13.5
"""Height of a line of text in points."""
_SHEET_HEIGHT, _PORTRAIT = 290.0, 96.0
"""A table that is higher than this, in points, and no wider, in characters, is printed upright."""
_COUNTED = (
    "指标名称 indicator", "指标代码 code", "区划名称 area", "区划代码 code", "统计期 period", "分子 numerator",
    "分母 denominator", "数值 value", "计量单位 unit", "说明 note",
)  # fmt: skip


class _Styles:
    """The formats of the sheets."""

    def __init__(self, book: Writer) -> None:
        self._book = book
        self._numbers: dict[int, Format] = {}
        base: dict[str, Any] = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        self._edge = edge = base | {"border": 1}
        centre = {"align": "center", "text_wrap": True}
        self.title = book.add_format(base | {"bold": True, "font_size": 16, "align": "center"})
        self.subtitle = book.add_format(base | {"align": "center", "font_color": "#595959"})
        self.plain = book.add_format(base)
        self.right = book.add_format(base | {"align": "right"})
        self.heading = book.add_format(edge | centre | {"bold": True, "bg_color": "#DDEBF7"})
        self.column = book.add_format(edge | centre | {"font_color": "#595959", "font_size": 9})
        self.stub = book.add_format(edge | {"text_wrap": True})
        self.code = book.add_format(edge | {"num_format": "@"})
        self.mark = book.add_format(edge | {"align": "right"})
        self.signed = book.add_format(base | {"text_wrap": True})
        self.note = book.add_format(base | {"font_size": 9, "text_wrap": True, "valign": "top"})

    def number(self, digits: int) -> Format:
        """Return the format of numbers with some decimals."""
        if digits not in self._numbers:
            shape = "#,##0" + (f".{'0' * digits}" if digits else "")
            self._numbers[digits] = self._book.add_format(
                self._edge | {"align": "right", "num_format": shape}
            )
        return self._numbers[digits]


def workbook(table: Table, form: Form) -> bytes:
    """Return a table as .xlsx; the same table gives the same bytes. Blocks: run it beside the event loop."""
    target = BytesIO()
    with writer(target) as book:
        # the file's date is that of its figures
        made = table.origin.made.astimezone(SHANGHAI).replace(tzinfo=None)
        _properties(book, table.title, made)
        styles = _Styles(book)
        _return(book.add_worksheet("统计表"), styles, table, form)
        _counted(book.add_worksheet("分子分母"), styles, table)
        _definitions(book.add_worksheet("指标解释"), styles, table)
    return target.getvalue()


def _properties(book: Writer, title: Text, made: datetime) -> None:
    book.set_properties({"title": title.zh, "subject": title.en, "author": "renkou", "created": made})


def _return(sheet: Worksheet, styles: _Styles, table: Table, form: Form) -> None:
    layout = laid_out(table)
    over = _over(table, layout)
    top = _head(sheet, styles, table, form, over)
    for box in layout.head:
        line, column = top + box.row, box.column
        _heading(sheet, styles, (line, column, line + box.rows - 1, column + box.columns - 1), box.text)
    numbered = top + layout.head_rows
    for column, text in enumerate(layout.numbers):
        sheet.write_string(numbered, column, text, styles.column)
    for line, one in enumerate(layout.lines, numbered + 1):
        for column, stub in enumerate(one.stubs):
            style = styles.code if stub.zh.isdigit() else styles.stub
            sheet.write_string(line, column, _stub(stub), style)
        for column, position in enumerate(one.positions, layout.stubs):
            _value(sheet, styles, table, position, line, column)
    end = _notes(sheet, styles, table, numbered + 1 + len(layout.lines), over)
    _signatures(sheet, styles, end, over)
    high = _sizes(sheet, table, layout, top)
    _page(sheet, layout, (top, numbered), (end + 1, max(over[1], layout.width - 1)))
    if high > _SHEET_HEIGHT and sum(_widths(table, layout)) <= _PORTRAIT:
        sheet.set_portrait()


def _over(table: Table, layout: Layout) -> tuple[int, int]:
    """Return the first and last column of what stands above and below the table.

    It may need more room than the table. Of a table over several pages it stands on the first, beside the columns that
    every page repeats.
    """
    pages = _pages(layout)
    if pages > 1:
        return layout.stubs, layout.stubs + (layout.width - layout.stubs) // pages - 1
    missing = _NARROWEST - sum(_widths(table, layout))
    return 0, layout.width - 1 + max(int(-(-missing // _DEFAULT)), 0)


def _pages(layout: Layout) -> int:
    """Return how many pages the columns take in print."""
    return -(-layout.width // _ACROSS)


def _head(sheet: Worksheet, styles: _Styles, table: Table, form: Form, over: tuple[int, int]) -> int:
    """Write what stands above the table; return the line of its first heading."""
    first, last = over
    sheet.merge_range(0, first, 0, last, table.title.zh, styles.title)
    sheet.merge_range(1, first, 1, last, table.title.en, styles.subtitle)
    sheet.set_row(0, 28)
    period, unit = table.period, table.unit
    left = (
        f"统计期 Period：{period.zh}",
        f"区划代码 Area：{table.area.code}",
        f"计量单位 Unit：{unit or '见表内 in the table'}",
    )
    for number, (text, (label, value)) in enumerate(zip(left, form.head(table.area.name), strict=True), 2):
        sheet.write_string(number, 0, text, styles.plain)
        sheet.write_string(number, last, f"{label}：{value}", styles.right)
    return 5


def _heading(sheet: Worksheet, styles: _Styles, box: tuple[int, int, int, int], text: Text) -> None:
    if box[:2] == box[2:]:
        sheet.write_string(box[0], box[1], _both(text), styles.heading)
    else:
        sheet.merge_range(*box, _both(text), styles.heading)


def _both(text: Text) -> str:
    return text.zh if text.en in ("", text.zh) else f"{text.zh}\n{text.en}"


def _stub(text: Text) -> str:
    """Return what a row is: both languages on one line where they are short."""
    joined = f"{text.zh} {text.en}"
    return joined if text.en not in ("", text.zh) and _characters(joined) <= _SHORT else _both(text)


def _value(sheet: Worksheet, styles: _Styles, table: Table, at: Position, line: int, column: int) -> None:
    one, digits = table.numbers[at], table.headings[at.heading].digits
    if one.value is None:
        sheet.write_string(line, column, table.shown(one), styles.mark)
    else:
        _number(sheet, styles, one.value, digits, line, column)


def _number(sheet: Worksheet, styles: _Styles, text: str, digits: int, line: int, column: int) -> None:
    """Write an exact number; one with more digits than a spreadsheet keeps stays text."""
    figures = sum(char.isdigit() for char in text)
    if figures > _LONGEST or "/" in text:
        sheet.write_string(line, column, text, styles.mark)
    else:
        sheet.write_number(line, column, float(text), styles.number(digits))


def _notes(sheet: Worksheet, styles: _Styles, table: Table, line: int, over: tuple[int, int]) -> int:
    first, last = over
    for number, note in enumerate(table.notes):
        text = f"{note.zh}\n{note.en}"
        sheet.merge_range(line, first, line, last, text if number else f"注：{text}", styles.note)
        sheet.set_row(line, 26)
        line += 1
    return line


def _signatures(sheet: Worksheet, styles: _Styles, line: int, over: tuple[int, int]) -> None:
    first, last = over
    signers = "　　".join(f"{one.zh}：{BLANK}" for one in SIGNERS)
    text = f"{signers}\n{SIGNED_ON.zh}：{DATE_BLANK}"
    sheet.merge_range(line + 1, first, line + 1, last, text, styles.signed)
    sheet.set_row(line + 1, 48)


def _sizes(sheet: Worksheet, table: Table, layout: Layout, top: int) -> float:
    """Set widths of columns, and heights in which every text has room; return how high the table is, in points."""
    widths = _widths(table, layout)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    heights = [20.0] * layout.head_rows
    for box in sorted(layout.head, key=lambda box: box.rows):
        rows = range(box.row, box.row + box.rows)
        needed = _LINE * _lines(_both(box.text), sum(widths[box.column : box.column + box.columns])) + 4
        heights[rows[-1]] += max(needed - sum(heights[row] for row in rows), 0)
    for row, height in enumerate(heights):
        sheet.set_row(top + row, height)
    for line, one in enumerate(layout.lines, top + layout.head_rows + 1):
        tallest = max(_lines(_stub(text), width) for text, width in zip(one.stubs, widths, strict=False))
        sheet.set_row(line, _LINE * tallest + 4)
        heights.append(_LINE * tallest + 4)
    return sum(heights)


def _widths(table: Table, layout: Layout) -> list[float]:
    """Return the widths of columns in characters."""
    stubs = [
        min(max([_width(_stub(one.stubs[column])) + 2 for one in layout.lines] + [8]), 30)
        for column in range(layout.stubs)
    ]
    shown = max((len(table.shown(one)) for one in table.numbers.values()), default=8)
    return [*stubs, *([min(max(shown + 3, 12), 20)] * (layout.width - layout.stubs))]


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column."""
    parts = text.splitlines() or [""]
    return sum(-(-_characters(part) // max(int(width) - 1, 1)) or 1 for part in parts)


def _width(text: str) -> int:
    """Return the width in characters of the longest line."""
    return max(map(_characters, text.splitlines()), default=0)


def _characters(text: str) -> int:
    """Return the width of a line in characters; a Chinese one is two wide."""
    return sum(1 + (ord(char) > 0x2E80) for char in text)


def _page(sheet: Worksheet, layout: Layout, head: tuple[int, int], end: tuple[int, int]) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(_pages(layout), 0)
    sheet.repeat_rows(*head)
    sheet.repeat_columns(0, layout.stubs - 1)
    sheet.print_area(0, 0, *end)
    sheet.center_horizontally()
    sheet.set_footer("&C第 &P 页 共 &N 页")
    sheet.freeze_panes(head[1] + 1, layout.stubs)


def _counted(sheet: Worksheet, styles: _Styles, table: Table) -> None:
    for column, text in enumerate(_COUNTED):
        sheet.write_string(0, column, text, styles.heading)
    line = 1
    for number, heading in enumerate(table.headings):
        for place, area in enumerate(table.areas):
            for when, of in enumerate(table.columns):
                one = table.numbers[Position(number, place, when)]
                texts = (heading.label.zh, heading.indicator, area.name, area.code, str(of.period))
                for column, text in enumerate(texts):
                    sheet.write_string(line, column, text, styles.code)
                for column, count in enumerate(_exact(one), len(texts)):
                    if count in (None, HIDDEN_MARK):
                        sheet.write_string(line, column, count or "", styles.mark)
                    else:
                        digits = heading.digits if column == len(texts) + 2 else _decimals(count)
                        _number(sheet, styles, count, digits, line, column)
                sheet.write_string(line, 8, heading.unit, styles.stub)
                sheet.write_string(line, 9, one.reason.zh if one.reason else "", styles.stub)
                line += 1
    for column, width in enumerate((28, 24, 18, 15, 12, 16, 16, 14, 10, 30)):
        sheet.set_column(column, column, width)
    _list_page(sheet)


def _exact(one: Number) -> Sequence[str | None]:
    if one.state is State.HIDDEN:
        return (HIDDEN_MARK,) * 3
    return (one.numerator, one.denominator, one.value)


def _decimals(text: str | None) -> int:
    return len((text or "").partition(".")[2])


def _definitions(sheet: Worksheet, styles: _Styles, table: Table) -> None:
    heads = (
        "指标名称 indicator",
        "代码 code",
        "版本 version",
        "计量单位 unit",
        "定义 definition",
        "来源 source",
    )
    for column, text in enumerate(heads):
        sheet.write_string(0, column, text, styles.heading)
    known = {(one.indicator, one.version): one for one in table.headings}
    for line, one in enumerate(known.values(), 1):
        sheet.write_string(line, 0, _both(one.name), styles.stub)
        sheet.write_string(line, 1, one.indicator, styles.code)
        sheet.write_number(line, 2, one.version, styles.number(0))
        sheet.write_string(line, 3, one.unit, styles.stub)
        sheet.write_string(line, 4, _both(one.meaning), styles.stub)
        sheet.write_string(line, 5, _both(one.source), styles.stub)
        sheet.set_row(line, 44)
    for column, width in enumerate((26, 26, 14, 16, 60, 34)):
        sheet.set_column(column, column, width)
    _list_page(sheet)


def _list_page(sheet: Worksheet) -> None:
    """Print a list across A4, its headings and the pages' numbers on each page."""
    sheet.set_row(0, 20)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C第 &P 页 共 &N 页")
