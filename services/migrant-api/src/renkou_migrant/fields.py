"""Field types that several features' request and answer models share."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, Field, PlainValidator, StringConstraints

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import MARITAL_STATUSES
from renkou_common.codes.names import clean_name
from renkou_common.codes.resident_id import ResidentId
from renkou_common.errors import InvalidInput

LONGEST_NUMBER_IN_A_REASON = 10


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 40:
        raise CodeError("code_text", "应为不超过 40 个字符的文本", "must be a text of at most 40 characters")
    return value


def _area(value: Any) -> AreaCode:
    return AreaCode.parse(_text(value))


def _resident_id(value: Any) -> ResidentId:
    return ResidentId.parse(_text(value))


def _reason(text: str) -> str:
    run = 0
    for character in text:
        run = run + 1 if character.isdigit() else 0
        if run > LONGEST_NUMBER_IN_A_REASON:
            raise CodeError(
                "reason_has_number",
                "理由中不得写身份证号或电话号码",
                "a reason must not contain an ID or phone number",
            )
    return text


AreaIn = Annotated[
    AreaCode,
    PlainValidator(_area, json_schema_input_type=str),
    Field(
        description="区划代码: 12 digits in this district, 6 at least elsewhere", examples=["310115005001"]
    ),
]
ResidentIdIn = Annotated[
    ResidentId,
    PlainValidator(_resident_id, json_schema_input_type=str),
    Field(description="公民身份号码, GB 11643-1999", examples=["340103199003071212"]),
]
NameIn = Annotated[
    str, StringConstraints(max_length=400), AfterValidator(clean_name), Field(examples=["王小明"])
]
Street = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
MaritalStatusCode = Annotated[
    str,
    AfterValidator(lambda code: MARITAL_STATUSES.entry(code).code),
    Field(description="GB/T 2261.2", examples=["10", "21"]),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=500),
    AfterValidator(_reason),
    Field(description="理由; no ID or phone numbers", examples=["持有人婚姻状况变化, 申请换发"]),
]


@lru_cache(maxsize=16_384)
def area_code(key: int) -> str:
    """Return the code of a 12-digit key without padding, as answers carry it."""
    return AreaCode.from_key(key).value


def area_text(key: int) -> str:
    """Return the 12-digit form that events and notices carry."""
    return f"{key:012d}"


def check_elsewhere(pointer: str, code: AreaCode, district: AreaCode) -> None:
    """Raise InvalidInput unless an area lies outside the district and is exact to the county at least."""
    if district.contains(code) or code.contains(district):
        raise InvalidInput.field(pointer, "inside_district", "应在本区以外", "must lie outside this district")
    if code.level < AreaLevel.COUNTY:
        raise InvalidInput.field(
            pointer, "area_level", "至少精确到县区 (6 位)", "needs the 6-digit county at least"
        )


def check_not_future(pointer: str, day: date, today: date) -> None:
    """Raise InvalidInput for a day that is yet to come."""
    if day > today:
        raise InvalidInput.field(
            pointer, "in_future", f"日期不能晚于今天 {today}", f"must not be later than today, {today}"
        )


def check_not_before(pointer: str, day: date, earliest: date) -> None:
    """Raise InvalidInput for a day before ``earliest``."""
    if day < earliest:
        raise InvalidInput.field(
            pointer, "too_early", f"不能早于 {earliest}", f"must not be before {earliest}"
        )


async def _area_query(
    area: Annotated[str | None, Query(description="区划代码, its subtree")] = None,
) -> AreaCode | None:
    if area is None:
        return None
    try:
        return AreaCode.parse(_text(area))
    except CodeError as error:
        raise InvalidInput.field("/query/area", error.code, error.zh, error.en) from error


AreaQuery = Annotated[AreaCode | None, Depends(_area_query)]
