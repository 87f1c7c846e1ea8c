"""The certificate on paper: one A4 page in Chinese and English with a QR code of 40 mm (纸质证明).

The page shows what the presentation discloses and nothing else, and its QR code carries exactly that
presentation, so that everything printed can be verified. The same presentation gives the same bytes.
"""

import io
from collections.abc import Mapping
from datetime import UTC, datetime

from renkou_common.printing.fonts import Fonts, has_code_points
from renkou_common.printing.page import CODE_POINT_NOTE, LEFT, RIGHT, Page
from renkou_migrant.credentials import qr
from renkou_migrant.credentials.text import (
    TITLE_EN,
    TITLE_ZH,
    VOLUNTARY_EN,
    VOLUNTARY_ZH,
    disclosed_lines,
    issue_lines,
    read_unverified,
)

QR_MILLIMETRES = 40.0
"""Side of the code itself, without its quiet zone."""

_TOP, _BOTTOM = 62.0, 216.0


def render_document(
    presentation: str, district_names: Mapping[str, tuple[str, str]], fonts: Fonts | None = None
) -> bytes:
    """The page as PDF. ``district_names`` maps the issuer's code to its Chinese and English name.

    A character that the embedded fonts don't have is printed as its code point, ``[U+2A6D6]``, with a
    note: nothing of a name is lost silently. Takes about a third of a second of processor time, so call it
    in a thread. Raises ``CredentialError`` for a presentation that can't be read or packed.
    """
    fonts = fonts or Fonts()
    certificate = read_unverified(presentation)
    packed = qr.pack(presentation)
    lines = disclosed_lines(certificate) + issue_lines(certificate, district_names)
    values = [line.value for line in lines]
    created = datetime.fromtimestamp(certificate.issued_at, UTC)
    page = Page(fonts, f"{TITLE_ZH} {TITLE_EN}", created, "".join(values))
    page.frame(TITLE_ZH, TITLE_EN, f"{VOLUNTARY_ZH}\n{VOLUNTARY_EN}")
    page.rows(lines, _TOP, _BOTTOM)
    page.image(_code(packed), LEFT, 224.0, QR_MILLIMETRES)
    _draw_notes(page, has_code_points(fonts, values))
    return page.output()


def printable(text: str) -> str:
    """``text`` with every character that the base font lacks as ``[U+XXXX]``."""
    return Fonts().printable(text)


def _code(packed: str) -> bytes:
    out = io.BytesIO()
    qr.make_qr(packed).save(out, kind="png", scale=8, border=0)
    return out.getvalue()


def _draw_notes(page: Page, has_code_points: bool) -> None:
    notes = [
        ("扫描二维码，无网络也可核验；是否有效以签发地最新的状态名单为准。",
         "Scan the code to verify without a network; the issuer's latest status list says if it stands."),
        ("本页只载明持有人选择出示的内容，二维码所载与本页相同。",
         "This page and its code hold what the holder chose to show, and nothing else."),
        ("婚姻、子女情况变化的，请在三个月内告知户籍地。",
         "Please tell the home district of a change of status within three months."),
    ]  # fmt: skip
    if has_code_points:
        notes.append(CODE_POINT_NOTE)
    text = "\n".join(f"{zh}\n{en}" for zh, en in notes)
    page.write(LEFT + QR_MILLIMETRES + 10, 226, RIGHT - LEFT - QR_MILLIMETRES - 10, text, size=8)
