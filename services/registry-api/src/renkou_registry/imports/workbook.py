"""Reads a roster workbook (.xlsx) without trusting it.

Raises Unreadable where the file as a whole cannot be taken: not an .xlsx, blown up beyond measure, headings
that are missing or unknown, too many rows, none at all.
"""

import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from renkou_registry.imports.cells import Cell, text_of
from renkou_registry.imports.columns import IGNORED_HEADINGS, REQUIRED_HEADINGS, SHEET_NAME, Column
from renkou_registry.imports.domain import MAXIMUM_ROWS, Row, Unreadable

MAXIMUM_UNPACKED_BYTES = 400 << 20
_PART = 1 << 20


class Workbook:
    """A roster sheet that has been opened: headings in row 1, one person a row below."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet
        start = sheet.start
        self._first_column = start[1] if start else 0
        first_row = next(iter(sheet.iter_rows()), [])
        self.headings = _headings(first_row)
        if sheet.total_height - 1 > MAXIMUM_ROWS:
            raise Unreadable(
                "too_many_rows",
                f"超过 {MAXIMUM_ROWS} 行, 请分成几个文件",
                f"more than {MAXIMUM_ROWS} rows; split the file",
            )

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield (row number as the sheet counts, cells by column); wholly empty rows are left out."""
        places = [(place, column) for place, column in enumerate(self.headings) if column is not None]
        for number, values in enumerate(self._sheet.iter_rows(), 1):
            if number == 1 or not any(value != "" for value in values):
                continue
            yield number, {column: values[place] for place, column in places if place < len(values)}

    def position(self, row: int, column: Column) -> str:
        """Return the cell's name in the sheet, such as F12."""
        return f"{_letters(self._first_column + self.headings.index(column))}{row}"

    def columns(self) -> list[Column]:
        """Return the columns that the sheet has, in its order."""
        return [column for column in self.headings if column is not None]


def open_workbook(content: bytes) -> Workbook:
    """Open the sheet 人口登记表, or the first one; blocks for some seconds on a large file."""
    _check_size(content)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        name = SHEET_NAME if SHEET_NAME in book.sheet_names else book.sheet_names[0]
        return Workbook(book.get_sheet_by_name(name))
    except (CalamineError, IndexError, ValueError) as error:
        raise _not_a_workbook() from error


def _not_a_workbook() -> Unreadable:
    return Unreadable(
        "not_a_workbook",
        "文件不是可读的 .xlsx 工作簿; 请另存为 .xlsx 格式, 且不要加密",
        "the file is no readable .xlsx workbook; save it as .xlsx without a password",
    )


def _check_size(content: bytes) -> None:
    """Unpack piece by piece without keeping anything: what an archive says of its sizes may be untrue."""
    total = 0
    try:
        with ZipFile(BytesIO(content)) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    while part := member.read(_PART):
                        total += len(part)
                        if total > MAXIMUM_UNPACKED_BYTES:
                            raise Unreadable(
                                "workbook_too_large",
                                "工作簿解压后过大",
                                "the workbook is too large once unpacked",
                            )
    except (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise _not_a_workbook() from error


def _headings(first_row: Sequence[Cell]) -> list[Column | None]:
    names = ["".join(text_of(value).split()).rstrip("*＊") for value in first_row]
    known = {column.value: column for column in Column}
    missing = [column.value for column in REQUIRED_HEADINGS if column.value not in names]
    unknown = [name for name in names if name and name not in known and name not in IGNORED_HEADINGS]
    doubled = sorted({name for name in names if name in known and names.count(name) > 1})
    if not (missing or unknown or doubled):
        return [known.get(name) for name in names]
    listed = [("缺少", "missing", missing), ("不认识", "unknown", unknown), ("重复", "repeated", doubled)]
    zh = "; ".join(f"{zh}列: {'、'.join(found)[:300]}" for zh, _, found in listed if found)
    en = "; ".join(f"{en} columns: {', '.join(found)[:300]}" for _, en, found in listed if found)
    raise Unreadable("headings_wrong", f"第 1 行的表头有误。{zh}", f"The headings in row 1 are wrong. {en}")


def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
