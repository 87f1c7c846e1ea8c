"""Tables of aggregate returns. Schema only."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text, text
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class AggregateReturnRow(ReportingTable, table=True):
    """A return: what it is, for which area and month, and whether it was withdrawn."""

    __tablename__ = "aggregate_return"
    __table_args__ = (Index("aggregate_return_by_area", "area", "id"),)

    id: UUID = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    area: int = Field(sa_type=BigInteger)
    month: int
    line_count: int
    submitted_by: UUID
    submitted_at: datetime = Field(sa_type=DateTime(timezone=True))
    withdrawn_by: UUID | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)


class ReturnLineRow(ReportingTable, table=True):
    """One count of a return."""

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


class ReturnEntryRow(ReportingTable, table=True):
    """The returns' own feed, gapless: a return entered (sign 1) or was withdrawn (sign -1)."""

    __tablename__ = "return_entry"
    __table_args__ = (CheckConstraint("sign IN (-1, 1)", name="return_entry_sign"),)

    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    event_id: UUID
    return_id: UUID = Field(foreign_key="aggregate_return.id")
    sign: int = Field(sa_type=SmallInteger)
    recorded_at: datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
    )
