"""Area codes (行政区划代码): GB/T 2260 to the county, GB/T 10114 and the statistical list below it.

A code has 2, 4, 6, 9 or 12 digits, one length per level. In databases it is a 12-digit integer key,
right-padded with zeros, so that a subtree is the interval `interval()`.

Three prefectures without counties (直筒子市: 东莞 4419, 中山 4420, 儋州 4604) carry their towns under a
county part `00`; there `441900` is a county-level code of its own and has the same key as `4419`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from renkou_common.codes.findings import CodeError
from renkou_common.codes.text import half_width

PREFECTURES_WITHOUT_COUNTIES = frozenset({"4419", "4420", "4604"})
PROVINCES = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for number in range(first, last + 1)
)
KEY_DIGITS = 12


class AreaCodeError(CodeError):
    """Text or key that is no area code."""


class AreaLevel(IntEnum):
    """The five levels of the division tree, 1 = province."""

    PROVINCE = 1
    PREFECTURE = 2
    COUNTY = 3
    TOWN = 4
    VILLAGE = 5

    @property
    def digits(self) -> int:
        """Length of a code of this level."""
        return _DIGITS[self]

    @property
    def zh(self) -> str:
        return _LEVEL_NAMES[self][0]

    @property
    def en(self) -> str:
        return _LEVEL_NAMES[self][1]


_DIGITS = {
    AreaLevel.PROVINCE: 2,
    AreaLevel.PREFECTURE: 4,
    AreaLevel.COUNTY: 6,
    AreaLevel.TOWN: 9,
    AreaLevel.VILLAGE: 12,
}
_LEVEL_BY_DIGITS = {digits: level for level, digits in _DIGITS.items()}
_LEVEL_NAMES = {
    AreaLevel.PROVINCE: ("省", "province"),
    AreaLevel.PREFECTURE: ("市", "prefecture"),
    AreaLevel.COUNTY: ("县/区", "county or district"),
    AreaLevel.TOWN: ("街道/镇/乡", "town or subdistrict"),
    AreaLevel.VILLAGE: ("社区/村", "community or village"),
}
_OTHER = ("其他", "other")
_TOWN_KINDS = ((99, ("街道", "subdistrict")), (199, ("镇", "town")), (399, ("乡", "township")))
_VILLAGE_KINDS = ((199, ("社区", "residents' committee")), (399, ("村", "village committee")))


@dataclass(frozen=True, slots=True, order=True)
class AreaCode:
    """One valid area code; `value` has 2, 4, 6, 9 or 12 digits and no zero padding.

    Use `AreaCode.parse` for what people type; the constructor takes only the exact form.
    """

    value: str

    def __post_init__(self) -> None:
        _check(self.value)

    @classmethod
    def parse(cls, text: str) -> "AreaCode":
        """Reads a code as people write it.

        Blanks and full-width digits are tidied. A code written longer by zeros (`340103000000` for a county,
        `340100` for a prefecture) becomes the shorter one, save the county level of the three prefectures
        without counties.

        Raises AreaCodeError: `area_code_digits`, `area_code_length`, `area_code_province`,
        `area_code_zero_part`.
        """
        return _parse(text)

    @classmethod
    def from_key(cls, key: int) -> "AreaCode":
        """The shortest code whose 12-digit key is `key` (`440000000000` -> 44, `441900000000` -> 4419)."""
        return _from_key(key)

    @property
    def level(self) -> AreaLevel:
        return _LEVEL_BY_DIGITS[len(self.value)]

    @property
    def key(self) -> int:
        """The code padded with zeros to 12 digits, as an integer."""
        return int(self.value.ljust(KEY_DIGITS, "0"))

    def interval(self) -> tuple[int, int]:
        """Lowest and highest key of the subtree, both inclusive."""
        return self.key, int(self.value.ljust(KEY_DIGITS, "9"))

    @property
    def parent(self) -> "AreaCode | None":
        """The area one level up; None for a province."""
        if self.level is AreaLevel.PROVINCE:
            return None
        return AreaCode(self.value[: _DIGITS[AreaLevel(self.level - 1)]])

    def ancestors(self) -> Iterator["AreaCode"]:
        """From the parent up to the province."""
        area = self.parent
        while area is not None:
            yield area
            area = area.parent

    def contains(self, other: "AreaCode") -> bool:
        """Whether `other` is this area or lies in its subtree."""
        return other.value.startswith(self.value)

    @property
    def district(self) -> str:
        """The first 6 digits; fewer for a province or a prefecture, which lie in no district."""
        return self.value[:6]

    @property
    def kind(self) -> tuple[str, str]:
        """What the last part tells, zh and en: 街道, 镇, 乡, 社区, 村, 其他, or the level's name."""
        number = int(self.value[-3:])
        if self.level is AreaLevel.TOWN:
            return next((names for last, names in _TOWN_KINDS if number <= last), _OTHER)
        if self.level is AreaLevel.VILLAGE:
            return next((names for last, names in _VILLAGE_KINDS if number <= last), _OTHER)
        return self.level.zh, self.level.en

    def __str__(self) -> str:
        return self.value


@lru_cache(maxsize=65_536)
def _parse(text: str) -> AreaCode:
    code = half_width(text)
    for digits, longer in ((9, 12), (6, 9), (4, 6), (2, 4)):
        if len(code) != longer or code[digits:].strip("0"):
            continue
        if longer == AreaLevel.COUNTY.digits and code[:4] in PREFECTURES_WITHOUT_COUNTIES:
            continue
        code = code[:digits]
    return AreaCode(code)


@lru_cache(maxsize=65_536)
def _from_key(key: int) -> AreaCode:
    text = str(key)
    if len(text) != KEY_DIGITS or key < 0:
        raise AreaCodeError(
            "area_code_key", "区划键应为 12 位正整数", "an area key is a positive integer of 12 digits"
        )
    return AreaCode(next(text[:digits] for digits in _DIGITS.values() if not text[digits:].strip("0")))


def _check(code: str) -> None:
    if not (code.isascii() and code.isdigit()):
        raise AreaCodeError(
            "area_code_digits", "区划代码只能由数字组成", "an area code consists of digits only"
        )
    if len(code) not in _LEVEL_BY_DIGITS:
        raise AreaCodeError(
            "area_code_length",
            f"区划代码应为 2、4、6、9 或 12 位，此处为 {len(code)} 位",
            f"an area code has 2, 4, 6, 9 or 12 digits, not {len(code)}",
        )
    if code[:2] not in PROVINCES:
        raise AreaCodeError(
            "area_code_province", f"没有代码为 {code[:2]} 的省级区划", f"no province has the code {code[:2]}"
        )
    parts = (code[2:4], code[4:6], code[6:9], code[9:12])
    for place, part in enumerate(parts):
        county_of_none = place == 1 and code[:4] in PREFECTURES_WITHOUT_COUNTIES
        if part and not part.strip("0") and not county_of_none:
            raise AreaCodeError(
                "area_code_zero_part",
                "区划代码的中间部分不能全为零，末尾也不补零",
                "no part of an area code may be all zeros, and short codes are not padded",
            )
