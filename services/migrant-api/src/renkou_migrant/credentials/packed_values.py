"""What a packed certificate writes for the value of each group, and back (二维码内各组内容的写法).

Every value has exactly one packed form: what reads back but would be written otherwise is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

from renkou_migrant.credentials.groups import MARITAL_STATUS_TEXTS, Group

_DAYS = 100_000_000


def pack_value(group: Group, value: Any) -> Any:
    """The packed form of a group's value; raises KeyError, TypeError or ValueError for one of another form."""
    return _FORMS[group][0](value)


def unpack_value(group: Group, packed: Any) -> Any:
    """The exact inverse of ``pack_value``; raises as it does."""
    pack, unpack = _FORMS[group]
    value = unpack(packed)
    if pack(value) != packed:
        raise ValueError(f"{group} is packed in another form")
    return value


def _pack_text(text: str) -> str | bytes:
    """UTF-8 as text, or UTF-16 (big end first) as bytes where that is shorter, as it is for Chinese."""
    wide = text.encode("utf-16-be")
    return wide if len(wide) < len(text.encode()) else text


def _unpack_text(packed: Any) -> str:
    if isinstance(packed, bytes):
        return packed.decode("utf-16-be")
    if not isinstance(packed, str):
        raise TypeError("text")
    return packed


def _pack_day(day: str) -> int:
    year, month, last = day.split("-")
    if (len(year), len(month), len(last)) != (4, 2, 2):
        raise ValueError("a day is YYYY-MM-DD")
    return int(year + month + last)


def _unpack_day(packed: Any) -> str:
    if type(packed) is not int or packed >= _DAYS:
        raise ValueError("a day is a number YYYYMMDD")
    digits = f"{packed:08d}"
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def _pack_person(value: Any) -> list[Any]:
    return [_pack_text(value["name"]), value["sex"], _pack_day(value["birth_date"])]


def _unpack_person(packed: Any) -> dict[str, Any]:
    name, sex, day = packed
    if type(sex) is not int:
        raise TypeError("sex")
    return {"name": _unpack_text(name), "sex": sex, "birth_date": _unpack_day(day)}


def _pack_area(value: Any) -> list[Any]:
    return [value["code"], _pack_text(value["name"])]


def _unpack_area(packed: Any) -> dict[str, Any]:
    code, name = packed
    return {"code": _as_text(code), "name": _unpack_text(name)}


def _pack_marital_status(value: Any) -> int | list[str]:
    """The code alone where the texts are those of the standard's table."""
    code, texts = value["code"], (value["zh"], value["en"])
    return int(code) if MARITAL_STATUS_TEXTS.get(code) == texts else [code, *texts]


def _unpack_marital_status(packed: Any) -> dict[str, str]:
    code, zh, en = (
        (str(packed), *MARITAL_STATUS_TEXTS[str(packed)]) if type(packed) is int else map(_as_text, packed)
    )
    return {"code": code, "zh": zh, "en": en}


def _as_text(packed: Any) -> str:
    if type(packed) is not str:
        raise TypeError("text")
    return packed


def _as_number(packed: Any) -> int:
    if type(packed) is not int:
        raise TypeError("number")
    return packed


def _pack_days(value: Any) -> list[int]:
    return [_pack_day(day) for day in value]


def _unpack_days(packed: Any) -> list[str]:
    if type(packed) is not list:
        raise TypeError("days")
    return [_unpack_day(day) for day in packed]


_FORMS: Mapping[Group, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    Group.PERSON: (_pack_person, _unpack_person),
    Group.ID_NUMBER: (_as_text, _as_text),
    Group.REGISTERED_AREA: (_pack_area, _unpack_area),
    Group.MARITAL_STATUS: (_pack_marital_status, _unpack_marital_status),
    Group.CHILDREN_COUNT: (_as_number, _as_number),
    Group.CHILDREN_BIRTH_DATES: (_pack_days, _unpack_days),
}
