"""Questions and answers about figures."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import Population
from renkou_common.http.days import Day
from renkou_reporting.labels import Label

MAX_PERIODS = 120
MAX_FIGURES = 100_000
_AREA = Field(
    description="area code of 2, 4, 6, 9 or 12 digits; the figure runs over its subtree", examples=["340103"]
)
_PERIOD = Field(
    description="2026-03, 2026Q1, 2026H1, 2026, SY2026 for the statistical year, or SY2026H1 for its first half",
    examples=["2026Q1"],
)
_THROUGH = Field(
    default=None,
    pattern=r"^\d{4}-\d{2}$",
    description="last month to count where the period is not over yet (the months so far), e.g. 2026-05",
)
_BOUNDARIES = Field(
    default=None,
    description="areas as they were bounded on this day, over all periods; without it facts count in the area "
    "of their day",
)
_NAME = Field(
    description="as it is called at the period's end, or on the day of the boundaries asked for; "
    "null where it is not known"
)
type Step = Literal["month", "quarter", "half_year", "year", "statistical_year", "statistical_half_year"]


class _Sliced(BaseModel):
    """Dimensions that a figure is asked apart by; each only where the indicator has it."""

    model_config = ConfigDict(extra="forbid")

    sex: Literal["0", "1", "2", "9"] | None = Field(default=None, description="GB/T 2261.1")
    parity: str | None = Field(default=None, description="1, 2, ... for one, 3+ for the third and later")
    ages: str | None = Field(default=None, description="15-49, 65+ or 30: full years at the period's end")
    detail: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$", description="a scheme, a method, a kind"
    )


class FigureQuestion(_Sliced):
    """Which figure."""

    indicator: str = Field(max_length=60, description="a code of GET /indicators", examples=["birth_rate"])
    area: str = _AREA
    population: Population
    period: str = _PERIOD
    through: str | None = _THROUGH
    boundaries: Day | None = _BOUNDARIES


class TableQuestion(_Sliced):
    """Which table: indicators that run over a population, of areas, over periods."""

    area: str = _AREA
    areas: Literal["self", "children", "communities"] = Field(
        default="self", description="the area itself; itself and the areas below it; and its communities"
    )
    population: Population
    period: Annotated[list[str], Field(min_length=1, max_length=MAX_PERIODS, examples=[["2026-01"]])]
    through: str | None = _THROUGH
    by: Step | None = Field(default=None, description="break each period into months, quarters ...")
    indicator: Annotated[list[str], Field(max_length=200)] = []
    boundaries: Day | None = _BOUNDARIES


class SeriesQuestion(_Sliced):
    """Which series: an indicator over one period after the other."""

    indicator: str = Field(max_length=60, examples=["birth_rate"])
    area: str = _AREA
    population: Population
    first: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", description="a month of the first period")]
    last: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", description="a month of the last period")]
    by: Step = "month"
    boundaries: Day | None = _BOUNDARIES


class PeriodAnswer(BaseModel):
    """A period; ``end`` is the last day counted."""

    code: str
    start: date
    end: date
    label: Label


class Frame(BaseModel):
    """Of what figures are, and how far the feeds were taken in."""

    population: Population
    population_name: Label
    as_of: dict[str, int] = Field(description="number of the last event taken in, by feed")
    revision: UUID = Field(description="state of the definitions, as in GET /indicators")
    boundaries: date | None = Field(description="day of the boundaries; null: those of each fact's day")


class Head(BaseModel):
    """An indicator as it was asked for."""

    indicator: str
    version: int
    name: Label
    factor: int
    divisor: int
    unit: str
    sex: int | None
    parity: str | None
    ages: str | None
    detail: str | None


class Numbers(BaseModel):
    """A figure's numbers; counts are decimal text, exact."""

    numerator: str
    denominator: str
    value: str | None = Field(description="numerator / denominator x factor / divisor, rounded")
    reason: Label | None = Field(description="why there is no value")


class MissingReturns(BaseModel):
    """Aggregate returns that a figure is counted from: those signed of those due by now."""

    signed: int
    due: int


class FigureAnswer(Numbers, Head, Frame):
    """One figure."""

    area: str
    area_name: str | None = _NAME
    period: PeriodAnswer
    missing_returns: MissingReturns | None = Field(
        description="where aggregate returns that it is counted from are not handed in or not signed; "
        "null: none is missing"
    )
    parts: dict[str, str] = Field(description="what numerator and denominator are made of")
    together: list[str] = Field(
        description="areas of that day that only have a figure together, where these boundaries give none"
    )


class SeriesItem(Numbers):
    """One period of a series."""

    period: PeriodAnswer
    missing_returns: MissingReturns | None = Field(
        description="where aggregate returns that it is counted from are not handed in or not signed; "
        "null: none is missing"
    )


class SeriesAnswer(Head, Frame):
    """A series."""

    area: str
    area_name: str | None = _NAME
    items: list[SeriesItem]


class TableRow(Head):
    """An indicator of an area: its numbers in the order of the table's periods."""

    area: str
    numerators: list[str]
    denominators: list[str]
    values: list[str | None]
    reasons: list[str | None] = Field(
        description="codes of the table's `reasons`, null where there is a value"
    )
    missing_returns: list[MissingReturns | None] | None = Field(
        description="where aggregate returns that it is counted from are not handed in or not signed, by period; null: "
        "none is missing in any"
    )


class TableAnswer(Frame):
    """A table: rows by indicator and area, columns by period."""

    area: str
    areas: list[str]
    area_names: dict[str, str] = Field(
        description="by code, as they are called at the last period's end, or on the day of the boundaries asked for; "
        "without those whose name is not known"
    )
    periods: list[PeriodAnswer]
    reasons: dict[str, Label]
    items: list[TableRow]
