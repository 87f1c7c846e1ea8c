"""Tables of checks of accounts and of what they found. Schema only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, SmallInteger, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class AccountCheckRow(ReportingTable, table=True):
    """A check of all accounts up to a month: why it was made, and what it found."""

    __tablename__ = "account_check"
    __table_args__ = (
        CheckConstraint("reason IN ('month', 'rebuild', 'asked')", name="account_check_reason"),
        Index(
            "account_check_one_at_a_time",
            "active",
            unique=True,
            postgresql_where=sql_text("active"),
        ),
    )

    id: UUID = Field(primary_key=True)
    through: int = Field(description="last month checked, yyyymm")
    reason: str = Field(sa_type=Text)
    active: bool = Field(description="waits to be made; one check at a time")
    requested_by: UUID | None = None
    requested_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    found: int | None = None


class AccountIncidentRow(ReportingTable, table=True):
    """An account that does not balance, with its cause; it counts one account, never a person."""

    __tablename__ = "account_incident"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'explained', 'solved')", name="account_incident_state"),
        Index(
            "account_incident_once",
            "kind",
            "area",
            "population",
            "measure",
            "sex",
            "birth_month",
            unique=True,
            postgresql_where=sql_text("state <> 'solved'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    area: int = Field(sa_type=BigInteger)
    population: str = Field(sa_type=Text)
    measure: str = Field(sa_type=Text)
    sex: int = Field(sa_type=SmallInteger)
    birth_month: int
    month: int
    expected: int = Field(sa_type=BigInteger)
    found: int = Field(sa_type=BigInteger)
    cells: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    events: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=DateTime(timezone=True))
    explained_by: UUID | None = None
    explained_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    explanation: str | None = Field(default=None, sa_type=Text)
    solved_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
