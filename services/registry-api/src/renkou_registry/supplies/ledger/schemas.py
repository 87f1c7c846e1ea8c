"""What callers send and get about the ledger."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.offices import SupplyLossKind
from renkou_common.http.days import Day
from renkou_registry.fields import Reason
from renkou_registry.supplies.fields import BatchNumber, PaperNumber, Quantity, ShortText

_ID = "0197f000-0000-7000-8000-000000000001"
_BATCH = "0197f000-0000-7000-8000-000000000002"


class ReceiptLine(BaseModel):
    """What came in of a batch."""

    model_config = ConfigDict(extra="forbid")

    specification_id: UUID
    batch_number: BatchNumber
    expires_on: Day = Field(description="the last day on which it may be issued")
    quantity: Quantity


class ReceiptCreate(BaseModel):
    """Supplies that came in (入库)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "on": "2025-03-18",
                    "source": "市药具站",
                    "paper_number": "RK2025-018",
                    "lines": [
                        {
                            "specification_id": _ID,
                            "batch_number": "20250101A",
                            "expires_on": "2028-12-31",
                            "quantity": 500,
                        }
                    ],
                }
            ]
        },
    )

    on: Day
    source: ShortText | None = None
    paper_number: PaperNumber | None = None
    lines: list[ReceiptLine] = Field(min_length=1, max_length=100)


class IssueLine(BaseModel):
    """What is given; without ``batch_id`` the batch that expires first is taken."""

    model_config = ConfigDict(extra="forbid")

    specification_id: UUID
    quantity: Quantity
    batch_id: UUID | None = None


class IssueCreate(BaseModel):
    """Supplies given out free of charge (发放): to a named person, or to a number of people without names."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"on": "2025-03-18", "people": 1, "lines": [{"specification_id": _ID, "quantity": 2}]},
                {
                    "on": "2025-03-18",
                    "person_id": _BATCH,
                    "reason": "本人要求同一批次",
                    "lines": [{"specification_id": _ID, "quantity": 2, "batch_id": _BATCH}],
                },
            ]
        },
    )

    on: Day
    person_id: UUID | None = Field(default=None, description="who received, stored sealed; none: anonymous")
    people: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    reason: Reason | None = Field(default=None, description="needed where a batch is named")
    lines: list[IssueLine] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.person_id is not None and self.people != 1:
            raise CodeError(
                "named_is_one", "记名发放人数为 1", "an issue to a named person is for one", field="people"
            )
        if any(line.batch_id for line in self.lines) and self.reason is None:
            raise CodeError(
                "reason_needed",
                "指定批次须填写理由",
                "naming a batch needs a reason; else leave the batch out",
                field="reason",
            )
        return self


class BatchLine(BaseModel):
    """A quantity of a batch."""

    model_config = ConfigDict(extra="forbid")

    batch_id: UUID
    quantity: Quantity


class ReturnCreate(BaseModel):
    """Unused supplies that came back from an issue (退回)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"on": "2025-03-19", "issue_id": _ID, "lines": [{"batch_id": _BATCH, "quantity": 1}]}
            ]
        },
    )

    on: Day
    issue_id: UUID
    lines: list[BatchLine] = Field(min_length=1, max_length=100)


class LossCreate(BaseModel):
    """Supplies written off (报损)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "on": "2025-03-18",
                    "loss_kind": "damaged",
                    "reason": "库房渗水",
                    "lines": [{"batch_id": _BATCH, "quantity": 3}],
                }
            ]
        },
    )

    on: Day
    loss_kind: SupplyLossKind
    reason: Reason
    lines: list[BatchLine] = Field(min_length=1, max_length=100)


class ReversalCreate(BaseModel):
    """Why a document was wrong; it is taken back as a whole and entered again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "数量录错"}]})

    reason: Reason


class LineOut(BaseModel):
    """A signed quantity of a batch."""

    batch_id: UUID
    batch_number: str
    expires_on: date
    specification_id: UUID
    quantity: int = Field(description="in the unit of the specification; negative went out")


class DocumentOut(BaseModel):
    """A document of the ledger. Who received is not told here."""

    id: UUID
    point_id: UUID
    area: str
    kind: str
    kind_label: str
    on: date
    people: int
    named: bool
    loss_kind: str | None
    source: str | None
    paper_number: str | None = Field(description="what stands on the paper that came with a receipt")
    reason: str | None
    refers_to: UUID | None
    recorded_at: datetime
    recorded_by: UUID
    lines: list[LineOut]


class DocumentPage(BaseModel):
    """A page of documents, the newest first."""

    items: list[DocumentOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class StockOut(BaseModel):
    """What a point holds of a batch."""

    point_id: UUID
    batch_id: UUID
    batch_number: str
    specification_id: UUID
    expires_on: date
    expired: bool
    quantity: int


class StockPage(BaseModel):
    """A page of stock."""

    items: list[StockOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class PersonIssue(BaseModel):
    """An issue to the person."""

    document_id: UUID
    on: date
    point_id: UUID
    reversed: bool
    lines: list[LineOut]


class PersonIssues(BaseModel):
    """What a person received, the newest first."""

    items: list[PersonIssue]
    next: str | None = Field(description="cursor of the next page; null on the last")
