"""Table of approvals. Schema only; queries are in :mod:`.repository`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class ApprovalRow(SQLModel, table=True):
    """A request that a second person decides on, and what is to be done then."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="approval_decided"),
        CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name="approval_pending"),
        Index("approval_subject", "subject_id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    subject_id: UUID
    wanted: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    asked_by: UUID
    asked_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    state: str = Field(sa_column=Column(Text, nullable=False))
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    remark: str | None = Field(default=None, sa_column=Column(Text))
    version: int
