"""Tables of staff rights and of ended sign-in sessions. Schema only: queries are in :mod:`renkou_common.identity`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class StaffAssignment(SQLModel, table=True):
    """A role of a staff account over the subtree ``area..area_high`` of 12-digit keys, as it was last told."""

    __tablename__ = "staff_assignment"

    staff_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    role: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    area_high: int = Field(sa_column=Column(BigInteger, nullable=False))
    scopes: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    valid_from: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    valid_to: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    acting_for: UUID | None = None


class EndedSession(SQLModel, table=True):
    """A sign-in session that was ended; kept until its last access token has run out."""

    __tablename__ = "ended_session"

    session_id: UUID = Field(primary_key=True)
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
