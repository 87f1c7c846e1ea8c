"""What callers send and get about kin."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.codes.lists import KinKind
from renkou_registry.fields import Reason


class KinCreate(BaseModel):
    """A relative who is in the register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"relation": "mother", "person_id": "0197f000-0000-7000-8000-000000000001"}]
        },
    )

    relation: KinKind = Field(description="what the other is to this person: mother, father, spouse, child")
    person_id: UUID = Field(description="the relative")
    additional: bool = Field(
        default=False,
        strict=True,
        description="子女此前未计入子女数: the child was not counted among the parent's children before",
    )


class KinRemoval(BaseModel):
    """A link that was wrong."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "relation": "mother",
                    "person_id": "0197f000-0000-7000-8000-000000000001",
                    "reason": "同名误登, 并非母子",
                }
            ]
        },
    )

    relation: KinKind
    person_id: UUID
    reason: Reason


class KinOut(BaseModel):
    """A relative. Of who is outside the caller's area only the relation is told."""

    relation: str
    relation_label: str
    in_your_area: bool
    person_id: UUID | None = None
    name: str | None = None
    sex: int | None = None
    birth_date: date | None = None
    resident_id: str | None = Field(default=None, description="masked")
    alive: bool | None = None
    present_area: str | None = None


class KinList(BaseModel):
    """The relatives of a person."""

    person_id: UUID
    version: int = Field(description="of the person, for If-Match")
    children_count: int
    children_not_in_register: int
    items: list[KinOut]


class KinLinkOut(BaseModel):
    """A link as it was known from an instant to an instant."""

    relation: str
    relation_label: str
    person_id: UUID | None = Field(description="the relative, if in the caller's area")
    known_from: datetime
    known_until: datetime | None
    reason: str | None


class KinHistory(BaseModel):
    """Every link that was ever known."""

    items: list[KinLinkOut]
