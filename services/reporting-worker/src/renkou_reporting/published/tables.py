"""Tables of published figures; the service may read and add rows, never change one. Schema only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class PublishedVersionRow(ReportingTable, table=True):
    """A version of a period's figures: who signed it, where the feeds stood, and the signed document."""

    __tablename__ = "published_version"
    __table_args__ = (
        CheckConstraint("first_signed_by <> second_signed_by", name="published_version_two"),
        UniqueConstraint("area", "period", "version", name="published_version_once"),
        Index("published_version_by_months", "first_month", "last_month", "area", "version"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger, unique=True, description="place in the feed, without gaps from 1")
    closing_id: UUID = Field(foreign_key="closing.id")
    frozen_id: UUID = Field(foreign_key="frozen_figures.id", unique=True)
    area: int = Field(sa_type=BigInteger)
    period: str = Field(sa_type=Text)
    first_month: int
    last_month: int
    version: int
    first_signed_by: UUID
    first_signed_at: datetime = Field(sa_type=DateTime(timezone=True))
    second_signed_by: UUID
    second_signed_at: datetime = Field(sa_type=DateTime(timezone=True))
    reason: str = Field(sa_type=Text)
    positions: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    definitions: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    overrides: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    payload_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    protected: str = Field(sa_type=Text, description="protected header of the signature (RFC 7515)")
    signature: str = Field(sa_type=Text)


class PublishedCellRow(ReportingTable, table=True):
    """A figure as it was published; ``hidden`` ones keep their numbers here and show none."""

    __tablename__ = "published_cell"
    __table_args__ = (Index("published_cell_by_figure", "indicator", "population", "dims", "area"),)

    version_id: UUID = Field(primary_key=True, foreign_key="published_version.id")
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    indicator: str = Field(sa_type=Text, primary_key=True)
    dims: str = Field(sa_type=Text, primary_key=True)
    numerator: str = Field(sa_type=Text)
    denominator: str = Field(sa_type=Text)
    value: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    hidden: bool


class PublishedAccountRow(ReportingTable, table=True):
    """A population account as it was published: opening, entered, born, died, in, out, closing."""

    __tablename__ = "published_account"

    version_id: UUID = Field(primary_key=True, foreign_key="published_version.id")
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    parts: list[int] = Field(sa_column=Column(JSONB, nullable=False))
    hidden: list[str] = Field(sa_column=Column(JSONB, nullable=False), description="parts that are not shown")


class PublishedDifferenceRow(ReportingTable, table=True):
    """What a restated figure was before, and what changed it: events by feed and number, or the definition."""

    __tablename__ = "published_difference"

    version_id: UUID = Field(primary_key=True, foreign_key="published_version.id")
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    indicator: str = Field(sa_type=Text, primary_key=True)
    dims: str = Field(sa_type=Text, primary_key=True)
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    definition_changed: bool
    events: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    hidden: bool
