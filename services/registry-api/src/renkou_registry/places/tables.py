"""Table of places. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {"place": "renkou_in_scope(area)"}


class Place(SQLModel, table=True):
    """A grid, courtyard, building or residents' group of a community, valid from a day to before a day.

    ``code`` is the community's own and unique there. ``parent_id`` lies in the same community.
    """

    __tablename__ = "place"
    __table_args__ = (
        UniqueConstraint("area", "code", name="place_area_code"),
        CheckConstraint("kind IN ('grid', 'courtyard', 'building', 'residents_group')", name="place_kind"),
        CheckConstraint("valid_to > valid_from", name="place_days"),
        CheckConstraint("parent_id <> id", name="place_parent"),
        Index("place_children", "parent_id", postgresql_where=sql("parent_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    parent_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("place.id")))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date
    valid_to: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
