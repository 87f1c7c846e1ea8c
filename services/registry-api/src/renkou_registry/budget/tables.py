"""Tables of the budget. Schema only; queries are in :mod:`.repository`. They tell of no person: no floor.

``APPEND_ONLY`` names tables whose rows are never changed or deleted; the migration reads it.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {}
APPEND_ONLY: tuple[str, ...] = ("budget_plan", "budget_spending")


def _amount() -> Column[Decimal]:
    return Column(Numeric(14, 2), nullable=False)


class BudgetLine(SQLModel, table=True):
    """What is planned and spent (事业费) in a year and area for a kind, in yuan."""

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint("area", "year", "kind", name="budget_line_key"),
        CheckConstraint("planned >= 0 AND spent >= 0", name="budget_line_amounts"),
        Index("budget_line_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    year: int
    kind: str = Field(sa_column=Column(Text, nullable=False))
    planned: Decimal = Field(sa_column=_amount())
    spent: Decimal = Field(sa_column=_amount())
    ended_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class BudgetPlan(SQLModel, table=True):
    """What was planned by each version of a line, and why it changed."""

    __tablename__ = "budget_plan"

    line_id: UUID = Field(sa_column=Column(ForeignKey("budget_line.id"), primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, primary_key=True))
    planned: Decimal = Field(sa_column=_amount())
    reason: str | None = Field(default=None, sa_column=Column(Text))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class BudgetSpending(SQLModel, table=True):
    """A spending of a line, or the reversal of one (its amount negative)."""

    __tablename__ = "budget_spending"
    __table_args__ = (
        CheckConstraint(
            "(amount < 0) = (reverses IS NOT NULL) AND amount <> 0", name="budget_spending_amount"
        ),
        Index("budget_spending_line", "line_id", "id"),
        Index(
            "budget_spending_reverses", "reverses", unique=True, postgresql_where=sql("reverses IS NOT NULL")
        ),
    )

    id: UUID = Field(primary_key=True)
    line_id: UUID = Field(sa_column=Column(ForeignKey("budget_line.id"), nullable=False))
    amount: Decimal = Field(sa_column=_amount())
    spent_on: date
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    reverses: UUID | None = Field(default=None, sa_column=Column(ForeignKey("budget_spending.id")))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
