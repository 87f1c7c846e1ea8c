"""Questions and answers about forecasts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from renkou_reporting.forecast.domain import Scenario
from renkou_reporting.labels import Label

_NUMBER = Field(description="decimal text with three decimals, so that accounts add up exactly")


class ForecastQuestion(BaseModel):
    """Which forecast."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(
        description="the district, a subdistrict, or a community (totals only)", examples=["340103"]
    )
    population: Literal["registered", "resident"] = "resident"
    scenario: str = Field(default="medium", max_length=40, description="a code of GET /forecasts/scenarios")
    base: int | None = Field(default=None, ge=1950, le=2150, description="year at whose end it begins")
    years: int = Field(default=10, ge=1, le=30)
    reference_years: int = Field(
        default=3, ge=1, le=10, description="years up to the base whose rates are used"
    )


class Band(BaseModel):
    """People of a five-year group at a year's end."""

    ages: str
    male: Annotated[str, _NUMBER]
    female: Annotated[str, _NUMBER]


class ForecastYear(BaseModel):
    """A year's account: opening + born - died + moved_in - moved_out = closing."""

    year: int
    opening: Annotated[str, _NUMBER]
    born: Annotated[str, _NUMBER]
    died: Annotated[str, _NUMBER]
    moved_in: Annotated[str, _NUMBER]
    moved_out: Annotated[str, _NUMBER]
    closing: Annotated[str, _NUMBER]
    people: list[Band] = Field(description="empty for a community, which is too small for ages")


class PastYear(BaseModel):
    """What the register counted at the end of a year, and the births of the year."""

    year: int
    closing: int
    born: int


class ErrorRow(BaseModel):
    """How far forecasts of past years were off after so many years, per cent; null: nothing to compare with."""

    horizon: int
    bases: int = Field(description="how many past years it is averaged over")
    population: str | None = Field(description="mean absolute error of the population")
    births: str | None
    ages: str | None = Field(description="people forecast in another five-year group, of all")


class RatesAnswer(BaseModel):
    """Rates of the reference years."""

    years: list[int]
    total_fertility: str = Field(description="总和生育率, by the standard's shape: children of a woman")
    boys_per_hundred_girls: str
    fertility_source: Label
    mortality_source: Label


class ForecastAnswer(BaseModel):
    """A forecast with its assumptions and its error on past years."""

    area: str
    population: str
    population_name: Label
    base: int
    scenario: str
    scenario_name: Label
    scenario_text: Label
    rates: RatesAnswer
    left_out: int = Field(description="people at the base without a known sex or birth month; not carried on")
    past: list[PastYear]
    items: list[ForecastYear]
    errors: list[ErrorRow]


class ScenarioAnswer(Scenario):
    """A scenario with its code."""

    code: str
    packaged: bool


class ScenarioList(BaseModel):
    """All scenarios."""

    items: list[ScenarioAnswer]


class ScenarioAddition(Scenario):
    """A district's own assumptions."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "code": "childcare",
                "zh": "托育方案",
                "en": "childcare",
                "fertility_change": [{"years": 5, "hundredths": 15}],
                "mortality_fall_per_mille": 10,
            }
        },
    )

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
