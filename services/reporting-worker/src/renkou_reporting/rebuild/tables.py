"""Tables of rebuild jobs. Schema only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, SmallInteger, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class RebuildRow(ReportingTable, table=True):
    """A rebuild: how far it is, and what it found."""

    __tablename__ = "rebuild"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'reading', 'summing', 'comparing', 'swapping', 'done', 'failed')",
            name="rebuild_state",
        ),
        Index(
            "rebuild_one_at_a_time",
            "active",
            unique=True,
            postgresql_where=sql_text("active"),
        ),
    )

    id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    active: bool = Field(description="neither done nor failed; one rebuild at a time")
    requested_by: UUID
    requested_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    positions: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    targets: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    skipped: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    equal: bool | None = None
    difference_count: int = 0
    reason: str | None = Field(default=None, sa_type=Text)


class RebuildDifferenceRow(ReportingTable, table=True):
    """A cell on which live tables and rebuild did not agree."""

    __tablename__ = "rebuild_difference"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    rebuild_id: UUID = Field(foreign_key="rebuild.id", index=True)
    kind: str = Field(default="cell", sa_type=Text)
    area: int = Field(sa_type=BigInteger)
    month: int
    population: str = Field(sa_type=Text)
    measure: str = Field(sa_type=Text)
    sex: int = Field(sa_type=SmallInteger)
    parity: int = Field(sa_type=SmallInteger)
    birth_month: int
    detail: str = Field(default="", sa_type=Text)
    live: int | None = Field(default=None, sa_type=BigInteger)
    rebuilt: int | None = Field(default=None, sa_type=BigInteger)
