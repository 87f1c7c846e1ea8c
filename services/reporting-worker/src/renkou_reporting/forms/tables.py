"""Tables of forms and of the units that hand them in. Schema only."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class FormVersionRow(ReportingTable, table=True):
    """A version of a form. Only its activation changes it; ``edition`` names what came with the program."""

    __tablename__ = "form_version"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'active')", name="form_version_state"),
        Index("form_version_edition", "code", "edition", unique=True),
    )

    code: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    state: str = Field(sa_type=Text)
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    edition: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(sa_type=Text)
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    activated_by: UUID | None = None
    activated_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class FormReporterRow(ReportingTable, table=True):
    """A unit (填报单位) that hands in forms, from a day to a day."""

    __tablename__ = "form_reporter"
    __table_args__ = (Index("form_reporter_by_area", "area", "code"),)

    code: str = Field(sa_type=Text, primary_key=True)
    area: int = Field(sa_type=BigInteger)
    zh: str = Field(sa_type=Text)
    en: str = Field(sa_type=Text)
    forms: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    valid_from: date
    valid_to: date | None = None
    version: int
    entered_by: UUID
    entered_at: datetime = Field(sa_type=DateTime(timezone=True))
