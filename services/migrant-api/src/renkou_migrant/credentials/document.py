"""The certificate on paper: one A4 page in Chinese and English with a QR code of 40 mm (纸质证明).

The page shows what the presentation discloses and nothing else, and its QR code carries exactly that
presentation, so that everything printed can be verified. The same presentation gives the same bytes.
"""

import io
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from pylopdf_fonts_zh_cn import sans_path

from renkou_migrant.credentials import qr
from renkou_migrant.credentials.text import (
    TITLE_EN,
    TITLE_ZH,
    VOLUNTARY_EN,
    VOLUNTARY_ZH,
    Line,
    disclosed_lines,
    issue_lines,
    read_unverified,
)

QR_MILLIMETRES = 40.0
"""Side of the code itself, without its quiet zone."""

_FONT = "certificate"
_LEFT, _RIGHT, _TOP, _BOTTOM = 25.0, 185.0, 62.0, 216.0
_LABEL_WIDTH = 52.0
_VALUE_WIDTH = _RIGHT - _LEFT - _LABEL_WIDTH
_SCALES = (1.0, 0.85, 0.7, 0.55, 0.42)
_INK, _GREY, _ACCENT = (25, 25, 25), (105, 105, 105), (150, 30, 35)

logging.getLogger("fontTools").setLevel(logging.WARNING)


def render_document(presentation: str, district_names: Mapping[str, tuple[str, str]]) -> bytes:
    """The page as PDF. ``district_names`` maps the issuer's code to its Chinese and English name.

    A character that the embedded font doesn't have is printed as its code point, ``[U+2A6D6]``, with a
    note: nothing of a name is lost silently. Takes about a third of a second of processor time, so call it
    in a thread. Raises ``CredentialError`` for a presentation that can't be read or packed.
    """
    certificate = read_unverified(presentation)
    packed = qr.pack(presentation)
    lines = disclosed_lines(certificate) + issue_lines(certificate, district_names)
    page = _new_page(datetime.fromtimestamp(certificate.issued_at, UTC))
    _draw_frame_and_title(page)
    _draw_lines(page, lines)
    _draw_qr(page, packed)
    _draw_notes(page, any(printable(line.value) != line.value for line in lines))
    return bytes(page.output())


def printable(text: str) -> str:
    """``text`` with every character that the font lacks as ``[U+XXXX]``."""
    glyphs = _code_points()
    return "".join(char if ord(char) in glyphs else f"[U+{ord(char):04X}]" for char in text)


@lru_cache(maxsize=1)
def _code_points() -> frozenset[int]:
    page = FPDF()
    page.add_font(_FONT, "", sans_path())
    font = page.fonts[_FONT]
    return frozenset(font.cmap) if isinstance(font, TTFFont) else frozenset()


def _new_page(created: datetime) -> FPDF:
    page = FPDF(format="A4", unit="mm")
    page.set_creation_date(created)
    page.set_producer("renkou")
    page.set_title(f"{TITLE_ZH} {TITLE_EN}")
    page.set_lang("zh-CN")
    page.set_auto_page_break(False)
    page.add_font(_FONT, "", sans_path())
    page.add_page()
    return page


def _draw_frame_and_title(page: FPDF) -> None:
    page.set_draw_color(*_ACCENT)
    page.set_line_width(0.8)
    page.rect(12, 12, 186, 273)
    page.set_line_width(0.2)
    page.rect(13.6, 13.6, 182.8, 269.8)
    _write(page, 0, 24, 210, TITLE_ZH, size=26, color=_ACCENT, align="C")
    _write(page, 0, 38, 210, TITLE_EN, size=13, color=_GREY, align="C")
    _write(page, _LEFT, 47, _RIGHT - _LEFT, f"{VOLUNTARY_ZH}\n{VOLUNTARY_EN}", size=8, color=_GREY, align="C")


def _draw_lines(page: FPDF, lines: Sequence[Line]) -> None:
    """One row per line, in the largest of a few sizes in which all fit above the QR code."""
    scale = next((one for one in _SCALES if _TOP + _total(page, lines, one) <= _BOTTOM), _SCALES[-1])
    page.set_draw_color(215, 215, 215)
    page.set_line_width(0.15)
    y = _TOP
    for line in lines:
        height = _row_height(page, line, scale)
        _write(page, _LEFT, y + 1.6 * scale, _LABEL_WIDTH, line.label_zh, size=11 * scale, color=_INK)
        _write(page, _LEFT, y + 6.6 * scale, _LABEL_WIDTH, line.label_en, size=7.5 * scale, color=_GREY)
        _write(
            page, _LEFT + _LABEL_WIDTH, y + 2.4 * scale, _VALUE_WIDTH, printable(line.value),
            size=12 * scale, color=_INK,
        )  # fmt: skip
        y += height
        page.line(_LEFT, y, _RIGHT, y)


def _total(page: FPDF, lines: Sequence[Line], scale: float) -> float:
    return sum(_row_height(page, line, scale) for line in lines)


def _row_height(page: FPDF, line: Line, scale: float) -> float:
    page.set_font(_FONT, size=12 * scale)
    wrapped = page.multi_cell(
        _VALUE_WIDTH, _line_height(12 * scale), printable(line.value), dry_run=True, output="LINES"
    )
    rows = len(wrapped) if isinstance(wrapped, list) else 1
    return max(11.8 * scale, rows * _line_height(12 * scale) + 5.2 * scale)


def _draw_qr(page: FPDF, packed: str) -> None:
    out = io.BytesIO()
    qr.make_qr(packed).save(out, kind="png", scale=8, border=0)
    x, y = _LEFT, 224.0
    page.image(io.BytesIO(out.getvalue()), x=x, y=y, w=QR_MILLIMETRES, h=QR_MILLIMETRES)


def _draw_notes(page: FPDF, has_code_points: bool) -> None:
    notes = [
        ("扫描二维码，无网络也可核验；是否有效以签发地最新的状态名单为准。",
         "Scan the code to verify without a network; the issuer's latest status list says if it stands."),
        ("本页只载明持有人选择出示的内容，二维码所载与本页相同。",
         "This page and its code hold what the holder chose to show, and nothing else."),
        ("婚姻、子女情况变化的，请在三个月内告知户籍地。",
         "Please tell the home district of a change of status within three months."),
    ]  # fmt: skip
    if has_code_points:
        notes.append(
            ("[U+…] 表示字库中没有的字的统一码编号。",
             "[U+…] is the Unicode number of a character that the font doesn't have.")
        )  # fmt: skip
    text = "\n".join(f"{zh}\n{en}" for zh, en in notes)
    _write(
        page, _LEFT + QR_MILLIMETRES + 10, 226, _RIGHT - _LEFT - QR_MILLIMETRES - 10, text, size=8, color=_INK
    )


def _write(
    page: FPDF,
    x: float,
    y: float,
    width: float,
    text: str,
    *,
    size: float,
    color: tuple[int, int, int],
    align: str = "L",
) -> None:
    page.set_font(_FONT, size=size)
    page.set_text_color(*color)
    page.set_xy(x, y)
    page.multi_cell(width, _line_height(size), text, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)


def _line_height(size: float) -> float:
    """Height of a line in mm for a size in points."""
    return size * 0.3528 * 1.35
