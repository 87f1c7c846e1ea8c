"""What callers send and get about emergency access."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.break_glass.domain import Emergency, Purpose, Verdict
from renkou_registry.staff.domain import area_from_interval

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)]


class BreakGlassCreate(BaseModel):
    """Why people of an area have to be read at once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "area": "340103011",
                    "purpose": "life_and_health",
                    "reason": "煤气泄漏, 需立即联系楼内住户疏散",
                }
            ]
        },
    )

    area: str = Field(description="区划代码 in this district", max_length=40, examples=["340103011"])
    purpose: Purpose
    reason: Said = Field(description="事由, 10 characters or more")


class ReviewCreate(BaseModel):
    """What the auditor found."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"verdict": "justified", "finding": "经核实, 当日确有煤气泄漏, 查阅范围适当"}]
        },
    )

    verdict: Verdict
    finding: Said = Field(description="复核意见, 10 characters or more")


class BreakGlassOut(BaseModel):
    """An emergency access (紧急查阅), and the notice of it to the auditors."""

    id: UUID
    staff_id: UUID
    staff_name: str
    area: str
    purpose: Purpose
    reason: str
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None = Field(description="given back early, when")
    in_force: bool
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    verdict: Verdict | None
    finding: str | None
    version: int

    @classmethod
    def of(cls, one: Emergency, now: datetime) -> "BreakGlassOut":
        """Return the answer for an emergency access."""
        computed = ("area", "in_force")
        return cls(
            **{name: getattr(one, name) for name in cls.model_fields if name not in computed},
            area=area_from_interval(one.area, one.area_high).value,
            in_force=one.in_force(now),
        )


class BreakGlassPage(BaseModel):
    """A page of emergency accesses, the newest first."""

    items: list[BreakGlassOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
