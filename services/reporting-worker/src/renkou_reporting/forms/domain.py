"""What a form is: a checked definition whose cells are rows x columns. No I/O.

A cell gets its traits (measure, population, sex, parity, detail, decimals, range) from its section, row, column and
its own entry, the later ones more particular. Where row and column both state a trait they must agree, unless
the cell's own entry settles it. A cell without a measure is for the rules alone: totals, controls.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.period import Period, PeriodKind
from renkou_common.codes.working_days import WorkingDays
from renkou_common.contracts.lines import Population
from renkou_common.errors import Text
from renkou_common.sheets.domain import letters
from renkou_reporting.measures.domain import MeasureEntry, MeasureKind, MeasureOrigin, MeasureUnit
from renkou_reporting.validation.domain import Rule

MAXIMUM = Decimal(10_000_000_000)
MAXIMUM_CELLS = 5000
type Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
type Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
type Detail = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9_.-]{0,59})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(_Part):
    """A name in both languages."""

    zh: Name
    en: Name


class Traits(_Part):
    """What cells count and what may stand in them; None: not stated here."""

    measure: Code | None = None
    population: Code | None = None
    sex: Literal[0, 1, 2, 9] | None = None
    parity: int | None = Field(default=None, ge=0, le=30)
    detail: Detail | None = None
    digits: int | None = Field(default=None, ge=0, le=4, description="decimals; 0 unless stated")
    low: Decimal | None = Field(default=None, description="lowest value; 0 unless stated")
    high: Decimal | None = Field(
        default=None, description="highest value; ten thousand million unless stated"
    )
    required: bool | None = Field(default=None, description="may not be left empty; true unless stated")
    counted: bool | None = Field(
        default=None,
        description="false: for the rules alone (totals, controls), whatever else states a measure",
    )
    scale: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="units of the measure in one of the form; 1 unless stated",
    )

    def stated(self) -> dict[str, object]:
        """Return the traits that are stated, by name."""
        return {name: getattr(self, name) for name in Traits.model_fields if getattr(self, name) is not None}


class Row(Traits):
    """A row: code and names; ``unit`` is shown beside it."""

    code: Code
    zh: Name
    en: Name
    unit: Names | None = None
    indent: int = Field(default=0, ge=0, le=3, description="how far it stands below the row above (其中)")


class Column(Traits):
    """A column: code and names; neighbours with the same ``group`` share a heading above."""

    code: Code
    zh: Name
    en: Name
    group: Names | None = None


class Special(Traits):
    """A cell that differs from its row and column; ``blocked``: nothing may stand in it (×)."""

    row: Code
    column: Code
    blocked: bool = False


class Section(Traits):
    """A table of a form."""

    code: Code
    zh: Name
    en: Name
    unit: Names
    rows: Annotated[list[Row], Field(min_length=1, max_length=200)]
    columns: Annotated[list[Column], Field(min_length=1, max_length=40)]
    cells: list[Special] = []

    @cached_property
    def special(self) -> dict[tuple[str, str], Special]:
        """Cells that differ, by row and column."""
        return {(one.row, one.column): one for one in self.cells}


class Due(_Part):
    """When a return is due: so many days after the last day of its period."""

    days: int = Field(ge=1, le=366)
    calendar: Literal["working", "plain"] = Field(description="working days (工作日) or plain days (日历日)")


class NewMeasure(_Part):
    """A measure that the form introduces: a flow that nothing else counts. Putting the form in force lists it."""

    code: Code
    zh: Name
    en: Name
    populations: Annotated[list[Code], Field(min_length=1)]
    unit: MeasureUnit = Field(
        default=MeasureUnit.TIME,
        description="what one of it is; small counts of people are not shown to everybody",
    )

    def entry(self) -> MeasureEntry:
        """Return it as the list of measures has it; raises ValueError for a population that there is not."""
        return MeasureEntry(
            code=self.code,
            zh=self.zh,
            en=self.en,
            kind=MeasureKind.FLOW,
            unit=self.unit,
            populations=tuple(Population(name) for name in self.populations),
            origin=MeasureOrigin.RETURN,
        )


class Definition(_Part):
    """A form as it is printed, handed in and counted."""

    code: Code
    zh: Name
    en: Name
    number: Name = Field(description="表号")
    authority: Names = Field(description="制定机关")
    approval: Names = Field(description="批准机关及文号")
    office: Names = Field(description="the office that hands it in (填报部门)")
    periodicity: Literal["month", "quarter", "half_year", "year"]
    level: Literal["district", "town", "community", "any"] = Field(description="areas that returns are for")
    by: Literal["area", "unit"] = Field(
        description="one return per area, or per unit registered for the form"
    )
    due: Due
    people: Literal[2, 3] = Field(
        default=3, description="different people a return passes; who fills never checks or signs"
    )
    dated: Literal["end", "before"] = Field(
        default="end",
        description="counts are of the period's last day, or of the day before it begins (期初)",
    )
    valid_from: date | None = None
    valid_to: date | None = Field(default=None, description="periods that begin later are refused (历史报表)")
    repeatable: bool = Field(default=False, description="several returns for one area and period")
    measures: list[NewMeasure] = []
    notes: list[Names] = []
    sections: list[Section] = Field(default=[], max_length=20)
    open_lines: bool = Field(default=False, description="any count of any measure, line by line")
    rules: list[Rule] = Field(default=[], max_length=200)

    def covers(self, period: Period) -> Text | None:
        """Return why the form is not used for a period, None where it is."""
        if period.kind.value != self.periodicity:
            kind = PERIODICITY[self.periodicity]
            return Text(f"本表为{kind.zh}报, 统计期应为{kind.zh}", f"the form is for a {kind.en}")
        if self.valid_to is not None and period.start > self.valid_to:
            return Text(
                f"本表为历史报表, 有效期至 {self.valid_to}", f"a historic form, valid to {self.valid_to} only"
            )
        if self.valid_from is not None and period.end < self.valid_from:
            return Text(f"本表自 {self.valid_from} 起施行", f"the form is in force from {self.valid_from}")
        return None

    def counted_on(self, period: Period) -> date:
        """Return the day on which a period's counts are entered."""
        if self.dated == "before":
            return period.start - timedelta(days=1)
        return min(period.end, self.valid_to) if self.valid_to else period.end

    def due_on(self, period: Period, calendar: WorkingDays) -> date:
        """Return the last day on which a return is in time."""
        if self.due.calendar == "working":
            return calendar.add(period.end, self.due.days)
        return period.end + timedelta(days=self.due.days)


