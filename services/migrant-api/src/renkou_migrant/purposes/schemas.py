"""What the register of sharing looks like."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class Shared(BaseModel):
    """Messages of a kind that went to a district in a month, under an agreement."""

    month: date = Field(description="its first day", examples=["2026-03-01"])
    partner: str = Field(description="the district that received them, or an office of this one")
    kind: str
    kind_zh: str
    kind_en: str
    messages: int
    first_at: datetime
    last_at: datetime
    purpose_code: str | None = Field(
        description="the purpose that covers the kind now: GET /purposes of registry-api"
    )
    legal_basis: str | None = Field(
        description="as the agreement states it; null between offices of one district"
    )
    agreement_id: UUID | None


class SharingRegister(BaseModel):
    """What was told to whom (提供记录), the latest month first."""

    items: list[Shared]
