"""Requests and answers about notices."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.codes.masking import mask_resident_id
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import Direction, MessageState, is_overdue
from renkou_migrant.exchange.repository import StoredMessage


class DisputeCreate(BaseModel):
    """Why the receiver does not accept a notice."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "户口已于 2024 年迁出本区"}]}
    )

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class AnswerCreate(BaseModel):
    """The reply to an arrival notice, an inquiry or a dispute."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"known": True, "note": None}]})

    known: bool | None = Field(strict=True, description="true: ours; false: not ours; null: see the note")
    note: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class NoticeRead(BaseModel):
    """A message as this end knows it, without its content."""

    id: UUID
    direction: Direction
    kind: MessageKind
    partner: str = Field(description="the other district")
    state: MessageState
    code: str | None = Field(description="why it is dead, where it is")
    due_on: date | None = Field(description="last day for the reply")
    overdue: bool
    thread: UUID = Field(description="what belongs together: all messages about one arrival")
    in_reply_to: UUID | None
    number: int | None = Field(description="gapless number between the two districts")
    agreement_id: UUID | None
    arrival_id: UUID | None
    area: str = Field(description="12-digit area that answers for it here")
    occurred_on: date | None
    drafted_at: datetime
    created_at: datetime | None = Field(description="when it was signed")
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    closed_at: datetime | None
    life_event_id: UUID | None = Field(description="birth that was entered on its confirmation")
    version: int

    @classmethod
    def of(cls, stored: StoredMessage, today: date) -> Self:
        """Return the answer for a message as of a day."""
        return cls(**_members(stored, today))


class ReplyRead(NoticeRead):
    """A reply with what it says."""

    content: dict[str, Any] | None

    @classmethod
    def with_content(cls, stored: StoredMessage, today: date, content: dict[str, Any] | None) -> Self:
        """Return the answer for a message and its decrypted content; ID numbers are masked."""
        return cls(**_members(stored, today), content=masked(content))


class NoticeDetail(ReplyRead):
    """A message with its content and what was replied to it."""

    replies: list[ReplyRead] = Field(default_factory=list)


class NoticePage(BaseModel):
    """Messages, the latest first."""

    items: list[NoticeRead]
    next: str | None = Field(description="value of `after` for the next page")


def masked(content: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return content with ID numbers masked."""
    subject = (content or {}).get("subject")
    if content is None or not isinstance(subject, dict) or not subject.get("resident_id"):
        return content
    return {**content, "subject": {**subject, "resident_id": mask_resident_id(subject["resident_id"])}}


def _members(stored: StoredMessage, today: date) -> dict[str, Any]:
    message = stored.message
    return {
        "id": message.id,
        "direction": message.direction,
        "kind": message.kind,
        "partner": message.partner,
        "state": message.state,
        "code": stored.code,
        "due_on": message.due_on,
        "overdue": is_overdue(message.state, message.due_on, today),
        "thread": message.thread,
        "in_reply_to": stored.in_reply_to,
        "number": stored.pair_seq,
        "agreement_id": stored.agreement_id,
        "arrival_id": stored.arrival_id,
        "area": f"{message.area:012d}",
        "occurred_on": message.occurred_on,
        "drafted_at": message.drafted_at,
        "created_at": stored.created_at,
        "sent_at": message.sent_at,
        "delivered_at": stored.delivered_at,
        "read_at": stored.read_at,
        "closed_at": stored.closed_at,
        "life_event_id": stored.life_event_id,
        "version": message.revision,
    }
