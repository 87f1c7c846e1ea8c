"""Tables of reconciliations. Schema only."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Numeric, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class ReconciliationRow(ReportingTable, table=True):
    """A reconciliation: who asked (null: the daily one), what was compared, what it found."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="reconciliation_state"),
        Index("reconciliation_one_at_a_time", "active", unique=True, postgresql_where=sql_text("active")),
    )

    id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    active: bool = Field(description="waiting, or at work; one at a time")
    requested_by: UUID | None = None
    requested_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    feeds: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    returns: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    stock: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    found: int = 0
    healed: int = 0
    reason: str | None = Field(default=None, sa_type=Text)


class ReconciliationDifferenceRow(ReportingTable, table=True):
    """A difference that a reconciliation found, with what stood there; the log of what it put right."""

    __tablename__ = "reconciliation_difference"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    reconciliation_id: UUID = Field(foreign_key="reconciliation.id", index=True)
    kind: str = Field(sa_type=Text)
    feed: str = Field(sa_type=Text)
    seq: int | None = Field(default=None, sa_type=BigInteger)
    line_no: int | None = None
    area: int | None = Field(default=None, sa_type=BigInteger)
    population: str | None = Field(default=None, sa_type=Text)
    stored: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    expected: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    healed: bool
    reason: str | None = Field(default=None, sa_type=Text)


class FactSealRow(ReportingTable, table=True):
    """The facts of a block of numbers when they were last compared with the feed, up to the number ``last``."""

    __tablename__ = "fact_seal"

    feed: str = Field(sa_type=Text, primary_key=True)
    block: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int = Field(sa_type=BigInteger)
    facts: int = Field(sa_type=BigInteger)
    digest: Decimal = Field(sa_type=Numeric)
