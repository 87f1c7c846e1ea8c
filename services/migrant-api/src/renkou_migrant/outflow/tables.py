"""Tables of the outflow. Schema only: queries are in :mod:`.repository`."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Integer, Text, Uuid
from sqlmodel import Field, SQLModel

FLOOR = {"outflow_mark": "renkou_in_scope(area)"}


class OutflowMarkRow(SQLModel, table=True):
    """How often the register says that a person's time away began or ended on a day, or that the person died.

    ``count`` adds up the published lines; a correction takes the wrong one back to nothing, and the row goes.
    Holds no more than a reference, an area and a day, under the row-level floor by ``area``. It is read together
    with a certificate, past the caller's area: a person's registration may have lain in several.
    """

    __tablename__ = "outflow_mark"
    __table_args__ = (CheckConstraint("kind IN ('begin', 'end', 'death')", name="outflow_mark_kind"),)

    person_ref: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    area: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    happened_on: date = Field(sa_column=Column(Date, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    count: int = Field(sa_column=Column(Integer, nullable=False))
