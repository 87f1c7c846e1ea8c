"""Tables of substitutions. Schema only; queries are in :mod:`.repository` and, for rights, in staff's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class SubstitutionRow(SQLModel, table=True):
    """One account's duties in another's hands, from a moment (included) to a moment (excluded)."""

    __tablename__ = "substitution"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="substitution_limits"),
        CheckConstraint("holder_id <> substitute_id", name="substitution_two_people"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="substitution_ended"),
        Index("substitution_holder", "holder_id"),
        Index("substitution_substitute", "substitute_id"),
    )

    id: UUID = Field(primary_key=True)
    holder_id: UUID = Field(sa_column=Column(ForeignKey("staff_account.id"), nullable=False))
    substitute_id: UUID = Field(sa_column=Column(ForeignKey("staff_account.id"), nullable=False))
    valid_from: datetime = Field(sa_column=_moment())
    valid_to: datetime = Field(sa_column=_moment())
    every_duty: bool
    reason: str = Field(sa_column=Column(Text, nullable=False))
    given_by: UUID
    given_at: datetime = Field(sa_column=_moment())
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    ended_by: UUID | None = None
    version: int


class SubstitutionDuty(SQLModel, table=True):
    """A duty that is handed over, where not all are."""

    __tablename__ = "substitution_duty"

    substitution_id: UUID = Field(sa_column=Column(ForeignKey("substitution.id"), primary_key=True))
    role: str = Field(sa_column=Column(Text, ForeignKey("role.code"), primary_key=True))
    area: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    area_high: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
