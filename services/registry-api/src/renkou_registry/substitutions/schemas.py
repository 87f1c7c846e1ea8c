"""What callers send and get about substitutions."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.roles.schemas import RoleCode
from renkou_registry.staff.domain import RoleInArea, first_day_of, last_day_of
from renkou_registry.substitutions.domain import Substitution, SubstitutionState


class DutyIn(BaseModel):
    """A role in an area that the holder has."""

    model_config = ConfigDict(extra="forbid")

    role: RoleCode
    area: str = Field(max_length=40, examples=["340103009"])


class SubstitutionCreate(BaseModel):
    """Duties to hand over. Without `holder_id` one's own; without `duties` all that may be handed over."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "substitute_id": "0198a000-0000-7000-8000-000000000001",
                    "first_day": "2026-12-01",
                    "last_day": "2026-12-14",
                    "duties": [{"role": "subdistrict_clerk", "area": "340103009"}],
                    "reason": "年休假",
                }
            ]
        },
    )

    holder_id: UUID | None = Field(default=None, description="administrators may name another account")
    substitute_id: UUID
    first_day: date = Field(description="起始日")
    last_day: date = Field(description="截止日 (含当日)")
    duties: Annotated[list[DutyIn], Field(min_length=1, max_length=50)] | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class DutyOut(BaseModel):
    """A role in an area."""

    role: str
    area: str

    @classmethod
    def of(cls, duty: RoleInArea) -> "DutyOut":
        """Return the answer for a duty."""
        return cls(role=duty.role, area=duty.area.value)


class SubstitutionOut(BaseModel):
    """A substitution (请假代理)."""

    id: UUID
    holder_id: UUID
    holder_name: str
    substitute_id: UUID
    substitute_name: str
    first_day: date
    last_day: date
    duties: list[DutyOut] | None = Field(description="null: all that may be handed over")
    reason: str
    state: SubstitutionState
    given_by: UUID
    given_at: datetime
    ended_at: datetime | None = Field(description="ended early, when")
    ended_by: UUID | None
    version: int

    @classmethod
    def of(cls, one: Substitution, names: dict[UUID, str], now: datetime) -> "SubstitutionOut":
        """Return the answer for a substitution."""
        same = (
            "id",
            "holder_id",
            "substitute_id",
            "reason",
            "given_by",
            "given_at",
            "ended_at",
            "ended_by",
            "version",
        )
        return cls(
            **{name: getattr(one, name) for name in same},
            holder_name=names.get(one.holder_id, ""),
            substitute_name=names.get(one.substitute_id, ""),
            first_day=first_day_of(one.valid_from),
            last_day=last_day_of(one.valid_to),
            duties=None if one.duties is None else [DutyOut.of(each) for each in one.duties],
            state=one.state(now),
        )


class SubstitutionPage(BaseModel):
    """A page of substitutions, the newest first."""

    items: list[SubstitutionOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
