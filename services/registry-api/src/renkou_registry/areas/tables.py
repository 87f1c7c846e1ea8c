"""Table of the division tree (行政区划). Schema only."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, Text
from sqlmodel import Field, SQLModel


class Area(SQLModel, table=True):
    """A division, valid from a day to a day.

    ``key`` is the 12-digit code as a number; a county and its prefecture may share it (441900 and 4419), so
    the level belongs to the primary key. ``valid_from`` is null where the division is older than the list it
    was loaded from. The parent is one level up.
    """

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="area_level"),
        Index("area_children", "parent", "level", "key"),
    )

    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    level: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    parent: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: date | None = None
    valid_to: date | None = None
    successor: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
