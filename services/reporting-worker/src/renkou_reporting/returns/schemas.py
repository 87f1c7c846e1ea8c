"""Aggregate returns as they are handed in and read."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Measure, Population
from renkou_common.http.days import Day

MAX_LINES = 5000
MAX_VALUE = 10_000_000_000
_Month = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", examples=["2026-03"])]

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class ReturnLine(BaseModel):
    """One count: how many, of whom, where and when."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(description="an area code within the return's area")
    on: Day = Field(description="a day of the return's month")
    population: Population
    measure: Measure
    sex: Literal[0, 1, 2, 9] = Field(default=0, description="GB/T 2261.1; 0 where not told apart")
    birth_month: Annotated[str, Field(pattern=r"^[12]\d{3}-\d{2}$", description="YYYY-MM")] | None = None
    parity: int = Field(default=0, ge=0, le=30, description="of births; 0 where not told apart")
    value: int = Field(ge=1, le=MAX_VALUE)


class ReturnSubmission(BaseModel):
    """A return to be entered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "title": "期初人口",
                "source": "统计局年报",
                "area": "340103",
                "month": "2025-12",
                "lines": [
                    {
                        "area": "340103",
                        "on": "2025-12-31",
                        "population": "registered",
                        "measure": "opening",
                        "value": 882101,
                    }
                ],
            }
        },
    )

    title: _Text = Field(max_length=200)
    source: _Text = Field(max_length=200, description="the office or register it comes from")
    area: str
    month: _Month
    lines: list[ReturnLine] = Field(min_length=1, max_length=MAX_LINES)


class Withdrawal(BaseModel):
    """Why a return is withdrawn."""

    model_config = ConfigDict(extra="forbid")

    reason: _Text = Field(max_length=500)


class ReturnSummary(BaseModel):
    """A return without its lines."""

    id: UUID
    title: str
    source: str
    area: str
    month: str
    line_count: int
    state: str = Field(description="entered or withdrawn")
    submitted_by: UUID
    submitted_at: datetime
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class ReturnAnswer(ReturnSummary):
    """A return with its lines."""

    lines: list[ReturnLine]


class ReturnList(BaseModel):
    """A page of returns, newest first."""

    items: list[ReturnSummary]
    next_after: str | None = Field(description="value of `after` for the next page; null at the end")


class ReturnQuestion(BaseModel):
    """Which returns."""

    model_config = ConfigDict(extra="forbid")

    area: str | None = Field(default=None, description="only returns for this subtree")
    month: _Month | None = None
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
