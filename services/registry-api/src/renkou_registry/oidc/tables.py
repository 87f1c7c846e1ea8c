"""Tables of signing in by a provider. Schema only; queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()"))


class StaffIdentity(SQLModel, table=True):
    """By which name a provider knows the holder of a staff account: one account for each, and the other way round."""

    __tablename__ = "staff_identity"
    __table_args__ = (Index("staff_identity_issuer_subject", "issuer", "subject", unique=True),)

    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("staff_account.id", ondelete="CASCADE"), primary_key=True)
    )
    issuer: str = Field(sa_column=Column(Text, primary_key=True))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    linked_by: UUID
    linked_at: datetime = Field(sa_column=_moment())


class ProviderNonce(SQLModel, table=True):
    """The nonce of an ID token that somebody was signed in by, as a hash, until the token is too old anyway."""

    __tablename__ = "provider_nonce"
    __table_args__ = (Index("provider_nonce_used_at", "used_at"),)

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    used_at: datetime = Field(sa_column=_moment())
