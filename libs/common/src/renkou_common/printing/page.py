"""One A4 page: frame, title, rows of labelled values in two languages, and notes. Lengths in millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from renkou_common.printing.fonts import BASE, Fonts

LEFT, RIGHT = 25.0, 185.0
INK, GREY, ACCENT = (25, 25, 25), (105, 105, 105), (150, 30, 35)
CODE_POINT_NOTE = (
    "[U+…] 表示字库中没有的字的统一码编号。",
    "[U+…] is the Unicode number of a character that the font doesn't have.",
)

_FONT = "base"
_LABEL_WIDTH = 52.0
_SCALES = (1.0, 0.85, 0.7, 0.55, 0.42)


class Labelled(Protocol):
    """One statement with its label in both languages."""

    @property
    def label_zh(self) -> str: ...
    @property
    def label_en(self) -> str: ...
    @property
    def value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled value; a name or a date has the same value in both languages."""

    label_zh: str
    label_en: str
    value: str


class Page:
    """A page being drawn. ``content`` is everything that will be written: it decides which fonts go in.

    ``created`` becomes the file's date: give the record's own time, so that the same record gives the same
    bytes whenever it is printed.
    """

    def __init__(self, fonts: Fonts, title: str, created: datetime, content: str = "") -> None:
        self._fonts = fonts
        page = self._page = FPDF(format="A4", unit="mm")
        page.set_creation_date(created)
        page.set_producer("renkou")
        page.set_title(title)
        page.set_lang("zh-CN")
        page.set_auto_page_break(False)
        page.add_font(_FONT, "", BASE)
        rare = fonts.rare_needed(content)
        for number, path in enumerate(rare):
            page.add_font(f"rare{number}", "", path)
        page.set_fallback_fonts([f"rare{number}" for number in range(len(rare))], exact_match=False)
        page.add_page()

    def output(self) -> bytes:
        """Return the finished file."""
        return bytes(self._page.output())

    def frame(self, title_zh: str, title_en: str, below: str) -> None:
        """Draw the frame, the title in both languages and small print below it."""
        self._page.set_draw_color(*ACCENT)
        self._page.set_line_width(0.8)
        self._page.rect(12, 12, 186, 273)
        self._page.set_line_width(0.2)
        self._page.rect(13.6, 13.6, 182.8, 269.8)
        self.write(0, 24, 210, title_zh, size=26, color=ACCENT, align="C")
        self.write(0, 38, 210, title_en, size=13, color=GREY, align="C")
        self.write(LEFT, 47, RIGHT - LEFT, below, size=8, color=GREY, align="C")

    def rows(self, rows: Sequence[Labelled], top: float, bottom: float) -> float:
        """Draw one row per value, in the largest of a few sizes in which all fit; returns where they end."""
        scale = next((one for one in _SCALES if top + self._total(rows, one) <= bottom), _SCALES[-1])
        y = top
        for row in rows:
            height = self._row_height(row, scale)
            self.write(LEFT, y + 1.6 * scale, _LABEL_WIDTH, row.label_zh, size=11 * scale)
            self.write(LEFT, y + 6.6 * scale, _LABEL_WIDTH, row.label_en, size=7.5 * scale, color=GREY)
            at = LEFT + _LABEL_WIDTH
            self.write(at, y + 2.4 * scale, RIGHT - at, row.value, size=12 * scale)
            y += height
            self.rule(y)
        return y

    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], top: float, bottom: float) -> None:
        """Draw lines of cells, the first column twice as wide, in a size in which all fit."""
        height = min(6.4, (bottom - top) / (len(lines) + 1))
        size = min(9.5, height / line_height(1) * 0.92)
        unit = (RIGHT - LEFT) / (len(head) + 1)
        for number, line in enumerate((head, *lines)):
            y = top + number * height
            for column, cell in enumerate(line):
                at, width = LEFT + unit * (column + 1 if column else 0), unit * (1 if column else 2)
                self.write(at, y + 0.4, width, self._shortened(cell, width, size), size=size,
                           color=INK if number else GREY)  # fmt: skip
            self.rule(y + height)

    def _shortened(self, text: str, width: float, size: float) -> str:
        """Return as much of a text as fits on one line, with an ellipsis where something is left out."""
        if self.lines_needed(text, width, size) == 1:
            return text
        kept = len(text)
        while kept > 1 and self.lines_needed(text[:kept] + "…", width, size) > 1:
            kept -= 1
        return text[:kept] + "…"

    def rule(self, y: float) -> None:
        """Draw a thin grey line across."""
        self._page.set_draw_color(215, 215, 215)
        self._page.set_line_width(0.15)
        self._page.line(LEFT, y, RIGHT, y)

    def image(self, png: bytes, x: float, y: float, side: float) -> None:
        """Draw a square picture."""
        self._page.image(png, x=x, y=y, w=side, h=side)

    def write(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        *,
        size: float,
        color: tuple[int, int, int] = INK,
        align: str = "L",
    ) -> None:
        """Write text, wrapped to ``width``; ``size`` in points."""
        self._page.set_font(_FONT, size=size)
        self._page.set_text_color(*color)
        self._page.set_xy(x, y)
        self._page.multi_cell(
            width,
            line_height(size),
            self._fonts.printable(text),
            align=align,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )

    def lines_needed(self, text: str, width: float, size: float) -> int:
        """Return into how many lines a text wraps."""
        self._page.set_font(_FONT, size=size)
        wrapped = self._page.multi_cell(
            width, line_height(size), self._fonts.printable(text), dry_run=True, output="LINES"
        )
        return len(wrapped) if isinstance(wrapped, list) else 1

    def _total(self, rows: Sequence[Labelled], scale: float) -> float:
        return sum(self._row_height(row, scale) for row in rows)

    def _row_height(self, row: Labelled, scale: float) -> float:
        lines = self.lines_needed(row.value, RIGHT - LEFT - _LABEL_WIDTH, 12 * scale)
        return max(11.8 * scale, lines * line_height(12 * scale) + 5.2 * scale)


def line_height(size: float) -> float:
    """Height of a line in mm for a size in points."""
    return size * 0.3528 * 1.35
