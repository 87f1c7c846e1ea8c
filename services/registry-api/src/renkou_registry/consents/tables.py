"""Table of consents. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {
    "consent": "EXISTS (SELECT FROM person p WHERE p.id = consent.person_id OFFSET 0)",
    "consent_change": "EXISTS (SELECT FROM person p WHERE p.id = consent_change.person_id OFFSET 0)",
}
APPEND_ONLY = ("consent_change",)


class Consent(SQLModel, table=True):
    """A consent from the time it was given to the time it was withdrawn; how each came
    about stands in :class:`ConsentChange`."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("withdrawn_at >= given_at", name="consent_order"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="consent_withdrawn"),
        Index(
            "consent_in_force",
            "person_id",
            "purpose",
            unique=True,
            postgresql_where=sql("withdrawn_at IS NULL"),
        ),
        Index("consent_person", "person_id", "given_at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    given_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    given_by: UUID
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    withdrawn_by: UUID | None = None


class ConsentChange(SQLModel, table=True):
    """A consent given or withdrawn: how, when, and noted by whom (the person's account or a worker)."""

    __tablename__ = "consent_change"
    __table_args__ = (
        CheckConstraint("how IN ('own_account', 'in_person', 'paper')", name="consent_change_how"),
        Index("consent_change_person", "person_id", "changed_at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    given: bool = Field(sa_column=Column(Boolean, nullable=False))
    how: str = Field(sa_column=Column(Text, nullable=False))
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    changed_by: UUID
