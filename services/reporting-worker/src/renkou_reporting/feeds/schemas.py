"""The state of the feeds as callers see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class FeedStatus(BaseModel):
    """A feed's position: every event up to ``high_water`` is applied or held, in every partition."""

    feed: str
    high_water: int
    furthest: int = Field(description="number that the furthest partition has reached; the others follow")
    head: int | None = Field(description="last number the feed has given out; null where it cannot be asked")
    updated_at: datetime | None = Field(description="null where nothing has come yet")
    held: int = Field(description="events that could not be applied, or wait behind one")
    incidents: int


class HeldAnswer(BaseModel):
    """An event that is not applied yet, without its content."""

    feed: str
    seq: int
    type: str
    state: str = Field(description="failed, or blocked behind one that failed")
    reason: str
    held_at: datetime


class CopyAnswer(BaseModel):
    """A copy of the worker (副本), heard of within the last minute."""

    id: UUID
    name: str = Field(description="host, or the id of its container, and process number: host/number")
    since: datetime
    seen_at: datetime
    partitions: list[int] = Field(
        description="partitions of areas it works on; none: it is not heard of any more"
    )


class FeedsAnswer(BaseModel):
    """All feeds, up to 500 held events, and who takes the feeds in."""

    items: list[FeedStatus]
    held: list[HeldAnswer]
    copies: list[CopyAnswer]


class IncidentAnswer(BaseModel):
    """Something that must not happen to a feed."""

    id: int
    feed: str
    seq: int
    kind: str = Field(description="conflict, corrupt, missing or behind")
    detail: dict[str, Any]
    at: datetime


class IncidentList(BaseModel):
    """A page of incidents, newest first."""

    items: list[IncidentAnswer]
    next_after: str | None


class IncidentQuestion(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
