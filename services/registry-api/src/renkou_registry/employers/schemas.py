"""What callers send and get about employers."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints

from renkou_common.codes.credit_code import CreditCode
from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NameIn, NotEmpty, Phone, Street

_ID = "0197f000-0000-7000-8000-000000000001"


def _credit_code(value: Any) -> CreditCode:
    if not isinstance(value, str) or len(value) > 40:
        raise CodeError("code_text", "应为不超过 40 个字符的文本", "must be a text of at most 40 characters")
    return CreditCode.parse(value)


CreditCodeIn = Annotated[
    CreditCode,
    PlainValidator(_credit_code, json_schema_input_type=str),
    Field(description="统一社会信用代码, GB 32100-2015", examples=["91110108551385082Q"]),
]
UnitName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class EmployerCreate(BaseModel):
    """An employer (单位)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "庐阳服装厂",
                    "credit_code": "91110108551385082Q",
                    "representative": "李明",
                    "phone": "05512345678",
                    "area": "340103001001",
                    "street": "安庆路 8 号",
                    "since": "2020-05-01",
                }
            ]
        },
    )

    name: UnitName
    credit_code: CreditCodeIn | None = None
    representative: NameIn = Field(description="法定代表人")
    phone: Phone | None = None
    area: AreaIn
    street: Street | None = None
    since: Day


class EmployerPatch(BaseModel):
    """What to change; what is left out stays, null clears."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"representative": "王芳"}]})

    name: Annotated[UnitName | None, NotEmpty] = None
    credit_code: CreditCodeIn | None = None
    representative: Annotated[NameIn | None, NotEmpty] = None
    phone: Phone | None = None
    street: Street | None = None


class EmployerEnd(BaseModel):
    """From when on the employer is here no longer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2025-06-30"}]})

    on: Day


class EmployerOut(BaseModel):
    """An employer; the phone masked."""

    id: UUID
    name: str
    credit_code: str | None
    representative: str
    phone: str | None
    area: str
    street: str | None
    since: date
    ended_on: date | None
    version: int
    recorded_at: datetime


class EmployerPage(BaseModel):
    """A page of employers."""

    items: list[EmployerOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class EmployeeCreate(BaseModel):
    """That a person works here."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"person_id": _ID, "since": "2024-09-01"}]}
    )

    person_id: UUID
    since: Day


class EmployeeEnd(BaseModel):
    """Until when the person worked here."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"until": "2025-06-30"}]})

    until: Day


class EmployeeOut(BaseModel):
    """A person's work for the employer; what else is known of the person is read elsewhere."""

    id: UUID
    person_id: UUID
    since: date
    until: date | None


class EmployeePage(BaseModel):
    """A page of employees."""

    items: list[EmployeeOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
