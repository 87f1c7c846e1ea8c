"""Questions and answers of explanations."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.figure_cases import MAX_CASES, FigureCasePurpose
from renkou_common.contracts.lines import Population
from renkou_reporting.explain.differences import Cause
from renkou_reporting.explain.domain import Member, Side, When
from renkou_reporting.figures.schemas import FigureQuestion, Frame, Head, Numbers, PeriodAnswer
from renkou_reporting.labels import Label

MAX_PAGE = 1000
type Below = Annotated[
    Literal["children", "communities"],
    Field(description="tell counts apart by the areas directly below, or by the communities"),
]


class CellsQuestion(FigureQuestion):
    """Whose cells."""

    areas: Below = "children"
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=MAX_PAGE)


class FactsQuestion(FigureQuestion):
    """Whose facts: of the whole figure, or of one of its cells."""

    cell: str | None = Field(
        default=None, max_length=1000, description="`cell` of an item of GET /figures/cells"
    )
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=MAX_PAGE)


type OfFigure = Annotated[
    Member | None,
    Field(
        description="which of `figures` it counts for: now and before of a growth, first and restated of a reporting"
        " error; null: the figure asked for"
    ),
]


class TermAnswer(BaseModel):
    """One term of a numerator or denominator: ``counts`` is what it brings to its side, value times weight."""

    figure: OfFigure = None
    side: Side
    part: str
    kind: str = Field(description="flow, stock, opening or mean")
    measure: str | None = Field(description="null: people")
    name: Label
    weight: str
    value: str
    counts: str


class CellAnswer(BaseModel):
    """Counts of one measure in an area and a month, and what they bring to the figure: value times weight."""

    cell: str = Field(description="for GET /figures/facts")
    figure: OfFigure = None
    side: Side
    part: str
    when: When = Field(
        description="period: happened within it; opening: was there before it; end: is there at its end"
    )
    population: Population
    measure: str
    name: Label
    area: str
    month: str
    sex: int
    parity: int | None = Field(description="null where people are told apart by age")
    detail: str | None
    value: int
    weight: str
    counts: str


class MemberAnswer(Numbers, Head):
    """One of the two figures that a growth or a reporting error compares."""

    figure: Member
    period: PeriodAnswer
    published: int | None = Field(default=None, description="published version; null of a live figure")


class Explained(Numbers, Head, Frame):
    """The figure that is explained."""

    area: str
    period: PeriodAnswer
    figures: list[MemberAnswer] = Field(
        default=[],
        description="of a growth this period and the one a year before; of a reporting error what was published first"
        " and last; of others empty",
    )


class CellsAnswer(Explained):
    """A page of a figure's cells. ``counts`` of all pages add up to numerator and denominator exactly.

    Of a growth they add up to those of each of its `figures`; of a reporting error they are what was taken in between
    its two versions, and add up to what the one published last has more than the first.
    """

    terms: list[TermAnswer]
    items: list[CellAnswer]
    next: str | None


class FactAnswer(BaseModel):
    """A signed count as a service published it. Names nobody."""

    feed: str
    seq: int
    event_id: UUID
    event_type: str | None = Field(description="null of what was taken in before this was kept")
    recorded_at: datetime | None
    happened_on: date
    area: str
    population: Population
    measure: str
    name: Label
    sex: int
    parity: int
    detail: str
    value: int
    figure: OfFigure = None
    side: Side
    part: str
    when: When
    weight: str
    counts: str = Field(description="what it brings to its side of the figure")
    correction: bool = Field(description="it corrects or takes back what was counted before")
    late: bool = Field(description="it was recorded after the month in which it happened")


class FactsAnswer(Explained):
    """A page of a figure's facts: by term, area, month, and their order in the feeds.

    Of a reporting error those that were taken in between its two versions.
    """

    items: list[FactAnswer]
    next: str | None


class ChangeQuestion(FigureQuestion):
    """Which figure against which other period."""

    against: str | None = Field(
        default=None,
        description="the period to compare with, as `period`; without it the one before",
        examples=["2026-02"],
    )
    against_through: str | None = Field(
        default=None, pattern=r"^\d{4}-\d{2}$", description="last month counted of that period"
    )
    areas: Below = "children"


class VersionsChangeQuestion(FigureQuestion):
    """Which published figure, in which of its versions."""

    model_config = ConfigDict(extra="forbid")

    before: int = Field(ge=1, description="the earlier version")
    after: int = Field(ge=1, description="the later version")
    areas: Below = "children"


class FigureNumbers(Numbers):
    """One of the two figures compared."""

    period: PeriodAnswer
    version: int = Field(description="version of the definition")
    published: int | None = Field(default=None, description="published version")


class Effect(BaseModel):
    """What something changed; effects add up exactly. Exact numbers are decimals, or p/q where they never end."""

    change: str = Field(description="of the numerator or denominator")
    on_value: str | None = Field(
        description="of the value before rounding; null where one of the values is none"
    )
    on_value_rounded: str | None = Field(
        description="the same with two more decimals than the figure, to be read"
    )


class CauseEffect(Effect):
    """What a cause changed on a side, all areas and measures together."""

    figure: OfFigure = None
    side: Side | None = Field(description="null: what is of neither, such as another factor")
    cause: Cause
    label: Label


class Contribution(CauseEffect):
    """What changed by a measure, an area and a cause."""

    measure: str | None
    name: Label | None
    area: str | None
    facts: int | None = Field(description="how many facts; null where it is told from sums")


class Difference(BaseModel):
    """Two figures compared; exact numbers are decimals, or p/q where they never end."""

    before: FigureNumbers
    after: FigureNumbers
    numerator_change: str
    denominator_change: str
    value_change: str | None = Field(description="as published: difference of the rounded values")
    exact_value_change: str | None = Field(description="before rounding; what `on_value` adds up to")
    rounding: str | None = Field(description="value_change less exact_value_change")


class MemberChange(Difference):
    """How one of the two figures changed that a growth or a reporting error compares."""

    figure: Member
    indicator: str
    name: Label
    unit: str


class ChangeAnswer(Difference, Frame):
    """Why a figure changed.

    Of a growth each `change` is that of a side of one of its `figures`, and `on_value` what it does to the growth. Of
    a reporting error `change` is that of its own sides: what was taken in between the versions, and the base.
    """

    indicator: str
    name: Label
    unit: str
    area: str
    figures: list[MemberChange] = Field(default=[], description="of a growth or a reporting error")
    by_cause: list[CauseEffect]
    items: list[Contribution]


class FactReference(BaseModel):
    """A fact's event, as GET /figures/facts names it."""

    model_config = ConfigDict(extra="forbid")

    feed: Literal["registry", "migrant", "returns"]
    event_id: UUID


