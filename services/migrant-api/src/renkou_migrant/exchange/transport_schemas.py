"""Answers about the transport: partners' counters, findings, dead letters."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class DeadLetterRead(BaseModel):
    """Something from the hub that could not be taken, and why. The sender keeps sending what is genuine."""

    id: UUID
    sender: str
    code: str
    code_label: str
    code_label_en: str
    detail: str
    message_id: UUID | None
    size: int
    times: int
    first_at: datetime
    last_at: datetime
    replayable: bool
    outcome: str | None = Field(description="`taken`, or why it could not be taken again")
    replayed_at: datetime | None
    replayed_by: UUID | None


class DeadLetterPage(BaseModel):
    """Dead letters, the latest first."""

    items: list[DeadLetterRead]
    next: str | None = Field(description="value of `after` for the next page")


class PairRead(BaseModel):
    """How far the exchange with a partner has come; numbers count its messages from 1."""

    partner: str
    sent: int = Field(description="last number given to a message")
    taken: int = Field(description="last number taken in")
    sent_agreed: int = Field(description="up to where the partner's digest agreed with what was sent")
    taken_agreed: int = Field(description="up to where the partner's digest agreed with what was taken in")
    unreceipted: int = Field(description="messages without a receipt yet")
    gap: bool = Field(description="later messages wait for an earlier one")
    comparing: bool = Field(description="nothing is sent before the partner has told what it holds")
    findings: int
    compared_on: date | None
    heard_at: datetime | None


class PairPage(BaseModel):
    """Partners by code."""

    items: list[PairRead]
    next: str | None = Field(description="value of `after` for the next page")


class FindingRead(BaseModel):
    """What comparing with a partner has shown about a range of numbers."""

    id: UUID
    partner: str
    direction: str
    code: str
    code_label: str
    code_label_en: str
    first_number: int
    last_number: int
    found_at: datetime
    healed_at: datetime | None


class FindingPage(BaseModel):
    """Findings, the latest first."""

    items: list[FindingRead]
    next: str | None = Field(description="value of `after` for the next page")


class RestorationRead(BaseModel):
    """How many partners have yet to tell what they hold."""

    comparing: int
