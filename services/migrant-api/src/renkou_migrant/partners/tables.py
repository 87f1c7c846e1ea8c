"""Tables of partners. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, Text
from sqlmodel import Field, SQLModel


class TrustListRow(SQLModel, table=True):
    """The trust list accepted last; there is one at most."""

    __tablename__ = "trust_list"
    __table_args__ = (CheckConstraint("id = 1", name="trust_list_single"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str = Field(sa_column=Column(Text, nullable=False))
    token: str = Field(sa_column=Column(Text, nullable=False))
    accepted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    accepted_by: UUID
