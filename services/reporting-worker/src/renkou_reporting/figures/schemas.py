"""Questions and answers about figures."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import Population
from renkou_reporting.labels import Label

_AREA = Field(
    description="area code of 2, 4, 6, 9 or 12 digits; the figure runs over its subtree", examples=["340103"]
)
_PERIOD = Field(
    description="2026-03, 2026Q1, 2026H1, 2026, or SY2026 for the statistical year", examples=["2026Q1"]
)
_THROUGH = Field(
    default=None,
    pattern=r"^\d{4}-\d{2}$",
    description="last month to count where the period is not over yet (the months so far), e.g. 2026-05",
)


class FigureQuestion(BaseModel):
    """Which figure."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(max_length=60, description="a code of GET /indicators", examples=["birth_rate"])
    area: str = _AREA
    population: Population
    period: str = _PERIOD
    parity: str | None = Field(default=None, description="1, 2, ... for one, 3+ for the third and later")
    through: str | None = _THROUGH


class TableQuestion(BaseModel):
    """Which table: all indicators that run over a population."""

    model_config = ConfigDict(extra="forbid")

    area: str = _AREA
    population: Population
    period: str = _PERIOD
    through: str | None = _THROUGH


class PeriodAnswer(BaseModel):
    """A period; ``end`` is the last day counted."""

    code: str
    start: date
    end: date
    label: Label


class Numbers(BaseModel):
    """An indicator's numbers; counts are decimal text, exact."""

    indicator: str
    name: Label
    parity: str | None
    numerator: str
    denominator: str
    factor: int
    unit: str
    value: str | None = Field(description="numerator / denominator x factor, rounded half up")
    reason: Label | None = Field(description="why there is no value")
    parts: dict[str, str] = Field(description="what numerator and denominator are made of")


class Frame(BaseModel):
    """Of what a figure is, and how far the feeds were taken in."""

    area: str
    population: Population
    population_name: Label
    period: PeriodAnswer
    as_of: dict[str, int] = Field(description="number of the last event taken in, by feed")


class FigureAnswer(Numbers, Frame):
    """One figure."""


class TableAnswer(Frame):
    """All figures over a population."""

    items: list[Numbers]
