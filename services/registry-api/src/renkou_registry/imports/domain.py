"""One row of a roster: from cells to a person, with everything that is wrong with it. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import CodeError, Finding
from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import DocumentKind, MaritalStatus, Sex
from renkou_common.codes.names import clean_name
from renkou_common.codes.resident_id import ResidentId
from renkou_common.scope import AreaScope
from renkou_registry.imports import cells
from renkou_registry.imports.cells import Cell
from renkou_registry.imports.columns import RULE_OF, YES, Column
from renkou_registry.persons.domain import EntryKind, PersonEntry

type Row = Mapping[Column, Cell]

MAXIMUM_ROWS = 100_000


class JobState(StrEnum):
    """States of an import."""

    QUEUED = "queued"  # 等待检查
    CHECKING = "checking"  # 检查中
    CHECKED = "checked"  # 已检查, 待确认
    APPLYING = "applying"  # 导入中
    DONE = "done"  # 完成
    FAILED = "failed"  # 文件无法处理


class Severity(StrEnum):
    """Whether a finding keeps its row out."""

    ERROR = "error"
    WARNING = "warning"


class Unreadable(Exception):
    """The file as a whole cannot be taken; ``finding`` says why."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.finding = Finding(code, zh, en)


@dataclass(frozen=True, slots=True)
class RowFinding:
    """Something wrong (or odd) in one cell. ``row`` counts from 1 as the sheet does; ``shown`` is masked."""

    row: int
    column: Column
    shown: str
    finding: Finding
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A good row."""

    row: int
    household: str
    name: str
    sex: Sex
    birth_date: date
    document_kind: DocumentKind
    resident_id: str | None
    nationality: str
    marital_status: MaritalStatus
    relation: str
    registered_area: AreaCode
    registered_street: str | None
    present_area: AreaCode
    present_street: str | None
    present_since: date | None
    phone: str | None
    children: int
    employer: str | None

    @property
    def is_head(self) -> bool:
        """Whether the person heads the household."""
        return self.relation == Relation.HEAD

    def household_area(self, district: AreaCode) -> AreaCode:
        """Where the household is kept: where it lives, or where it is registered if it lives elsewhere."""
        return self.present_area if district.contains(self.present_area) else self.registered_area

    def entry(self, person_id: UUID, stock_date: date, spouse_id: UUID | None) -> PersonEntry:
        """Return the person to enter as part of the opening stock."""
        return PersonEntry(
            id=person_id,
            name=self.name,
            sex=int(self.sex),
            birth_date=self.birth_date,
            registered_area=self.registered_area.key,
            present_area=self.present_area.key,
            kind=EntryKind.OPENING,
            entered_on=stock_date,
            document_kind=self.document_kind,
            resident_id=self.resident_id,
            nationality=self.nationality,
            marital_status=str(int(self.marital_status)),
            registered_street=self.registered_street,
            present_street=self.present_street,
            present_since=self.present_since,
            phone=self.phone,
            employer=self.employer,
            spouse_id=spouse_id,
            children_count=self.children,
        )


@dataclass(frozen=True, slots=True)
class Context:
    """What a row is judged against. ``known`` holds the areas of the rows that are in the division list."""

    district: AreaCode
    scope: AreaScope
    stock_date: date
    known: frozenset[AreaCode]


def household_of(row: Row) -> str:
    """Return the household number as it stands in the row, good or not: the key that rows are grouped by."""
    return cells.text_of(row.get(Column.HOUSEHOLD, ""))


def areas_in(row: Row) -> list[AreaCode]:
    """Return the area codes of a row that have the form of one."""
    found = []
    for column in (Column.REGISTERED_AREA, Column.PRESENT_AREA):
        try:
            found.append(AreaCode.parse(cells.text_of(row.get(column, ""))))
        except CodeError:
            continue
    return found


class _RowReader:
    """Reads the cells of one row one after another and keeps what is wrong."""

    def __init__(self, number: int, row: Row) -> None:
        self._number = number
        self._row = row
        self.findings: list[RowFinding] = []

    def blame(self, column: Column, finding: Finding, severity: Severity = Severity.ERROR) -> None:
        cell = self._row.get(column, "")
        self.findings.append(RowFinding(self._number, column, cells.shown(column, cell), finding, severity))

    def read[T](self, column: Column, convert: Callable[[Cell], T]) -> T | None:
        """Return the converted cell; None where it is empty or wrong."""
        cell = self._row.get(column, "")
        if cells.text_of(cell) == "":
            if RULE_OF[column].required:
                self.blame(column, _MISSING)
            return None
        try:
            return convert(cell)
        except CodeError as error:
            self.blame(column, error.finding)
            return None

    def coded(self, column: Column) -> str | None:
        """Return the code behind a label of the column's list."""
        codes = RULE_OF[column].codes
        assert codes is not None
        return self.read(column, lambda cell: codes.from_label(cells.text_of(cell)).code)

    @property
    def confirmed(self) -> bool:
        return cells.text_of(self._row.get(Column.CONFIRMED, "")) == YES


