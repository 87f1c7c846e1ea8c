"""Table of readings. Schema only; queries are in :mod:`.repository`.

``APPEND_ONLY`` names tables whose rows are never changed or deleted; the migration reads it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Text
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

APPEND_ONLY = ("reading",)


class Reading(SQLModel, table=True):
    """One answer that showed persons: which, what of them, to whom, what for.

    Under no floor: a row holds references only, and whoever reads the log does so by right, not by area.
    """

    __tablename__ = "reading"
    __table_args__ = (
        CheckConstraint("cardinality(person_ids) > 0", name="reading_persons"),
        Index("reading_person_ids", "person_ids", postgresql_using="gin"),
        Index("reading_read_by", "read_by", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    read_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    read_by: UUID
    reader_kind: str = Field(sa_column=Column(Text, nullable=False))
    what: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str | None = Field(default=None, sa_column=Column(Text))
    person_ids: list[UUID] = Field(
        sa_column=Column(postgresql.ARRAY(postgresql.UUID(as_uuid=True)), nullable=False)
    )
