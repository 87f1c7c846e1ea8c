"""Tables of services. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both. A service is visible where its person is.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

FLOOR = {
    "service_given": "EXISTS (SELECT FROM person p WHERE p.id = service_given.person_id OFFSET 0)",
    "service_change": "EXISTS (SELECT FROM service_given s WHERE s.id = service_change.service_id OFFSET 0)",
}
APPEND_ONLY = ("service_change",)


class ServiceGiven(SQLModel, table=True):
    """One free service to a person at the present address of that day, from the offer to what came of it.

    ``listed_on`` is the day it was given, else is booked for, else was offered. ``population`` and ``sex``
    keep how it counts, whatever becomes of the person; without them it counts nowhere. ``result_sealed`` is
    the sealed kind of result.
    """

    __tablename__ = "service_given"
    __table_args__ = (
        CheckConstraint(
            "state IN ('offered', 'accepted', 'declined', 'given', 'cancelled')", name="service_given_state"
        ),
        CheckConstraint("state <> 'given' OR given_on IS NOT NULL", name="service_given_day"),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_because IS NOT NULL)", name="service_given_cancelled"
        ),
        Index("service_given_person", "person_id", "given_on", "id"),
        Index("service_given_listed", "area", "listed_on", "id"),
        Index(
            "service_given_open",  # appointments and offers still open: few of many
            "area",
            "listed_on",
            "id",
            postgresql_where=sql("state IN ('offered', 'accepted')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    given_on: date | None = None
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    share_with_home: bool
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
    state: str = Field(sa_column=Column(Text, nullable=False, server_default="given"))
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    offered_on: date | None = None
    booked_for: date | None = None
    booked_by: str | None = Field(default=None, sa_column=Column(Text))
    cancelled_because: str | None = Field(default=None, sa_column=Column(Text))
    population: str | None = Field(default=None, sa_column=Column(Text))
    sex: int | None = Field(default=None, sa_column=Column(SmallInteger))
    result_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    listed_on: date | None = Field(
        default=None,
        sa_column=Column(
            Date, Computed("coalesce(given_on, booked_for, offered_on)", persisted=True), nullable=False
        ),
    )


class ServiceChange(SQLModel, table=True):
    """What was changed in the record of a service, from what to what, when and by whom; never changed."""

    __tablename__ = "service_change"
    __table_args__ = (Index("service_change_service", "service_id", "version"),)

    id: UUID = Field(primary_key=True)
    service_id: UUID = Field(sa_column=Column(ForeignKey("service_given.id"), nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    before: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    after: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
