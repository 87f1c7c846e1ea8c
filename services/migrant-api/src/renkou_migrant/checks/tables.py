"""Tables of checks. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel


class CertificateCheckRow(SQLModel, table=True):
    """What a check came to. What the certificate said is not kept, only the hash of what was shown."""

    __tablename__ = "certificate_check"
    __table_args__ = (
        CheckConstraint("result IN ('valid', 'refused', 'unknown')", name="certificate_check_result"),
        Index("certificate_check_arrival", "arrival_id"),
    )

    id: UUID = Field(primary_key=True)
    arrival_id: UUID | None = None
    result: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    issuer: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    presentation_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    checked_on: date
    checked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    checked_by: UUID
