"""The roster of persons (花名册): its columns, the rules of a row, and entering people household by
household.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import CodeError, Finding
from renkou_common.codes.kinship import RELATIONS, Relation
from renkou_common.codes.lists import (
    DOCUMENT_KINDS,
    MARITAL_STATUSES,
    SEXES,
    DocumentKind,
    MaritalStatus,
    Sex,
)
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_common.codes.resident_id import ResidentId
from renkou_common.database import Transaction
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.households import service as households
from renkou_registry.households.domain import HouseholdEntry, MemberEntry
from renkou_registry.imports import cells, sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.importer import AREA_UNKNOWN, Applied, Importer, Kind
from renkou_registry.imports.repository import Job
from renkou_registry.imports.roster import RosterCheck, couple
from renkou_registry.imports.sheet import MISSING, Field, Layout, Row, RowFinding, Severity, Sheet
from renkou_registry.persons import registration, taken
from renkou_registry.persons.domain import EntryKind, PersonEntry, new_id
from renkou_registry.persons.service import by_resident_ids, known_resident_ids
from renkou_registry.runtime import Runtime

HOUSEHOLD, NAME, SEX, BIRTH_DATE = "户号", "姓名", "性别", "出生日期"
DOCUMENT_KIND, DOCUMENT_NUMBER = "证件类型", "证件号码"
RELATION, REGISTERED_AREA, PRESENT_AREA, PRESENT_SINCE = (
    "与户主关系",
    "户籍地编码",
    "现居住地编码",
    "现居住起始日期",
)
CONFIRMED = "核实"
_ADDRESS = {"privacy": Privacy.HIDDEN, "width": 28, "example": "亳州路 1 号 2 幢 301 室"}
_AREA = "本区的填 12 位社区（村）代码; 外地的至少填 6 位县（区）代码"

SHEET = Sheet(
    "persons",
    "人口登记表",
    "persons",
    (
        sheet.text(
            HOUSEHOLD,
            40,
            "同一户填相同的户号; 一户要有且只有一个户主（登记册中已有的户除外）",
            required=True,
            example="340103000001",
            width=16,
        ),
        sheet.name(required=True, example="王小明"),
        sheet.coded(SEX, SEXES, required=True, example="男"),
        sheet.day(
            BIRTH_DATE,
            "年-月-日; 应与身份证号一致, 不一致且已核实的在“核实”列填“是”",
            required=True,
            example="1990-01-31",
        ),
        sheet.coded(DOCUMENT_KIND, DOCUMENT_KINDS, required=True, example="居民身份证"),
        Field(
            DOCUMENT_NUMBER,
            "居民身份证必填 18 位; 单元格必须是文本格式, 数字格式会丢失后三位",
            cells.document_number,
            example="340103199001311235",
            privacy=Privacy.NUMBER,
            width=22,
        ),
        sheet.coded("民族", NATIONALITIES, required=True, example="汉族"),
        sheet.coded("婚姻状况", MARITAL_STATUSES, required=True, example="初婚"),
        sheet.coded(RELATION, RELATIONS, "从下拉框选; 户主填“户主”", required=True, example="户主"),
        sheet.area(REGISTERED_AREA, _AREA, required=True, example="340103001001"),
        sheet.text("户籍地详细地址", 200, "路、号、幢、室", **_ADDRESS),
        sheet.area(PRESENT_AREA, _AREA, required=True, example="340103001001"),
        sheet.text("现居住地详细地址", 200, "路、号、幢、室", **_ADDRESS),
        sheet.day(PRESENT_SINCE, "年-月-日; 不填则从登记日算起", example="2020-05-01"),
        Field(
            "联系电话",
            "手机号或带区号的固定电话, 文本格式",
            cells.phone,
            example="13800000000",
            privacy=Privacy.PHONE,
        ),
        sheet.number("生育子女数", 0, 30, "0-30 的整数; 不知道则不填", example="1"),
        sheet.text("工作单位", 100, example="合肥某某有限公司", privacy=Privacy.HIDDEN, width=22),
        Field(
            CONFIRMED,
            "身份证号中的出生日期或性别与登记的不一致, 经核实无误时填“是”",
            lambda cell: cells.text_of(cell) == sheet.YES,
            choices=(sheet.YES, sheet.NO),
            absent=True,
        ),
    ),
    ("身份证号前六位与户籍地不同只作提示, 不影响导入。",),
)

_FUTURE_BIRTH = Finding("birth_date_future", "出生日期晚于登记日期", "the birth date is after the stock date")
_TOO_EARLY = Finding("date_too_early", "日期早于 1900 年", "the date is before 1900")
_FUTURE_SINCE = Finding(
    "present_since_future", "现居住起始日期晚于登记日期", "present since a day after the stock date"
)
_SINCE_BEFORE_BIRTH = Finding(
    "present_since_before_birth", "现居住起始日期早于出生日期", "present since a day before the birth"
)
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
_REGISTERED = Finding("person_registered", "此人已在登记册中", "the person is in the register already")
_HEAD_REGISTERED = Finding(
    "household_head_registered",
    "登记册中该户已有户主",
    "the household in the register has a head already",
)
_MEANWHILE = Finding(
    "person_registered",
    "检查之后, 此人已由他人登入登记册",
    "somebody else entered the person after the check",
)
_ID_WARNING_IS_ERROR = frozenset({"resident_id_birth_date_differs", "resident_id_sex_differs"})
_COLUMN_OF_WARNING = {
    "resident_id_birth_date_differs": BIRTH_DATE,
    "resident_id_sex_differs": SEX,
    "resident_id_region_differs": DOCUMENT_NUMBER,
}


@dataclass(slots=True)
class RosterRow:
    """A good row; the members in the order of the columns."""

    row: Row
    household: str
    name: str
    sex: Sex
    birth_date: date
    document_kind: str
    document_number: str | None
    nationality: str
    marital_status: str
    relation: str
    registered_area: AreaCode
    registered_street: str | None
    present_area: AreaCode
    present_street: str | None
    present_since: date | None
    phone: str | None
    children: int | None
    employer: str | None
    confirmed: bool | None

    @classmethod
    def of(cls, row: Row) -> "RosterRow":
        """Return a row without errors as a person."""
        return cls(row, *row.values)

    @property
    def resident_id(self) -> str | None:
        """The resident ID, None for other documents."""
        return self.document_number if self.document_kind == DocumentKind.RESIDENT_ID else None

    @property
    def is_head(self) -> bool:
        """Whether the person heads the household."""
        return self.relation in (Relation.HEAD, Relation.SELF)

    @property
    def is_married(self) -> bool:
        """Whether the marital status is one of a married person."""
        return MaritalStatus(int(self.marital_status)).is_married

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
            marital_status=self.marital_status,
            registered_street=self.registered_street,
            present_street=self.present_street,
            present_since=self.present_since,
            phone=self.phone,
            employer=self.employer,
            spouse_id=spouse_id,
            children_count=self.children or 0,
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """People ready to be written."""

    rows: list[RosterRow]
    ids: dict[int, UUID]
    prepared: registration.Prepared
    homes: households.Prepared | None
    """The households, where each has its head in the block and nothing has to be looked up."""


class PersonsImporter(Importer):
    """Checks a roster and enters it household by household."""

    def __init__(self, runtime: Runtime, job: Job, layout: Layout) -> None:
        super().__init__(runtime, job, layout)
        self._roster = RosterCheck()
        self._may_ask = False

    def check(self, row: Row) -> None:
        """Apply the rules of a row.

        A birth date or sex that contradicts the ID number refuses the row unless the column 核实 says 是; a
        region inside the number that is not the registered county is only a warning, since real numbers keep
        the county of first registration for life.
        """
        found = RosterRow.of(row)
        if found.household and not found.household.isdigit() and cells.is_numeric(row.written(HOUSEHOLD)):
            row.blame(HOUSEHOLD, _HOUSEHOLD_FORM)
        birth_date = self._check_dates(row, found)
        known = self._area(row, REGISTERED_AREA), self._area(row, PRESENT_AREA)
        if all(known):
            self._check_reach(row, found)
        if found.document_kind == DocumentKind.RESIDENT_ID:
            self._check_resident_id(row, found, birth_date, found.registered_area if known[0] else None)
        self._roster.see(row, found)

    def _check_dates(self, row: Row, found: RosterRow) -> date | None:
        """Blame impossible days; returns the birth date where it is possible."""
        birth_date, since = row[BIRTH_DATE], found.present_since
        if birth_date is not None and birth_date > self.job.stock_date:
            row.blame(BIRTH_DATE, _FUTURE_BIRTH)
            birth_date = None
        elif birth_date is not None and birth_date < cells.EARLIEST:
            row.blame(BIRTH_DATE, _TOO_EARLY)
            birth_date = None
        if since is not None and since > self.job.stock_date:
            row.blame(PRESENT_SINCE, _FUTURE_SINCE)
        elif since is not None and birth_date is not None and since < birth_date:
            row.blame(PRESENT_SINCE, _SINCE_BEFORE_BIRTH)
        return birth_date if isinstance(birth_date, date) else None

    def _area(self, row: Row, title: str) -> bool:
        code = row[title]
        if code is None:
            return False
        try:
            cells.fine_enough(code, self.runtime.district)
        except CodeError as error:
            row.blame(title, error.finding)
            return False
        if not self.areas[code]:
            row.blame(title, AREA_UNKNOWN)
        return self.areas[code]

    def _check_reach(self, row: Row, found: RosterRow) -> None:
        district, scope = self.runtime.district, self.scope
        if not (district.contains(found.registered_area) or district.contains(found.present_area)):
            row.blame(PRESENT_AREA, _OUTSIDE_DISTRICT)
        elif not (scope.contains(found.registered_area.key) or scope.contains(found.present_area.key)):
            row.blame(PRESENT_AREA, _OUTSIDE_SCOPE)

    def _check_resident_id(
        self, row: Row, found: RosterRow, birth_date: date | None, area: AreaCode | None
    ) -> None:
        if found.document_number is None:
            if not any(each.title == DOCUMENT_NUMBER for each in row.findings):
                row.blame(DOCUMENT_NUMBER, MISSING)
            return
        try:
            number = ResidentId(found.document_number)
        except CodeError as error:
            row.blame(DOCUMENT_NUMBER, error.finding)
            return
        sex = Sex(int(found.sex)) if found.sex is not None else None
        for warning in number.warnings(area=area, birth_date=birth_date, sex=sex):
            refuses = warning.code in _ID_WARNING_IS_ERROR and not found.confirmed
            row.blame(
                _COLUMN_OF_WARNING[warning.code], warning, Severity.ERROR if refuses else Severity.WARNING
            )

    async def beside(self, tx: Transaction, rows: Sequence[Row]) -> None:
        good = [RosterRow.of(row) for row in rows]
        ids = [row.resident_id for row in good if row.resident_id is not None]
        known_ids = await known_resident_ids(self.runtime, tx, ids)
        without = sorted({row.household for row in good if row.resident_id is None})
        members = await households.members_without_resident_id(tx, without) if without else {}
        await self._tell(await self._elsewhere(tx, sorted(known_ids), _met(members, good)))
        heads = await households.headed(tx, sorted({row.household for row in good if row.is_head}))
        for each in good:
            if each.resident_id is not None and each.resident_id in known_ids:
                each.row.blame(DOCUMENT_NUMBER, _REGISTERED)
            elif each.resident_id is None and (each.household, each.name, each.birth_date) in members:
                each.row.blame(NAME, _REGISTERED)
            home = each.household_area(self.runtime.district).key
            if each.is_head and (each.household, home) in heads:
                each.row.blame(RELATION, _HEAD_REGISTERED)

    async def _elsewhere(
        self, tx: Transaction, numbers: Sequence[str], members: Sequence[asyncpg.Record] = ()
    ) -> list[UUID]:
        """Return those of the people in the register whom the clerk does not see."""
        scope = self.scope
        found = [
            each["id"]
            for each in members
            if not (scope.contains(each["registered_area"]) or scope.contains(each["present_area"]))
        ]
        if numbers:
            seen = await by_resident_ids(self.runtime, tx, scope, numbers)
            known = await by_resident_ids(self.runtime, tx, AreaScope.everything(), numbers)
            found += [known[number][0] for number in numbers if number in known and number not in seen]
        return found

    async def _tell(self, elsewhere: Sequence[UUID]) -> None:
        """Count whom the findings would tell of; raises TooMany, so that the file is told nothing, where the clerk
        may not be told of them all. What is counted stays counted."""
        if self._may_ask and not elsewhere:
            return
        caller = self.job.created_by
        async with self.runtime.database.transaction(AreaScope.nothing()) as tx:
            if not self._may_ask:
                await taken.check_may_ask(self.runtime, tx, caller)
                self._may_ask = True
            enough = await taken.tell(self.runtime, tx, caller, elsewhere, whole=False)
        if not enough:
            raise taken.told_often(self.runtime)

    async def whole(self, tx: Transaction) -> list[RowFinding]:
        in_register = await households.headed(tx, self._roster.households_without_head)
        return self._roster.missing_heads(number for number, _ in in_register)

    def block_rows(self, block: int) -> int:
        """Small first, since nothing is written before one is ready; then large, for fewer statements."""
        return min(500 << min(block, 8), 2000)

    def group(self, row: Row) -> str | None:
        household: str | None = row[HOUSEHOLD]
        return household

    def build(self, rows: Sequence[Row]) -> _Block:
        found = [RosterRow.of(row) for row in rows]
        ids = {row.number: new_id() for row in rows}
        spouses: dict[int, UUID] = {}
        for members in _by_household(found).values():
            if pair := couple(members):
                head, spouse = pair[0].row.number, pair[1].row.number
                spouses |= {head: ids[spouse], spouse: ids[head]}
        stock_date = self.job.stock_date
        entries = [
            each.entry(ids[each.row.number], stock_date, spouses.get(each.row.number)) for each in found
        ]
        prepared = registration.prepare_many(self.runtime, entries, publish=True)
        by_household = _by_household(found)
        homes = None
        if all(any(row.is_head for row in members) for members in by_household.values()):
            homes = households.prepare_many(self.runtime, self._entries(by_household, ids))
        return _Block(found, ids, prepared, homes)

    async def apply(self, tx: Transaction, built: _Block) -> Applied:
        entered = await registration.write(self.runtime, tx, built.prepared, recorded_by=self.job.created_by)
        late = [row for row, person in zip(built.rows, entered, strict=True) if person is None]
        for each in late:
            each.row.blame(DOCUMENT_NUMBER, _MEANWHILE)
        if late:
            numbers = sorted(each.resident_id for each in late if each.resident_id is not None)
            elsewhere = await self._elsewhere(tx, numbers)
            await taken.tell(self.runtime, tx, self.job.created_by, elsewhere)
        homes = built.homes
        if homes is None or late:
            homes = await self._homes(tx, built, {each.row.number for each in late})
        if homes.entries:
            await households.write_many(self.runtime, tx, homes, recorded_by=self.job.created_by)
        return Applied(len(built.rows) - len(late), [each.row for each in late])

    async def _homes(self, tx: Transaction, block: _Block, left_out: set[int]) -> households.Prepared:
        """Return the households of a block, with what has to be looked up for them."""
        by_household = _by_household(block.rows)
        headless = [number for number, rows in by_household.items() if not any(row.is_head for row in rows)]
        known = await households.headed(tx, headless) if headless else set()
        entries = self._entries(by_household, block.ids, known, left_out)
        return households.prepare_many(self.runtime, entries)

    def _entries(
        self,
        by_household: Mapping[str, Sequence[RosterRow]],
        ids: Mapping[int, UUID],
        known: Set[tuple[str, int]] = frozenset(),
        left_out: Set[int] = frozenset(),
    ) -> list[HouseholdEntry]:
        """Return households where their head lives; ``known`` ones without a head here are joined there."""
        entries = []
        for number, rows in by_household.items():
            members = [row for row in rows if row.row.number not in left_out]
            if members:
                area, street = self._home(number, rows, known)
                entered = tuple(MemberEntry(ids[row.row.number], _relation(row)) for row in members)
                entries.append(HouseholdEntry(number=number, area=area, street=street, members=entered))
        return entries

    def _home(
        self, number: str, rows: Sequence[RosterRow], known: Set[tuple[str, int]]
    ) -> tuple[int, str | None]:
        leading = next((row for row in rows if row.is_head), rows[0])
        area = leading.household_area(self.runtime.district)
        existing = sorted(key for household, key in known if household == number)
        if existing and area.key not in existing:
            return existing[0], None
        street = leading.present_street if area == leading.present_area else leading.registered_street
        return area.key, street


def _relation(row: RosterRow) -> str:
    return Relation.HEAD if row.is_head else row.relation


def _met(
    members: Mapping[tuple[str, str, date], asyncpg.Record], rows: Sequence[RosterRow]
) -> list[asyncpg.Record]:
    """Return the members whom rows without a resident ID mean."""
    meant = {(row.household, row.name, row.birth_date) for row in rows if row.resident_id is None}
    return [members[each] for each in sorted(meant & members.keys())]


def _by_household(rows: Sequence[RosterRow]) -> dict[str, list[RosterRow]]:
    found: dict[str, list[RosterRow]] = {}
    for row in rows:
        found.setdefault(row.household, []).append(row)
    return found


KIND = Kind(SHEET, Scope.RESIDENT_IMPORT, PersonsImporter, "人员", stock_dated=True)
