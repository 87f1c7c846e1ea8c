"""Table of measures. Schema only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, DateTime, Text
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class MeasureRow(ReportingTable, table=True):
    """A measure; ``made_by`` is null where it came with the program."""

    __tablename__ = "measure"
    __table_args__ = (
        CheckConstraint("kind IN ('flow', 'stock', 'balance')", name="measure_kind"),
        CheckConstraint("unit IN ('person', 'couple', 'time', 'case', 'fen')", name="measure_unit"),
        CheckConstraint("origin IN ('register', 'migrant', 'return')", name="measure_origin"),
    )

    code: str = Field(sa_type=Text, primary_key=True)
    zh: str = Field(sa_type=Text)
    en: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    unit: str = Field(sa_type=Text)
    populations: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    origin: str = Field(sa_type=Text)
    made_by: UUID | None = None
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
