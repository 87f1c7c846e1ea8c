"""What a spreadsheet cell means: text, dates, whole numbers, codes. No I/O.

CellError(CodeError): a cell that cannot be read as what its column holds. Days arrive as text (2020-05-01),
since the process that opens files (:mod:`renkou_common.sheets.reading`) writes them so.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import CodeError
from renkou_common.codes.masking import mask_name, mask_phone, mask_resident_id, masked_within
from renkou_common.codes.text import half_width
from renkou_common.sheets.domain import Cell

_SHOWN_CHARACTERS = 40
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d{2}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?")
_AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,2})?")
EARLIEST = date(1900, 1, 1)


class CellError(CodeError):
    """A cell whose content its column cannot hold."""


class Privacy(StrEnum):
    """How an error list shows what stands in a cell."""

    PLAIN = "plain"
    NAME = "name"
    NUMBER = "number"
    PHONE = "phone"
    HIDDEN = "hidden"


def text_of(cell: Cell) -> str:
    """Return a cell as text without blanks around; whole numbers without a decimal point."""
    if type(cell) is str:  # nearly always, and this runs for every cell several times
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return str(cell).strip()


def shown(privacy: Privacy, cell: Cell) -> str:
    """Return the cell as an error list may show it: names and numbers masked, at most 40 characters."""
    text = text_of(cell)
    match privacy:
        case Privacy.NUMBER:
            if is_numeric(cell):
                return f"{cell:.1E}"
            return mask_resident_id(half_width(text)[:_SHOWN_CHARACTERS])
        case Privacy.NAME:
            return mask_name(text)
        case Privacy.PHONE:
            return mask_phone(text[:_SHOWN_CHARACTERS])
        case Privacy.HIDDEN:
            return f"（{len(text)} 字）" if text else ""
        case Privacy.PLAIN:  # in a row that has slipped a column a number stands under any heading
            return masked_within(text)[:_SHOWN_CHARACTERS]


def is_numeric(cell: Cell) -> bool:
    """Say whether the cell holds a number rather than text."""
    return type(cell) is float or type(cell) is int


def document_number(cell: Cell) -> str:
    """Return a document's number; raises `document_number_numeric` for a cell that lost its last digits."""
    if is_numeric(cell) or (len(text := text_of(cell)) != 18 and _SCIENTIFIC.fullmatch(text)):
        raise CellError(
            "document_number_numeric",
            "单元格是数字格式, 表格软件只保留 15 位有效数字, 后几位已丢失; 请改为文本格式后重新录入号码",
            "the cell is a number: spreadsheets keep 15 digits only, the last ones are lost; "
            "make the column text and enter the number again",
        )
    return half_width(text).upper()


def day(cell: Cell) -> date:
    """Return a date, also from text like 1990-01-31, 19900131, 1990年1月31日; raises `date_unreadable`."""
    if type(cell) is str:
        return _day_of(cell)
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    return _day_of(text_of(cell))


@lru_cache(maxsize=65_536)
def _day_of(text: str) -> date:
    found = _DATE.fullmatch(half_width(text))
    if found:
        year, month, day_of_month = (part for part in found.groups() if part is not None)
        try:
            return date(int(year), int(month), int(day_of_month))
        except ValueError:
            pass
    raise CellError("date_unreadable", "日期应写作 2020-05-01", "a date is written 2020-05-01")


def whole_number(cell: Cell, low: int, high: int) -> int:
    """Return a whole number between two limits; raises `number_range`."""
    text = half_width(text_of(cell))
    if text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high:
        return int(text)
    raise CellError(
        "number_range", f"应为 {low}-{high} 的整数", f"must be a whole number from {low} to {high}"
    )


def amount(cell: Cell) -> Decimal:
    """Return an amount in yuan with at most two decimals; raises `amount_form`."""
    text = half_width(text_of(cell)).replace(",", "")
    try:
        if text.isascii() and _AMOUNT.fullmatch(text):
            return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        pass
    raise CellError(
        "amount_form",
        "金额应写作 1234.50 (元, 最多两位小数)",
        "an amount is written 1234.50 (yuan, at most two decimals)",
    )


def phone(cell: Cell) -> str:
    """Return a telephone number; raises `phone_form`."""
    text = half_width(text_of(cell))
    if _MOBILE.fullmatch(text) or _LANDLINE.fullmatch(text):
        return text
    raise CellError(
        "phone_form",
        "应为 11 位手机号, 或带区号的固定电话 0551-62345678",
        "must be a mobile number of 11 digits or a landline with its area code",
    )


def short_text(cell: Cell, limit: int) -> str:
    """Return text of limited length; raises `text_too_long`."""
    text = text_of(cell)
    if len(text) > limit:
        raise CellError("text_too_long", f"超过 {limit} 个字符", f"longer than {limit} characters")
    return text


def area(cell: Cell, district: AreaCode) -> AreaCode:
    """Return an area code: a community inside the district, a county at least outside.

    Raises AreaCodeError, or `area_too_coarse`.
    """
    return fine_enough(AreaCode.parse(text_of(cell)), district)


def fine_enough(code: AreaCode, district: AreaCode) -> AreaCode:
    """Return the code; raises `area_too_coarse` where it does not name a community here, a county
    elsewhere.
    """
    if len(code.value) < 12 and district.contains(code):
        raise CellError(
            "area_too_coarse",
            "本区地址应填 12 位社区（村）代码",
            "an area of this district needs all 12 digits",
        )
    if len(code.value) < 6:
        raise CellError(
            "area_too_coarse", "外地地址至少填 6 位县（区）代码", "an area elsewhere needs 6 digits at least"
        )
    return code
