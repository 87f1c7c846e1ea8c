"""What callers send and get about users of supplies. No answer of a list says who."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.http.days import Day

_ID = "0197f000-0000-7000-8000-000000000001"


class ReadingPurpose(StrEnum):
    """What a person's supplies may be read for."""

    FOLLOW_UP = "supply_follow_up"  # 随访服务
    OWN_REQUEST = "supply_own_request"  # 本人要求
    RECALL = "supply_recall"  # 批次召回


class UserCreate(BaseModel):
    """Somebody asks for free supplies this year (药具使用登记); anybody may, and nothing follows from not."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_id": _ID, "point_id": _ID, "since": "2025-03-18"}]},
    )

    person_id: UUID
    point_id: UUID
    since: Day


class UserConfirm(BaseModel):
    """The person told that the supplies are used."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2025-04-18"}]})

    on: Day


class UserEnd(BaseModel):
    """The person needs no more (``withdrawn`` false), or the entry was a mistake (true)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"on": "2025-06-30", "withdrawn": False}]}
    )

    on: Day
    withdrawn: bool = Field(default=False, strict=True)


class UserOut(BaseModel):
    """A year's registration without the person."""

    id: UUID
    point_id: UUID
    area: str
    year: int
    since: date
    population: str
    reached_on: date | None
    confirmed_on: date | None
    ended_on: date | None
    version: int


class UserPage(BaseModel):
    """A page of registrations; who they are of is read one by one, for a purpose."""

    items: list[UserOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
