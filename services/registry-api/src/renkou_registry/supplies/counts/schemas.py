"""What callers send and get about stocktakings."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.http.days import Day
from renkou_registry.fields import Reason

_ID = "0197f000-0000-7000-8000-000000000001"
STATE_LABELS = {"entered": "待审核", "booked": "已入账", "rejected": "已退回"}


class CountLine(BaseModel):
    """How many units of a batch were counted."""

    model_config = ConfigDict(extra="forbid")

    batch_id: UUID
    counted: int = Field(strict=True, ge=0, le=10_000_000)


class CountCreate(BaseModel):
    """A count sheet (盘点单); it has to list every batch of which the ledger has something."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"on": "2025-03-31", "lines": [{"batch_id": _ID, "counted": 118}]}]},
    )

    on: Day
    lines: list[CountLine] = Field(min_length=1, max_length=2000)


class CountReject(BaseModel):
    """Why the stock is to be counted again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "请复盘第二批"}]})

    reason: Reason


class CountLineOut(BaseModel):
    """A batch as the ledger had it and as it was counted."""

    batch_id: UUID
    batch_number: str
    specification_id: UUID
    expires_on: date
    expected: int
    counted: int
    difference: int


class CountOut(BaseModel):
    """A stocktaking."""

    id: UUID
    point_id: UUID
    area: str
    state: str
    state_label: str
    on: date
    document_id: UUID | None = Field(description="the booked differences; none where there were none")
    recorded_by: UUID
    recorded_at: datetime
    settled_by: UUID | None
    settled_at: datetime | None
    reason: str | None
    version: int
    lines: list[CountLineOut]


class CountPage(BaseModel):
    """A page of stocktakings."""

    items: list[CountOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
