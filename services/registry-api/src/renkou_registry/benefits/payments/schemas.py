"""What callers send and get about payments. Amounts are exact decimals as text ("1234.50"), in yuan."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.fields import AreaIn, Reason

Yuan = Annotated[str, Field(pattern=r"^\d{1,12}\.\d{2}$", examples=["960.00"])]


class BatchCreate(BaseModel):
    """Draft a batch: all that is due by the period's last day and neither paid nor sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "scheme_id": "0198f4d2-0000-7000-8000-000000000001",
                    "period": "2026-03",
                    "area": "340103001",
                }
            ]
        },
    )

    scheme_id: UUID
    period: str = Field(max_length=20, description="2026-03, 2026Q1, 2026H1 or 2026")
    area: AreaIn


class BatchSummary(BaseModel):
    """A batch in a list."""

    id: UUID
    scheme_id: UUID
    period: str
    area: str
    state: str = Field(description="draft, approved, exported, settled, closed or cancelled")
    drafted_by: UUID
    drafted_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    version: int


class ExportOut(BaseModel):
    """Who opened the accounts, when, and the file's SHA-256."""

    format: str
    checksum: str
    line_count: int
    total: Yuan
    exported_by: UUID
    exported_at: datetime


class ExportCopyCreate(BaseModel):
    """Why a file is taken out again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "存放清单的 U 盘损坏"}]}
    )

    reason: Reason


class ExportCopyOut(BaseModel):
    """Who took a file out again, when and why."""

    id: UUID
    reason: str
    exported_by: UUID
    exported_at: datetime


class BatchOut(BatchSummary):
    """A batch with its totals."""

    line_count: int
    total: Yuan
    paid_count: int
    paid_total: Yuan
    failed_count: int
    export: ExportOut | None
    export_copies: list[ExportCopyOut]


class BatchPage(BaseModel):
    """A page of batches, the newest first."""

    items: list[BatchSummary]
    next: str | None


class LineOut(BaseModel):
    """A payment; the account is not shown."""

    id: UUID
    enrolment_id: UUID
    subject_id: UUID = Field(description="the person, or the child it is paid for")
    period: str
    part: int = Field(description="0 the first payment, then what a correction found missing")
    amount: Yuan
    state: str = Field(description="open, sent, paid, failed or dropped")
    failure: str | None


class LinePage(BaseModel):
    """A page of lines."""

    items: list[LineOut]
    next: str | None


class DueOut(BaseModel):
    """What became due for a period, and what of it was paid."""

    id: UUID
    subject_id: UUID
    period: str
    due_on: str
    months: int
    amount: Yuan
    paid: Yuan
    waiting: Yuan
    returned: Yuan


class DueList(BaseModel):
    """All dues of a case, the earliest first."""

    items: list[DueOut]


class OverpaymentOut(BaseModel):
    """What was paid beyond what is due, by the record as it reads now; nothing follows by itself."""

    id: UUID
    enrolment_id: UUID
    subject_id: UUID
    period: str
    area: str
    amount: Yuan
    state: str = Field(description="open, kept, returned, lapsed")
    note: str | None
    found_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    version: int


class OverpaymentPage(BaseModel):
    """A page of overpayments."""

    items: list[OverpaymentOut]
    next: str | None


class OverpaymentDecision(BaseModel):
    """``kept``: it stays with the person; ``returned``: the person gave it back of their own accord."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "kept", "note": "系登记差错, 不追回"}]}
    )

    decision: Literal["kept", "returned"]
    note: Reason
