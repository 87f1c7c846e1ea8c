"""What callers get about separation from registration."""

from datetime import date

from pydantic import BaseModel, Field

from renkou_registry.persons.schemas import PersonSummary


class SeparatedOut(PersonSummary):
    """A person who lives elsewhere than registered."""

    present_since: date
    months: int = Field(description="full months of the stay on the day")
    days: int = Field(description="days of the stay on the day")


class SeparatedPage(BaseModel):
    """A page of separated persons by community and id."""

    on: date
    items: list[SeparatedOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class SeparatedCount(BaseModel):
    """How many stays last so long on the day, each with those that last longer."""

    any_length: int
    one_month: int = Field(description="1 month or more: to be registered 登记")
    three_months: int = Field(description="3 months or more: a card is opened 建卡")
    six_months: int = Field(description="6 months or more: usual resident 常住")


class SeparatedCounts(BaseModel):
    """Separation of an area from both sides."""

    on: date
    area: str
    registered_here: SeparatedCount = Field(description="户在人不在")
    living_here: SeparatedCount = Field(description="人在户不在")
