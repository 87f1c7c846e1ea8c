"""Files written row by row: .xlsx and CSV that never lie in memory, or anywhere, as a whole. No I/O.

Every cell of a workbook is text: numbers of 15 digits and more keep all digits, and nothing is ever a
formula. In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import BinaryIO, Protocol, cast
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

_FORMULA = tuple("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?\d{1,14}(\.\d+)?")
_CONTROLS = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FROZEN = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
    ' state="frozen"/></sheetView></sheetViews>'
)
_WIDTH = 22  # of every column, in characters: an ID number and a full area code are seen whole
_PARTS = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_NAMESPACE}">'
    '<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2">'
    '<xf numFmtId="49" fontId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyFont="1"/>'
    "</cellXfs></styleSheet>",
}


class _Sink:
    """Where a ZipFile writes: what has come so far can be taken away."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, content: bytes) -> int:
        """Hold some bytes."""
        self._held += content
        return len(content)

    def flush(self) -> None:
        """Nothing to do."""

    def take(self) -> bytes:
        """Return what is held, and hold nothing any more."""
        taken = bytes(self._held)
        self._held.clear()
        return taken


class Writer(Protocol):
    """Turns rows into pieces of a file, in order."""

    def add(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return the piece that some more rows make."""
        ...

    def end(self) -> bytes:
        """Return the last piece."""
        ...


class WorkbookWriter:
    """An .xlsx with one sheet."""

    def __init__(self, title: str, headings: Sequence[str]) -> None:
        self._sink = _Sink()
        self._archive = ZipFile(cast(BinaryIO, self._sink), "w", ZIP_DEFLATED, compresslevel=4)
        for name, content in _PARTS.items():
            self._archive.writestr(name, content)
        named = escape(title, {'"': "&quot;"})
        self._archive.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><bookViews><workbookView/></bookViews>'
            f'<sheets><sheet name="{named}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        self._sheet = self._archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        columns = f'<cols><col min="1" max="{len(headings)}" width="{_WIDTH}" customWidth="1"/></cols>'
        self._sheet.write(f'{_HEAD}<worksheet xmlns="{_NAMESPACE}">{_FROZEN}{columns}<sheetData>'.encode())
        self._sheet.write(_row(1, headings, 1))
        self._written = 1

    def add(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return the piece that some more rows make."""
        for row in rows:
            self._written += 1
            self._sheet.write(_row(self._written, row, 0))
        return self._sink.take()

    def end(self) -> bytes:
        """Return the last piece."""
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()
        return self._sink.take()


def _row(number: int, texts: Sequence[str], style: int) -> bytes:
    cells = "".join(
        f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">'
        f"{escape(text.translate(_CONTROLS))}</t></is></c>"
        for text in texts
    )
    return f'<row r="{number}">{cells}</row>'.encode()


class TextWriter:
    """A CSV file in UTF-8 with a mark, as spreadsheets want it."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._held = StringIO()
        self._writer = csv.writer(self._held, lineterminator="\r\n")
        self._held.write("\ufeff")
        self._writer.writerow([defused(heading) for heading in headings])

    def add(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return the piece that some more rows make."""
        for row in rows:
            self._writer.writerow([defused(text) for text in row])
        return self.end()

    def end(self) -> bytes:
        """Return the last piece."""
        taken = self._held.getvalue().encode()
        self._held.seek(0)
        self._held.truncate()
        return taken


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula or rounds as a number."""
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return f"\t{text}" if len(text) >= 15 and text.isascii() and text.isdigit() else text
