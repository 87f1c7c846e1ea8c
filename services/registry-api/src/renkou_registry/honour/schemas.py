"""What callers send and get about honour certificates."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.honour.domain import CancelReason, Kind, LossReason, State

Number = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    Field(description="证号 as printed on the existing certificate", examples=["庐阳独字第 0012345 号"]),
]


class CertificateCreate(BaseModel):
    """An existing certificate with the number it has, or one to be issued; for a child born before 2016."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "existing",
                    "number": "庐阳独字第 0012345 号",
                    "first_holder_id": "01939f3e-7c00-7000-8000-000000000001",
                    "second_holder_id": "01939f3e-7c00-7000-8000-000000000002",
                    "child_id": "01939f3e-7c00-7000-8000-000000000003",
                    "issued_on": "1992-06-01",
                }
            ]
        },
    )

    kind: Literal[Kind.EXISTING, Kind.ISSUED]
    number: Number | None = None
    first_holder_id: UUID
    second_holder_id: UUID | None = None
    child_id: UUID
    issued_on: Day

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.kind is Kind.EXISTING) != (self.number is not None):
            raise CodeError(
                "number",
                "录入原有证件须填证号, 新发的由系统编号",
                "existing ones have a number; new ones get one",
                field="number",
            )
        if self.first_holder_id == self.second_holder_id:
            raise CodeError(
                "same_holder",
                "双方不能是同一人",
                "the two holders must be different people",
                field="second_holder_id",
            )
        return self


class Replacement(BaseModel):
    """A certificate was lost or damaged."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "lost", "replaced_on": "2026-03-02"}]}
    )

    reason: LossReason
    replaced_on: Day | None = Field(default=None, description="today unless told")


class Cancellation(BaseModel):
    """Why a certificate is cancelled."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "at_request", "cancelled_on": "2026-03-02"}]},
    )

    reason: CancelReason
    cancelled_on: Day | None = Field(default=None, description="today unless told")


class CertificateOut(BaseModel):
    """An honour certificate."""

    id: UUID
    number: str
    kind: Kind
    kind_label: str
    state: State
    state_label: str
    first_holder_id: UUID
    second_holder_id: UUID | None
    child_id: UUID
    area: str
    issued_on: date
    replaces: UUID | None
    ended_on: date | None
    end_reason: str | None
    end_reason_label: str | None
    version: int
    recorded_at: datetime


class CertificatePage(BaseModel):
    """A page of certificates."""

    items: list[CertificateOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
