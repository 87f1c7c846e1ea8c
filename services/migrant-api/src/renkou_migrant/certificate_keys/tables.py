"""Tables of certificate keys. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Text
from sqlmodel import Field, SQLModel

APPEND_ONLY = ("compromised_certificate_key",)


class CompromisedCertificateKeyRow(SQLModel, table=True):
    """A key that somebody else may hold. It never signs again; a declaration is never taken back."""

    __tablename__ = "compromised_certificate_key"

    kid: str = Field(sa_column=Column(Text, primary_key=True))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    declared_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    declared_by: UUID
