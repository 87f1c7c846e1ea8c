"""Tables of scorecards. Schema only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class ScorecardRow(ReportingTable, table=True):
    """A scorecard of an area and a period."""

    __tablename__ = "scorecard"
    __table_args__ = (Index("scorecard_by_period", "period", "area"),)

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_type=BigInteger)
    period: str = Field(sa_type=Text)
    version: int = Field(description="of the record, for If-Match")


class ScorecardVersionRow(ReportingTable, table=True):
    """A version of a scorecard's document: drafted by one, put in force by another."""

    __tablename__ = "scorecard_version"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'active', 'superseded', 'withdrawn')", name="scorecard_version_state"
        ),
        CheckConstraint("made_by <> approved_by", name="scorecard_version_four_eyes"),
        Index(
            "scorecard_version_draft", "scorecard_id", unique=True, postgresql_where=text("state = 'draft'")
        ),
        Index(
            "scorecard_version_active", "scorecard_id", unique=True, postgresql_where=text("state = 'active'")
        ),
    )

    scorecard_id: UUID = Field(primary_key=True, foreign_key="scorecard.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    state: str = Field(sa_type=Text)
    rules: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str = Field(sa_type=Text)
    made_by: UUID
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    approved_by: UUID | None = None
    approved_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawn_by: UUID | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)
