"""Tables of pre-pregnancy checks. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. Nothing here is
append-only: a couple that withdraws has what was found deleted.
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
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

_OF_CHECK = "EXISTS (SELECT FROM prepregnancy_check c WHERE c.id = {table}.check_id OFFSET 0)"
FLOOR = {
    "prepregnancy_check": "renkou_in_scope(area)",
    "prepregnancy_consent": _OF_CHECK.format(table="prepregnancy_consent"),
    "prepregnancy_step": _OF_CHECK.format(table="prepregnancy_step"),
}


class PrepregnancyCheck(SQLModel, table=True):
    """One couple's check (two persons, or one alone) in the area and population in which it counts."""

    __tablename__ = "prepregnancy_check"
    __table_args__ = (
        CheckConstraint(
            "state IN ('declined', 'registered', 'history', 'laboratory', 'imaging', 'assessed', 'informed',"
            " 'early_follow_up', 'outcome_follow_up', 'closed', 'withdrawn')",
            name="prepregnancy_check_state",
        ),
        CheckConstraint("first_person_id <> second_person_id", name="prepregnancy_check_couple"),
        Index("prepregnancy_check_listed", "area", "registered_on", "id"),
        Index("prepregnancy_check_first", "first_person_id"),
        Index("prepregnancy_check_second", "second_person_id"),
    )

    id: UUID = Field(primary_key=True)
    first_person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    second_person_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("person.id")))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    population: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    registered_on: date
    ended_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class PrepregnancyConsent(SQLModel, table=True):
    """A person's separate consent to the recording of health data in this check (单独同意)."""

    __tablename__ = "prepregnancy_consent"
    __table_args__ = (UniqueConstraint("check_id", "person_id", name="prepregnancy_consent_once"),)

    id: UUID = Field(primary_key=True)
    check_id: UUID = Field(sa_column=Column(ForeignKey("prepregnancy_check.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    given_on: date
    given_how: str = Field(sa_column=Column(Text, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class PrepregnancyStep(SQLModel, table=True):
    """What one step found in one person, sealed; a correction adds a revision."""

    __tablename__ = "prepregnancy_step"
    __table_args__ = (
        UniqueConstraint("check_id", "step", "person_id", "revision", name="prepregnancy_step_once"),
    )

    id: UUID = Field(primary_key=True)
    check_id: UUID = Field(sa_column=Column(ForeignKey("prepregnancy_check.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    step: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(SmallInteger, nullable=False))
    done_on: date
    form_version: str = Field(sa_column=Column(Text, nullable=False))
    values_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
