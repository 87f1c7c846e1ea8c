"""Tables of visits. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both. A visit is visible where its person is; a batch of a
device to whoever may see any person of the area that it was sent for.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# OFFSET 0 keeps the planner from hashing all persons where a page of rows is looked at.
FLOOR: dict[str, str] = {
    "visit": "EXISTS (SELECT FROM person p WHERE p.id = visit.person_id OFFSET 0)",
    "visit_batch_item": (
        "visit_batch_item.person_id IS NULL"
        " OR EXISTS (SELECT FROM person p WHERE p.id = visit_batch_item.person_id OFFSET 0)"
    ),
}
APPEND_ONLY: tuple[str, ...] = ()
_OPEN = "state IN ('offered', 'accepted')"


def _instant(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class Visit(SQLModel, table=True):
    """One offer of a visit and what became of it; a person has one open offer at most.

    ``basis`` is the told fact that the offer follows from, so that no method stands here. ``place`` is where
    she lives, ``area`` and ``population`` are where the visit counts. ``outcome_sealed`` holds effect,
    problem and note. ``changed_in`` is the transaction of the last change, by which devices ask for changes.
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint(
            "state IN ('offered', 'accepted', 'kept', 'declined', 'missed', 'withdrawn')", name="visit_state"
        ),
        CheckConstraint(
            "(state IN ('kept', 'declined', 'missed')) = (settled_on IS NOT NULL)", name="visit_settled"
        ),
        Index("visit_one_open", "person_id", unique=True, postgresql_where=sql(_OPEN)),
        Index("visit_card", "card_id", "due_on", "id"),
        Index("visit_open_place", "place", "planned_on", "id", postgresql_where=sql(_OPEN)),
        Index("visit_open_worker", "worker_id", "planned_on", "id", postgresql_where=sql(_OPEN)),
        Index("visit_open_planned", "planned_on", "id", postgresql_where=sql(_OPEN)),
        Index("visit_changed", "changed_in", "id"),
        Index("visit_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    card_id: UUID = Field(sa_column=Column(ForeignKey("card.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    basis: UUID = Field(sa_column=Column(ForeignKey("card_fact.id"), nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    population: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    due_on: date
    planned_on: date
    worker_id: UUID | None = None
    accepted_on: date | None = None
    settled_on: date | None = None
    settled_by: UUID | None = None
    outcome_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    next_due_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    changed_in: int = Field(
        sa_column=Column(
            BigInteger, nullable=False, server_default=sql("(pg_current_xact_id()::text)::bigint")
        )
    )
    recorded_at: datetime = Field(sa_column=_instant())


class VisitBatch(SQLModel, table=True):
    """A batch that a device sent; the same batch again gets the same answer."""

    __tablename__ = "visit_batch"
    __table_args__ = (UniqueConstraint("sent_by", "device_id", "batch_id", name="visit_batch_once"),)

    id: UUID = Field(primary_key=True)
    sent_by: UUID
    device_id: str = Field(sa_column=Column(Text, nullable=False))
    batch_id: str = Field(sa_column=Column(Text, nullable=False))
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = Field(sa_column=_instant())


class VisitBatchItem(SQLModel, table=True):
    """An item of a batch and what became of it: applied, in conflict, refused, or settled by hand.

    ``sealed`` is what the device sent, kept while the item is in conflict. ``errors`` names fields and codes,
    never values.
    """

    __tablename__ = "visit_batch_item"
    __table_args__ = (
        CheckConstraint(
            "state IN ('applied', 'conflict', 'refused', 'kept_server', 'kept_device')",
            name="visit_batch_item_state",
        ),
        CheckConstraint("(state = 'conflict') = (sealed IS NOT NULL)", name="visit_batch_item_sealed"),
        UniqueConstraint("batch_id", "place", name="visit_batch_item_place"),
        Index("visit_batch_item_client", "batch_id", "client_id"),
    )

    id: UUID = Field(primary_key=True)
    batch_id: UUID = Field(sa_column=Column(ForeignKey("visit_batch.id"), nullable=False))
    place: int
    client_id: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    visit_id: UUID | None = None
    person_id: UUID | None = None
    base_version: int | None = Field(default=None, sa_column=Column(BigInteger))
    version: int | None = Field(default=None, sa_column=Column(BigInteger))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    errors: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
