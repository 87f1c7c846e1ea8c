"""Tables of sign-in sessions. Schema only; queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Column[datetime]:
    default = None if nullable else text("clock_timestamp()")
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


class SignInSession(SQLModel, table=True):
    """One sign-in of a member of staff or a person and everything renewed from it, in real time."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint("kind IN ('staff', 'person')", name="sign_in_session_kind"),
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="sign_in_session_end"),
        Index("sign_in_session_subject", "subject", "created_at"),
    )

    id: UUID = Field(primary_key=True)
    subject: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=_moment())
    last_used_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    address: str = Field(sa_column=Column(Text, nullable=False))
    agent: str = Field(sa_column=Column(Text, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    two_factors: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    ended_why: str | None = Field(default=None, sa_column=Column(Text))


class RefreshToken(SQLModel, table=True):
    """One refresh token by its hash. ``used_at`` is set once it has been exchanged for ``successor``."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("refresh_token_session", "session_id"),)

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    session_id: UUID = Field(
        sa_column=Column(ForeignKey("sign_in_session.id", ondelete="CASCADE"), nullable=False)
    )
    issued_at: datetime = Field(sa_column=_moment())
    used_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    attempt_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    successor: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
