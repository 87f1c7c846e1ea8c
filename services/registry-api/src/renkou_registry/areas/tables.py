"""Tables of the division tree (行政区划) and of its changes. Schema only."""

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
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

FLOOR = {"area_unsettled": "renkou_in_scope(area)"}


class Area(SQLModel, table=True):
    """A division, valid from a day to a day.

    ``key`` is the 12-digit code as a number; a county and its prefecture may share it (441900 and 4419), so
    the level belongs to the primary key. ``valid_from`` is null where the division is older than the list it
    was loaded from. The parent is one level up.
    """

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="area_level"),
        Index("area_children", "parent", "level", "key"),
    )

    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    level: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    parent: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date | None = None
    valid_to: date | None = None
    successor: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class AreaFormerName(SQLModel, table=True):
    """What a division was called before a day (exclusive)."""

    __tablename__ = "area_former_name"

    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    level: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    valid_until: date = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False))


class AreaChangeRow(SQLModel, table=True):
    """A change of communities: which end or shrink, which take their place, who follows where by which rule.

    ``next_person`` is where the job stands: persons up to it were taken. ``followed`` and ``left_over`` count
    them. The rule may name persons by their ids, nothing else about anybody.
    """

    __tablename__ = "area_change"
    __table_args__ = (
        CheckConstraint("kind IN ('split', 'merge', 'rename', 'transfer')", name="area_change_kind"),
        CheckConstraint(
            "state IN ('planned', 'queued', 'applying', 'done', 'cancelled')", name="area_change_state"
        ),
        Index("area_change_open", "id", postgresql_where=sql("state IN ('queued', 'applying')")),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    effective_on: date
    sources: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    successors: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    rule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    phase: str = Field(sa_column=Column(Text, nullable=False))
    next_person: UUID | None = None
    followed: int = Field(sa_column=Column(Integer, nullable=False))
    left_over: int = Field(sa_column=Column(Integer, nullable=False))
    households_followed: int = Field(sa_column=Column(Integer, nullable=False))
    households_left_over: int = Field(sa_column=Column(Integer, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    requested_by: UUID
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    started_by: UUID | None = None
    finished_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class AreaUnsettled(SQLModel, table=True):
    """A row of a register that stayed behind: its code or name (``value``) is taken in the successor."""

    __tablename__ = "area_unsettled"
    __table_args__ = (
        UniqueConstraint("change_id", "row_id", name="area_unsettled_once"),
        Index("area_unsettled_open", "change_id", "id", postgresql_where=sql("settled_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    change_id: UUID = Field(sa_column=Column(ForeignKey("area_change.id"), nullable=False))
    register_name: str = Field(sa_column=Column("register", Text, nullable=False))
    row_id: UUID
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    to_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    value: str = Field(sa_column=Column(Text, nullable=False))
    settled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    settled_by: UUID | None = None


class AreaSuccessor(SQLModel, table=True):
    """Which communities took the place of one that ended, and by which change."""

    __tablename__ = "area_successor"

    area: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    successor: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    change_id: UUID = Field(sa_column=Column(ForeignKey("area_change.id"), nullable=False))
