"""Unified social credit codes (统一社会信用代码), GB 32100-2015.

18 characters of digits and capitals without I, O, S, V, Z: 1 registering department, 1 kind of organisation,
6 area of registration, 9 organisation code (GB 11714, its last character a check character of its own), and a
check character by ISO 7064 MOD 31-3.
"""

from dataclasses import dataclass

from renkou_common.codes.area import PROVINCES
from renkou_common.codes.findings import CodeError
from renkou_common.codes.text import half_width

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# 1 staffing committee, 2 foreign affairs, 3 justice, 4 culture, 5 civil affairs, 6 tourism, 7 religion,
# 8 trade unions, 9 market regulation, A military reform, N agriculture, Y others
_DEPARTMENTS = "123456789ANY"


class CreditCodeError(CodeError):
    """Text that is no valid unified social credit code."""


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A valid code; `value` has 18 characters."""

    value: str

    def __post_init__(self) -> None:
        _check(self.value)

    @classmethod
    def parse(cls, text: str) -> "CreditCode":
        """Reads a code as people write it: blanks and full-width forms are tidied, letters become capitals.

        Raises CreditCodeError: `credit_code_length`, `credit_code_characters`, `credit_code_department`,
        `credit_code_area`, `credit_code_organisation`, `credit_code_check_digit`.
        """
        return cls(half_width(text).upper())

    @property
    def area(self) -> str:
        """The 6-digit code of the county of registration; it may be abolished by now."""
        return self.value[2:8]

    def __str__(self) -> str:
        return self.value


def check_character(first_17: str) -> str:
    """The 18th character for the first 17 (ISO 7064 MOD 31-3, weights 3^i mod 31)."""
    total = sum(w * CHARACTERS.index(c) for w, c in zip(_WEIGHTS, first_17, strict=True))
    return CHARACTERS[-total % 31]


def organisation_check_character(first_8: str) -> str:
    """The 9th character of an organisation code for its first 8 (GB 11714-1997, 10 is written X)."""
    total = sum(
        w * _ORGANISATION_CHARACTERS.index(c) for w, c in zip(_ORGANISATION_WEIGHTS, first_8, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def _check(code: str) -> None:
    if len(code) != 18:
        raise CreditCodeError(
            "credit_code_length",
            f"统一社会信用代码应为 18 位，此处为 {len(code)} 位",
            f"a unified social credit code has 18 characters, not {len(code)}",
        )
    if any(character not in CHARACTERS for character in code):
        raise CreditCodeError(
            "credit_code_characters",
            "统一社会信用代码只含数字和大写字母，且不用 I、O、S、V、Z",
            "a unified social credit code has digits and capitals other than I, O, S, V, Z",
        )
    if code[0] not in _DEPARTMENTS:
        raise CreditCodeError(
            "credit_code_department",
            "统一社会信用代码第 1 位不是登记管理部门代码",
            "the first character is no registering department",
        )
    if not code[2:8].isdigit() or (code[2:4] not in PROVINCES and code[2:4] != "10"):
        raise CreditCodeError(
            "credit_code_area",
            "统一社会信用代码第 3 至 8 位不是登记机关区划代码",
            "characters 3 to 8 are no area of registration",
        )
    if check_character(code[:17]) != code[17]:
        raise CreditCodeError(
            "credit_code_check_digit",
            "统一社会信用代码校验码不符，请核对是否有一位写错或两位颠倒",
            "the check character is wrong: look for one wrong or two swapped characters",
        )
    if organisation_check_character(code[8:16]) != code[16]:
        raise CreditCodeError(
            "credit_code_organisation",
            "统一社会信用代码第 9 至 17 位的组织机构代码校验不符",
            "the organisation code in characters 9 to 17 has a wrong check character",
        )
