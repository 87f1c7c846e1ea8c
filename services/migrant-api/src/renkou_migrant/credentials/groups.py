"""The six disclosure groups of a certificate: what each holds, and who may leave it out (出示内容分组).

A group is one selectively disclosable claim. The holder shows a group whole or not at all. Contraception,
which the paper certificate of the past stated, has no purpose today and has no group.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from renkou_migrant.credentials.reasons import CredentialError, Reason

type JsonValue = str | int | list[Any] | dict[str, Any]


class Group(StrEnum):
    """Names of the claims, in the order in which they are shown and disclosed."""

    PERSON = "person"
    ID_NUMBER = "id_number"
    REGISTERED_AREA = "registered_area"
    MARITAL_STATUS = "marital_status"
    CHILDREN_COUNT = "children_count"
    CHILDREN_BIRTH_DATES = "children_birth_dates"

    @property
    def zh(self) -> str:
        """The group's name in Chinese."""
        return _GROUP_TEXTS[self][0]

    @property
    def en(self) -> str:
        """The group's name in English."""
        return _GROUP_TEXTS[self][1]


_GROUP_TEXTS = {
    Group.PERSON: ("姓名、性别、出生日期", "Name, sex, date of birth"),
    Group.ID_NUMBER: ("公民身份号码", "ID number"),
    Group.REGISTERED_AREA: ("户籍地", "Registered area"),
    Group.MARITAL_STATUS: ("婚姻状况", "Marital status"),
    Group.CHILDREN_COUNT: ("子女数", "Number of children"),
    Group.CHILDREN_BIRTH_DATES: ("子女出生日期", "Children's dates of birth"),
}

ALL_GROUPS: tuple[Group, ...] = tuple(Group)
MINIMAL_GROUPS: tuple[Group, ...] = (Group.PERSON,)
"""What paper carries unless the holder asks for more: who it is, and that a certificate exists."""

SEX_TEXTS: Mapping[int, tuple[str, str]] = {
    0: ("未知", "unknown"),
    1: ("男", "male"),
    2: ("女", "female"),
    9: ("未说明", "not stated"),
}
"""GB/T 2261.1."""

MARITAL_STATUS_TEXTS: Mapping[str, tuple[str, str]] = {
    "10": ("未婚", "unmarried"),
    "20": ("已婚", "married"),
    "21": ("初婚", "first marriage"),
    "22": ("再婚", "remarried"),
    "23": ("复婚", "marriage resumed"),
    "30": ("丧偶", "widowed"),
    "40": ("离婚", "divorced"),
    "90": ("未说明", "not stated"),
}
"""GB/T 2261.2."""

_AREA_CODE = re.compile(r"(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})")


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the home district's register says about the holder on the day of issue.

    ``sex`` GB/T 2261.1 (0, 1, 2, 9); ``marital_status`` GB/T 2261.2 (``"10"`` …); ``area_code`` 2 to 12
    digits, usually the 6-digit district, with ``area_name`` as printed. ``id_number`` None: not on the
    certificate. ``children_birth_dates`` None: the holder doesn't want them on the certificate at all.
    """

    name: str
    sex: int
    birth_date: date
    area_code: str
    area_name: str
    marital_status: str
    children_count: int
    id_number: str | None = None
    children_birth_dates: tuple[date, ...] | None = None

    def to_groups(self) -> dict[Group, JsonValue]:
        """The group values as they are signed. Raises ``KeyError`` for an unknown marital status."""
        zh, en = MARITAL_STATUS_TEXTS[self.marital_status]
        groups: dict[Group, JsonValue] = {
            Group.PERSON: {"name": self.name, "sex": self.sex, "birth_date": self.birth_date.isoformat()},
            Group.REGISTERED_AREA: {"code": self.area_code, "name": self.area_name},
            Group.MARITAL_STATUS: {"code": self.marital_status, "zh": zh, "en": en},
            Group.CHILDREN_COUNT: self.children_count,
        }
        if self.id_number is not None:
            groups[Group.ID_NUMBER] = self.id_number
        if self.children_birth_dates is not None:
            groups[Group.CHILDREN_BIRTH_DATES] = [day.isoformat() for day in self.children_birth_dates]
        return groups


def check_group(group: Group, value: object) -> None:
    """Refuse a value that is not of the group's form. Raises ``CredentialError(MALFORMED)``."""
    if not _CHECKS[group](value):
        raise CredentialError(Reason.MALFORMED, f"{group} has another form")


def _is_text(value: object, longest: int = 400) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or len(value) != 10 or not value[4] == value[7] == "-":
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _has_members(value: object, names: frozenset[str]) -> bool:
    return isinstance(value, dict) and value.keys() == names


def _is_person(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _has_members(value, _PERSON_MEMBERS)
        and _is_text(value["name"])
        and type(value["sex"]) is int
        and value["sex"] in SEX_TEXTS
        and _is_date(value["birth_date"])
    )


def _is_area(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _has_members(value, _AREA_MEMBERS)
        and isinstance(value["code"], str)
        and _AREA_CODE.fullmatch(value["code"]) is not None
        and _is_text(value["name"])
    )


def _is_marital_status(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _has_members(value, _MARITAL_MEMBERS)
        and all(_is_text(text, 40) for text in value.values())
    )


def _is_children_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= 99


def _is_children_birth_dates(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 99 and all(_is_date(day) for day in value)


_PERSON_MEMBERS = frozenset({"name", "sex", "birth_date"})
_AREA_MEMBERS = frozenset({"code", "name"})
_MARITAL_MEMBERS = frozenset({"code", "zh", "en"})
_CHECKS: Mapping[Group, Callable[[object], bool]] = {
    Group.PERSON: _is_person,
    Group.ID_NUMBER: lambda value: _is_text(value, 40),
    Group.REGISTERED_AREA: _is_area,
    Group.MARITAL_STATUS: _is_marital_status,
    Group.CHILDREN_COUNT: _is_children_count,
    Group.CHILDREN_BIRTH_DATES: _is_children_birth_dates,
}
