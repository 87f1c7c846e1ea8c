"""Tables of persons' requests. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

FLOOR = {
    "privacy_request": (
        "renkou_in_scope(area) OR EXISTS (SELECT FROM person p WHERE p.id = privacy_request.person_id OFFSET 0)"
    ),
    "privacy_request_step": (
        "EXISTS (SELECT FROM privacy_request r WHERE r.id = privacy_request_step.request_id OFFSET 0)"
    ),
}


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


def _text(*, nullable: bool = True) -> Any:
    return Column(Text, nullable=nullable)


class PrivacyRequest(SQLModel, table=True):
    """What a person asks for, and what was decided; ``area`` is the community where the person asked, whose office
    answers, also after a move.

    Only one of a kind is open at a time. Rows are deleted only when they are closed, by the clock of retention.
    """

    __tablename__ = "privacy_request"
    __table_args__ = (
        CheckConstraint("kind IN ('deletion', 'restriction', 'explanation')", name="privacy_request_kind"),
        CheckConstraint("how IN ('own_account', 'counter')", name="privacy_request_how"),
        CheckConstraint(
            "state IN ('received', 'awaiting_second', 'carrying_out', 'answered', 'withdrawn')",
            name="privacy_request_state",
        ),
        CheckConstraint("outcome IN ('granted', 'partly', 'refused')", name="privacy_request_outcome"),
        CheckConstraint(
            "(state IN ('answered', 'withdrawn')) = (closed_at IS NOT NULL)", name="privacy_request_closed"
        ),
        CheckConstraint(
            "state NOT IN ('awaiting_second', 'carrying_out', 'answered') OR (outcome IS NOT NULL"
            " AND reason IS NOT NULL AND answer IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="privacy_request_decided",
        ),
        CheckConstraint("outcome = 'granted' OR law IS NOT NULL", name="privacy_request_law"),
        CheckConstraint("second_by NOT IN (decided_by, received_by)", name="privacy_request_four_eyes"),
        CheckConstraint(
            "(erasure_id IS NULL) = (second_by IS NULL) AND (state <> 'carrying_out' OR erasure_id IS NOT NULL)",
            name="privacy_request_erasure",
        ),
        CheckConstraint(
            "kind <> 'deletion' OR state <> 'answered' OR outcome = 'refused' OR erasure_id IS NOT NULL",
            name="privacy_request_erased",
        ),
        Index(
            "privacy_request_open",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=sql("state IN ('received', 'awaiting_second', 'carrying_out')"),
        ),
        Index("privacy_request_due", "due_on", "id"),
        Index("privacy_request_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=_text(nullable=False))
    how: str = Field(sa_column=_text(nullable=False))
    wish: str = Field(sa_column=_text(nullable=False))
    about: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=_text(nullable=False))
    due_on: date
    extended: bool
    received_at: datetime = Field(sa_column=_moment())
    received_by: UUID
    outcome: str | None = Field(default=None, sa_column=_text())
    reason: str | None = Field(default=None, sa_column=_text())
    law: str | None = Field(default=None, sa_column=_text())
    answer: str | None = Field(default=None, sa_column=_text())
    decided_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    decided_by: UUID | None = None
    second_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    second_by: UUID | None = None
    erasure_id: UUID | None = None
    closed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class PrivacyRequestStep(SQLModel, table=True):
    """What was done to a request, by whom and with which words; never changed, deleted only with its request."""

    __tablename__ = "privacy_request_step"

    request_id: UUID = Field(
        sa_column=Column(ForeignKey("privacy_request.id", ondelete="CASCADE"), primary_key=True)
    )
    place: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    act: str = Field(sa_column=_text(nullable=False))
    outcome: str | None = Field(default=None, sa_column=_text())
    told: str | None = Field(default=None, sa_column=_text())
    taken_at: datetime = Field(sa_column=_moment())
    taken_by: UUID | None = None
