"""What callers send and get about approvals."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.approvals.domain import Approval, ApprovalKind, ApprovalState

Remark = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class DecisionCreate(BaseModel):
    """What the second person says to it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"remark": "已核实, 同意"}]})

    remark: Remark


class ApprovalOut(BaseModel):
    """A request that a second person decides on (复核申请)."""

    id: UUID
    kind: ApprovalKind
    subject_id: UUID = Field(description="the account or the role that it is about")
    wanted: dict[str, Any] = Field(description="what is done once it is approved")
    asked_by: UUID
    asked_by_name: str
    asked_at: datetime
    expires_at: datetime
    state: ApprovalState
    decided_by: UUID | None
    decided_at: datetime | None
    remark: str | None
    version: int

    @classmethod
    def of(cls, one: Approval, names: dict[UUID, str], now: datetime) -> "ApprovalOut":
        """Return the answer for a request."""
        computed = ("asked_by_name", "state")
        return cls(
            **{name: getattr(one, name) for name in cls.model_fields if name not in computed},
            asked_by_name=names.get(one.asked_by, ""),
            state=one.state(now),
        )


class ApprovalPage(BaseModel):
    """A page of requests, the newest first."""

    items: list[ApprovalOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
