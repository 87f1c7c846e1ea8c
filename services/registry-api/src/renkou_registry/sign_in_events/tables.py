"""Table of the record of sign-ins. Schema only; queries are in :mod:`.repository`.

``APPEND_ONLY`` names tables whose rows are never changed, and deleted only by the owner's functions once they have had
their time or the person's account goes; the migration reads it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, text
from sqlmodel import Field, SQLModel

APPEND_ONLY = ("sign_in_event",)


class SignInEvent(SQLModel, table=True):
    """One thing that happened to an account's access, in real time.

    ``subject`` and ``name`` are those of an account that exists; a name that nobody has is not kept, for it may be
    a password typed in the wrong place.
    """

    __tablename__ = "sign_in_event"
    __table_args__ = (
        Index("sign_in_event_subject", "subject", "id"),
        Index(
            "sign_in_event_unknown", "id", postgresql_where=text("subject IS NULL AND name IS NULL")
        ),  # strangers' attempts, which have a clock of their own
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    happened_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()"))
    )
    outcome: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    subject: UUID | None = None
    name: str | None = Field(default=None, sa_column=Column(Text))
    session_id: UUID | None = None
    done_by: UUID | None = None
    address: str | None = Field(default=None, sa_column=Column(Text))
    agent: str | None = Field(default=None, sa_column=Column(Text))
