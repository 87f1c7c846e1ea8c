"""Tables of copies and partitions. Schema only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger, Text, func
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class FeedPartitionRow(ReportingTable, table=True):
    """How far a partition has taken a feed in; ``feed_position`` has the lowest of a feed's partitions."""

    __tablename__ = "feed_partition"

    feed: str = Field(sa_type=Text, primary_key=True)
    partition: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    high_water: int = Field(sa_type=BigInteger)
    updated_at: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class HeldPartitionRow(ReportingTable, table=True):
    """A partition for which a held event is not applied. An event without such rows is held for all."""

    __tablename__ = "held_partition"
    __table_args__ = (ForeignKeyConstraint(["feed", "seq"], ["held_event.feed", "held_event.seq"]),)

    feed: str = Field(sa_type=Text, primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    partition: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})


class WorkerCopyRow(ReportingTable, table=True):
    """A copy of the worker, and when it was last heard of, by the database's clock.

    ``process`` is what an operator finds it by: host (a container's id) and number.
    """

    __tablename__ = "worker_copy"

    id: UUID = Field(primary_key=True)
    process: str = Field(sa_type=Text, sa_column_kwargs={"server_default": ""})
    since: datetime = Field(sa_type=DateTime(timezone=True))
    seen_at: datetime = Field(sa_type=DateTime(timezone=True))