PERIODICITY = {
    PeriodKind.MONTH.value: Text("月", "month"),
    PeriodKind.QUARTER.value: Text("季度", "quarter"),
    PeriodKind.HALF_YEAR.value: Text("半年", "half-year"),
    PeriodKind.YEAR.value: Text("年", "year"),
}
LEVELS = {
    "district": (6, Text("区县", "district")),
    "town": (9, Text("街道/乡镇", "town or subdistrict")),
    "community": (12, Text("社区/村", "community or village")),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is filled in. ``line`` and ``place`` count from 0 as a sheet does."""

    section: Section
    row: Row
    column: Column
    blocked: bool
    line: int
    place: int
    measure: str | None
    population: str | None
    sex: int
    parity: int
    detail: str
    digits: int
    low: Decimal
    high: Decimal
    required: bool
    scale: int

    @property
    def key(self) -> str:
        """The cell's name in values: section.row.column."""
        return f"{self.section.code}.{self.row.code}.{self.column.code}"

    @property
    def address(self) -> str:
        """The cell's name in the sheet, such as D12."""
        return f"{letters(self.place)}{self.line + 1}"

    @property
    def named(self) -> Text:
        """Section, row and column in words with the address."""
        return Text(
            f"“{self.section.zh}”“{self.row.zh}”行“{self.column.zh}”列 ({self.address})",
            f'"{self.section.en}", row "{self.row.en}", column "{self.column.en}" ({self.address})',
        )


HEAD_LINES = 6
"""Lines of a sheet above the first section: title, numbers, who, where, when."""
FIXED_PLACES = 3
"""Columns before the values: code, name, unit."""


def heading_lines(section: Section) -> int:
    """Return how many lines stand above a section's rows: title, headings (two with groups), numbers."""
    return 4 if any(column.group for column in section.columns) else 3


def cells_of(definition: Definition) -> Iterator[Cell]:
    """Yield the cells of a form in the order of its sheet; contradicting traits: the row's win."""
    line = HEAD_LINES
    for section in definition.sections:
        line += heading_lines(section)
        for row in section.rows:
            for number, column in enumerate(section.columns):
                yield _cell(section, row, column, line, FIXED_PLACES + number)
            line += 1
        line += 1


def _cell(section: Section, row: Row, column: Column, line: int, place: int) -> Cell:
    own = section.special.get((row.code, column.code))
    stated = section.stated() | column.stated() | row.stated() | (own.stated() if own else {})
    settled = Traits.model_validate(stated)
    return Cell(
        section=section,
        row=row,
        column=column,
        blocked=own is not None and own.blocked,
        line=line,
        place=place,
        measure=None if _uncounted(section, row, column, own) else settled.measure,
        population=settled.population,
        sex=settled.sex or 0,
        parity=settled.parity or 0,
        detail=settled.detail or "",
        digits=settled.digits or 0,
        low=Decimal(0) if settled.low is None else settled.low,
        high=MAXIMUM if settled.high is None else settled.high,
        required=settled.required is not False,
        scale=settled.scale or 1,
    )


def _uncounted(section: Section, row: Row, column: Column, own: Special | None) -> bool:
    if own is not None and own.counted is not None:
        return not own.counted
    return False in (section.counted, row.counted, column.counted)


class Form:
    """A definition with its cells by key."""

    def __init__(self, definition: Definition, version: int) -> None:
        self.definition = definition
        self.version = version
        self.cells = {cell.key: cell for cell in cells_of(definition)}

    @cached_property
    def grid(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Codes of the rows and columns of each section, in order; what the rules refer to."""
        return {
            section.code: (
                tuple(row.code for row in section.rows),
                tuple(column.code for column in section.columns),
            )
            for section in self.definition.sections
        }

    @cached_property
    def blocked(self) -> frozenset[str]:
        """Keys of the cells that stay empty."""
        return frozenset(key for key, cell in self.cells.items() if cell.blocked)
