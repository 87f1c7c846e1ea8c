"""How a table is laid out on paper: which of indicators, areas and periods go across, and the merged headings. No I/O.

The same layout makes the sheet and the page. Offices' tables have several rows of headings, the units in a row of their
own, and numbered columns: 甲, 乙 for what a row is, 1, 2, 3 ... for its numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_common.errors import Text
from renkou_reporting.outputs.domain import Column, Dims, Heading, Position, Table, by_year

MOST_ACROSS = 40
_STEMS = "甲乙丙丁"
_NAME, _UNIT = Text("指标名称", "indicator"), Text("计量单位", "unit")
_AGES, _ALL = Text("年龄", "age"), Text("合计", "all")
_AREA, _CODE = Text("区划名称", "area"), Text("区划代码", "code")


@dataclass(frozen=True, slots=True)
class Box:
    """A heading over some rows and columns, from its first ones; places count from 0."""

    text: Text
    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A row: what it is of, and its figures."""

    stubs: tuple[Text, ...]
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Headings and rows; ``stubs`` columns say what a row is."""

    stubs: int
    head: tuple[Box, ...]
    head_rows: int
    lines: tuple[Line, ...]

    @property
    def width(self) -> int:
        """Columns, those of the stubs included."""
        return max(box.column + box.columns for box in self.head)

    @property
    def numbers(self) -> list[str]:
        """What the columns are numbered with."""
        return [*_STEMS[: self.stubs], *(str(number + 1) for number in range(self.width - self.stubs))]


def laid_out(table: Table) -> Layout:
    """Return the layout of a table: areas down, or indicators where they are too many to go across; periods across."""
    headings, areas, columns = range(len(table.headings)), range(len(table.areas)), range(len(table.columns))
    if len(areas) == len(columns) == 1 and (crossed := _crossed(table)) is not None:
        return crossed
    if len(areas) == 1:
        stubs: list[Text] = [_NAME, _UNIT]
        lines = [
            Line((one.label, one.unit_text), tuple(Position(number, 0, when) for when in columns))
            for number, one in enumerate(table.headings)
        ]
        top = _periods(table.columns, len(stubs), 0)
    elif len(headings) * len(columns) <= MOST_ACROSS:
        stubs = [_AREA, _CODE]
        across = [(number, when) for number in headings for when in columns]
        lines = [
            Line(_place(table, place), tuple(Position(number, place, when) for number, when in across))
            for place in areas
        ]
        top = _indicators(table, len(stubs))
    elif len(columns) == 1 and len(areas) <= MOST_ACROSS:
        stubs = [_NAME, _UNIT]
        lines = [
            Line((one.label, one.unit_text), tuple(Position(number, place, 0) for place in areas))
            for number, one in enumerate(table.headings)
        ]
        top = [Box(Text(one.name, one.code), 0, len(stubs) + place) for place, one in enumerate(table.areas)]
    else:
        stubs = [_NAME, _UNIT, _AREA, _CODE]
        lines = [
            Line((one.label, one.unit_text, *_place(table, place)),
                 tuple(Position(number, place, when) for when in columns))
            for number, one in enumerate(table.headings) for place in areas
        ]  # fmt: skip
        top = _periods(table.columns, len(stubs), 0)
    rows = max(box.row + box.rows for box in top)
    sides = [Box(text, 0, number, rows) for number, text in enumerate(stubs)]
    return Layout(len(stubs), (*sides, *top), rows, tuple(lines))


def _place(table: Table, number: int) -> tuple[Text, Text]:
    area = table.areas[number]
    return Text(area.name, ""), Text(area.code, "")


def _periods(columns: Sequence[Column], first: int, row: int) -> list[Box]:
    """Return the headings of periods: months below their years."""
    if not by_year(columns):
        return [Box(one.label, row, first + number) for number, one in enumerate(columns)]
    boxes = [Box(one.short, row + 1, first + number) for number, one in enumerate(columns)]
    start = 0
    for number in range(1, len(columns) + 1):
        year = columns[start].period.year
        if number == len(columns) or columns[number].period.year != year:
            boxes.append(Box(Text(f"{year}年", ""), row, first + start, 1, number - start))
            start = number
    return boxes


def _indicators(table: Table, first: int) -> list[Box]:
    """Return the headings of indicators: those with the same name under one, then units, then periods."""
    width = len(table.columns)
    runs = _runs(table.headings)
    split = any(one.dims.label.zh for one in table.headings)
    boxes, unit_row = [], 1 + split
    for start, end in runs:
        one, at = table.headings[start], first + start * width
        if split and not (end - start == 1 and not one.dims.label.zh):
            boxes.append(Box(one.name, 0, at, 1, (end - start) * width))
            for number in range(start, end):
                label = table.headings[number].dims.label
                text = label if label.zh else _ALL
                boxes.append(Box(text, 1, first + number * width, 1, width))
        else:
            boxes.append(Box(one.name, 0, at, unit_row, width))
    for number, one in enumerate(table.headings):
        at = first + number * width
        boxes.append(Box(one.unit_text, unit_row, at, 1, width))
        if width > 1:
            boxes += _periods(table.columns, at, unit_row + 1)
    return boxes


def _runs(headings: Sequence[Heading]) -> list[tuple[int, int]]:
    """Return where headings of the same indicator begin and end."""
    starts = [
        number for number, one in enumerate(headings)
        if number == 0 or one.indicator != headings[number - 1].indicator
    ]  # fmt: skip
    return list(zip(starts, [*starts[1:], len(headings)], strict=True))


def _crossed(table: Table) -> Layout | None:
    """Return ages down and sexes across where a table has each of them together, None for any other."""
    at = {(one.dims.ages, one.dims.sex): number for number, one in enumerate(table.headings)}
    ages, sexes = dict.fromkeys(age for age, _ in at), dict.fromkeys(sex for _, sex in at)
    whole = len(at) == len(ages) * len(sexes) == len(table.headings)
    if not whole or len(sexes) < 2 or len({one.indicator for one in table.headings}) > 1:
        return None
    lines = [
        Line((_of(Dims(ages=age)),), tuple(Position(at[age, sex], 0, 0) for sex in sexes)) for age in ages
    ]
    unit = table.headings[0].unit_text
    top = [Box(_of(Dims(sex=sex)), 0, number) for number, sex in enumerate(sexes, 1)]
    units = [Box(unit, 1, number) for number in range(1, len(sexes) + 1)]
    return Layout(1, (Box(_AGES, 0, 0, 2), *top, *units), 2, tuple(lines))


def _of(dims: Dims) -> Text:
    return dims.label if dims.label.zh else _ALL
