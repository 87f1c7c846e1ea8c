"""Question and answer about what a reporting error is made of, as it was published."""

from datetime import datetime

from pydantic import BaseModel, Field

from renkou_common.contracts.lines import Population
from renkou_reporting.explain.domain import Member
from renkou_reporting.figures.schemas import FigureQuestion, PeriodAnswer
from renkou_reporting.labels import Label


class RestatementQuestion(FigureQuestion):
    """Which reporting error."""


class PublishedNumbers(BaseModel):
    """A figure as it was published; a small one shows no number."""

    numerator: str | None = Field(description="exact decimals, or p/q where they never end")
    denominator: str | None
    value: str | None
    reason: str | None = Field(
        description="no_denominator, negative_denominator, nothing_before, boundaries, returns_missing, no_return"
        " or suppressed"
    )


class PublishedMember(PublishedNumbers):
    """One of the two versions of a figure that a reporting error compares."""

    figure: Member
    published: int = Field(description="published version")
    version: int = Field(description="version of the definition")


class PublishedDifference(BaseModel):
    """A published figure of which the last version says something else than the first, and by how much."""

    area: str
    dims: str = Field(description="sex=1, parity=3+, ages=0-14 or detail=...; empty: all")
    before: PublishedNumbers | None = Field(description="null: not in that version")
    after: PublishedNumbers | None
    numerator_change: str | None
    denominator_change: str | None
    value_change: str | None = Field(description="difference of the rounded values")
    definition_changed: bool
    hidden: bool = Field(description="one of the two is published as suppressed")


class Restated(BaseModel):
    """A version that restated the figures of the period, and why those who signed it did."""

    published: int
    signed_at: datetime
    reason: str


class RestatementAnswer(BaseModel):
    """What a reporting error is made of, as it was published."""

    indicator: str
    name: Label
    unit: str
    of: str = Field(description="the indicator that it is the error of")
    of_name: Label
    of_unit: str
    population: Population
    population_name: Label
    area: str
    period: PeriodAnswer
    dims: str
    numerator: str | None = Field(
        description="|first published - restated|; null where one of them is hidden"
    )
    denominator: str | None
    value: str | None
    reason: Label | None
    figures: list[PublishedMember] = Field(
        description="published first and last; empty before anything is published"
    )
    restatements: list[Restated]
    items: list[PublishedDifference] = Field(
        description="figures that differ, of the area and all below it, and by what they can be asked apart"
    )
