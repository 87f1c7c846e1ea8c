"""Table of services given. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. A service is visible
where its person is.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

FLOOR = {"service_given": "EXISTS (SELECT FROM person p WHERE p.id = service_given.person_id)"}


class ServiceGiven(SQLModel, table=True):
    """One free service given to a person at the present address of that day."""

    __tablename__ = "service_given"
    __table_args__ = (Index("service_given_person", "person_id", "given_on", "id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    given_on: date
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    share_with_home: bool
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
