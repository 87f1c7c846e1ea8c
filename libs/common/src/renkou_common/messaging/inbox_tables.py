"""Tables of a service that consumes a feed. Schema only: queries are in :mod:`.inbox`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, LargeBinary, Text, func
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class FeedPosition(SQLModel, table=True):
    """How far a feed has been taken in: every number up to ``high_water`` is applied or held."""

    __tablename__ = "feed_position"

    feed: str = Field(sa_column=Column(Text, primary_key=True))
    high_water: int = Field(sa_column=Column(BigInteger, nullable=False))
    updated_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class AppliedEvent(SQLModel, table=True):
    """Which event stood behind each number, so that the same number with other content is noticed."""

    __tablename__ = "applied_event"

    feed: str = Field(sa_column=Column(Text, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: UUID
    content_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class HeldEvent(SQLModel, table=True):
    """An event that could not be applied ('failed') or waits behind one of its subject ('blocked')."""

    __tablename__ = "held_event"
    __table_args__ = (
        CheckConstraint("state IN ('failed', 'blocked')", name="held_event_state"),
        Index("held_event_open", "feed", "subject", postgresql_where=sql_text("resolved_at IS NULL")),
    )

    feed: str = Field(sa_column=Column(Text, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: UUID
    subject: str = Field(sa_column=Column(Text, nullable=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    held_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    resolved_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class FeedIncident(SQLModel, table=True):
    """Something that must not happen to a feed and that a person has to look at; kinds in :mod:`.inbox`."""

    __tablename__ = "feed_incident"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    feed: str = Field(sa_column=Column(Text, nullable=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))
