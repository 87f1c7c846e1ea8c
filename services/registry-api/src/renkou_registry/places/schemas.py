"""What callers send and get about places."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.lists import PlaceKind
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NotEmpty

Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    Field(description="编号, unique within the community", examples=["G03-12"]),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    Field(examples=["安庆新村 12 栋"]),
]


class PlaceCreate(BaseModel):
    """A place to enter."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "area": "340103001001",
                    "kind": "building",
                    "code": "G03-12",
                    "name": "安庆新村 12 栋",
                    "valid_from": "2020-01-01",
                }
            ]
        },
    )

    area: AreaIn
    kind: PlaceKind
    code: Code
    name: Name
    parent_id: UUID | None = Field(default=None, description="the place it lies in, of the same community")
    valid_from: Day
    valid_to: Day | None = Field(default=None, description="the first day on which it is no longer used")


class PlacePatch(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "安庆新村 12 号楼", "valid_to": None}]}
    )

    name: Annotated[Name | None, NotEmpty] = None
    parent_id: UUID | None = None
    valid_to: Day | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What is to be changed."""
        return self.model_dump(exclude_unset=True)


class PlaceOut(BaseModel):
    """A place."""

    id: UUID
    area: str
    kind: str
    kind_label: str
    code: str
    name: str
    parent_id: UUID | None
    valid_from: date
    valid_to: date | None
    version: int
    recorded_at: datetime


class PlacePage(BaseModel):
    """A page of places by community and code."""

    items: list[PlaceOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
