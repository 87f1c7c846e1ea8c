"""The formats of a return's sheets, and what their cells are marked with."""

from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook as Writer

from renkou_reporting.validation.domain import Severity


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
        self.wrap = book.add_format(base | {"text_wrap": True, "valign": "top"})
        self.section = book.add_format(base | {"bold": True, "font_size": 11})
        self.right = book.add_format(base | {"align": "right"})
        self.heading = book.add_format(edge | {"bold": True, "bg_color": "#DDEBF7", "align": "center"})
        self.number = book.add_format(edge | {"align": "center", "font_color": "#595959", "font_size": 9})
        self.code = book.add_format(edge | {"font_color": "#595959", "font_size": 9, "num_format": "@"})
        self.names = [book.add_format(edge | {"indent": indent}) for indent in range(4)]
        self.blocked = book.add_format(edge | {"align": "center", "bg_color": "#D9D9D9"})
        self.text = book.add_format(edge | {"locked": False, "num_format": "@", "bg_color": "#FFFFF0"})
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
