"""The table of rate limits. Schema only: its one statement is in ``rates``."""

from datetime import datetime

from sqlalchemy import Column, DateTime, Double, Index, Text
from sqlmodel import Field, SQLModel


class RateBudget(SQLModel, table=True):
    """What is left of one caller's budget, as of an instant; not logged: a crash fills every budget.

    ``bucket`` is a hash of class and caller, so that no address and no account stands here.
    """

    __tablename__ = "rate_budget"
    __table_args__ = (Index("rate_budget_filled_at", "filled_at"), {"prefixes": ["UNLOGGED"]})

    bucket: str = Field(sa_column=Column(Text, primary_key=True))
    left_over: float = Field(sa_column=Column(Double, nullable=False))
    taken: int = Field(nullable=False)
    filled_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


MIGRATION = """
CREATE UNLOGGED TABLE rate_budget (
    bucket text PRIMARY KEY,
    left_over double precision NOT NULL,
    taken integer NOT NULL,
    filled_at timestamptz NOT NULL
) WITH (fillfactor = 50)
"""
"""What each service's migration carries out, with the index after it."""
INDEX = "CREATE INDEX rate_budget_filled_at ON rate_budget (filled_at)"
