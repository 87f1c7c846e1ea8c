"""Opens files apart: a process of its own parses a workbook, with a limit on its memory and its time.

    python -m renkou_common.sheets.reading list TITLE < file
    python -m renkou_common.sheets.reading sheets TITLE ... < file

What comes in was made by others. A sheet of a few kilobytes can claim seventeen billion cells, and the
library that reads .xlsx reserves room for each. The process dies of that, the service does not; and it parses
on another core while the service checks what it has parsed (:mod:`.opening` starts it; what that needs is not
loaded here, where it would take longer than a small sheet). The content goes in on standard input; out come
lines of JSON. A list: ``{"headings": [...], "first_column": 0}``, then blocks ``[[row number, [cells]], ...]``.
Sheets of a form: ``{title: {"row": 0, "column": 0, "cells": [[...], ...]}}`` for those that the file has. Either
may end with ``{"failure": [code, zh, en]}``.

Cells are text without blanks around, numbers stay numbers, days become 2020-05-01. Wholly empty rows and the
template's example are left out. CSV may be UTF-8 or GB 18030.
"""

import csv
import resource
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time
from io import BytesIO, StringIO
from itertools import batched, chain
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

import orjson
from python_calamine import CalamineError, CalamineWorkbook

from renkou_common.codes import gb18030
from renkou_common.sheets.domain import EXAMPLE, MAXIMUM_ROWS, Cell, Unreadable

MAXIMUM_UNPACKED_BYTES = 400 << 20
MAXIMUM_PARTS = 5000
"""Of an archive; a workbook has a few dozen."""
BLOCK_ROWS = 1000
_MAXIMUM_COLUMNS = 200
_MAXIMUM_FORM_ROWS = 6000
_MEMORY_BYTES = 2 << 30
_CPU_SECONDS = 300
_PART = 1 << 20

type Numbered = tuple[int, list[Cell]]


def too_large() -> Unreadable:
    """Return the refusal of a file that would not fit."""
    return Unreadable("workbook_too_large", "工作簿解压后过大", "the workbook is too large once unpacked")


def _not_a_workbook() -> Unreadable:
    return Unreadable(
        "not_a_workbook",
        "文件不是可读的 .xlsx 工作簿或 CSV; 请另存为 .xlsx 格式, 且不要加密",
        "the file is no readable .xlsx workbook or CSV; save it as .xlsx without a password",
    )


def _too_many_rows() -> Unreadable:
    return Unreadable(
        "too_many_rows",
        f"超过 {MAXIMUM_ROWS} 行, 请分成几个文件",
        f"more than {MAXIMUM_ROWS} rows; split the file",
    )


def rows_of(content: bytes, title: str) -> tuple[int, Iterator[Sequence[Cell]]]:
    """Return the first column and every row of a file from the headings on; raises Unreadable."""
    if not content.startswith(b"PK\x03\x04"):
        return 0, _csv_rows(content)
    _check_size(content)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        sheet = book.get_sheet_by_name(title if title in book.sheet_names else book.sheet_names[0])
    except (CalamineError, IndexError, ValueError) as error:
        raise _not_a_workbook() from error
    if sheet.total_height - 1 > MAXIMUM_ROWS:
        raise _too_many_rows()
    return (sheet.start[1] if sheet.start else 0), iter(sheet.iter_rows())


def _csv_rows(content: bytes) -> Iterator[Sequence[Cell]]:
    try:
        text = gb18030.decode(content)
    except UnicodeDecodeError as error:
        raise _not_a_workbook() from error
    if "\0" in text:
        raise _not_a_workbook()
    first, _, _ = text.partition("\n")
    delimiter = max(",\t;", key=first.count)
    try:
        yield from csv.reader(StringIO(text), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise _not_a_workbook() from error


def _check_size(content: bytes) -> None:
    """Unpack piece by piece without keeping anything: what an archive says of its sizes may be untrue."""
    total = 0
    try:
        with ZipFile(BytesIO(content)) as archive:
            if len(archive.namelist()) > MAXIMUM_PARTS:
                raise too_large()
            for name in archive.namelist():
                with archive.open(name) as member:
                    while part := member.read(_PART):
                        total += len(part)
                        if total > MAXIMUM_UNPACKED_BYTES:
                            raise too_large()
    except (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise _not_a_workbook() from error


def _cell(cell: Any) -> Any:
    if type(cell) is str:
        return gb18030.settle(cell.strip())
    if type(cell) is float:
        return cell
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, bool):
        return str(cell).upper()
    return cell if isinstance(cell, int) else str(cell)


def numbered(rows: Iterable[Sequence[Cell]]) -> Iterator[Numbered]:
    """Yield the rows below the headings that hold something, with their numbers in the sheet."""
    for number, row in enumerate(rows, 2):
        found = [_cell(cell) for cell in row]
        lead = next((cell for cell in found if cell != ""), None)
        if lead is None or (isinstance(lead, str) and lead.startswith(EXAMPLE)):
            continue
        if number > MAXIMUM_ROWS + 2:
            raise _too_many_rows()
        yield number, found


def sheets_of(content: bytes, titles: Sequence[str]) -> dict[str, Any]:
    """Return those worksheets of a workbook that are asked for, cell by cell; raises Unreadable."""
    if not content.startswith(b"PK\x03\x04"):
        raise _not_a_workbook()
    _check_size(content)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        found = {title: book.get_sheet_by_name(title) for title in titles if title in book.sheet_names}
    except (CalamineError, IndexError, ValueError) as error:
        raise _not_a_workbook() from error
    sheets = {}
    for title, sheet in found.items():
        row, column = sheet.start or (0, 0)
        if sheet.total_height > _MAXIMUM_FORM_ROWS or sheet.total_width > _MAXIMUM_COLUMNS:
            raise too_large()
        cells = [[_cell(cell) for cell in line] for line in sheet.iter_rows()]
        sheets[title] = {"row": row, "column": column, "cells": cells}
    return sheets


def _write(target: BinaryIO, content: bytes, title: str) -> None:
    first_column, rows = rows_of(content, title)
    headings = [str(_cell(cell)) for cell in next(rows, [])]
    if len(headings) + first_column > _MAXIMUM_COLUMNS:
        raise Unreadable(
            "headings_wrong",
            f"第 1 行超过 {_MAXIMUM_COLUMNS} 列",
            f"Row 1 has more than {_MAXIMUM_COLUMNS} columns",
        )
    lines: Iterable[Any] = chain(
        [{"headings": headings, "first_column": first_column}],
        batched(numbered(rows), BLOCK_ROWS, strict=False),
    )
    for line in lines:
        target.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        target.flush()


def main() -> None:
    """Read standard input, write blocks to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target = sys.stdout.buffer
    try:
        if sys.argv[1] == "list":
            _write(target, sys.stdin.buffer.read(), sys.argv[2])
        else:
            target.write(orjson.dumps(sheets_of(sys.stdin.buffer.read(), sys.argv[2:])))
    except Unreadable as refusal:
        found = refusal.finding
        target.write(
            orjson.dumps({"failure": [found.code, found.zh, found.en]}, option=orjson.OPT_APPEND_NEWLINE)
        )
    except (MemoryError, OverflowError):
        found = too_large().finding
        target.write(
            orjson.dumps({"failure": [found.code, found.zh, found.en]}, option=orjson.OPT_APPEND_NEWLINE)
        )
    target.flush()


if __name__ == "__main__":
    main()
