"""Tables of targets. Schema only."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class TargetRow(ReportingTable, table=True):
    """What a target is on; the empty text stands for a dimension that is not told apart."""

    __tablename__ = "target"
    __table_args__ = (
        UniqueConstraint(
            "indicator", "population", "area", "period", "sex", "parity", "ages", "detail", name="target_of"
        ),
        Index("target_by_period", "period", "area"),
    )

    id: UUID = Field(primary_key=True)
    indicator: str = Field(sa_type=Text, foreign_key="indicator.code")
    population: str = Field(sa_type=Text)
    area: int = Field(sa_type=BigInteger)
    period: str = Field(sa_type=Text)
    sex: str = Field(sa_type=Text)
    parity: str = Field(sa_type=Text)
    ages: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    version: int = Field(description="of the record, for If-Match")


class TargetVersionRow(ReportingTable, table=True):
    """A version of a target: drafted by one, put in force by another."""

    __tablename__ = "target_version"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'active', 'superseded', 'withdrawn')", name="target_version_state"
        ),
        CheckConstraint("made_by <> approved_by", name="target_version_four_eyes"),
        CheckConstraint("comparison IN ('at_least', 'at_most', 'between')", name="target_version_comparison"),
        Index("target_version_draft", "target_id", unique=True, postgresql_where=text("state = 'draft'")),
        Index("target_version_active", "target_id", unique=True, postgresql_where=text("state = 'active'")),
    )

    target_id: UUID = Field(primary_key=True, foreign_key="target.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    state: str = Field(sa_type=Text)
    comparison: str = Field(sa_type=Text)
    low: Decimal | None = Field(default=None, sa_column=Column(Numeric(18, 6), nullable=True))
    high: Decimal | None = Field(default=None, sa_column=Column(Numeric(18, 6), nullable=True))
    below: bool = Field(sa_type=Boolean, description="holds for the areas within too")
    reason: str = Field(sa_type=Text)
    made_by: UUID
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    approved_by: UUID | None = None
    approved_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawn_by: UUID | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)
