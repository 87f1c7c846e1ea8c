"""Tables of enrolments. Schema only; queries are in :mod:`.repository`.

An enrolment belongs to the area that pays it, which it keeps when the person moves: the floor reads its own
area. What was declared (a child's disability among it) and the account are sealed.
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
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

FLOOR = {
    "benefit_enrolment": "renkou_in_scope(area)",
    "benefit_step": "EXISTS (SELECT FROM benefit_enrolment e WHERE e.id = benefit_step.enrolment_id OFFSET 0)",
    "benefit_notice_entry": "renkou_in_scope(area)",
    "benefit_objection": "renkou_in_scope(area)",
}
APPEND_ONLY = ("benefit_step",)
_OPEN = "state NOT IN ('ended', 'rejected', 'withdrawn')"


class BenefitEnrolment(SQLModel, table=True):
    """A person's case in one scheme; one open case per person and scheme."""

    __tablename__ = "benefit_enrolment"
    __table_args__ = (
        CheckConstraint(
            "state IN ('applied', 'community_checked', 'subdistrict_checked', 'approved', 'noticed',"
            " 'active', 'ended', 'returned', 'rejected', 'withdrawn')",
            name="benefit_enrolment_state",
        ),
        CheckConstraint("origin IN ('person', 'worker')", name="benefit_enrolment_origin"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="benefit_enrolment_end"),
        Index(
            "benefit_enrolment_one_open", "scheme_id", "person_id", unique=True, postgresql_where=sql(_OPEN)
        ),
        Index("benefit_enrolment_area", "scheme_id", "area", "id"),
        Index("benefit_enrolment_person", "person_id"),
        Index("benefit_enrolment_active", "id", postgresql_where=sql("state = 'active'")),
        Index("benefit_enrolment_notice", "notice_id", postgresql_where=sql("notice_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    scheme_id: UUID = Field(sa_column=Column(ForeignKey("benefit_scheme.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    merged_person_id: UUID | None = Field(default=None, description="before the person's records were merged")
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    origin: str = Field(sa_column=Column(Text, nullable=False))
    applied_on: date
    declared_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    confirmed: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    account_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    notice_id: UUID | None = None
    active_on: date | None = None
    ended_on: date | None = None
    end_cause: str | None = Field(default=None, sa_column=Column(Text))
    previous_id: UUID | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class BenefitStep(SQLModel, table=True):
    """One step of a case: never changed."""

    __tablename__ = "benefit_step"
    __table_args__ = (Index("benefit_step_enrolment", "enrolment_id", "position"),)

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    enrolment_id: UUID = Field(sa_column=Column(ForeignKey("benefit_enrolment.id"), nullable=False))
    action: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    note: str | None = Field(default=None, sa_column=Column(Text))
    taken_by: UUID
    taken_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class BenefitNotice(SQLModel, table=True):
    """A public notice (公示) of approved cases from a day to a day."""

    __tablename__ = "benefit_notice"
    __table_args__ = (
        CheckConstraint("from_on <= to_on", name="benefit_notice_days"),
        Index("benefit_notice_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    scheme_id: UUID = Field(sa_column=Column(ForeignKey("benefit_scheme.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    from_on: date
    to_on: date
    published_by: UUID
    published_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class BenefitNoticeEntry(SQLModel, table=True):
    """A line of a notice, masked for the public when it was published."""

    __tablename__ = "benefit_notice_entry"

    notice_id: UUID = Field(sa_column=Column(ForeignKey("benefit_notice.id"), primary_key=True))
    place: int = Field(primary_key=True)
    enrolment_id: UUID = Field(sa_column=Column(ForeignKey("benefit_enrolment.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    masked_name: str = Field(sa_column=Column(Text, nullable=False))
    masked_number: str | None = Field(default=None, sa_column=Column(Text))


class BenefitObjection(SQLModel, table=True):
    """An objection (异议) to a noticed case; its words are sealed."""

    __tablename__ = "benefit_objection"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name="benefit_objection_state"),
        CheckConstraint("resolved_by <> recorded_by", name="benefit_objection_four_eyes"),
        Index("benefit_objection_notice", "notice_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    notice_id: UUID = Field(sa_column=Column(ForeignKey("benefit_notice.id"), nullable=False))
    enrolment_id: UUID = Field(sa_column=Column(ForeignKey("benefit_enrolment.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    words_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    recorded_by: UUID
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    resolved_by: UUID | None = None
    resolved_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    resolution: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
