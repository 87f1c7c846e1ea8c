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


class FormResult(BaseModel):
    """What was compared of a form's returns."""

    form: str = Field(description="'' for facts under a number that no return has")
    returns: int = Field(description="signed returns in force")
    months: int = Field(description="months in which they and reversed ones count something")
    counts: int = Field(description="counts that entered the figures, and their reversals")
    hash: str = Field(description="over these counts; the same as long as no return is signed or taken back")


class FormMonth(BaseModel):
    """A form and a month whose facts are not what its returns count: number and hash of both."""

    form: str
    month: str
    counts: int
    facts: int
    hash: str
    facts_hash: str


class ReturnsResult(BaseModel):
    """How the facts of aggregate returns compare with the returns that were signed, by form and month."""

    position: int = Field(description="last number of the returns' own feed")
    entries: int = Field(description="returns that entered the figures or left them; as many as numbers")
    forms: list[FormResult]
    differing: list[FormMonth] = Field(
        description="the first 1,000, as they were before anything was put right"
    )
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
    returns: ReturnsResult | None = Field(description="null until done, and where none were compared yet")
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
