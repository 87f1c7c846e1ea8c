"""Table of emergency accesses. Schema only; queries are in :mod:`.repository` and, for rights, in staff's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class BreakGlass(SQLModel, table=True):
    """An emergency access, which is also the notice to the auditors: open until one of them has reviewed it."""

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("granted_at < expires_at", name="break_glass_limits"),
        CheckConstraint(
            "num_nonnulls(reviewed_by, reviewed_at, verdict, finding) IN (0, 4)", name="break_glass_reviewed"
        ),
        CheckConstraint("reviewed_by <> staff_id", name="break_glass_two_people"),
        Index("break_glass_staff", "staff_id", "granted_at"),
    )

    id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(sa_column=Column(ForeignKey("staff_account.id"), nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    area_high: int = Field(sa_column=Column(BigInteger, nullable=False))
    granted_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    reviewed_by: UUID | None = None
    reviewed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    verdict: str | None = Field(default=None, sa_column=Column(Text))
    finding: str | None = Field(default=None, sa_column=Column(Text))
    version: int
