"""Tables of a service that publishes events. Schema only: queries are in outbox, relay and feed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, Text, func, text
from sqlmodel import Field, SQLModel


class OutboxRow(SQLModel, table=True):
    """One event, written in the transaction of the state it tells of; also the feed that others replay.

    ``feed_seq`` is given by the relay after the commit, so that no visible number is ever followed by a
    smaller one. ``recorded_at`` is the database's clock and serves lag and retention; the event's own time
    stands in the body.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_unassigned", "position", postgresql_where=text("feed_seq IS NULL")),
        Index("outbox_unpublished", "feed_seq", postgresql_where=text("published_at IS NULL")),
    )

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    event_id: UUID = Field(unique=True)
    feed_seq: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True, nullable=True))
    type: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))
    content_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    published_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class FeedCounter(SQLModel, table=True):
    """The last number given out in a feed; its row lock makes the numbering gapless."""

    __tablename__ = "feed_counter"

    feed: str = Field(sa_column=Column(Text, primary_key=True))
    last: int = Field(sa_column=Column(BigInteger, nullable=False))
