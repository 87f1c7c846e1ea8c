"""What callers get about balances, expiry and reorder levels."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from renkou_registry.supplies.ledger.schemas import StockOut


class BalanceRow(BaseModel):
    """A specification's month: opening + received + returned + ... = closing. What went out is negative."""

    specification_id: UUID
    product_name: str
    name: str
    unit: str
    opening: int
    receipt: int
    returned: int
    transfer_in: int
    issue: int
    loss: int
    transfer_out: int
    stocktaking: int
    reversal: int
    incoming: int
    outgoing: int
    closing: int


class Balance(BaseModel):
    """A point's month."""

    point_id: UUID
    point_name: str
    area: str
    month: str
    rows: list[BalanceRow]


class ExpiringPage(BaseModel):
    """A page of stock that expires soon or has expired, the earliest first."""

    until: date
    items: list[StockOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class ShortRow(BaseModel):
    """A point that is to order a specification again."""

    point_id: UUID
    area: str
    specification_id: UUID
    level: int
    usable: int = Field(description="stock that has not expired")


class ShortPage(BaseModel):
    """A page of what runs short."""

    items: list[ShortRow]
    next: str | None = Field(description="cursor of the next page; null on the last")
