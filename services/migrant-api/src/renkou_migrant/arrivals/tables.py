"""Tables of arrivals. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Identity, Index, Integer, Text
from sqlalchemy import text as sql_text
from sqlmodel import Field, SQLModel


class ArrivalRow(SQLModel, table=True):
    """A stay here of someone registered elsewhere. Under the row-level floor by ``area``, its community.

    ``check_applies`` says whether the person was 18 to 49 on arrival; ``due_on`` is when the certificate
    should have been checked; ``checked_on`` the first check, whatever it came to. Who is registered in another
    subdistrict of this district is here too (人户分离). ``workplace_district`` is where the person works, if told;
    ``retracted_at`` is set where the register says that the stay never was.
    """

    __tablename__ = "arrival"
    __table_args__ = (
        CheckConstraint("left_on >= arrived_on", name="arrival_order"),
        Index("arrival_staying", "person_ref", unique=True, postgresql_where=sql_text("left_on IS NULL")),
        Index("arrival_person", "person_ref", "arrived_on"),
        Index("arrival_holder", "person_id"),
        Index("arrival_area", "area", "position"),
        Index("arrival_position", "position", unique=True),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    person_id: UUID
    person_ref: UUID
    home_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    arrived_on: date
    birth_month: str = Field(sa_column=Column(Text, nullable=False))
    sex: int = Field(sa_column=Column(Integer, nullable=False))
    check_applies: bool = Field(sa_column=Column(Boolean, nullable=False))
    due_on: date
    checked_on: date | None = None
    left_on: date | None = None
    destination_area: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    workplace_district: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    retracted_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
