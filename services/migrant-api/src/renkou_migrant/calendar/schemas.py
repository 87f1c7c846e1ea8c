"""Requests and answers about the calendar."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.codes.working_days import CalendarDay
from renkou_common.http.days import Day

type _Name = Annotated[str, Field(min_length=1, max_length=60)]


class DayIn(BaseModel):
    """A day that differs from its weekday."""

    model_config = ConfigDict(extra="forbid")

    day: Day
    working: bool = Field(description="true: worked although a weekend; false: free")
    name_zh: _Name
    name_en: _Name


class YearIn(BaseModel):
    """A year's schedule as the State Council published it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "source": "国务院办公厅关于2027年部分节假日安排的通知",
                    "days": [
                        {
                            "day": "2027-01-01",
                            "working": False,
                            "name_zh": "元旦",
                            "name_en": "New Year's Day",
                        }
                    ],
                }
            ]
        },
    )

    source: Annotated[str, Field(min_length=1, max_length=200)]
    days: Annotated[list[DayIn], Field(min_length=1, max_length=200)]

    def to_domain(self) -> list[CalendarDay]:
        """Return the days with their source."""
        return [CalendarDay(source=self.source, **dict(one)) for one in self.days]


class DayRead(BaseModel):
    """A day of a published schedule."""

    day: date
    working: bool
    name_zh: str
    name_en: str
    source: str

    @classmethod
    def of(cls, day: CalendarDay) -> Self:
        """Return the answer for a day."""
        return cls(
            day=day.day, working=day.working, name_zh=day.name_zh, name_en=day.name_en, source=day.source
        )


class YearRead(BaseModel):
    """A year's schedule. Where none is published, only Saturdays and Sundays are taken as free."""

    year: int
    published: bool = Field(description="whether a schedule of the year is known here")
    days: list[DayRead]


class WorkingDayRead(BaseModel):
    """A day so many working days after another."""

    day: date
    published: bool = Field(description="whether every year in between has a schedule here")
