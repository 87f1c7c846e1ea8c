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
    Identity,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {
    "household": "renkou_in_scope(area)",
    "household_member": "renkou_in_scope(area)",
    "household_detail": "EXISTS (SELECT FROM household h WHERE h.id = household_detail.household_id OFFSET 0)",
}
APPEND_ONLY = ("household_detail",)


class Household(SQLModel, table=True):
    """A household (户); its number is unique within its community, also after it was dissolved."""

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
    place_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("place.id")))
    dissolved_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class HouseholdMember(SQLModel, table=True):
    """A person's membership on the days since <= day < until, as known from an instant to an instant.

    Nothing is overwritten: a change ends what was known (``known_until``) and adds what is known now; a
    trigger lets nothing else through, except that ``area``, which repeats the household's for the row-level
    floor, follows it. ``since`` empty: ever since. ``cause`` is the life event that ended the membership.
    Instead of foreign keys, which look up and lock a row each time, the trigger ``refuse_unknown`` looks for the
    persons and households of all memberships that a statement adds; neither is ever deleted.
    """

    __tablename__ = "household_member"
    __table_args__ = (
        Index(
            "household_member_current",
            "household_id",
            "person_id",
            unique=True,
            postgresql_where=sql("until IS NULL AND known_until IS NULL"),
        ),
        Index(
            "household_member_registered",  # 一人一户
            "person_id",
            unique=True,
            postgresql_where=sql("kind = 'registered' AND until IS NULL AND known_until IS NULL"),
        ),
        Index("household_member_cause", "cause", postgresql_where=sql("cause IS NOT NULL")),
        Index("household_member_household", "household_id", "known_from"),
        CheckConstraint("kind IN ('registered', 'living')", name="household_member_kind"),
        CheckConstraint("until >= since", name="household_member_days"),
        CheckConstraint("known_until >= known_from", name="household_member_known"),
        Index("household_member_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    household_id: UUID
    person_id: UUID
    relation: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    since: date | None = None
    until: date | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text))
    cause: UUID | None = None
    known_from: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    known_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    recorded_by: UUID | None = None


class HouseholdDetail(SQLModel, table=True):
    """From a day on, until told otherwise, this is a household's number, kind and address; never changed.

    Read like a person's details: what was recorded later holds from its day on.
    """

    __tablename__ = "household_detail"
    __table_args__ = (Index("household_detail_household", "household_id", "position"),)

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    household_id: UUID = Field(sa_column=Column(ForeignKey("household.id"), nullable=False))
    number: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    street: str | None = Field(default=None, sa_column=Column(Text))
    place_id: UUID | None = None
    dissolved: bool
    valid_from: date | None = None
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
