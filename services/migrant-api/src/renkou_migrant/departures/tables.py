"""Tables of departures. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, Text
from sqlalchemy import text as sql_text
from sqlmodel import Field, SQLModel


class DepartureRow(SQLModel, table=True):
    """Someone registered here left the district. Under the row-level floor by ``registered_area``.

    Nothing here names the person: who it is, the register tells whoever may read it.
    """

    __tablename__ = "departure"
    __table_args__ = (
        CheckConstraint("ended_by IN ('return', 'register')", name="departure_ended_by"),
        CheckConstraint("(ended_on IS NULL) = (ended_by IS NULL)", name="departure_end"),
        CheckConstraint("ended_on >= departed_on", name="departure_order"),
        Index("departure_away", "person_ref", unique=True, postgresql_where=sql_text("ended_on IS NULL")),
        Index("departure_area", "registered_area", "position"),
        Index("departure_position", "position", unique=True),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    person_id: UUID
    person_ref: UUID
    registered_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    birth_month: str = Field(sa_column=Column(Text, nullable=False))
    sex: int = Field(sa_column=Column(Integer, nullable=False))
    destination_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    departed_on: date
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    ended_on: date | None = None
    ended_by: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
