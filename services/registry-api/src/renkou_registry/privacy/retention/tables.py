"""Tables of retention. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. Runs hold counts only.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {
    "retention_hold": (
        "coalesce(retention_hold.person_id, retention_hold.about_id) IS NULL OR EXISTS (SELECT FROM person p"
        " WHERE p.id = coalesce(retention_hold.person_id, retention_hold.about_id) OFFSET 0)"
    )
}
APPEND_ONLY = ("retention_change", "retention_run")


def _text(*, nullable: bool = False) -> Any:
    return Column(Text, nullable=nullable)


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class RetentionRule(SQLModel, table=True):
    """The period (保存期限) of a kind of record that the daily task deletes; the other rules are fixed."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("days BETWEEN 30 AND 36500", name="retention_rule_days"),)

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    days: int = Field(sa_column=Column(Integer, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class RetentionChange(SQLModel, table=True):
    """Who set a period, when and why; never changed."""

    __tablename__ = "retention_change"

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    code: str = Field(sa_column=_text())
    days: int = Field(sa_column=Column(Integer, nullable=False))
    reason: str = Field(sa_column=_text())
    changed_at: datetime = Field(sa_column=_moment())
    changed_by: UUID


class RetentionRun(SQLModel, table=True):
    """What the daily task did: so many records of a rule, nobody's name; ``finished`` closes a rule's day."""

    __tablename__ = "retention_run"
    __table_args__ = (
        Index("retention_run_day", "code", "ran_on", unique=True, postgresql_where=sql("finished")),
    )

    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    code: str = Field(sa_column=_text())
    ran_on: date
    days: int = Field(sa_column=Column(Integer, nullable=False))
    removed: int = Field(sa_column=Column(Integer, nullable=False))
    held: int = Field(sa_column=Column(Integer, nullable=False))
    finished: bool = Field(sa_column=Column(Boolean, nullable=False))
    ran_at: datetime = Field(sa_column=_moment())


class RetentionHold(SQLModel, table=True):
    """What keeps a person's records, or one record, past their time (暂缓删除): a dispute, a petition, an audit.

    ``about_id`` is the person whose one record it is, where it is anybody's.
    """

    __tablename__ = "retention_hold"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (record_id IS NULL)", name="retention_hold_subject"),
        CheckConstraint(
            "cause IN ('dispute', 'correction', 'petition', 'audit')", name="retention_hold_cause"
        ),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="retention_hold_lifted"),
        Index("retention_hold_person", "person_id", postgresql_where=sql("lifted_at IS NULL")),
        Index("retention_hold_record", "record_id", postgresql_where=sql("lifted_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID | None = Field(default=None, sa_column=Column(ForeignKey("person.id"), nullable=True))
    record_id: UUID | None = None
    about_id: UUID | None = None
    cause: str = Field(sa_column=_text())
    reason: str = Field(sa_column=_text())
    until: date | None = Field(default=None, description="the first day without it")
    placed_at: datetime = Field(sa_column=_moment())
    placed_by: UUID
    lifted_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    lifted_by: UUID | None = None
