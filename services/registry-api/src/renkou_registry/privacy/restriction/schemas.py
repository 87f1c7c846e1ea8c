"""What callers send and get about restrictions of processing."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.fields import Reason


class RestrictionChange(BaseModel):
    """Why processing is restricted, or why it no longer is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "本人申请, 信息正确性有争议"}]}
    )

    reason: Reason


class RestrictionOut(BaseModel):
    """A restriction (限制处理)."""

    id: UUID
    reason: str
    request_id: UUID | None = Field(description="the person's request, where there was one")
    imposed_at: datetime
    imposed_by: UUID
    lifted_at: datetime | None
    lifted_by: UUID | None
    lifted_reason: str | None


class Restrictions(BaseModel):
    """Whether processing is restricted, and the restrictions of the person, the last first."""

    person_id: UUID
    restricted: bool
    items: list[RestrictionOut]
