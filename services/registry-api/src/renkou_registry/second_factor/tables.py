"""Tables of the second factor. Schema only; queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, LargeBinary, text
from sqlmodel import Field, SQLModel


class SecondFactor(SQLModel, table=True):
    """The secret that an account shares with its holder's authenticator; in force once a code confirmed it.

    ``last_step`` is the newest 30 seconds of which a code was taken: none of it or before it is taken again.
    """

    __tablename__ = "second_factor"

    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("staff_account.id", ondelete="CASCADE"), primary_key=True)
    )
    secret_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    confirmed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    last_step: int | None = Field(default=None, sa_column=Column(BigInteger))
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()"))
    )


class RecoveryCode(SQLModel, table=True):
    """A one-time code for when the authenticator is lost, by its hash."""

    __tablename__ = "recovery_code"

    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("second_factor.staff_id", ondelete="CASCADE"), primary_key=True)
    )
    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    used_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
