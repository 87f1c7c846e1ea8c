"""Many A4 pages of labelled values that flow: headings, entries, page numbers. Lengths in millimetres."""

from collections.abc import Sequence
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from renkou_common.printing.fonts import BASE, Fonts
from renkou_common.printing.page import ACCENT, GREY, INK, LEFT, RIGHT, line_height

_FONT = "base"
_LABEL_WIDTH = 46.0


class _Pages(FPDF):
    """Pages with a number at the foot."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(_FONT, size=7.5)
        self.set_text_color(*GREY)
        self.cell(0, 5, f"{self.foot}   {self.page_no()} / {{nb}}", align="C")


class Booklet:
    """A text being written. ``content`` is everything that will be in it: it decides which fonts go in.

    ``created`` becomes the file's date, so that the same content gives the same bytes.
    """

    def __init__(
        self, fonts: Fonts, title: tuple[str, str], foot: str, created: datetime, content: str
    ) -> None:
        self._fonts = fonts
        pages = self._pages = _Pages(format="A4", unit="mm")
        pages.foot = foot
        pages.set_creation_date(created)
        pages.set_producer("renkou")
        pages.set_title(title[0])
        pages.set_lang("zh-CN")
        pages.set_margins(LEFT, 18, 210 - RIGHT)
        pages.set_auto_page_break(True, 20)
        pages.add_font(_FONT, "", BASE)
        rare = fonts.rare_needed(content)
        for number, path in enumerate(rare):
            pages.add_font(f"rare{number}", "", path)
        pages.set_fallback_fonts([f"rare{number}" for number in range(len(rare))], exact_match=False)
        pages.add_page()
        self._write(title[0], 22, ACCENT)
        self._write(title[1], 11, GREY)

    def output(self) -> bytes:
        """Return the finished file."""
        return bytes(self._pages.output())

    def heading(self, zh: str, en: str) -> None:
        """Begin a section; a heading does not stand alone at the foot of a page."""
        if self._pages.will_page_break(30):
            self._pages.add_page()
        self._pages.ln(4)
        self._write(f"{zh}   {en}", 12.5, ACCENT)
        self._rule()

    def entry(self, values: Sequence[tuple[str, str]]) -> None:
        """Write one record: labelled values, then a rule."""
        for label, value in values:
            needed = self._lines(value) * line_height(9.5)
            if self._pages.will_page_break(max(needed, line_height(9.5)) + 1):
                self._pages.add_page()
            top = self._pages.get_y()
            self._cell(LEFT, top, _LABEL_WIDTH, label, 8.5, GREY)
            after_label = self._pages.get_y()
            self._cell(LEFT + _LABEL_WIDTH, top, RIGHT - LEFT - _LABEL_WIDTH, value, 9.5, INK)
            self._pages.set_y(max(after_label, self._pages.get_y()) + 0.4)
        self._rule()

    def _lines(self, text: str) -> int:
        self._pages.set_font(_FONT, size=9.5)
        width = RIGHT - LEFT - _LABEL_WIDTH
        wrapped = self._pages.multi_cell(
            width, line_height(9.5), self._fonts.printable(text), dry_run=True, output="LINES"
        )
        return len(wrapped) if isinstance(wrapped, list) else 1

    def _write(self, text: str, size: float, color: tuple[int, int, int]) -> None:
        self._cell(LEFT, self._pages.get_y(), RIGHT - LEFT, text, size, color)

    def _cell(
        self, x: float, y: float, width: float, text: str, size: float, color: tuple[int, int, int]
    ) -> None:
        self._pages.set_font(_FONT, size=size)
        self._pages.set_text_color(*color)
        self._pages.set_xy(x, y)
        self._pages.multi_cell(
            width, line_height(size), self._fonts.printable(text), new_x=XPos.LEFT, new_y=YPos.NEXT
        )

    def _rule(self) -> None:
        y = self._pages.get_y() + 0.8
        self._pages.set_draw_color(215, 215, 215)
        self._pages.set_line_width(0.15)
        self._pages.line(LEFT, y, RIGHT, y)
        self._pages.set_y(y + 1.2)
