"""Tables of deletions on request. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

FLOOR = {
    "erasure": "EXISTS (SELECT FROM person p WHERE p.id = erasure.person_id OFFSET 0)",
    "erasure_step": "EXISTS (SELECT FROM erasure e WHERE e.id = erasure_step.erasure_id OFFSET 0)",
}


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class Erasure(SQLModel, table=True):
    """A deletion on request: of whom, by whom ordered and approved, and how far it has come.

    ``record_ids`` are the person's records, also those that joined it; the database deletes from append-only tables
    for these only. ``carried_out_at``: all but the account is gone, which stays until ``account_due_on`` so that the
    answer can be read; None where there is none. ``kept`` are tables, rows and days until which they stay, as of then.
    ``told_kinds``: what was gone when last all else was done or waited for a cause; with it the request is answered.
    The worker leaves it alone until ``next_try_at``.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'finished')", name="erasure_state"),
        CheckConstraint("ordered_by <> approved_by", name="erasure_four_eyes"),
        CheckConstraint("(ordered_by IS NULL) = (approved_by IS NULL)", name="erasure_by_clock"),
        CheckConstraint("(state = 'finished') = (finished_at IS NOT NULL)", name="erasure_finished"),
        Index("erasure_running", "person_id", unique=True, postgresql_where=sql("state = 'running'")),
        Index("erasure_person", "person_id", "ordered_at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    record_ids: list[UUID] = Field(sa_column=Column(ARRAY(PG_UUID()), nullable=False))
    request_id: UUID | None = None
    ordered_by: UUID | None = Field(default=None, description="null: the clock of retention")
    approved_by: UUID | None = None
    state: str = Field(sa_column=Column(Text, nullable=False))
    ordered_at: datetime = Field(sa_column=_moment())
    carried_out_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    account_due_on: date | None = None
    finished_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    next_try_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    told_kinds: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text()), nullable=True))
    kept: list[Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=sql("'[]'")))


class ErasureStep(SQLModel, table=True):
    """One step: ``waiting`` until its turn, ``held`` for a ``cause``, ``done`` with the rows of each table."""

    __tablename__ = "erasure_step"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'held', 'done')", name="erasure_step_state"),
        CheckConstraint("(state = 'held') = (cause IS NOT NULL)", name="erasure_step_cause"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="erasure_step_done"),
    )

    erasure_id: UUID = Field(sa_column=Column(ForeignKey("erasure.id"), primary_key=True))
    code: str = Field(sa_column=Column(Text, primary_key=True))
    place: int = Field(sa_column=Column(SmallInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    cause: str | None = Field(default=None, sa_column=Column(Text))
    counts: list[Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=sql("'[]'")))
    done_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
