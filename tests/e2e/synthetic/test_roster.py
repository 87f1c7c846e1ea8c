"""The synthetic roster is plausible, valid, repeatable, and wrong exactly where it says so."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from renkou_common.codes.area import AreaCode
from renkou_common.codes.kinship import RELATIONS, Relation
from renkou_common.codes.lists import (
    DOCUMENT_KINDS,
    MARITAL_STATUSES,
    SEXES,
    CodeListError,
    DocumentKind,
    Sex,
)
from renkou_common.codes.names import clean_name
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_common.codes.resident_id import ResidentId, ResidentIdError
from tests.e2e.synthetic.identity import make_resident_id
from tests.e2e.synthetic.mistakes import COLUMN_OF, TEN_MISTAKES, Mistake, WrongRow
from tests.e2e.synthetic.people import Person, Roster
from tests.e2e.synthetic.places import origin_class, places_of
from tests.e2e.synthetic.roster import generate_roster
from tests.e2e.synthetic.workbook import FIRST_DATA_ROW, HEADINGS, write_xlsx

STOCK_DATE = date(2024, 12, 31)
LUYANG, PUDONG = "340103", "310115"
COUNT = 3_000

type Written = tuple[list[WrongRow], list[list[object]]]


@pytest.fixture(scope="module")
def roster() -> Roster:
    return generate_roster(7, LUYANG, COUNT, STOCK_DATE)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 999))
def test_made_numbers_are_valid(birth: date, sequence: int) -> None:
    number = ResidentId.parse(make_resident_id(LUYANG, birth, sequence))
    assert (number.region, number.birth_date) == (LUYANG, birth)
    assert (number.sex is Sex.MALE) is (sequence % 2 == 1)


def test_the_same_seed_gives_the_same_roster(roster: Roster) -> None:
    assert generate_roster(7, LUYANG, COUNT, STOCK_DATE) == roster
    assert generate_roster(8, LUYANG, 50, STOCK_DATE).people != roster.people[:50]


def test_count_and_numbers_are_exact(roster: Roster) -> None:
    assert len(roster.people) == COUNT
    assert len({person.document_number for person in roster.people}) == COUNT
    assert len({person.phone for person in roster.people if person.phone}) == sum(
        bool(person.phone) for person in roster.people
    )


def test_two_districts_share_no_number(roster: Roster) -> None:
    other = generate_roster(7, PUDONG, COUNT, STOCK_DATE)
    assert origin_class(LUYANG) != origin_class(PUDONG)
    assert not {p.document_number for p in roster.people} & {p.document_number for p in other.people}


def test_every_number_agrees_with_its_record(roster: Roster) -> None:
    for person in roster.people:
        assert clean_name(person.name) == person.name
        if person.document_kind is DocumentKind.RESIDENT_ID:
            warnings = ResidentId(person.document_number).warnings(
                area=AreaCode(person.registered_area), birth_date=person.birth_date, sex=person.sex
            )
            assert warnings == []


def test_people_live_in_real_communities_of_the_district(roster: Roster) -> None:
    places = places_of(LUYANG)
    communities = set(places.communities)
    for person in roster.people:
        assert person.present_area in communities
        assert person.birth_date <= person.present_since <= STOCK_DATE
        if roster.is_migrant(person):
            assert person.registered_area in places.origins[person.registered_area[:6]]
        else:
            assert person.registered_area in communities
    migrants = sum(map(roster.is_migrant, roster.people))
    separated = sum(
        person.registered_area != person.present_area and not roster.is_migrant(person)
        for person in roster.people
    )
    assert 0.04 < migrants / COUNT < 0.14
    assert 0.07 < separated / COUNT < 0.18
    assert len({person.present_area for person in roster.people}) == len(communities)


def test_families_are_possible(roster: Roster) -> None:
    for members in roster.households().values():
        family = [roster.people[index] for index in members]
        assert [person.relation is Relation.HEAD for person in family] == [True] + [False] * (len(family) - 1)
        for index, person in zip(members, family, strict=True):
            _kin_is_possible(roster, index, person)


def _kin_is_possible(roster: Roster, index: int, person: Person) -> None:
    if person.spouse is not None:
        spouse = roster.people[person.spouse]
        assert (spouse.spouse, spouse.marital_status) == (index, person.marital_status)
        assert {spouse.sex, person.sex} == {Sex.MALE, Sex.FEMALE}
        assert person.age_on(STOCK_DATE) >= 20
    if person.mother is not None:
        mother = roster.people[person.mother]
        assert mother.sex is Sex.FEMALE
        assert 18 <= mother.age_on(person.birth_date) <= 50
        assert mother.children_born
    if person.sex is Sex.MALE or person.age_on(STOCK_DATE) < 15:
        assert person.children_born is None
    else:
        assert person.children_born in range(6)


def test_the_pyramid_is_plausible(roster: Roster) -> None:
    ages = [person.age_on(STOCK_DATE) for person in roster.people]
    sexes = Counter(person.sex for person in roster.people)
    assert 0.12 < sum(age < 15 for age in ages) / COUNT < 0.22
    assert 0.14 < sum(age >= 60 for age in ages) / COUNT < 0.26
    assert max(ages) < 105
    assert 0.9 < sexes[Sex.MALE] / sexes[Sex.FEMALE] < 1.12


@pytest.fixture(scope="module")
def written(roster: Roster, tmp_path_factory: pytest.TempPathFactory) -> Written:
    path: Path = tmp_path_factory.mktemp("roster") / "roster.xlsx"
    wrong = write_xlsx(roster, path, bad_share=0.02, mistakes=tuple(Mistake))
    return wrong, [list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()]


def test_the_sheet_holds_every_row_as_text(roster: Roster, written: Written) -> None:
    wrong, rows = written
    assert tuple(rows[0]) == HEADINGS
    assert len(rows) == COUNT + 1
    numeric = {row.row for row in wrong if row.mistake is Mistake.NUMERIC_ID}
    for number, row in enumerate(rows[1:], FIRST_DATA_ROW):
        assert all(isinstance(value, str) for value in row) is (number not in numeric)


def test_only_the_wrong_rows_are_wrong_and_each_in_its_column(roster: Roster, written: Written) -> None:
    wrong, rows = written
    expected = {row.row: row.column for row in wrong}
    found: dict[int, set[str]] = {}
    known = set(places_of(LUYANG).communities)
    known.update(*places_of(LUYANG).origins.values())
    seen: set[object] = set()
    heads = {row[0] for row in rows if row[8] == "户主"}
    for number, row in enumerate(rows[1:], FIRST_DATA_ROW):
        cells = {heading: str(value) for heading, value in zip(HEADINGS, row, strict=True)}
        columns = _wrong_columns(cells, known)
        if cells["证件号码"] in seen:
            columns.add("证件号码")
        seen.add(cells["证件号码"])
        if cells["户号"] not in heads:
            columns.add("与户主关系")
        if columns:
            found[number] = columns
    assert {number: min(columns) for number, columns in found.items()} == expected
    assert all(len(columns) == 1 for columns in found.values())


def _wrong_columns(cells: dict[str, str], known: set[str]) -> set[str]:
    """Columns a strict reader would refuse."""
    wrong: set[str] = set()
    if not cells["姓名"]:
        wrong.add("姓名")
    if cells["出生日期"] > STOCK_DATE.isoformat():
        wrong.add("出生日期")
    if not {cells["现居住地编码"], cells["户籍地编码"]} <= known:
        wrong.add("现居住地编码")
    if not any(cells[column].startswith(LUYANG) for column in ("现居住地编码", "户籍地编码")):
        wrong.add("现居住地编码")
    labels = (("性别", SEXES), ("证件类型", DOCUMENT_KINDS), ("民族", NATIONALITIES))
    for column, code_list in (*labels, ("婚姻状况", MARITAL_STATUSES), ("与户主关系", RELATIONS)):
        try:
            code_list.from_label(cells[column])
        except CodeListError:
            wrong.add(column)
    if cells["证件类型"] == "居民身份证":
        try:
            number = ResidentId.parse(cells["证件号码"])
        except ResidentIdError:
            wrong.add("证件号码")
        else:
            if number.birth_date.isoformat() != cells["出生日期"]:
                wrong.add("出生日期")
            if number.region != cells["户籍地编码"][:6] or SEXES.entry(number.sex).zh != cells["性别"]:
                wrong.add("证件号码")
    return wrong


def test_mistakes_are_spread_evenly(written: Written) -> None:
    wrong, _ = written
    counts = Counter(row.mistake for row in wrong)
    assert sum(counts.values()) == COUNT // 50
    assert set(counts) == set(Mistake)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(TEN_MISTAKES) == 10
    for row in wrong:
        assert row.column == COLUMN_OF[row.mistake]
        assert row.row == row.index + FIRST_DATA_ROW
        assert (row.duplicate_of is not None) is (row.mistake is Mistake.DUPLICATE_ID)
        assert row.duplicate_of is None or row.duplicate_of < row.row


def test_the_same_roster_is_spoilt_the_same_way(roster: Roster, tmp_path: Path) -> None:
    first = write_xlsx(roster, tmp_path / "a.xlsx")
    assert write_xlsx(roster, tmp_path / "b.xlsx") == first
    assert len(first) == COUNT // 100
    assert write_xlsx(roster, tmp_path / "c.xlsx", bad_share=0) == []
