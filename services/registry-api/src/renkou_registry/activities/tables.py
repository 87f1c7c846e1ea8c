"""Table of activities. Schema only; queries are in :mod:`.repository`. It tells of no person: no floor."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {}
APPEND_ONLY: tuple[str, ...] = ()


class Activity(SQLModel, table=True):
    """An activity: how many people it reached and what was handed out; ``ended_on`` when it was cancelled."""

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint("people_reached >= 0", name="activity_people"),
        Index("activity_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    title: str = Field(sa_column=Column(Text, nullable=False))
    place: str = Field(sa_column=Column(Text, nullable=False))
    held_on: date
    people_reached: int = Field(sa_column=Column(BigInteger, nullable=False))
    materials: Any = Field(sa_column=Column(JSONB, nullable=False))
    ended_on: date | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
