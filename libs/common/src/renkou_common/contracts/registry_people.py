"""Events of persons' details, households, kin and places. None carries a name, a number or a street."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText

type HouseholdChangeKind = Literal[
    "entered",
    "extended",
    "changed",
    "member_joined",
    "member_left",
    "head_changed",
    "split",
    "merged",
    "moved",
]


class _PeopleEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DetailsChanged(_PeopleEvent):
    """What is merely noted of a person changed; ``fields`` are names of fields, never their values."""

    person_ref: UUID
    on: date | None = Field(default=None, description="from when the new values hold; null: ever since")
    fields: list[str]
    present_area: AreaText
    registered_area: AreaText


class HouseholdChanged(_PeopleEvent):
    """A household was entered or changed; ``person_refs`` are the members whom this concerns."""

    household_id: UUID
    change: HouseholdChangeKind
    on: date | None = None
    kind: str
    area: AreaText
    dissolved: bool = False
    other_household_id: UUID | None = Field(default=None, description="the other one of a split or a merger")
    person_refs: list[UUID] = Field(default_factory=list)


class KinChanged(_PeopleEvent):
    """A person was linked to a relative, or unlinked; ``children_count`` is the person's after it."""

    person_ref: UUID
    kin: Literal["mother", "father", "spouse", "child"] = Field(
        description="what the relative is to the person"
    )
    kin_ref: UUID
    linked: bool
    children_count: int = Field(ge=0)
    present_area: AreaText
    registered_area: AreaText


class PlaceChanged(_PeopleEvent):
    """A place below a community (grid, courtyard, building, residents' group) was entered or changed."""

    place_id: UUID
    area: AreaText
    kind: str
    parent_id: UUID | None = None
    valid_from: date
    valid_to: date | None = None