_MISSING = Finding("value_missing", "必填项为空", "a required value is missing")
_FUTURE_BIRTH = Finding("birth_date_future", "出生日期晚于登记日期", "the birth date is after the stock date")
_TOO_EARLY = Finding("date_too_early", "日期早于 1900 年", "the date is before 1900")
_FUTURE_SINCE = Finding(
    "present_since_future", "现居住起始日期晚于登记日期", "present since a day after the stock date"
)
_SINCE_BEFORE_BIRTH = Finding(
    "present_since_before_birth", "现居住起始日期早于出生日期", "present since a day before the birth"
)
_AREA_UNKNOWN = Finding("area_unknown", "区划代码不在现行区划表中", "no such area in the division list")
_OUTSIDE_DISTRICT = Finding(
    "area_outside_district",
    "户籍地和现居住地都不在本区, 不属于本区登记范围",
    "neither the registered nor the present address lies in this district",
)
_OUTSIDE_SCOPE = Finding(
    "area_outside_scope", "该地址不在您的管辖范围内", "the address lies outside the areas you work for"
)
_HOUSEHOLD_FORM = Finding(
    "household_number_numeric",
    "户号超过 15 位时单元格应为文本格式",
    "a household number of more than 15 digits has to be text",
)
_ID_WARNING_IS_ERROR = frozenset({"resident_id_birth_date_differs", "resident_id_sex_differs"})
_COLUMN_OF_WARNING = {
    "resident_id_birth_date_differs": Column.BIRTH_DATE,
    "resident_id_sex_differs": Column.SEX,
    "resident_id_region_differs": Column.DOCUMENT_NUMBER,
}


