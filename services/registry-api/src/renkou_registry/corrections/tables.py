"""Tables of corrections. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {
    "correction_request": (
        "renkou_in_scope(area) OR EXISTS (SELECT FROM person p WHERE p.id = correction_request.person_id OFFSET 0)"
    )
}
APPEND_ONLY: tuple[str, ...] = ()


class CorrectionRequest(SQLModel, table=True):
    """A correction or retraction that somebody asked for and another person decides on.

    ``changes`` holds codes, areas and dates; a name or an ID number lies in ``details_sealed``. ``base`` is
    the fingerprint of what stood when it was asked for. ``area`` is the person's community then.
    """

    __tablename__ = "correction_request"
    __table_args__ = (
        CheckConstraint("kind IN ('correction', 'retraction')", name="correction_request_kind"),
        CheckConstraint(
            "state IN ('requested', 'approved', 'rejected', 'withdrawn')", name="correction_request_state"
        ),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="correction_request_decided"),
        CheckConstraint(
            "state NOT IN ('approved', 'rejected') OR decided_by <> requested_by",
            name="correction_request_four_eyes",
        ),
        CheckConstraint(
            "(state = 'approved') = (result_event_id IS NOT NULL)", name="correction_request_result"
        ),
        Index("correction_request_area", "state", "area", "id"),
        Index("correction_request_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    event_id: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    changes: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    details_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    base: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    requested_by: UUID
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    decision_reason: str | None = Field(default=None, sa_column=Column(Text))
    result_event_id: UUID | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
