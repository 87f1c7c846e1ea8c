"""A proof as one A4 page. Nothing on it but what the record says; the same record gives the same bytes."""

from dataclasses import dataclass
from datetime import date, datetime

from renkou_common.codes.masking import mask_resident_id
from renkou_common.crypto import FieldCipher
from renkou_common.printing.fonts import Fonts, has_code_points
from renkou_common.printing.page import ACCENT, CODE_POINT_NOTE, GREY, LEFT, RIGHT, Page, Row

_TOP, _BOTTOM = 62.0, 218.0
_ROWS_ABOVE_TABLE = 36.0
_WIDTH = RIGHT - LEFT
_CODE_BYTES = 10  # 80 bits: not to be guessed, still typed by hand


@dataclass(frozen=True, slots=True)
class Table:
    """A small table below the rows: a head, then lines of as many cells."""

    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    @property
    def texts(self) -> list[str]:
        """Every cell, the head's first."""
        return [cell for line in (self.head, *self.lines) for cell in line]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a page says. ``small_print`` and ``notes`` are pairs of a Chinese and an English sentence.

    ``created`` is when the record last changed: it dates the file.
    """

    number: str
    title_zh: str
    title_en: str
    small_print: tuple[str, str]
    rows: tuple[Row, ...]
    notes: tuple[tuple[str, str], ...]
    office: str
    dated: date
    created: datetime
    table: Table | None = None

    @property
    def texts(self) -> list[str]:
        """Every text that comes out of the record."""
        return [self.office, *(row.value for row in self.rows), *(self.table.texts if self.table else ())]


def person_value(name: str, resident_id: str | None, born: date) -> str:
    """Return how a proof names somebody: the number masked, the birth date where there is no number."""
    return f"{name}  {mask_resident_id(resident_id) if resident_id else born.isoformat()}"


def verification_code(cipher: FieldCipher, proof: Proof) -> str:
    """Return the code over everything that a proof says, in five groups of four."""
    said = "\x1e".join(
        [proof.number, proof.title_zh, proof.office, proof.dated.isoformat()]
        + [f"{row.label_zh}\x1f{row.value}" for row in proof.rows]
        + (proof.table.texts if proof.table else [])
    )
    digits = cipher.digest(said, "proof")[:_CODE_BYTES].hex().upper()
    return "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def render(proof: Proof, code: str, fonts: Fonts) -> bytes:
    """Return the page as PDF. Takes some tenths of a second of processor time: call it in a thread."""
    page = Page(fonts, f"{proof.title_zh} {proof.title_en}", proof.created, "".join(proof.texts))
    page.frame(proof.title_zh, proof.title_en, "\n".join(proof.small_print))
    if proof.table is None:
        page.rows(proof.rows, _TOP, _BOTTOM)
    else:
        below = page.rows(proof.rows, _TOP, _TOP + _ROWS_ABOVE_TABLE)
        page.table(proof.table.head, proof.table.lines, below + 3, _BOTTOM)
    half = _WIDTH / 2
    page.write(LEFT, 224, half, "编号 Number", size=7.5, color=GREY)
    page.write(LEFT, 228, half, proof.number, size=10.5)
    page.write(LEFT, 236, half, "核验码 Verification code", size=7.5, color=GREY)
    page.write(LEFT, 240, half, code, size=10.5)
    page.write(LEFT + half, 224, half, "登记机关 Office", size=7.5, color=GREY, align="R")
    page.write(LEFT + half, 228, half, proof.office, size=10.5, color=ACCENT, align="R")
    page.write(LEFT + half, 236, half, "日期 Date", size=7.5, color=GREY, align="R")
    page.write(LEFT + half, 240, half, proof.dated.isoformat(), size=10.5, align="R")
    page.rule(249)
    notes = [
        *proof.notes,
        (
            "任何一处登记机关可凭编号和核验码核对本页与登记是否一致。",
            "Any office of the register can compare this page with the record by its number and code.",
        ),
    ]
    if has_code_points(fonts, proof.texts):
        notes.append(CODE_POINT_NOTE)
    page.write(LEFT, 252, _WIDTH, "\n".join(f"{zh} {en}" for zh, en in notes), size=7.5)
    return page.output()
