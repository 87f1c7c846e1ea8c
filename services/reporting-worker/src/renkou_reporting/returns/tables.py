"""Tables of aggregate returns. Schema only."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, SmallInteger, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable

_STATES = "('draft', 'filled', 'checked', 'signed', 'withdrawn', 'corrected')"
_OPEN = "state IN ('draft', 'filled', 'checked')"
_PLACE = ("form", "period", "area", "reporter", "occurrence")


class AggregateReturnRow(ReportingTable, table=True):
    """A return: form, place and period, where it stands, and who brought it there."""

    __tablename__ = "aggregate_return"
    __table_args__ = (
        CheckConstraint(f"state IN {_STATES}", name="aggregate_return_state"),
        Index("aggregate_return_by_area", "area", "id"),
        Index("aggregate_return_by_period", "form", "first_month", "area"),
        Index("aggregate_return_one_open", *_PLACE, unique=True, postgresql_where=sql_text(_OPEN)),
        Index(
            "aggregate_return_one_signed", *_PLACE, unique=True, postgresql_where=sql_text("state = 'signed'")
        ),
    )

    id: UUID = Field(primary_key=True)
    form: str = Field(sa_type=Text)
    form_version: int
    area: int = Field(sa_type=BigInteger)
    reporter: str = Field(sa_type=Text)
    occurrence: str = Field(sa_type=Text)
    period: str = Field(sa_type=Text)
    first_month: int
    last_month: int
    title: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    version: int
    revision: int
    replaces: UUID | None = Field(default=None, foreign_key="aggregate_return.id")
    begun_by: UUID
    begun_at: datetime = Field(sa_type=DateTime(timezone=True))
    handed_in_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    filled_by: UUID | None = None
    filled_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    checked_by: UUID | None = None
    checked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    signed_by: UUID | None = None
    signed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawn_by: UUID | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)


class ReturnRevisionRow(ReportingTable, table=True):
    """What was entered into a return, each time anew: values, lines, explanations as they were given."""

    __tablename__ = "return_revision"

    return_id: UUID = Field(primary_key=True, foreign_key="aggregate_return.id")
    revision: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    way: str = Field(sa_type=Text)
    saved_by: UUID
    saved_at: datetime = Field(sa_type=DateTime(timezone=True))


class ReturnStepRow(ReportingTable, table=True):
    """A step of a return's history; append-only."""

    __tablename__ = "return_step"
    __table_args__ = (Index("return_step_of", "return_id", "id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    return_id: UUID = Field(foreign_key="aggregate_return.id")
    step: str = Field(sa_type=Text)
    revision: int
    by: UUID
    at: datetime = Field(sa_type=DateTime(timezone=True))
    reason: str = Field(sa_type=Text)


class ReturnLineRow(ReportingTable, table=True):
    """One count of a signed return, as it entered the figures."""

    __tablename__ = "return_line"

    return_id: UUID = Field(primary_key=True, foreign_key="aggregate_return.id")
    line_no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    area: int = Field(sa_type=BigInteger)
    happened_on: date
    population: str = Field(sa_type=Text)
    measure: str = Field(sa_type=Text)
    sex: int = Field(sa_type=SmallInteger)
    birth_month: int
    parity: int = Field(sa_type=SmallInteger)
    value: int = Field(sa_type=BigInteger)
    detail: str = Field(default="", sa_type=Text)


class ReturnEntryRow(ReportingTable, table=True):
    """The returns' own feed, gapless: a return entered (sign 1) or left (sign -1) the figures."""

    __tablename__ = "return_entry"
    __table_args__ = (CheckConstraint("sign IN (-1, 1)", name="return_entry_sign"),)

    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    event_id: UUID
    return_id: UUID = Field(foreign_key="aggregate_return.id")
    sign: int = Field(sa_type=SmallInteger)
    recorded_at: datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": sql_text("now()")},
    )
