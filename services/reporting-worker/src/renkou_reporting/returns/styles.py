"""The formats of a return's sheets, what their cells are marked with, and how they are printed."""

from textwrap import wrap
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook as Writer
from xlsxwriter.worksheet import Worksheet

from renkou_reporting.validation.domain import Severity

_LINE = 15.0
"""Height of a line of text in points."""
PAGES = "&C第 &P 页 共 &N 页"


def height(text: str, width: float, least: float) -> float:
    """Return how high a row is in which a text has room, in points; ``width`` in characters, a Chinese one is two."""
    room = max(int(width) - 2, 4)
    spread = "".join(char if ord(char) <= 0x2E80 else f"{char}\u0001" for char in text)
    lines = sum(len(wrap(line, room)) or 1 for line in spread.split("\n"))
    return max(_LINE * lines + 4, least)


def printed(sheet: Worksheet, head: int, *, landscape: bool, footer: str = PAGES) -> None:
    """Print a sheet on A4 as wide as the page, its first ``head`` lines and the pages' numbers on each."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, head - 1)
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
    sheet.set_footer(footer)


class Styles:
    """The formats of a sheet."""

    def __init__(self, book: Writer) -> None:
        self._book = book
        self._made: dict[tuple[int, str], Format] = {}
        base: dict[str, Any] = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        edge: dict[str, Any] = {**base, "border": 1, "text_wrap": True}
        self._open: dict[str, Any] = edge | {"locked": False, "align": "right"}
        self.title = book.add_format(base | {"bold": True, "font_size": 16, "align": "center"})
        self.subtitle = book.add_format(base | {"align": "center", "font_color": "#595959"})
        self.plain = book.add_format(base)
        self.signed = book.add_format(base | {"text_wrap": True})
        self.wrap = book.add_format(base | {"text_wrap": True, "valign": "top"})
        self.section = book.add_format(base | {"bold": True, "font_size": 11})
        self.right = book.add_format(base | {"align": "right"})
        self.heading = book.add_format(edge | {"bold": True, "bg_color": "#DDEBF7", "align": "center"})
        self.number = book.add_format(edge | {"align": "center", "font_color": "#595959", "font_size": 9})
        self.code = book.add_format(edge | {"font_color": "#595959", "font_size": 9, "num_format": "@"})
        self.names = [book.add_format(edge | {"indent": indent}) for indent in range(4)]
        self.blocked = book.add_format(edge | {"align": "center", "bg_color": "#D9D9D9"})
        self.text = book.add_format(edge | {"locked": False, "num_format": "@", "bg_color": "#FFFFF0"})
        # rows that nothing is in yet look the same, but only what is filled in is printed
        self.unfilled = book.add_format({"locked": False, "num_format": "@"})
        self.unfilled_look = book.add_format({"border": 1, "bg_color": "#FFFFF0"})
        self.wrong_text = book.add_format(
            edge | {"locked": False, "num_format": "@", "bg_color": "#FFC7CE", "font_color": "#9C0006"}
        )

    def value(self, digits: int, severity: str) -> Format:
        """Return the format of a value: decimals, and whether it is marked."""
        key = (digits, severity)
        if key not in self._made:
            number = "#,##0" + (f".{'0' * digits}" if digits else "")
            marks: dict[str, dict[str, Any]] = {
                Severity.HARD.value: {"bg_color": "#FFC7CE", "font_color": "#9C0006", "bold": True},
                Severity.SOFT.value: {"bg_color": "#FFEB9C", "font_color": "#7F6000"},
                "": {"bg_color": "#FFFFF0"},
            }
            self._made[key] = self._book.add_format(self._open | marks[severity] | {"num_format": number})
        return self._made[key]
