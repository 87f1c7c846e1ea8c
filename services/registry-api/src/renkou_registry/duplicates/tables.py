"""Tables of duplicates. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {
    "duplicate_candidate": (
        "EXISTS (SELECT FROM person p"
        " WHERE p.id IN (duplicate_candidate.first_id, duplicate_candidate.second_id) OFFSET 0)"
    ),
    "duplicate_merge": "EXISTS (SELECT FROM person p WHERE p.id = duplicate_merge.kept_id OFFSET 0)",
    "duplicate_moved": "EXISTS (SELECT FROM duplicate_merge m WHERE m.id = duplicate_moved.merge_id OFFSET 0)",
}
APPEND_ONLY: tuple[str, ...] = ("duplicate_moved",)


class DuplicateTodo(SQLModel, table=True):
    """A person to be compared with everybody else; the worker takes it off when that is done."""

    __tablename__ = "duplicate_todo"

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    person_id: UUID


class DuplicateRun(SQLModel, table=True):
    """A comparison of everybody in an area, in steps; ``after_id`` is the last person compared."""

    __tablename__ = "duplicate_run"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done')", name="duplicate_run_state"),
        Index("duplicate_run_open", "started_at", postgresql_where=sql("state = 'running'")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    area_high: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    after_id: UUID
    compared: int = Field(sa_column=Column(BigInteger, nullable=False))
    found: int = Field(sa_column=Column(BigInteger, nullable=False))
    total: int = Field(sa_column=Column(BigInteger, nullable=False))
    started_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    started_by: UUID
    ended_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class DuplicateCandidate(SQLModel, table=True):
    """Two records that may be one person, each pair once, the smaller id first."""

    __tablename__ = "duplicate_candidate"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id", name="duplicate_candidate_pair"),
        CheckConstraint("first_id < second_id", name="duplicate_candidate_order"),
        CheckConstraint("state IN ('open', 'merged', 'distinct')", name="duplicate_candidate_state"),
        Index("duplicate_candidate_list", "state", "probability", "id"),
        Index("duplicate_candidate_second", "second_id"),
    )

    id: UUID = Field(primary_key=True)
    first_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    second_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    probability: float = Field(sa_column=Column(Float, nullable=False))
    traits: list[str] = Field(sa_column=Column(postgresql.ARRAY(Text), nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    found_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    settled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    settled_by: UUID | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class DuplicateMerge(SQLModel, table=True):
    """A record that was joined to another; ``event_id`` takes it out of the register, ``joined`` is what the
    features need to undo it: ids, codes and numbers, nothing personal."""

    __tablename__ = "duplicate_merge"
    __table_args__ = (
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="duplicate_merge_undone"),
        Index("duplicate_merge_gone", "gone_id", unique=True, postgresql_where=sql("undone_at IS NULL")),
        Index("duplicate_merge_kept", "kept_id"),
    )

    id: UUID = Field(primary_key=True)
    kept_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    gone_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    event_id: UUID
    document_taken: bool = Field(sa_column=Column(Boolean, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    merged_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    merged_by: UUID
    joined: dict[str, Any] = Field(sa_column=Column(postgresql.JSONB, nullable=False))
    undone_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    undone_by: UUID | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class DuplicateMoved(SQLModel, table=True):
    """A row of another table that a merge made to name the record that is kept; undoing moves it back."""

    __tablename__ = "duplicate_moved"
    __table_args__ = (Index("duplicate_moved_merge", "merge_id", "position"),)

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    merge_id: UUID = Field(sa_column=Column(ForeignKey("duplicate_merge.id"), nullable=False))
    table_name: str = Field(sa_column=Column(Text, nullable=False))
    column_name: str = Field(sa_column=Column(Text, nullable=False))
    row_key: str = Field(sa_column=Column(Text, nullable=False))