def check_row(number: int, row: Row, context: Context) -> tuple[RosterRow | None, list[RowFinding]]:
    """Return the row as a person to enter (None where it is refused) and everything found in it.

    A birth date or sex that contradicts the ID number refuses the row unless the column 核实 says 是; a
    region inside the number that is not the registered county is only a warning, since real numbers keep the
    county of first registration for life.
    """
    reader = _RowReader(number, row)
    household = reader.read(Column.HOUSEHOLD, lambda cell: cells.short_text(cell, 40))
    if cells.is_numeric(row.get(Column.HOUSEHOLD, "")) and household and not household.isdigit():
        reader.blame(Column.HOUSEHOLD, _HOUSEHOLD_FORM)
    name = reader.read(Column.NAME, lambda cell: clean_name(cells.text_of(cell)))
    sex = reader.coded(Column.SEX)
    birth_date = _birth_date(reader, context)
    document_kind = reader.coded(Column.DOCUMENT_KIND)
    nationality = reader.coded(Column.NATIONALITY)
    marital_status = reader.coded(Column.MARITAL_STATUS)
    relation = reader.coded(Column.RELATION)
    registered = _area(reader, Column.REGISTERED_AREA, context)
    present = _area(reader, Column.PRESENT_AREA, context)
    _check_reach(reader, registered, present, context)
    resident_id = None
    if document_kind == DocumentKind.RESIDENT_ID:
        resident_id = _resident_id(reader, registered, birth_date, sex)
    else:
        reader.read(Column.DOCUMENT_NUMBER, lambda cell: cells.document_number(cell))
    present_since = _present_since(reader, birth_date, context)
    registered_street = reader.read(Column.REGISTERED_STREET, lambda cell: cells.short_text(cell, 200))
    present_street = reader.read(Column.PRESENT_STREET, lambda cell: cells.short_text(cell, 200))
    phone = reader.read(Column.PHONE, cells.phone)
    children = reader.read(Column.CHILDREN, lambda cell: cells.whole_number(cell, 0, 30))
    employer = reader.read(Column.EMPLOYER, lambda cell: cells.short_text(cell, 100))
    refused = any(each.severity is Severity.ERROR for each in reader.findings)
    if refused or household is None or name is None or sex is None or birth_date is None:
        return None, reader.findings
    if document_kind is None or nationality is None or marital_status is None or relation is None:
        return None, reader.findings
    if registered is None or present is None:
        return None, reader.findings
    good = RosterRow(
        row=number,
        household=household,
        name=name,
        sex=Sex(int(sex)),
        birth_date=birth_date,
        document_kind=DocumentKind(document_kind),
        resident_id=resident_id,
        nationality=nationality,
        marital_status=MaritalStatus(int(marital_status)),
        relation=Relation.HEAD if relation == Relation.SELF else relation,
        registered_area=registered,
        registered_street=registered_street,
        present_area=present,
        present_street=present_street,
        present_since=present_since,
        phone=phone,
        children=children or 0,
        employer=employer,
    )
    return good, reader.findings


def _birth_date(reader: _RowReader, context: Context) -> date | None:
    birth_date = reader.read(Column.BIRTH_DATE, cells.day)
    if birth_date is not None and birth_date > context.stock_date:
        reader.blame(Column.BIRTH_DATE, _FUTURE_BIRTH)
        return None
    if birth_date is not None and birth_date < cells.EARLIEST:
        reader.blame(Column.BIRTH_DATE, _TOO_EARLY)
        return None
    return birth_date


def _present_since(reader: _RowReader, birth_date: date | None, context: Context) -> date | None:
    since = reader.read(Column.PRESENT_SINCE, cells.day)
    if since is not None and since > context.stock_date:
        reader.blame(Column.PRESENT_SINCE, _FUTURE_SINCE)
    elif since is not None and birth_date is not None and since < birth_date:
        reader.blame(Column.PRESENT_SINCE, _SINCE_BEFORE_BIRTH)
    return since


def _area(reader: _RowReader, column: Column, context: Context) -> AreaCode | None:
    code = reader.read(column, lambda cell: cells.area(cell, context.district))
    if code is not None and code not in context.known:
        reader.blame(column, _AREA_UNKNOWN)
        return None
    return code


def _check_reach(
    reader: _RowReader, registered: AreaCode | None, present: AreaCode | None, context: Context
) -> None:
    if registered is None or present is None:
        return
    if not (context.district.contains(registered) or context.district.contains(present)):
        reader.blame(Column.PRESENT_AREA, _OUTSIDE_DISTRICT)
    elif not (context.scope.contains(registered.key) or context.scope.contains(present.key)):
        reader.blame(Column.PRESENT_AREA, _OUTSIDE_SCOPE)


def _resident_id(
    reader: _RowReader, registered: AreaCode | None, birth_date: date | None, sex: str | None
) -> str | None:
    number = reader.read(Column.DOCUMENT_NUMBER, lambda cell: ResidentId.parse(cells.document_number(cell)))
    if number is None:
        if not reader.findings or reader.findings[-1].column is not Column.DOCUMENT_NUMBER:
            reader.blame(Column.DOCUMENT_NUMBER, _MISSING)
        return None
    stated_sex = Sex(int(sex)) if sex is not None else None
    for warning in number.warnings(area=registered, birth_date=birth_date, sex=stated_sex):
        refuses = warning.code in _ID_WARNING_IS_ERROR and not reader.confirmed
        severity = Severity.ERROR if refuses else Severity.WARNING
        reader.blame(_COLUMN_OF_WARNING[warning.code], warning, severity)
    return number.value
