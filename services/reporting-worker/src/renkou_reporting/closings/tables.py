"""Tables of closings. Schema only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class ClosingRow(ReportingTable, table=True):
    """A period of an area on its way to being published; ``version`` is the newest published one (0: none)."""

    __tablename__ = "closing"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'signed', 'published', 'reopened')", name="closing_state"),
        CheckConstraint("(state = 'signed') = (frozen_id IS NOT NULL)", name="closing_frozen"),
        UniqueConstraint("area", "period", name="closing_once"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_type=BigInteger)
    period: str = Field(sa_type=Text)
    first_month: int
    last_month: int
    state: str = Field(sa_type=Text)
    version: int = 0
    frozen_id: UUID | None = None
    opened_by: UUID
    opened_at: datetime = Field(sa_type=DateTime(timezone=True))


class FrozenRow(ReportingTable, table=True):
    """What the first of two signs: every number, canonical; never changed."""

    __tablename__ = "frozen_figures"

    id: UUID = Field(primary_key=True)
    closing_id: UUID = Field(foreign_key="closing.id", index=True)
    signed_by: UUID
    signed_at: datetime = Field(sa_type=DateTime(timezone=True))
    reason: str = Field(sa_type=Text)
    content_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ClosingStepRow(ReportingTable, table=True):
    """The log of a closing: who did what, when and why; never changed."""

    __tablename__ = "closing_step"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('opened', 'signed', 'published', 'withdrawn', 'reopened')", name="closing_step_kind"
        ),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    closing_id: UUID = Field(foreign_key="closing.id", index=True)
    kind: str = Field(sa_type=Text)
    by: UUID
    at: datetime = Field(sa_type=DateTime(timezone=True))
    reason: str = Field(sa_type=Text)
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
