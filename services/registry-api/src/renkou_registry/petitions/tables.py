"""Tables of petitions. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both. Who petitioned and what was said are sealed.
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
    Text,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {
    "petition": "renkou_in_scope(area)",
    "petition_reply": "renkou_in_scope(area)",
    "petition_reading": "renkou_in_scope(area)",
}
APPEND_ONLY: tuple[str, ...] = ("petition_reply", "petition_reading")


class Petition(SQLModel, table=True):
    """A petition (信访). ``next_due`` is the day of the clock that runs now; none once nothing is due."""

    __tablename__ = "petition"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'replied', 'closed', 'withdrawn')", name="petition_state"),
        CheckConstraint("NOT anonymous OR name_sealed IS NULL", name="petition_anonymous"),
        Index("petition_area", "area", "id"),
        Index("petition_due", "next_due", "id", postgresql_where=sql("next_due IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    received_on: date
    channel: str = Field(sa_column=Column(Text, nullable=False))
    topic: str = Field(sa_column=Column(Text, nullable=False))
    office: str = Field(sa_column=Column(Text, nullable=False))
    anonymous: bool
    name_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    phone_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    content_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    first_replied_on: date | None = None
    ended_on: date | None = None
    extended_on: date | None = None
    extension_reason: str | None = Field(default=None, sa_column=Column(Text))
    first_due: date
    close_due: date
    next_due: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class PetitionReply(SQLModel, table=True):
    """A reply to the petitioner; the last one closes the petition."""

    __tablename__ = "petition_reply"
    __table_args__ = (Index("petition_reply_petition", "petition_id", "id"),)

    id: UUID = Field(primary_key=True)
    petition_id: UUID = Field(sa_column=Column(ForeignKey("petition.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    replied_on: date
    closing: bool
    content_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class PetitionReading(SQLModel, table=True):
    """That somebody read who petitioned, and why."""

    __tablename__ = "petition_reading"
    __table_args__ = (Index("petition_reading_petition", "petition_id", "id"),)

    id: UUID = Field(primary_key=True)
    petition_id: UUID = Field(sa_column=Column(ForeignKey("petition.id"), nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    read_by: UUID
    read_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
