"""Citizen identity numbers (公民身份号码), GB 11643-1999.

17 digits (6 region of first registration, 8 birth date, 3 sequence, odd = male) and a check character by
ISO 7064 MOD 11-2. What contradicts itself is an error; what merely disagrees with the record is a warning
that a worker may confirm, since real numbers carry abolished region codes.
"""

from dataclasses import dataclass
from datetime import date
from operator import mul

from renkou_common.codes.area import PROVINCES, AreaCode
from renkou_common.codes.findings import CodeError, Finding
from renkou_common.codes.lists import Sex
from renkou_common.codes.masking import mask_resident_id
from renkou_common.codes.text import half_width

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_PROVINCES_OF_NUMBERS = PROVINCES | {"83"}  # 83: residence permits of people from Taiwan


class ResidentIdError(CodeError):
    """Text that is no valid identity number."""


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A valid identity number. Its repr and str are masked; `value` is the number itself."""

    value: str

    def __post_init__(self) -> None:
        _check(self.value)

    @classmethod
    def parse(cls, text: str) -> "ResidentId":
        """Reads a number as people write it (see `normalise_resident_id`).

        Raises ResidentIdError: `resident_id_empty`, `resident_id_old` (15 digits), `resident_id_length`,
        `resident_id_characters`, `resident_id_region`, `resident_id_birth_date`, `resident_id_check_digit`.
        """
        return cls(normalise_resident_id(text))

    @property
    def region(self) -> str:
        """The 6-digit code of the county of first registration; it may be abolished by now."""
        return self.value[:6]

    @property
    def birth_date(self) -> date:
        return _birth_date(self.value)

    @property
    def sex(self) -> Sex:
        """Male or female, from the 17th digit."""
        return Sex.MALE if int(self.value[16]) % 2 else Sex.FEMALE

    def warnings(
        self, *, area: AreaCode | None = None, birth_date: date | None = None, sex: Sex | None = None
    ) -> list[Finding]:
        """Where the number disagrees with a record; what is None is not compared.

        `area` is the registered area: another county gives `resident_id_region_differs`. Sex that is unknown
        or not stated never disagrees.
        """
        found = []
        if area is not None and not self._region_agrees(area):
            found.append(_REGION_DIFFERS)
        if birth_date is not None and birth_date != self.birth_date:
            found.append(_BIRTH_DATE_DIFFERS)
        if sex in (Sex.MALE, Sex.FEMALE) and sex is not self.sex:
            found.append(_SEX_DIFFERS)
        return found

    def _region_agrees(self, area: AreaCode) -> bool:
        return self.region.startswith(area.district)

    def __str__(self) -> str:
        return mask_resident_id(self.value)

    def __repr__(self) -> str:
        return f"ResidentId({self})"


def normalise_resident_id(text: str) -> str:
    """Without blanks, full-width characters as ASCII, a final x as X. Checks nothing."""
    return half_width(text).upper()


def check_character(first_17: str) -> str:
    """The 18th character for 17 ASCII digits (ISO 7064 MOD 11-2)."""
    total = sum(map(mul, _WEIGHTS, map(int, first_17)))
    return _CHECK_CHARACTERS[total % 11]


_REGION_DIFFERS = Finding(
    "resident_id_region_differs",
    "身份证号前六位与户籍地区划不一致，可能为已撤销或原籍代码，请核对后确认",
    "the region inside the ID number is not the registered county; confirm if it is an earlier code",
)
_BIRTH_DATE_DIFFERS = Finding(
    "resident_id_birth_date_differs",
    "身份证号中的出生日期与登记的出生日期不一致，请核对后确认",
    "the birth date inside the ID number is not the recorded one; check and confirm",
)
_SEX_DIFFERS = Finding(
    "resident_id_sex_differs",
    "身份证号中的性别与登记的性别不一致，请核对后确认",
    "the sex inside the ID number is not the recorded one; check and confirm",
)


def _birth_date(number: str) -> date:
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def _check(number: str) -> None:
    _check_form(number)
    if number[:2] not in _PROVINCES_OF_NUMBERS:
        raise ResidentIdError(
            "resident_id_region",
            "身份证号前两位不是省级区划代码",
            "the first two digits of the ID number are no province",
        )
    try:
        _birth_date(number)
    except ValueError:
        raise ResidentIdError(
            "resident_id_birth_date",
            "身份证号第 7 至 14 位不是有效日期",
            "digits 7 to 14 of the ID number are no date",
        ) from None
    if check_character(number[:17]) != number[17]:
        raise ResidentIdError(
            "resident_id_check_digit",
            "身份证号校验码不符，请核对是否有一位写错或两位颠倒",
            "the check digit of the ID number is wrong: look for one wrong or two swapped digits",
        )


def _check_form(number: str) -> None:
    if not number:
        raise ResidentIdError("resident_id_empty", "身份证号为空", "the ID number is empty")
    if len(number) == 15 and number.isascii() and number.isdigit():
        raise ResidentIdError(
            "resident_id_old",
            "15 位旧身份证号自 2013 年起停止使用，请填写 18 位号码",
            "ID numbers of 15 digits ceased to be valid in 2013; enter the number of 18 characters",
        )
    if len(number) != 18:
        raise ResidentIdError(
            "resident_id_length",
            f"身份证号应为 18 位，此处为 {len(number)} 位",
            f"an ID number has 18 characters, not {len(number)}",
        )
    if not (number.isascii() and number[:17].isdigit() and (number[17].isdigit() or number[17] == "X")):
        raise ResidentIdError(
            "resident_id_characters",
            "身份证号前 17 位应为数字，末位应为数字或 X",
            "an ID number is 17 digits followed by a digit or X",
        )
