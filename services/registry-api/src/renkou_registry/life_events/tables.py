"""Table of life events. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.

An event is visible where its person is: the rows cannot carry areas of their own, since they never change
while the person moves, and whoever records the next event needs the whole history.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

FLOOR = {"life_event": "EXISTS (SELECT FROM person p WHERE p.id = life_event.person_id OFFSET 0)"}
APPEND_ONLY = ("life_event",)


class LifeEvent(SQLModel, table=True):
    """One entry of a person's history. ``data`` holds codes, areas and dates, never a name or a number.

    There is no foreign key: the floor looks the person up, and persons are never deleted. ``position`` is the
    order of recording. ``cause`` is the event of another service that led to this one.
    """

    __tablename__ = "life_event"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('opening', 'arrival', 'birth', 'death', 'marriage', 'divorce', 'widowhood',"
            " 'dissolution', 'adoption', 'move', 'address', 'area_change', 'merge', 'correction', 'retraction')",
            name="life_event_kind",
        ),
        CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="life_event_corrects"),
        CheckConstraint("(kind = 'retraction') = (retracts IS NOT NULL)", name="life_event_retracts"),
        Index("life_event_person", "person_id", "position"),
        Index("life_event_cause", "cause", unique=True, postgresql_where=sql("cause IS NOT NULL")),
        Index("life_event_retracted", "retracts", unique=True, postgresql_where=sql("retracts IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    person_id: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    happened_on: date
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    corrects: UUID | None = None
    retracts: UUID | None = None
    cause: UUID | None = None
