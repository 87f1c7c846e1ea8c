"""Tables of households. Schema only; queries are in :mod:`.repository`.

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

FLOOR = {"household": "renkou_in_scope(area)", "household_member": "renkou_in_scope(area)"}


class Household(SQLModel, table=True):
    """A household (户); its number is unique within its community."""

    __tablename__ = "household"
    __table_args__ = (
        UniqueConstraint("area", "number", name="household_area_number"),
        CheckConstraint("kind IN ('family', 'collective')", name="household_kind"),
        Index("household_area", "area", "id"),
        Index("household_number", "number"),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    street: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class HouseholdMember(SQLModel, table=True):
    """A person's membership from a day to a day; ``area`` repeats the household's for the row-level floor."""

    __tablename__ = "household_member"
    __table_args__ = (
        Index(
            "household_member_current",
            "household_id",
            "person_id",
            unique=True,
            postgresql_where=sql("until IS NULL"),
        ),
        Index("household_member_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    household_id: UUID = Field(sa_column=Column(ForeignKey("household.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    relation: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    since: date | None = None
    until: date | None = None
