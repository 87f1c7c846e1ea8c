"""What callers send and get about duplicates."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.fields import AreaIn, Reason
from renkou_registry.persons.schemas import PersonOut


class TraitOut(BaseModel):
    """Something that was compared."""

    code: str
    label_zh: str
    label_en: str
    weight: float = Field(description="binary logarithm of the odds; negative speaks against one person")


class CandidateOut(BaseModel):
    """Two records that may be one person."""

    id: UUID
    first_id: UUID
    second_id: UUID
    probability: float = Field(ge=0, le=1)
    traits: list[TraitOut]
    state: Literal["open", "merged", "distinct"]
    found_at: datetime
    settled_at: datetime | None
    reason: str | None
    version: int


class CandidatePage(BaseModel):
    """A page of candidates, the most probable first."""

    items: list[CandidateOut]
    next: str | None


class Compared(BaseModel):
    """One field of both records; ``same`` where they agree."""

    field: str
    first: Any
    second: Any
    same: bool


class SideBySide(CandidateOut):
    """Both records as far as the caller may see them (null: outside the caller's area) and their fields."""

    first: PersonOut | None
    second: PersonOut | None
    fields: list[Compared] = Field(description="empty unless the caller sees both")


class Distinct(BaseModel):
    """Why these are two persons."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "双胞胎, 已核实"}]})

    reason: Reason


class MergeCreate(BaseModel):
    """Which record stays and which joins it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kept_id": "0197a1f0-0000-7000-8000-000000000001",
                    "gone_id": "0197a1f0-0000-7000-8000-000000000002",
                    "take_document": False,
                    "reason": "同一人重复登记, 已核对证件",
                }
            ]
        },
    )

    kept_id: UUID
    gone_id: UUID
    take_document: bool = Field(
        default=False, description="the kept record has no ID number and takes the other's"
    )
    reason: Reason


class MergeUndo(BaseModel):
    """Why the two are separate after all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "核实为两人"}]})

    reason: Reason


class MergeOut(BaseModel):
    """A merge."""

    id: UUID
    kept_id: UUID
    gone_id: UUID
    reason: str
    merged_at: datetime
    undone_at: datetime | None
    version: int


class Merges(BaseModel):
    """The merges that a person was part of, the first first."""

    items: list[MergeOut]


class RunCreate(BaseModel):
    """Where everybody is to be compared."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"area": "340103001"}]})

    area: AreaIn


class RunOut(BaseModel):
    """How far a comparison is."""

    id: UUID
    area: str
    state: Literal["running", "done"]
    compared: int
    total: int = Field(description="persons in the area when it began")
    found: int = Field(description="new candidates")
    started_at: datetime
    ended_at: datetime | None
