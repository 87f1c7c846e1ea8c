"""Tables of the dated division tree. Schema only."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, SmallInteger, Text
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class AreaRow(ReportingTable, table=True):
    """A division as registry-api has it; a county and its prefecture may share a key."""

    __tablename__ = "area"

    key: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    level: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    title: str = Field(sa_type=Text)
    valid_from: date | None = None
    valid_to: date | None = Field(default=None, description="last day")


class AreaFormerNameRow(ReportingTable, table=True):
    """What a division was called before a day (exclusive)."""

    __tablename__ = "area_former_name"

    key: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    level: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    valid_until: date = Field(primary_key=True)
    title: str = Field(sa_type=Text)


class AreaSuccessionRow(ReportingTable, table=True):
    """Which divisions have territory of which from a day on, by change; the same code where it goes on."""

    __tablename__ = "area_succession"

    change_id: UUID = Field(primary_key=True)
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    successor: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    since: date
    kind: str = Field(sa_type=Text)
