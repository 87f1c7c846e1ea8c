"""Table of the calendar. Schema only."""

from datetime import date

from sqlmodel import Field, SQLModel


class CalendarDay(SQLModel, table=True):
    """A day of a year whose schedule was entered; other years follow the schedules that come with the program."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    working: bool
