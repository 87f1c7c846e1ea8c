"""Workbooks written row by row, which never lie in memory, or anywhere, as a whole. No I/O.

Every cell of a workbook is text: numbers of 15 digits and more keep all digits, and nothing is ever a
formula. CSV comes from :mod:`renkou_common.sheets.delimited`.
"""

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Protocol, cast
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

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
