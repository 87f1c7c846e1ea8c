"""What callers send and get about households."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.kinship import RELATIONS
from renkou_common.codes.lists import HouseholdKind, MembershipKind
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NotEmpty, Reason, Street

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
    kind: MembershipKind | None = Field(
        default=None, description="户籍成员 or 同住; default: registered where the registered address is here"
    )
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
    place_id: UUID | None = Field(default=None, description="楼院, a place of the community")
    members: list[MemberIn] = Field(default_factory=list, max_length=500)


class HouseholdPatch(BaseModel):
    """What to change; what is left out stays. Another community is a move."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"street": "安庆路 2 号", "on": "2025-03-18"}]}
    )

    number: Annotated[Number | None, NotEmpty] = None
    kind: Annotated[HouseholdKind | None, NotEmpty] = None
    street: Street | None = None
    place_id: UUID | None = None
    on: Day | None = Field(default=None, description="from when it holds; default today")

    @property
    def values(self) -> dict[str, Any]:
        """What is to be changed."""
        return self.model_dump(exclude_unset=True, exclude={"on"})


class MemberJoin(MemberIn):
    """A person who joins a household."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197f000-0000-7000-8000-000000000001",
                    "relation": "20",
                    "since": "2025-03-18",
                }
            ]
        },
    )

    since: Day = Field(description="the first day")


class Leaving(BaseModel):
    """A member who leaves."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"on": "2025-03-18", "reason": "分家另住"}]}
    )

    on: Day = Field(description="the first day on which the person is no member")
    reason: Reason


class RelationIn(BaseModel):
    """A member's relation to the new head."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    relation: RelationCode


Relations = Annotated[list[RelationIn], Field(default_factory=list, max_length=500)]


class HeadChange(BaseModel):
    """Another member becomes the head; who is not named keeps the relation, the former head becomes 80."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197f000-0000-7000-8000-000000000002",
                    "on": "2025-03-18",
                    "relations": [{"person_id": "0197f000-0000-7000-8000-000000000001", "relation": "11"}],
                }
            ]
        },
    )

    person_id: UUID
    on: Day
    relations: Relations


class SplitMember(BaseModel):
    """A member of the new household."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    relation: RelationCode = "80"


class Split(BaseModel):
    """Members who form a household of their own, in the same community."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "00013",
                    "on": "2025-03-18",
                    "members": [{"person_id": "0197f000-0000-7000-8000-000000000003", "relation": "02"}],
                }
            ]
        },
    )

    number: Number
    on: Day
    street: Street | None = Field(default=None, description="default: the household's")
    members: list[SplitMember] = Field(min_length=1, max_length=500)
    remaining_head: UUID | None = Field(default=None, description="the head of those who stay, if another")


class Merger(BaseModel):
    """Every member goes into another household of the community; this one is dissolved."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"into": "0197f000-0000-7000-8000-000000000009", "on": "2025-03-18"}]
        },
    )

    into: UUID
    on: Day
    relations: Relations


class HouseholdMove(BaseModel):
    """Where the household goes, with everybody who belongs to it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"to_area": "340103001002", "to_street": "三里街 8 号", "on": "2025-03-18"}]
        },
    )

    to_area: AreaIn
    to_street: Street | None = None
    place_id: UUID | None = None
    number: Number | None = Field(default=None, description="the number there; default: the same")
    on: Day


class MemberOut(BaseModel):
    """A membership on the days since <= day < until; `until` is empty while it lasts."""

    person_id: UUID
    relation: str
    relation_label: str
    kind: str
    kind_label: str
    since: date | None
    until: date | None
    reason: str | None = Field(description="why it ended: death, move, split, merger, relation, or in words")


class HouseholdSummary(BaseModel):
    """A household in a list."""

    id: UUID
    number: str
    kind: str
    area: str
    street: str | None
    place_id: UUID | None
    dissolved_on: date | None


class HouseholdOut(HouseholdSummary):
    """A household with its members, those that left too; asked for a day, the members of that day."""

    head_id: UUID | None = Field(description="户主; null where the head died or left")
    version: int
    recorded_at: datetime
    members: list[MemberOut]


class MembershipOut(BaseModel):
    """A membership of a person, with the household."""

    household_id: UUID
    number: str
    area: str
    street: str | None
    relation: str
    relation_label: str
    kind: str
    kind_label: str
    since: date | None
    until: date | None
    reason: str | None


class Memberships(BaseModel):
    """The households of a person in the caller's area, present ones first."""

    items: list[MembershipOut]


class HouseholdPage(BaseModel):
    """A page of households."""

    items: list[HouseholdSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")
