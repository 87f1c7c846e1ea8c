"""Field types that several features' request and answer models share."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, Field, PlainValidator, StringConstraints

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import MARITAL_STATUSES, CodeList
from renkou_common.codes.names import clean_name
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_common.codes.resident_id import ResidentId
from renkou_common.errors import FieldError, InvalidInput, Text

type SexCode = Literal[0, 1, 2, 9]


def _in_list(codes: CodeList) -> AfterValidator:
    return AfterValidator(lambda code: codes.entry(code).code)


def _not_empty(value: Any) -> Any:
    if value is None:
        raise CodeError("not_empty", "该项不能为空", "this cannot be empty")
    return value


NotEmpty = AfterValidator(_not_empty)
"""For a member of a change that may be left out, but has to hold something where it is given."""


def _phone(text: str) -> str:
    digits = "".join(text.split()).replace("-", "")
    if not digits.removeprefix("+").isdigit() or not digits.isascii() or not 5 <= len(digits) <= 20:
        raise CodeError("phone", "电话应为 5-20 位数字", "a phone number has 5-20 digits")
    return digits


def without_numbers(text: str) -> str:
    run = 0
    for character in text:
        run = run + 1 if character.isdigit() else 0
        if run >= 11:
            raise CodeError(
                "reason_has_number",
                "此处不得写身份证号或电话号码",
                "must not contain an ID or phone number",
            )
    return text


def _area(value: Any) -> AreaCode:
    return AreaCode.parse(_text(value))


def _resident_id(value: Any) -> ResidentId:
    return ResidentId.parse(_text(value))


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 40:
        raise CodeError("code_text", "应为不超过 40 个字符的文本", "must be a text of at most 40 characters")
    return value


AreaIn = Annotated[
    AreaCode,
    PlainValidator(_area, json_schema_input_type=str),
    Field(
        description="区划代码: 12 digits in this district, 6 at least elsewhere", examples=["340103001001"]
    ),
]
AnyArea = Annotated[
    AreaCode,
    PlainValidator(_area, json_schema_input_type=str),
    Field(description="区划代码 of any level", examples=["340103001"]),
]
ResidentIdIn = Annotated[
    ResidentId,
    PlainValidator(_resident_id, json_schema_input_type=str),
    Field(description="公民身份号码, GB 11643-1999", examples=["340103199003071212"]),
]


async def _area_of_query(
    area: Annotated[
        str, Query(description="区划代码, an area of the caller's", max_length=40, examples=["340103001"])
    ],
) -> AreaCode:
    try:
        return AreaCode.parse(area)
    except CodeError as error:
        raise InvalidInput.field("/query/area", error.code, error.zh, error.en) from error


AreaQuery = Annotated[AreaCode, Depends(_area_of_query)]
SexQuery = Annotated[Literal["0", "1", "2", "9"] | None, Query(description="GB/T 2261.1")]
NameIn = Annotated[
    str, StringConstraints(max_length=400), AfterValidator(clean_name), Field(examples=["王小明"])
]
Street = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Field(description="街路门牌", examples=["三孝口街道安庆路 1 号"]),
]
Employer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone)]
MaritalStatusCode = Annotated[
    str, _in_list(MARITAL_STATUSES), Field(description="GB/T 2261.2", examples=["10", "20"])
]
NationalityCode = Annotated[str, _in_list(NATIONALITIES), Field(description="GB/T 3304", examples=["01"])]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=500),
    AfterValidator(without_numbers),
    Field(description="理由; no ID or phone numbers"),
]


@lru_cache(maxsize=16_384)
def area_code(key: int) -> str:
    """Return the code of a 12-digit key without padding, as answers carry it."""
    return AreaCode.from_key(key).value


def area_error(pointer: str, code: AreaCode, district: AreaCode) -> FieldError | None:
    """Return what is wrong with an address: here a community is needed, elsewhere a county at least."""
    if district.contains(code) and code.level is not AreaLevel.VILLAGE:
        text = Text(
            "本区地址须精确到社区或村 (12 位)", "an address in this district needs the 12-digit community"
        )
        return FieldError(pointer, "area_level", text)
    if code.level < AreaLevel.COUNTY:
        text = Text("外区地址至少精确到县区 (6 位)", "an address elsewhere needs the 6-digit county at least")
        return FieldError(pointer, "area_level", text)
    return None


def check_areas(areas: dict[str, AreaCode | None], district: AreaCode) -> None:
    """Raise InvalidInput that lists every address area (by pointer) that is not exact enough."""
    found = [
        error
        for pointer, code in areas.items()
        if code is not None and (error := area_error(pointer, code, district)) is not None
    ]
    if found:
        raise InvalidInput.fields(found)


def check_not_future(days: dict[str, date | None], today: date) -> None:
    """Raise InvalidInput that lists every day (by pointer) that is yet to come."""
    text = Text(f"日期不能晚于今天 {today}", f"must not be later than today, {today}")
    found = [FieldError(at, "in_future", text) for at, day in days.items() if day is not None and day > today]
    if found:
        raise InvalidInput.fields(found)
