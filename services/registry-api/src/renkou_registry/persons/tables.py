"""Tables of persons. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.
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
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

FLOOR = {
    "person": (
        "renkou_in_scope(present_area) OR renkou_in_scope(registered_area) OR renkou_in_scope(left_area)"
    ),
    "person_detail": "EXISTS (SELECT FROM person p WHERE p.id = person_detail.person_id OFFSET 0)",
}
APPEND_ONLY = ("person_detail",)


def _area(*, nullable: bool = False) -> Column[int]:
    """Return a column for a 12-digit area key."""
    return Column(BigInteger, nullable=nullable)


class Person(SQLModel, table=True):
    """The current state of a person, derived from the life events, beside what is merely noted.

    ``ref`` is the only reference that leaves the service in events. The usual residence on a day is
    ``usual_next_area`` from ``usual_next_on`` on and ``usual_area`` before. A person whose entry was
    retracted is ``withdrawn`` and no longer found. ``left_area`` is set while neither address is in the
    district: the area that the person left. ``restricted``: a restriction of processing is in force (限制处理).

    ``document_kind`` is the document the person shows; ``other_document_*`` hold a passport or a birth
    certificate, also beside a resident ID given later. Its blind index has the kind in it: a number is unique
    within its kind. ``former_names`` are the names once borne (从前姓名), not misspellings.
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
            "person_other_document_index",
            "other_document_index",
            unique=True,
            postgresql_where=sql("other_document_index IS NOT NULL"),
        ),
        CheckConstraint(
            "(other_document_sealed IS NULL) = (other_document_index IS NULL)"
            " AND (other_document_sealed IS NULL) = (other_document_kind IS NULL)",
            name="person_other_document",
        ),
        Index(
            "person_separated",  # 人户分离: few of many; what counts by length of stay need is in the index
            "registered_area",
            "id",
            postgresql_include=["present_area", "present_since", "alive", "withdrawn"],
            postgresql_where=sql("present_area <> registered_area"),
        ),
        Index(
            "person_separated_present",  # the same people where they live
            "present_area",
            "id",
            postgresql_include=["registered_area", "present_since", "alive", "withdrawn"],
            postgresql_where=sql("present_area <> registered_area"),
        ),
        Index("person_place", "place_id", "id", postgresql_where=sql("place_id IS NOT NULL")),
        Index("person_spouse", "spouse_id", postgresql_where=sql("spouse_id IS NOT NULL")),
        Index("person_usual_area", "usual_area", "id"),
        Index(
            "person_usual_next_area",
            "usual_next_area",
            "id",
            postgresql_where=sql("usual_next_area IS NOT NULL"),
        ),
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
    other_document_kind: str | None = Field(default=None, sa_column=Column(Text))
    other_document_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    other_document_index: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    place_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("place.id")))
    former_names: list[str] = Field(
        sa_column=Column(ARRAY(Text(collation="C")), nullable=False, server_default=sql("'{}'"))
    )
    withdrawn: bool = Field(default=False)
    restricted: bool = Field(default=False, sa_column_kwargs={"server_default": sql("false")})
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class PersonDetail(SQLModel, table=True):
    """From a day on, until told otherwise, this is the value of a field of a person; never changed.

    What was recorded later holds from its day on, whatever was recorded before. A field without a row has
    had its present value ever since; before its first change that value is written with no day. Numbers are
    sealed under the names of their columns.
    """

    __tablename__ = "person_detail"
    __table_args__ = (
        CheckConstraint(
            "field IN ('name', 'nationality', 'phone', 'employer', 'registered_street', 'present_street',"
            " 'place_id', 'document_kind', 'resident_id', 'passport', 'birth_certificate')",
            name="person_detail_field",
        ),
        CheckConstraint("value IS NULL OR sealed IS NULL", name="person_detail_value"),
        Index("person_detail_person", "person_id", "position"),
    )

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    field: str = Field(sa_column=Column(Text, nullable=False))
    value: str | None = Field(default=None, sa_column=Column(Text))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    valid_from: date | None = None
    correction: bool
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class UnmaskUse(SQLModel, table=True):
    """When staff read in the clear (``unmask``, ``facts``) or were told that a number is taken elsewhere (``taken``).

    Of the last hour: so many are allowed. The log of it is the audit log.
    """

    __tablename__ = "unmask_use"
    __table_args__ = (Index("unmask_use_reader", "read_by", "kind", "read_at"),)

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    read_by: UUID
    read_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    kind: str = Field(default="unmask", sa_column=Column(Text, nullable=False, server_default="unmask"))
