"""Tables of external lists. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. A list is visible to
those who may see everything that the clerk who handed it in may see.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB
from sqlmodel import Field, SQLModel

FLOOR = {
    "external_list": "nullif(current_setting('renkou.areas', true), '')::int8multirange @> scope",
    "external_list_file": "EXISTS (SELECT FROM external_list l WHERE l.id = external_list_file.list_id OFFSET 0)",
    "external_list_row": "EXISTS (SELECT FROM external_list l WHERE l.id = external_list_row.list_id OFFSET 0)",
}
_OPEN = "state IN ('queued', 'matching')"


def _moment(*, nullable: bool = True) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


def _list_id() -> Column[UUID]:
    return Column(ForeignKey("external_list.id", ondelete="CASCADE"), primary_key=True)


class ExternalProfile(SQLModel, table=True):
    """Which heading of a sender's file holds which of our columns."""

    __tablename__ = "external_profile"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    source: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    columns: Any = Field(sa_column=Column(JSONB, nullable=False))
    created_by: UUID
    created_at: datetime = Field(sa_column=_moment(nullable=False))


class ExternalList(SQLModel, table=True):
    """A list that another office sent, with what it may be used for and until when its rows are kept."""

    __tablename__ = "external_list"
    __table_args__ = (
        CheckConstraint(
            "state IN ('receiving', 'queued', 'matching', 'matched', 'failed', 'deleted')",
            name="external_list_state",
        ),
        CheckConstraint("source IN ('police', 'civil_affairs', 'hospital')", name="external_list_source"),
        Index("external_list_open", "created_at", postgresql_where=text(_OPEN)),
        Index("external_list_created", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    source: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    legal_basis: str = Field(sa_column=Column(Text, nullable=False))
    columns: Any = Field(sa_column=Column(JSONB, nullable=False))
    scope: Any = Field(sa_column=Column(INT8MULTIRANGE, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    content_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    created_by: UUID
    created_at: datetime = Field(sa_column=_moment(nullable=False))
    matched_at: datetime | None = Field(default=None, sa_column=_moment())
    keep_until: date
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    failure_code: str | None = Field(default=None, sa_column=Column(Text))
    failure_zh: str | None = Field(default=None, sa_column=Column(Text))
    failure_en: str | None = Field(default=None, sa_column=Column(Text))


class ExternalListFile(SQLModel, table=True):
    """The file, sealed in parts; deleted as soon as its rows are matched."""

    __tablename__ = "external_list_file"

    list_id: UUID = Field(sa_column=_list_id())
    part: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ExternalListRow(SQLModel, table=True):
    """A row: its values sealed, whom it may mean, and how it was settled.

    ``candidates`` are ``{person_id, score, reasons}``, the best first. ``findings`` say what is wrong with
    cells.
    """

    __tablename__ = "external_list_row"
    __table_args__ = (
        CheckConstraint("match IN ('exact', 'likely', 'none', 'unreadable')", name="external_list_row_match"),
        CheckConstraint("action IN ('link', 'new', 'record', 'ignore')", name="external_list_row_action"),
        CheckConstraint("(action IS NULL) = (settled_at IS NULL)", name="external_list_row_settled"),
        Index(
            "external_list_row_waiting", "list_id", "match", "row", postgresql_where=text("action IS NULL")
        ),
    )

    list_id: UUID = Field(sa_column=_list_id())
    row: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    match: str = Field(sa_column=Column(Text, nullable=False))
    score: int = Field(sa_column=Column(SmallInteger, nullable=False))
    candidates: Any = Field(sa_column=Column(JSONB, nullable=False))
    findings: Any = Field(sa_column=Column(JSONB, nullable=False))
    action: str | None = Field(default=None, sa_column=Column(Text))
    person_id: UUID | None = None
    event_id: UUID | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text))
    settled_by: UUID | None = None
    settled_at: datetime | None = Field(default=None, sa_column=_moment())
