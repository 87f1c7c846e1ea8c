"""Rebuilds as callers see them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class FeedProgress(BaseModel):
    """How far a feed is read again, and up to where it will be."""

    read: int
    target: int


class DifferenceAnswer(BaseModel):
    """A cell on which live tables and rebuild do not agree; null where one has no such cell."""

    kind: str = Field(
        description="cell, area_cell or cohort_stock (month may be a whole year), or cohort_cell;"
        " of cohort_stock the measure is stock"
    )
    area: str
    month: str
    population: str
    measure: str
    sex: int
    parity: int
    birth_month: str | None
    detail: str = Field(description="what the count is told apart by, such as a scheme; '' for none")
    live: int | None
    rebuilt: int | None


class RebuildAnswer(BaseModel):
    """A rebuild."""

    id: UUID
    state: str = Field(description="queued, reading, summing, comparing, swapping, done or failed")
    requested_by: UUID
    requested_at: datetime
    finished_at: datetime | None
    progress: dict[str, FeedProgress]
    equal: bool | None = Field(description="whether every cell came out equal; null until they are compared")
    difference_count: int
    differences: list[DifferenceAnswer] = Field(description="the first 1,000")
    reason: str | None = Field(description="why it failed")
