"""Events of women's cards and visits. What a card holds about health never leaves the register.

An event about a card names the person by reference and says nothing of a method, a date of delivery or a
visit. An event about a visit names no person. Methods leave only as counts of an area (see docs/decisions).
"""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, Line


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    lines: list[Line] = Field(default_factory=list)


class CardChanged(_Event):
    """A woman's card was opened, closed, came back or changed its area."""

    card_id: UUID
    person_ref: UUID
    state: str
    closing: str | None = Field(default=None, description="code of the list card_closing")
    area: AreaText
    changed_on: date


class VisitChanged(_Event):
    """A follow-up visit was offered, accepted, kept, declined, missed or withdrawn; names no person."""

    visit_id: UUID
    state: str
    area: AreaText


class MethodUseCounted(_Event):
    """How the counts of women by method changed in an area since they were counted last; names nobody."""

    area: AreaText
    counted_on: date
