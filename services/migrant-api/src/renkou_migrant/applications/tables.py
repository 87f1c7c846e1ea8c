"""Tables of applications. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

FLOOR = {
    "certificate_application": "renkou_in_scope(registered_area)",
    "certificate_application_step": (
        "EXISTS (SELECT FROM certificate_application a WHERE a.id = application_id)"
    ),
}
APPEND_ONLY = ("certificate_application_step",)


class ApplicationRow(SQLModel, table=True):
    """An application for a certificate: for whom, which groups the person agreed to, and where it stands.

    Nothing that the certificate will state is kept here: it is read from the register when it is issued.
    """

    __tablename__ = "certificate_application"
    __table_args__ = (
        CheckConstraint(
            "state IN ('applied', 'returned', 'approved', 'issued', 'rejected', 'withdrawn')",
            name="certificate_application_state",
        ),
        CheckConstraint("kind IN ('first', 'replacement', 'renewal')", name="certificate_application_kind"),
        CheckConstraint(
            "(kind = 'replacement') = (reason IS NOT NULL) AND (kind = 'first') = (replaces IS NULL)",
            name="certificate_application_reason",
        ),
        CheckConstraint(
            "(state = 'issued') = (certificate_id IS NOT NULL)", name="certificate_application_issued"
        ),
        CheckConstraint(
            "(state IN ('issued', 'rejected', 'withdrawn')) = (closed_on IS NOT NULL)",
            name="certificate_application_closed",
        ),
        Index("certificate_application_position", "position", unique=True),
        Index("certificate_application_area", "registered_area", "position"),
        Index("certificate_application_person", "person_id", "position"),
        Index(
            "certificate_application_open",
            "person_ref",
            unique=True,
            postgresql_where=text("closed_on IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    person_id: UUID
    person_ref: UUID
    registered_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    groups: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    holder_key: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    replaces: UUID | None = None
    state: str = Field(sa_column=Column(Text, nullable=False))
    applied_on: date
    applied_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    closed_on: date | None = None
    certificate_id: UUID | None = None
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class ApplicationStepRow(SQLModel, table=True):
    """One step of an application: what, when, who, why. Append-only, under the floor of its application."""

    __tablename__ = "certificate_application_step"
    __table_args__ = (Index("certificate_application_step_of", "application_id", "position"),)

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    application_id: UUID
    step: str = Field(sa_column=Column(Text, nullable=False))
    happened_on: date
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_kind: str = Field(sa_column=Column(Text, nullable=False))
    actor_id: UUID | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    note: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
