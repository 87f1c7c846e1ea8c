"""Questions and answers about population accounts."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Population
from renkou_common.http.days import Day
from renkou_reporting.accounts.domain import AgeStep, IncidentKind
from renkou_reporting.labels import Label

MAX_MONTHS = 120
_NAME = Field(
    default=None, description="what the area is called, on the boundaries' day or now; null where not known"
)
_AREA = Field(description="area code of 2, 4, 6, 9 or 12 digits; over its subtree", examples=["340103"])
_MONTH = Field(pattern=r"^\d{4}-\d{2}$", examples=["2026-05"])
_BOUNDARIES = Field(
    default=None,
    description="a day: the area as it was bounded then; left out, people count under the division of their day",
)
type Sex = Literal["0", "1", "2", "9"]


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    area: str = _AREA
    population: Population = Population.REGISTERED
    boundaries: Day | None = _BOUNDARIES


class AccountQuestion(_Question):
    """Which account, and by what it is told apart."""

    period: str = Field(description="2026-03, 2026Q1, 2026H1, 2026, SY2026 or SY2026H1", examples=["2026Q1"])
    through: str | None = Field(
        default=None, pattern=r"^\d{4}-\d{2}$", description="last month to count: the months so far"
    )
    sex: Sex | None = Field(default=None, description="GB/T 2261.1; only this sex")
    by_sex: bool = False
    ages: AgeStep | None = Field(default=None, description="rows by single years or five-year bands of age")


class SeriesQuestion(_Question):
    """Which accounts, month after month."""

    first: Annotated[str, _MONTH]
    last: Annotated[str, _MONTH]
    sex: Sex | None = None


class PyramidQuestion(_Question):
    """Of which area and month's end."""

    month: Annotated[str, _MONTH]
    ages: AgeStep = AgeStep.FIVE_YEARS


class BridgeQuestion(BaseModel):
    """Of which area and month's end."""

    model_config = ConfigDict(extra="forbid")

    area: str = _AREA
    month: Annotated[str, _MONTH]
    boundaries: Day | None = _BOUNDARIES


class Numbers(BaseModel):
    """opening + entered + born - died + moved_in - moved_out = closing, in persons."""

    opening: int = Field(description="期初, of the people who stand in this row at the end")
    entered: int = Field(description="期内建档: taken over by the register within the period")
    born: int
    died: int
    moved_in: int
    moved_out: int
    closing: int
    opening_of_age: int = Field(description="people who had this age before the period")
    ageing: int = Field(description="opening - opening_of_age: grown into the age less grown out of it")
    mean: str = Field(description="mean population: (opening_of_age + closing) / 2, exact")
    reclassified_in: int = Field(
        description="其中区划变更: of moved_in, whose division changed without their moving"
    )
    reclassified_out: int = Field(description="the same of moved_out")


class AccountRow(Numbers):
    """A row of an account; null: all sexes, all ages."""

    sex: int | None
    ages: str | None = Field(
        description="0, 1, ... 100+; or 0-4, 5-9, ... 100+; unknown: no birth month told"
    )


class AccountAnswer(BaseModel):
    """An account and its rows; the rows add up to the total."""

    area: str
    area_name: str | None = _NAME
    boundaries: date | None = None
    population: Population
    population_name: Label
    period: str
    first_month: str
    last_month: str
    total: Numbers
    rows: list[AccountRow]


class MonthRow(Numbers):
    """The account of a month."""

    month: str


class SeriesAnswer(BaseModel):
    """One month's account after the other: each opens with what the one before closed with."""

    area: str
    area_name: str | None = _NAME
    boundaries: date | None = None
    population: Population
    items: list[MonthRow]


class PyramidRow(BaseModel):
    """People of an age."""

    ages: str
    male: int
    female: int
    other: int = Field(description="sex unknown or not stated")


class PyramidAnswer(BaseModel):
    """A population pyramid (人口金字塔): people by sex and age at a month's end."""

    area: str
    area_name: str | None = _NAME
    boundaries: date | None = None
    population: Population
    month: str
    rows: list[PyramidRow]


class BridgeAnswer(BaseModel):
    """How the populations of an area hang together at a month's end."""

    area: str
    area_name: str | None = _NAME
    boundaries: date | None = None
    month: str
    registered: int
    migrant_out: int
    registered_present: int = Field(description="registered - migrant_out")
    migrant_in: int
    present: int = Field(description="现有人口: registered_present + migrant_in")
    resident: int
    in_between: int = Field(
        description="resident - present: stays and absences shorter than six months count in only one of them"
    )


class IncidentHead(BaseModel):
    """What breaks an account, without what would tell of single people."""

    id: UUID
    kind: IncidentKind
    text: Label
    area: str
    population: Population
    month: str
    state: Literal["open", "explained", "solved"]
    opened_at: datetime
    explained_by: UUID | None
    explained_at: datetime | None
    explanation: str | None
    solved_at: datetime | None


class Incident(IncidentHead):
    """An incident with its cause."""

    measure: str
    sex: int | None
    birth_month: str | None
    expected: int
    found: int
    cells: list[dict[str, Any]] = Field(description="the latest cells behind it")
    events: list[dict[str, Any]] = Field(description="the latest events behind it, by feed and number")


class IncidentList(BaseModel):
    """A page of incidents, newest first."""

    items: list[IncidentHead]
    next_after: str | None


class IncidentQuestion(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    area: str | None = None
    state: Literal["open", "explained", "solved"] | None = None
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class Explanation(BaseModel):
    """Why an incident is no mistake of the figures."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "建档时漏录, 已核实"}})

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class CheckRequest(BaseModel):
    """Up to which month accounts are checked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"through": "2026-05"}})

    through: Annotated[str, _MONTH]


class CheckAnswer(BaseModel):
    """A check of all accounts."""

    id: UUID
    through: str
    reason: Literal["month", "rebuild", "asked"]
    requested_at: datetime
    finished_at: datetime | None = Field(description="null while it waits")
    found: int | None = Field(description="how many findings; each is an incident")
