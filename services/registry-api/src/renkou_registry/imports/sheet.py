"""A sheet as data: its columns, and how a row of a file is read by them. No I/O.

A kind of import states one :class:`Sheet`. From it come the template with its drop-downs and instructions,
the reading of a file's headings and rows, the masked values of the error list and the annotated error sheet.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import CodeError, Finding
from renkou_common.codes.lists import CodeList
from renkou_common.codes.masking import masked_within
from renkou_common.codes.names import clean_name
from renkou_common.codes.resident_id import ResidentId
from renkou_common.sheets.domain import Cell, Unreadable, letters
from renkou_registry.imports import cells
from renkou_registry.imports.cells import Privacy

ROW_HEADING = "原行号"
REASON_HEADING = "错误说明"
IGNORED_HEADINGS = frozenset({ROW_HEADING, REASON_HEADING})
"""Columns that the error sheet adds, so that it can be handed in again once corrected."""
YES, NO = "是", "否"
_NOWHERE = 1 << 30
MISSING = Finding("value_missing", "必填项为空", "a required value is missing")


class Severity(StrEnum):
    """Whether a finding keeps its row out."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Field:
    """A column: heading, what goes in, and how its cells are read.

    ``read`` returns the value of a cell that is not empty, or raises CodeError; ``load`` makes the value
    again from what JSON keeps of it (None: JSON keeps it as it is). A column that may be ``absent`` need not
    stand in the file.
    """

    title: str
    help: str
    read: Callable[[Cell], Any]
    required: bool = False
    example: str = ""
    codes: CodeList | None = None
    choices: tuple[str, ...] = ()
    privacy: Privacy = Privacy.PLAIN
    width: int = 13
    absent: bool = False
    load: Callable[[Any], Any] | None = None

    @property
    def offered(self) -> tuple[str, ...]:
        """What the template's drop-down offers; empty for free columns."""
        return tuple(entry.zh for entry in self.codes.entries) if self.codes else self.choices


def text(title: str, limit: int, help: str = "", **more: Any) -> Field:
    """A column of free text with at most ``limit`` characters."""

    def read(cell: Cell) -> str:
        return cell if type(cell) is str and len(cell) <= limit else cells.short_text(cell, limit)

    return Field(title, help or f"{limit} 字以内", read, **more)


def name(
    title: str = "姓名", help: str = "按证件填写, 100 字以内; 少数民族姓名的间隔点用 ·", **more: Any
) -> Field:
    """A column of personal names."""

    def read(cell: Cell) -> str:
        written = cells.text_of(cell)
        return written if written.isalpha() and len(written) < 50 else clean_name(written)  # nothing to tidy

    return Field(title, help, read, privacy=Privacy.NAME, **more)


def resident_id(title: str, help: str = "18 位身份证号, 单元格必须是文本格式", **more: Any) -> Field:
    """A column of resident ID numbers; the value is the number."""
    return Field(
        title,
        help,
        lambda cell: ResidentId.parse(cells.document_number(cell)).value,
        privacy=Privacy.NUMBER,
        width=22,
        **more,
    )


def coded(title: str, codes: CodeList, help: str = "从下拉框选", **more: Any) -> Field:
    """A column of labels or codes of a list; the value is the code."""
    known = {entry.code: entry.code for entry in codes.entries} | {e.zh: e.code for e in codes.entries}

    def read(cell: Cell) -> str:
        if type(cell) is str and (code := known.get(cell)):
            return code
        written = cells.text_of(cell)
        return known.get(written) or codes.from_label(written).code

    return Field(title, help, read, codes=codes, **more)


def day(title: str, help: str = "年-月-日", **more: Any) -> Field:
    """A column of days."""
    return Field(title, help, cells.day, load=date.fromisoformat, **more)


def number(title: str, low: int, high: int, help: str = "", **more: Any) -> Field:
    """A column of whole numbers between two limits."""
    return Field(
        title, help or f"{low}-{high} 的整数", lambda cell: cells.whole_number(cell, low, high), **more
    )


def amount(title: str, help: str = "元, 最多两位小数", **more: Any) -> Field:
    """A column of amounts in yuan, not negative."""

    def read(cell: Cell) -> Decimal:
        value = cells.amount(cell)
        if value < 0:
            raise CodeError("amount_negative", "金额不能为负数", "an amount is not negative")
        return value

    return Field(title, help, read, load=Decimal, **more)


def phone(title: str, help: str = "手机号或带区号的固定电话", **more: Any) -> Field:
    """A column of telephone numbers."""
    return Field(title, help, cells.phone, privacy=Privacy.PHONE, width=16, **more)


def area(
    title: str, help: str = "本区的填 12 位社区（村）代码; 外地的至少填 6 位县（区）代码", **more: Any
) -> Field:
    """A column of area codes; the value is an AreaCode, how fine it has to be is for the kind to check."""
    return Field(
        title, help, lambda cell: AreaCode.parse(cells.text_of(cell)), load=AreaCode.parse, width=16, **more
    )


def yes_no(title: str, help: str, **more: Any) -> Field:
    """A column of 是 and 否; the value is a bool."""

    def read(cell: Cell) -> bool:
        written = cells.text_of(cell)
        if written not in (YES, NO):
            raise CodeError("yes_or_no", "应填“是”或“否”", "must be 是 (yes) or 否 (no)")
        return written == YES

    return Field(title, help, read, choices=(YES, NO), **more)


