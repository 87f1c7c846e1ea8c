"""What callers send and get about the budget. Amounts are texts in yuan, "1234.50"."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, StringConstraints

from renkou_common.codes.findings import CodeError
from renkou_common.codes.offices import BudgetKind
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, Reason

_FORM = re.compile(r"(0|[1-9]\d{0,11})(\.\d{1,2})?", re.ASCII)


def _amount(value: Any) -> Decimal:
    """Return an exact amount; a JSON number is refused, it may have lost digits."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        raise CodeError(
            "amount",
            '金额应为文本, 最多两位小数, 如 "1234.50"',
            'an amount is a text in yuan with at most two decimals, "1234.50"',
        )
    return Decimal(value).quantize(Decimal("0.01"))


def _positive(value: Any) -> Decimal:
    amount = _amount(value)
    if amount == 0:
        raise CodeError("amount_zero", "金额应大于 0", "must be more than 0")
    return amount


_TEXT = PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str)
Amount = Annotated[
    Decimal,
    PlainValidator(_amount, json_schema_input_type=str),
    _TEXT,
    Field(description="元, exact", examples=["1234.50"]),
]
PositiveAmount = Annotated[
    Decimal,
    PlainValidator(_positive, json_schema_input_type=str),
    _TEXT,
    Field(description="元, exact", examples=["1234.50"]),
]


class LineCreate(BaseModel):
    """A budget line (事业费) of a year and area for a kind."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"area": "340103", "year": 2025, "kind": "services", "planned": "3839300.00"}]
        },
    )

    area: AreaIn
    year: int = Field(strict=True, ge=1990, le=2200)
    kind: BudgetKind
    planned: Amount


class LinePatch(BaseModel):
    """A new plan and why; the old one stays on record."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"planned": "4000000.00", "reason": "年中追加"}]}
    )

    planned: Amount
    reason: Reason


class SpendingCreate(BaseModel):
    """Money that was spent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"amount": "1234.50", "spent_on": "2025-03-18", "purpose": "药具运输费"}]
        },
    )

    amount: PositiveAmount
    spent_on: Day
    purpose: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class SpendingReverse(BaseModel):
    """Why a spending was wrong."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "金额录错"}]})

    reason: Reason


class PlanOut(BaseModel):
    """What a version planned."""

    version: int
    planned: Amount
    reason: str | None
    recorded_at: datetime
    recorded_by: UUID


class LineSummary(BaseModel):
    """A budget line in a list."""

    id: UUID
    area: str
    year: int
    kind: str
    kind_label: str
    planned: Amount
    spent: Amount
    ended_on: date | None
    version: int


class LineOut(LineSummary):
    """A budget line with the versions of its plan, the newest first."""

    plans: list[PlanOut]


class LinePage(BaseModel):
    """A page of budget lines."""

    items: list[LineSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")


class SpendingOut(BaseModel):
    """A spending; negative where it reverses another."""

    id: UUID
    line_id: UUID
    amount: Amount
    spent_on: date
    purpose: str
    reverses: UUID | None
    recorded_at: datetime


class SpendingPage(BaseModel):
    """A page of spendings."""

    items: list[SpendingOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
