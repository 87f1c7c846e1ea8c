"""When two records may be one person (疑似重复): weights of agreement and disagreement. No I/O.

After Fellegi and Sunter (A Theory for Record Linkage, 1969): each trait adds the binary logarithm of how much
more often it agrees (or disagrees) in records of one person than in records of two. The sum with the prior
odds gives the probability that is shown. The weights are round numbers; ``python -m tests.bench.duplicates``
measures recall and precision on seeded duplicates (docs/duplicates.md).
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

PRIOR = -14.0
"""Of the pairs that share a blocking key roughly one in sixteen thousand is one person."""
SHOWN_FROM = 0.5
"""Probability from which a pair becomes a candidate."""


class Trait(StrEnum):
    """What was compared, and how it came out."""

    NAME_SAME = "name_same"
    NAME_SOUND = "name_sound"
    NAME_CLOSE = "name_close"
    NAME_DIFFERS = "name_differs"
    BIRTH_SAME = "birth_same"
    BIRTH_SWAPPED = "birth_swapped"
    BIRTH_DIGIT = "birth_digit"
    BIRTH_CLOSE = "birth_close"
    BIRTH_DIFFERS = "birth_differs"
    SEX_SAME = "sex_same"
    SEX_DIFFERS = "sex_differs"
    NUMBER_CLOSE = "number_close"
    NUMBER_DIFFERS = "number_differs"
    PHONE_SAME = "phone_same"
    MOTHER_SAME = "mother_same"
    MOTHER_DIFFERS = "mother_differs"
    FATHER_SAME = "father_same"
    SPOUSE_SAME = "spouse_same"
    COMMUNITY_SAME = "community_same"
    TOWN_SAME = "town_same"
    STREET_SAME = "street_same"


WEIGHTS: dict[Trait, float] = {
    Trait.NAME_SAME: 9.0,
    Trait.NAME_SOUND: 7.0,
    Trait.NAME_CLOSE: 4.0,
    Trait.NAME_DIFFERS: -7.0,
    Trait.BIRTH_SAME: 8.0,
    Trait.BIRTH_SWAPPED: 6.0,
    Trait.BIRTH_DIGIT: 4.5,
    Trait.BIRTH_CLOSE: 3.5,
    Trait.BIRTH_DIFFERS: -8.0,
    Trait.SEX_SAME: 1.0,
    Trait.SEX_DIFFERS: -6.0,
    Trait.NUMBER_CLOSE: 6.0,
    Trait.NUMBER_DIFFERS: -12.0,
    Trait.PHONE_SAME: 5.0,
    Trait.MOTHER_SAME: 5.0,
    Trait.MOTHER_DIFFERS: -8.0,
    Trait.FATHER_SAME: 4.0,
    Trait.SPOUSE_SAME: 6.0,
    Trait.COMMUNITY_SAME: 3.0,
    Trait.TOWN_SAME: 1.0,
    Trait.STREET_SAME: 2.0,
}
LABELS: dict[Trait, tuple[str, str]] = {
    Trait.NAME_SAME: ("姓名相同", "the same name"),
    Trait.NAME_SOUND: ("姓名同音", "names that sound the same"),
    Trait.NAME_CLOSE: ("姓名相差一字或次序颠倒", "names one character apart or in another order"),
    Trait.NAME_DIFFERS: ("姓名不同", "different names"),
    Trait.BIRTH_SAME: ("出生日期相同", "the same birth date"),
    Trait.BIRTH_SWAPPED: ("出生月日颠倒", "day and month of birth swapped"),
    Trait.BIRTH_DIGIT: ("出生日期仅一位数字不同", "birth dates one digit apart"),
    Trait.BIRTH_CLOSE: ("出生日期仅年、月或日不同", "birth dates that differ in the year, month or day only"),
    Trait.BIRTH_DIFFERS: ("出生日期不同", "different birth dates"),
    Trait.SEX_SAME: ("性别相同", "the same sex"),
    Trait.SEX_DIFFERS: ("性别不同", "different sexes"),
    Trait.NUMBER_CLOSE: (
        "身份证号地址码或出生日期码相差一两位",
        "ID numbers one or two digits apart in region or birth date",
    ),
    Trait.NUMBER_DIFFERS: ("身份证号不同", "different ID numbers"),
    Trait.PHONE_SAME: ("电话相同", "the same phone"),
    Trait.MOTHER_SAME: ("母亲为同一人", "the same mother"),
    Trait.MOTHER_DIFFERS: ("母亲不是同一人", "different mothers"),
    Trait.FATHER_SAME: ("父亲为同一人", "the same father"),
    Trait.SPOUSE_SAME: ("配偶为同一人", "the same spouse"),
    Trait.COMMUNITY_SAME: ("户籍或现居村居相同", "the same community"),
    Trait.TOWN_SAME: ("户籍或现居乡镇街道相同", "the same town or subdistrict"),
    Trait.STREET_SAME: ("街路门牌相同", "the same street line"),
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a person. ``sounds`` are the toneless readings of the name, ``phone`` is a blind
    index, ``number`` the ID number itself (None: no number)."""

    id: UUID
    name: str
    sex: int
    birth_date: date
    registered_area: int
    present_area: int
    street: str | None = None
    sounds: frozenset[str] = field(default_factory=frozenset)
    number: str | None = None
    phone: bytes | None = None
    mother_id: UUID | None = None
    father_id: UUID | None = None
    spouse_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The probability (0 to 1) that two records are one person, and what it rests on."""

    probability: float
    traits: tuple[Trait, ...]


def score(a: Traits, b: Traits) -> Score:
    """Compare two records; the order does not matter."""
    found = [
        _name(a, b),
        _birth(a.birth_date, b.birth_date),
        *_sex(a.sex, b.sex),
        *_number(a.number, b.number),
        *_kin(a, b),
        *_place(a, b),
    ]
    if a.phone is not None and a.phone == b.phone:
        found.append(Trait.PHONE_SAME)
    odds = 2.0 ** (PRIOR + sum(WEIGHTS[trait] for trait in found))
    return Score(odds / (1 + odds), tuple(found))


def _name(a: Traits, b: Traits) -> Trait:
    if a.name == b.name:
        return Trait.NAME_SAME
    if a.sounds & b.sounds:
        return Trait.NAME_SOUND
    if sorted(a.name) == sorted(b.name) or one_edit_apart(a.name, b.name):
        return Trait.NAME_CLOSE
    return Trait.NAME_DIFFERS


def one_edit_apart(a: str, b: str) -> bool:
    """Say whether one character was changed, added or left out."""
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 2:
        return False
    if len(a) > len(b):
        a, b = b, a
    for at, character in enumerate(a):
        if character != b[at]:
            return a[at + 1 :] == b[at + 1 :] if len(a) == len(b) else a[at:] == b[at + 1 :]
    return len(a) != len(b)


def _birth(a: date, b: date) -> Trait:
    if a == b:
        return Trait.BIRTH_SAME
    if a.year == b.year and (a.month, a.day) == (b.day, b.month):
        return Trait.BIRTH_SWAPPED
    if sum(x != y for x, y in zip(f"{a:%Y%m%d}", f"{b:%Y%m%d}", strict=True)) == 1:
        return Trait.BIRTH_DIGIT
    same = (a.year == b.year) + (a.month == b.month) + (a.day == b.day)
    return Trait.BIRTH_CLOSE if same == 2 else Trait.BIRTH_DIFFERS


def _sex(a: int, b: int) -> list[Trait]:
    if {a, b} - {1, 2}:
        return []
    return [Trait.SEX_SAME if a == b else Trait.SEX_DIFFERS]


def _number(a: str | None, b: str | None) -> list[Trait]:
    if a is None or b is None:
        return []
    if a[14:17] != b[14:17]:  # neighbours of one birthday have numbers that differ only there
        return [Trait.NUMBER_DIFFERS]
    apart = sum(x != y for x, y in zip(a[:14], b[:14], strict=False))
    return [Trait.NUMBER_CLOSE if apart <= 2 else Trait.NUMBER_DIFFERS]


def _kin(a: Traits, b: Traits) -> list[Trait]:
    found = []
    if a.mother_id is not None and b.mother_id is not None:
        found.append(Trait.MOTHER_SAME if a.mother_id == b.mother_id else Trait.MOTHER_DIFFERS)
    if a.father_id is not None and a.father_id == b.father_id:
        found.append(Trait.FATHER_SAME)
    if a.spouse_id is not None and a.spouse_id == b.spouse_id:
        found.append(Trait.SPOUSE_SAME)
    return found


def _place(a: Traits, b: Traits) -> list[Trait]:
    mine, theirs = {a.registered_area, a.present_area}, {b.registered_area, b.present_area}
    if mine & theirs:
        street = a.street is not None and a.street == b.street
        return [Trait.COMMUNITY_SAME, Trait.STREET_SAME] if street else [Trait.COMMUNITY_SAME]
    towns = {key // 1000 for key in mine} & {key // 1000 for key in theirs}
    return [Trait.TOWN_SAME] if towns else []
