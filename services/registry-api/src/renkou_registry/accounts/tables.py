"""Table of persons' accounts. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Text, text
from sqlmodel import Field, SQLModel

FLOOR = {"person_account": "EXISTS (SELECT FROM person p WHERE p.id = person_account.person_id OFFSET 0)"}
APPEND_ONLY: tuple[str, ...] = ()


class PersonAccount(SQLModel, table=True):
    """The account by which a person sees the own record; at most one for each person.

    ``password_hash`` is null until the person has activated it with the one-time code. ``locked_until``
    throttles guessing, in real time.
    """

    __tablename__ = "person_account"
    __table_args__ = (
        CheckConstraint("(code_hash IS NULL) = (code_expires_at IS NULL)", name="person_account_code"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False, unique=True))
    account: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    password_hash: str | None = Field(default=None, sa_column=Column(Text))
    code_hash: str | None = Field(default=None, sa_column=Column(Text))
    code_expires_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    active: bool
    failed_attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    locked_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    closed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    opened_by: UUID
