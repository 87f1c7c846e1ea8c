"""Reconciliations as callers see them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_reporting.labels import Label


class FeedResult(BaseModel):
    """What was compared of a feed, and what came of it."""

    feed: str
    position: int = Field(description="last number taken in")
    head: int = Field(description="last number the feed had given out")
    events: int = Field(description="events noted as taken in")
    facts_wrong: int
    facts_healed: int


class StockResult(BaseModel):
    """How the people of each area compare with the register's own count."""

    on: date
    compared: bool = Field(description="false where the register did not come to rest meanwhile")
    areas: int | None = Field(description="counts compared, of areas and populations")
    registered: int | None = Field(description="people registered in the district by the register's count")
    differing: int | None = Field(description="counts that are not the same")


class DifferenceAnswer(BaseModel):
    """A difference, with what stood here and what should; null where one has nothing."""

    kind: str
    label: Label
    feed: str
    seq: int | None
    line_no: int | None
    area: str | None
    population: str | None
    stored: dict[str, Any] | None
    expected: dict[str, Any] | None
    healed: bool
    reason: str | None


class ReconciliationSummary(BaseModel):
    """A reconciliation in the list of all."""

    id: UUID
    state: str = Field(description="waiting, done or failed")
    requested_by: UUID | None = Field(description="null: the daily one")
    requested_at: datetime
    finished_at: datetime | None
    equal: bool | None = Field(description="whether nothing was found; null until done")
    found: int
    healed: int
    reason: str | None = Field(description="why it failed")


class ReconciliationAnswer(ReconciliationSummary):
    """A reconciliation with what it compared and found."""

    feeds: list[FeedResult]
    stock: StockResult | None
    differences: list[DifferenceAnswer] = Field(description="the first 1,000")


class ReconciliationList(BaseModel):
    """A page of reconciliations, the newest first."""

    items: list[ReconciliationSummary]
    next: str | None


class ListQuestion(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