class CasesRequest(BaseModel):
    """Whose cases, and what they are read for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "facts": [{"feed": "registry", "event_id": "0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e90"}],
                    "purpose": "figure_verification",
                }
            ]
        },
    )

    facts: Annotated[list[FactReference], Field(min_length=1, max_length=MAX_CASES)]
    purpose: FigureCasePurpose


class CaseAnswer(BaseModel):
    """The record behind a fact, as the service that keeps it shows it to the caller."""

    feed: str
    event_id: UUID
    event_type: str | None = None
    kind: str
    kind_label: str
    kind_label_en: str
    record_id: UUID
    path: str = Field(description="where that service shows the record, under the rights of its own")
    person: dict[str, Any] | None = Field(default=None, description="masked; kept nowhere in this service")


class Refusal(BaseModel):
    """Why a service shows this caller no cases at all."""

    code: str
    detail: str


class CaseSource(BaseModel):
    """How many cases of a feed were asked for, shown, and not shown."""

    feed: str
    asked: int
    shown: int
    hidden: int = Field(description="not the caller's to read, without a record, or unknown: not told apart")
    refused: Refusal | None


class CasesAnswer(BaseModel):
    """Cases by feed."""

    items: list[CaseAnswer]
    hidden: int
    sources: list[CaseSource]
