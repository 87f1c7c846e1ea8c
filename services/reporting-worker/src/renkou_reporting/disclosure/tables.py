"""Tables of disclosure: what was hidden and why, and what later publications need to know of it. Rows are added,
never changed. Schema only."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class SuppressionRow(ReportingTable, table=True):
    """A figure, or a part of an account, that a published version does not show."""

    __tablename__ = "suppression"
    __table_args__ = (CheckConstraint("kind IN ('primary', 'complementary')", name="suppression_kind"),)

    version_id: UUID = Field(primary_key=True, foreign_key="published_version.id")
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    indicator: str = Field(sa_type=Text, primary_key=True, description="an indicator, or population_account")
    dims: str = Field(sa_type=Text, primary_key=True, description="as of the figure; of an account the part")
    kind: str = Field(sa_type=Text)


class PublishedCountRow(ReportingTable, table=True):
    """The counts behind a version's figures of some populations, with which are hidden."""

    __tablename__ = "published_count"

    version_id: UUID = Field(primary_key=True, foreign_key="published_version.id")
    populations: str = Field(sa_type=Text, primary_key=True)
    counts: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    rests: list[Any] = Field(sa_column=Column(JSONB, nullable=False))


class WayOutRow(ReportingTable, table=True):
    """Proof that something hidden cannot be worked out; the newest of a ``root`` counts, without changes: none."""

    __tablename__ = "way_out"
    __table_args__ = (Index("way_out_by_root", "populations", "root"),)

    version_id: UUID = Field(primary_key=True, foreign_key="published_version.id")
    root: UUID = Field(primary_key=True)
    populations: str = Field(sa_type=Text)
    first_month: int
    last_month: int
    ahead: int
    back: int
    changes: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
