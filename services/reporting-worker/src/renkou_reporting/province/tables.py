"""Tables of a province's node: what its districts published. No person and no fact is among it. Schema only."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKeyConstraint, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable

_VERSION = ["district", "period", "version"]


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(_VERSION, [f"district_version.{name}" for name in _VERSION])


class DistrictSourceRow(ReportingTable, table=True):
    """How far a district's feed is pulled, and what is wrong with it."""

    __tablename__ = "district_source"

    district: str = Field(sa_type=Text, primary_key=True)
    position: int = Field(sa_type=BigInteger, description="number of the last document taken over")
    asked_at: datetime = Field(sa_type=DateTime(timezone=True))
    problem: str | None = Field(default=None, sa_type=Text)
    problem_since: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class DistrictVersionRow(ReportingTable, table=True):
    """A version that a district published, with its signature; never changed."""

    __tablename__ = "district_version"
    __table_args__ = (UniqueConstraint("district", "number", name="district_version_number"),)

    district: str = Field(sa_type=Text, primary_key=True)
    period: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(sa_type=BigInteger)
    definitions: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    payload_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    protected: str = Field(sa_type=Text)
    signature: str = Field(sa_type=Text)
    pulled_at: datetime = Field(sa_type=DateTime(timezone=True))


class DistrictFigureRow(ReportingTable, table=True):
    """A figure of a whole district as it was published."""

    __tablename__ = "district_figure"
    __table_args__ = (_of_version(),)

    district: str = Field(sa_type=Text, primary_key=True)
    period: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    indicator: str = Field(sa_type=Text, primary_key=True)
    dims: str = Field(sa_type=Text, primary_key=True)
    numerator: str | None = Field(default=None, sa_type=Text)
    denominator: str | None = Field(default=None, sa_type=Text)
    value: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)


class DistrictAccountRow(ReportingTable, table=True):
    """A population account of a whole district as it was published."""

    __tablename__ = "district_account"
    __table_args__ = (_of_version(),)

    district: str = Field(sa_type=Text, primary_key=True)
    period: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    parts: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
