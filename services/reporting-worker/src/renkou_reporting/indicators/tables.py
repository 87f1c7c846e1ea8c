"""Tables of definitions. Schema only."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class IndicatorRow(ReportingTable, table=True):
    """A code, and its place in lists."""

    __tablename__ = "indicator"

    code: str = Field(sa_type=Text, primary_key=True)
    position: int = Field(description="order in lists and tables")


class IndicatorVersionRow(ReportingTable, table=True):
    """A version of a definition; ``made_by`` and ``approved_by`` are null where it came with the program."""

    __tablename__ = "indicator_version"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'active', 'retired')", name="indicator_version_state"),
        CheckConstraint("made_by <> approved_by", name="indicator_version_four_eyes"),
    )

    code: str = Field(sa_type=Text, primary_key=True, foreign_key="indicator.code")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(unique=True)
    state: str = Field(sa_type=Text)
    valid_from: date | None = None
    valid_to: date | None = None
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    packaged: bool = Field(sa_type=Boolean, description="came with the program")
    reason: str = Field(sa_type=Text)
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    approved_by: UUID | None = None
    approved_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class DefinitionRevisionRow(ReportingTable, table=True):
    """One row: another identifier after every change of measures and definitions, so that processes notice."""

    __tablename__ = "definition_revision"
    __table_args__ = (CheckConstraint("id", name="definition_revision_one"),)

    id: bool = Field(default=True, sa_type=Boolean, primary_key=True)
    revision: UUID
