"""What callers send and get about services given."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.codes.lists import ServiceKind
from renkou_common.http.days import Day


class ServiceCreate(BaseModel):
    """A free service that was given; the home district is told only with the person's consent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "examination", "given_on": "2025-03-18", "share_with_home": True}]
        },
    )

    kind: ServiceKind
    given_on: Day
    share_with_home: bool = Field(default=False, strict=True, description="本人同意向户籍地通报")


class ServiceOut(BaseModel):
    """A service given."""

    id: UUID
    person_id: UUID
    kind: str
    kind_label: str
    given_on: date
    area: str = Field(description="the present address of the day it was recorded")
    share_with_home: bool
    recorded_at: datetime


class ServicePage(BaseModel):
    """A page of services, the newest first."""

    items: list[ServiceOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