@dataclass(frozen=True)
class Sheet:
    """A kind's sheet. ``title`` is the worksheet's name; ``notes`` stand below the instructions."""

    kind: str
    title: str
    en: str
    fields: tuple[Field, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def by_title(self) -> dict[str, int]:
        """Places of the fields by their headings."""
        return {field.title: place for place, field in enumerate(self.fields)}


@dataclass(frozen=True, slots=True)
class RowFinding:
    """Something wrong (or odd) in one cell. ``row`` counts from 1 as the sheet does; ``shown`` is masked."""

    row: int
    title: str
    cell: str
    shown: str
    finding: Finding
    severity: Severity = Severity.ERROR


class Row:
    """One row of a file: its cells, the values read from them (None: empty or wrong), what is wrong."""

    __slots__ = ("cells", "findings", "layout", "number", "refused", "values")

    def __init__(self, layout: "Layout", number: int, row_cells: Sequence[Cell], values: list[Any]) -> None:
        self.layout = layout
        self.number = number
        self.cells = row_cells
        self.values = values
        self.findings: list[RowFinding] = []
        self.refused = False

    def __getitem__(self, title: str) -> Any:
        return self.values[self.layout.sheet.by_title[title]]

    def written(self, title: str) -> Cell:
        """Return the cell under a heading as it stands in the file."""
        place = self.layout.places[self.layout.sheet.by_title[title]]
        return self.cells[place] if place is not None and place < len(self.cells) else ""

    def blame(self, title: str, finding: Finding, severity: Severity = Severity.ERROR) -> None:
        """Keep something wrong with the cell under a heading; an error refuses the row."""
        field = self.layout.sheet.fields[self.layout.sheet.by_title[title]]
        shown = cells.shown(field.privacy, self.written(title))
        place = self.layout.position(self.number, title)
        told = Finding(finding.code, masked_within(finding.zh), masked_within(finding.en))
        self.findings.append(RowFinding(self.number, title, place, shown, told, severity))
        self.refused = self.refused or severity is Severity.ERROR


class Layout:
    """Where the fields of a sheet stand in a file; raises Unreadable for headings that do not fit."""

    def __init__(self, sheet: Sheet, headings: Sequence[str]) -> None:
        self.sheet = sheet
        self.headings = [_plain(heading) for heading in headings]
        _check_headings(sheet, self.headings)
        at = {heading: place for place, heading in enumerate(self.headings) if heading}
        self.places = [at.get(field.title) for field in sheet.fields]
        self._plan = [
            (field.read, _NOWHERE if place is None else place, field.title, field.required)
            for field, place in zip(sheet.fields, self.places, strict=True)
        ]
        self._loads = [(place, field.load) for place, field in enumerate(sheet.fields) if field.load]

    def read(self, number: int, row_cells: Sequence[Cell]) -> Row:
        """Return a row of the file with the values of its single cells."""
        values: list[Any] = []
        row = Row(self, number, row_cells, values)
        width = len(row_cells)
        for read, place, title, required in self._plan:
            cell = row_cells[place] if place < width else ""
            if cell == "":
                values.append(None)
                if required:
                    row.blame(title, MISSING)
                continue
            try:
                values.append(read(cell))
            except CodeError as error:
                values.append(None)
                row.blame(title, error.finding)
        return row

    def read_many(self, numbered: Iterable[tuple[int, Sequence[Cell]]]) -> list[Row]:
        """Return rows of the file with the values of their single cells."""
        return [self.read(number, row_cells) for number, row_cells in numbered]

    def position(self, number: int, title: str) -> str:
        """Return a cell's name in the file, such as F12; just the row for a column that is absent."""
        place = self.places[self.sheet.by_title[title]]
        return f"{letters(place) if place is not None else ''}{number}"

    def dump(self, rows: Iterable[Row]) -> bytes:
        """Return the values of rows as JSON."""
        return orjson.dumps(
            [[row.number, row.values] for row in rows],
            default=_plain_value,
            option=orjson.OPT_PASSTHROUGH_DATACLASS,
        )

    def load(self, content: bytes) -> list[Row]:
        """Return rows again from their values; their cells are gone."""
        rows = []
        for number, values in orjson.loads(content):
            for place, load in self._loads:
                if values[place] is not None:
                    values[place] = load(values[place])
            rows.append(Row(self, number, (), values))
        return rows


def _plain_value(value: Any) -> str:
    return value.value if isinstance(value, AreaCode) else str(value)


_HEADING = 20
"""Characters of an unknown heading that are repeated."""


def _plain(heading: str) -> str:
    return "".join(heading.split()).rstrip("*＊")


def _check_headings(sheet: Sheet, headings: Sequence[str]) -> None:
    missing = [f.title for f in sheet.fields if not f.absent and f.title not in headings]
    known = sheet.by_title.keys() | IGNORED_HEADINGS
    unknown = [heading for heading in headings if heading and heading not in known]
    doubled = sorted({title for title in sheet.by_title if headings.count(title) > 1})
    if not (missing or unknown or doubled):
        return
    if not known & set(headings):  # somebody's row: what stands in it is repeated nowhere
        raise Unreadable(
            "headings_wrong", "第 1 行不是表头, 请使用模板", "row 1 holds no headings; use the template"
        )
    unknown = [masked_within(heading)[:_HEADING] for heading in unknown]
    listed = [("缺少", "missing", missing), ("不认识", "unknown", unknown), ("重复", "repeated", doubled)]
    zh = "; ".join(f"{zh}列: {'、'.join(found)[:300]}" for zh, _, found in listed if found)
    en = "; ".join(f"{en} columns: {', '.join(found)[:300]}" for _, en, found in listed if found)
    raise Unreadable("headings_wrong", f"第 1 行的表头有误。{zh}", f"The headings in row 1 are wrong. {en}")
