"""Table of honour certificates. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. A certificate is
visible where one of its holders is.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {
    "honour_certificate": (
        "EXISTS (SELECT FROM person p WHERE p.id = honour_certificate.first_holder_id OFFSET 0)"
        " OR EXISTS (SELECT FROM person p WHERE p.id = honour_certificate.second_holder_id OFFSET 0)"
    )
}


class HonourCertificate(SQLModel, table=True):
    """An only-child parents' honour certificate; one at most stands for a child."""

    __tablename__ = "honour_certificate"
    __table_args__ = (
        CheckConstraint("kind IN ('existing', 'issued', 'replacement')", name="honour_kind"),
        CheckConstraint("state IN ('valid', 'replaced', 'cancelled')", name="honour_state"),
        CheckConstraint("(state = 'valid') = (ended_on IS NULL)", name="honour_end"),
        CheckConstraint("first_holder_id <> second_holder_id", name="honour_couple"),
        Index("honour_child", "child_id", unique=True, postgresql_where=sql("state = 'valid'")),
        Index("honour_listed", "area", "issued_on", "id"),
        Index("honour_first_holder", "first_holder_id"),
        Index("honour_second_holder", "second_holder_id"),
    )

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    first_holder_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    second_holder_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("person.id")))
    child_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    issued_on: date
    replaces: UUID | None = Field(default=None, sa_column=Column(ForeignKey("honour_certificate.id")))
    ended_on: date | None = None
    cancel_reason: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
