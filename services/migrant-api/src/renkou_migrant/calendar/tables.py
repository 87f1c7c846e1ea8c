"""Table of the calendar. Schema only: queries are in :mod:`.repository`."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, DateTime, Text
from sqlmodel import Field, SQLModel


class CalendarDayRow(SQLModel, table=True):
    """A day of a published schedule. Days that are not here are worked from Monday to Friday."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    working: bool = Field(sa_column=Column(Boolean, nullable=False))
    name_zh: str = Field(sa_column=Column(Text, nullable=False))
    name_en: str = Field(sa_column=Column(Text, nullable=False))
    source: str = Field(sa_column=Column(Text, nullable=False))
    entered_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
