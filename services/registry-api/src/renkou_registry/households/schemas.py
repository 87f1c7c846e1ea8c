"""What callers send and get about households."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.kinship import RELATIONS
from renkou_common.codes.lists import HouseholdKind
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, Street

RelationCode = Annotated[
    str,
    AfterValidator(lambda code: RELATIONS.entry(code).code),
    Field(description="与户主关系, GB/T 4761-2008; 02 the head", examples=["02", "10", "20"]),
]
Number = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    Field(description="户号, unique within the community", examples=["340103001001-00012"]),
]


class MemberIn(BaseModel):
    """A member of the household."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    relation: RelationCode = "80"
    since: Day | None = None


class HouseholdCreate(BaseModel):
    """A household to enter."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "00012",
                    "kind": "family",
                    "area": "340103001001",
                    "street": "安庆路 1 号",
                    "members": [{"person_id": "0197f000-0000-7000-8000-000000000001", "relation": "02"}],
                }
            ]
        },
    )

    number: Number
    kind: HouseholdKind = HouseholdKind.FAMILY
    area: AreaIn
    street: Street | None = None
    members: list[MemberIn] = Field(default_factory=list, max_length=500)


class MemberOut(BaseModel):
    """A membership; `until` is empty while it lasts."""

    person_id: UUID
    relation: str
    relation_label: str
    since: date | None
    until: date | None


class HouseholdSummary(BaseModel):
    """A household in a list."""

    id: UUID
    number: str
    kind: str
    area: str
    street: str | None


class HouseholdOut(HouseholdSummary):
    """A household with its members."""

    version: int
    recorded_at: datetime
    members: list[MemberOut]


class HouseholdPage(BaseModel):
    """A page of households."""

    items: list[HouseholdSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")
