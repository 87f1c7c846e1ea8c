"""Table of staff rights. Schema only: queries are in :mod:`renkou_common.identity.rights`."""

from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel


class StaffAssignment(SQLModel, table=True):
    """A role of a staff account over the subtree ``area..area_high`` of 12-digit keys."""

    __tablename__ = "staff_assignment"

    staff_id: UUID = Field(primary_key=True)
    role: str = Field(sa_column=Column(Text, primary_key=True))
    area: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    area_high: int = Field(sa_column=Column(BigInteger, nullable=False))
