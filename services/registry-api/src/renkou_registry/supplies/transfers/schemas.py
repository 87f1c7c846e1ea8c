"""What callers send and get about transfers."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.http.days import Day
from renkou_registry.fields import Reason
from renkou_registry.supplies.fields import Quantity

_ID = "0197f000-0000-7000-8000-000000000001"
STATE_LABELS = {"in_transit": "在途", "received": "已收", "called_back": "已撤回"}


class TransferLine(BaseModel):
    """What is sent; without ``batch_id`` the batch that expires first is taken."""

    model_config = ConfigDict(extra="forbid")

    specification_id: UUID
    quantity: Quantity
    batch_id: UUID | None = None


class TransferCreate(BaseModel):
    """Supplies sent to another point (调拨)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"to_point": _ID, "on": "2025-03-18", "lines": [{"specification_id": _ID, "quantity": 50}]}
            ]
        },
    )

    to_point: UUID
    on: Day
    lines: list[TransferLine] = Field(min_length=1, max_length=100)


class Shortage(BaseModel):
    """What of a batch did not arrive."""

    model_config = ConfigDict(extra="forbid")

    batch_id: UUID
    quantity: Quantity


class TransferReceive(BaseModel):
    """The supplies arrived; what is short is written off as lost on the way."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"on": "2025-03-19", "shortages": []}]}
    )

    on: Day
    shortages: list[Shortage] = Field(default_factory=list, max_length=100)


class TransferCallBack(BaseModel):
    """Why the supplies are called back before they arrived."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "调拨对象有误"}]})

    reason: Reason


class TransferLineOut(BaseModel):
    """What of which batch was sent."""

    batch_id: UUID
    batch_number: str
    specification_id: UUID
    expires_on: date
    quantity: int


class TransferOut(BaseModel):
    """A transfer with both its documents; the second stands once it was received."""

    id: UUID
    from_point: UUID
    to_point: UUID
    area: str
    to_area: str
    state: Literal["in_transit", "received", "called_back"]
    state_label: str
    sent_on: date
    settled_on: date | None
    out_document: UUID
    in_document: UUID | None
    version: int
    lines: list[TransferLineOut]


class TransferPage(BaseModel):
    """A page of transfers."""

    items: list[TransferOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
