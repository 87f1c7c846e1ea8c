"""Tables of persons. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, LargeBinary, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

FLOOR = {
    "person": (
        "renkou_in_scope(present_area) OR renkou_in_scope(registered_area) OR renkou_in_scope(left_area)"
    )
}
APPEND_ONLY = ("unmask_log",)


def _area(*, nullable: bool = False) -> Column[int]:
    """Return a column for a 12-digit area key."""
    return Column(BigInteger, nullable=nullable)


class Person(SQLModel, table=True):
    """The current state of a person, derived from the life events, beside what is merely noted.

    ``ref`` is the only reference that leaves the service in events. The usual residence on a day is
    ``usual_next_area`` from ``usual_next_on`` on and ``usual_area`` before. A person whose entry was
    retracted is ``withdrawn`` and no longer found. ``left_area`` is set while neither address is in the
    district: the area that the person left.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("sex IN (0, 1, 2, 9)", name="person_sex"),
        CheckConstraint("alive = (died_on IS NULL)", name="person_death"),
        CheckConstraint(
            "(resident_id_sealed IS NULL) = (resident_id_index IS NULL)", name="person_resident_id"
        ),
        CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name="person_phone"),
        Index(
            "person_resident_id_index",
            "resident_id_index",
            unique=True,
            postgresql_where=sql("resident_id_index IS NOT NULL"),
        ),
        Index(
            "person_phone_index",
            "phone_index",
            "id",
            postgresql_where=sql("phone_index IS NOT NULL"),
        ),
        Index("person_present_area", "present_area", "id"),
        Index("person_registered_area", "registered_area", "id"),
        Index(
            "person_separated",  # 人户分离: few of many
            "registered_area",
            "id",
            postgresql_where=sql("present_area <> registered_area"),
        ),
        Index("person_usual_area", "usual_area", "id"),
        Index(
            "person_usual_next_area",
            "usual_next_area",
            "id",
            postgresql_where=sql("usual_next_area IS NOT NULL"),
        ),
        Index("person_name", "name", "id"),
        Index("person_name_birth", "name", "birth_date"),
        Index("person_birth", "birth_date", "sex"),
        Index("person_mother", "mother_id", postgresql_where=sql("mother_id IS NOT NULL")),
        Index("person_father", "father_id", postgresql_where=sql("father_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    ref: UUID = Field(unique=True)
    document_kind: str = Field(sa_column=Column(Text, nullable=False))
    resident_id_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    resident_id_index: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    name: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    sex: int = Field(sa_column=Column(SmallInteger, nullable=False))
    birth_date: date
    nationality: str = Field(sa_column=Column(Text, nullable=False))
    marital_status: str = Field(sa_column=Column(Text, nullable=False))
    registered_area: int = Field(sa_column=_area())
    registered_street: str | None = Field(default=None, sa_column=Column(Text))
    registered_since: date | None = None
    present_area: int = Field(sa_column=_area())
    present_street: str | None = Field(default=None, sa_column=Column(Text))
    present_since: date
    phone_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    phone_index: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    employer: str | None = Field(default=None, sa_column=Column(Text))
    mother_id: UUID | None = None
    father_id: UUID | None = None
    spouse_id: UUID | None = None
    children_count: int = Field(sa_column=Column(SmallInteger, nullable=False))
    alive: bool
    died_on: date | None = None
    usual_area: int | None = Field(default=None, sa_column=_area(nullable=True))
    usual_next_area: int | None = Field(default=None, sa_column=_area(nullable=True))
    usual_next_on: date | None = None
    left_area: int | None = Field(default=None, sa_column=_area(nullable=True))
    withdrawn: bool = Field(default=False)
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class UnmaskLog(SQLModel, table=True):
    """Who read protected data in the clear, which, what for and when; never changed."""

    __tablename__ = "unmask_log"
    __table_args__ = (
        CheckConstraint("kind IN ('unmask', 'facts', 'match')", name="unmask_log_kind"),
        Index("unmask_log_person", "person_id", "read_at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purpose: str | None = Field(default=None, sa_column=Column(Text))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    read_by: UUID
    read_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
