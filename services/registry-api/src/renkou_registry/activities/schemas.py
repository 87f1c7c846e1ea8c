"""What callers send and get about activities."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.offices import ActivityKind
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NotEmpty, Reason

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
People = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class Material(BaseModel):
    """Something that was handed out."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    quantity: int = Field(strict=True, ge=1, le=1_000_000)


class ActivityCreate(BaseModel):
    """An activity that was held (宣传, 培训, 义诊)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "area": "340103001001",
                    "kind": "free_clinic",
                    "title": "社区义诊",
                    "place": "社区广场",
                    "held_on": "2025-03-08",
                    "people_reached": 120,
                    "materials": [{"name": "优生优育手册", "quantity": 200}],
                }
            ]
        },
    )

    area: AreaIn
    kind: ActivityKind
    title: Title
    place: Title
    held_on: Day
    people_reached: People
    materials: list[Material] = Field(default_factory=list, max_length=50)


class ActivityPatch(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"people_reached": 130}]})

    kind: Annotated[ActivityKind | None, NotEmpty] = None
    title: Annotated[Title | None, NotEmpty] = None
    place: Annotated[Title | None, NotEmpty] = None
    held_on: Annotated[Day | None, NotEmpty] = None
    people_reached: Annotated[People | None, NotEmpty] = None
    materials: Annotated[Annotated[list[Material], Field(max_length=50)] | None, NotEmpty] = None


class ActivityCancel(BaseModel):
    """Why the activity does not count."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "重复登记"}]})

    reason: Reason


class ActivityOut(BaseModel):
    """An activity."""

    id: UUID
    area: str
    kind: str
    kind_label: str
    title: str
    place: str
    held_on: date
    people_reached: int
    materials: list[Material]
    ended_on: date | None = Field(description="the day it was cancelled")
    reason: str | None
    version: int
    recorded_at: datetime


class ActivityPage(BaseModel):
    """A page of activities."""

    items: list[ActivityOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
