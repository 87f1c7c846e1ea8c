"""The ways in which a row of a roster is wrong; each leaves the rest of the row as consistent as can be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from random import Random

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import DocumentKind, MaritalStatus

from .identity import make_resident_id
from .people import Person, Roster
from .places import places_of, unknown_community

type Cells = dict[str, str | float]


class Mistake(StrEnum):
    """What is wrong with a row."""

    CHECK_DIGIT = "check_digit"
    ID_LENGTH = "id_length"
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    NUMERIC_ID = "numeric_id"
    UNKNOWN_AREA = "unknown_area"
    OUTSIDE_DISTRICT = "outside_district"
    FUTURE_BIRTH_DATE = "future_birth_date"
    EMPTY_NAME = "empty_name"
    UNKNOWN_MARITAL_STATUS = "unknown_marital_status"
    DUPLICATE_ID = "duplicate_id"
    HEAD_MISSING = "head_missing"


TEN_MISTAKES = tuple(mistake for mistake in Mistake if mistake is not Mistake.HEAD_MISSING)

COLUMN_OF = {
    Mistake.CHECK_DIGIT: "证件号码",
    Mistake.ID_LENGTH: "证件号码",
    Mistake.BIRTH_DATE_DIFFERS: "出生日期",
    Mistake.NUMERIC_ID: "证件号码",
    Mistake.UNKNOWN_AREA: "现居住地编码",
    Mistake.OUTSIDE_DISTRICT: "现居住地编码",
    Mistake.FUTURE_BIRTH_DATE: "出生日期",
    Mistake.EMPTY_NAME: "姓名",
    Mistake.UNKNOWN_MARITAL_STATUS: "婚姻状况",
    Mistake.DUPLICATE_ID: "证件号码",
    Mistake.HEAD_MISSING: "与户主关系",
}


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A wrong row: its number in the sheet (the heading is row 1), the mistake and the column to blame.

    `index` is the person's place in the roster; `duplicate_of` the row that holds the ID first.
    """

    row: int
    index: int
    mistake: Mistake
    column: str
    duplicate_of: int | None = None


@dataclass(slots=True)
class MistakeMaker:
    """Chooses rows and says what their cells become."""

    roster: Roster
    random: Random

    def choose(self, count: int, mistakes: tuple[Mistake, ...]) -> dict[int, Mistake]:
        """`count` places in the roster, mistakes in turn.

        Only members who are not heads, so that refusing one leaves the household whole; HEAD_MISSING takes
        people who live alone. Raises ValueError where the roster has too few.
        """
        households = self.roster.households()
        alone = [members[0] for members in households.values() if len(members) == 1]
        members = [
            index
            for of_household in households.values()
            for index in of_household[1:]
            if self._suits(self.roster.people[index])
        ]
        self.random.shuffle(alone)
        self.random.shuffle(members)
        chosen: dict[int, Mistake] = {}
        for number in range(count):
            mistake = mistakes[number % len(mistakes)]
            pool = alone if mistake is Mistake.HEAD_MISSING else members
            index = self._take(pool, mistake)
            chosen[index] = mistake
        return chosen

    def _suits(self, person: Person) -> bool:
        return person.document_kind is DocumentKind.RESIDENT_ID and person.age_on(self.roster.stock_date) >= 1

    def _take(self, pool: list[int], mistake: Mistake) -> int:
        """The last of the pool that suits: numeric cells hold no X, and a duplicate needs an earlier row."""
        for place in range(len(pool) - 1, -1, -1):
            index = pool[place]
            person = self.roster.people[index]
            if mistake is Mistake.NUMERIC_ID and person.document_number.endswith("X"):
                continue
            if mistake is Mistake.DUPLICATE_ID and not self._can_repeat(index):
                continue
            return pool.pop(place)
        raise ValueError(f"no row is left that could be wrong by {mistake}")

    def _can_repeat(self, index: int) -> bool:
        """Whether earlier rows surely hold somebody alike: common status, registered here, not at the top."""
        person = self.roster.people[index]
        common = person.marital_status in (MaritalStatus.UNMARRIED, MaritalStatus.FIRST_MARRIAGE)
        return common and not self.roster.is_migrant(person) and index >= len(self.roster.people) // 10

    def original_of(self, index: int, wrong: Iterable[int]) -> int:
        """An earlier, correct row that `index` can repeat: same sex, status and county of registration."""
        person, avoided = self.roster.people[index], set(wrong)
        for earlier in range(index - 1, -1, -1):
            other = self.roster.people[earlier]
            if (
                earlier not in avoided
                and other.household_number != person.household_number
                and self._suits(other)
                and (other.sex, other.marital_status) == (person.sex, person.marital_status)
                and other.registered_area[:6] == person.registered_area[:6]
            ):
                return earlier
        raise ValueError(f"no row before place {index} can be repeated")

    def spoil(
        self, person: Person, mistake: Mistake, cells: Cells, write: Callable[[Person], Cells]
    ) -> Cells:
        """The cells of the row with its mistake; `write` makes cells of a person. Not for DUPLICATE_ID."""
        column = COLUMN_OF[mistake]
        number = person.document_number
        match mistake:
            case Mistake.CHECK_DIGIT:
                others = [character for character in "0123456789X" if character != number[-1]]
                return cells | {column: number[:-1] + self.random.choice(others)}
            case Mistake.ID_LENGTH:
                return cells | {column: number[:-1]}
            case Mistake.BIRTH_DATE_DIFFERS:
                earlier = person.birth_date - timedelta(days=self.random.randint(1, 27))
                return cells | {column: earlier.isoformat()}
            case Mistake.NUMERIC_ID:
                return cells | {column: float(number)}
            case Mistake.UNKNOWN_AREA:
                return cells | {column: unknown_community(self.roster.district)}
            case Mistake.EMPTY_NAME:
                return cells | {column: ""}
            case Mistake.UNKNOWN_MARITAL_STATUS:
                return cells | {column: "同居"}
            case Mistake.HEAD_MISSING:
                return write(replace(person, relation=Relation.OTHER))
            case Mistake.OUTSIDE_DISTRICT:
                return write(self._elsewhere(person))
            case Mistake.FUTURE_BIRTH_DATE:
                return write(self._unborn(person))
            case Mistake.DUPLICATE_ID:
                raise ValueError("a duplicate is written from the row it repeats")

    def _elsewhere(self, person: Person) -> Person:
        """Registered and present in another district, with an ID of that district."""
        origins = places_of(self.roster.district).origins
        county = self.random.choice(list(origins))
        area = self.random.choice(origins[county])
        number = make_resident_id(county, person.birth_date, int(person.document_number[14:17]))
        return replace(person, registered_area=area, present_area=area, document_number=number)

    def _unborn(self, person: Person) -> Person:
        """Born 60 years after the stock date, with an ID that says the same."""
        birth = self.roster.stock_date.replace(year=self.roster.stock_date.year + 60, day=1)
        birth += timedelta(days=self.random.randrange(360))
        number = make_resident_id(person.document_number[:6], birth, int(person.document_number[14:17]))
        return replace(person, birth_date=birth, document_number=number)
