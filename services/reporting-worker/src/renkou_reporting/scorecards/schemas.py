"""Scorecards as they are written, and scores as they are read."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Population
from renkou_reporting.labels import Label
from renkou_reporting.scorecards.domain import Bonus, Points, Rule, Share
from renkou_reporting.targets.schemas import GoalAnswer, GoalGiven, MissingAnswer, Reason, Slice

MAX_UNITS = 200
MAX_ITEMS = 60
type _Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_DIGITS = Field(max_digits=7, decimal_places=2, gt=0, allow_inf_nan=False)

_EXAMPLE: Any = {
    "title": "2026年度流动人口服务管理责任书",
    "area": "340103",
    "period": "2026",
    "office": "庐阳区卫生健康委员会",
    "units": [
        {"area": "340103001", "office": "逍遥津街道办事处"},
        {"area": "340103002", "office": "三孝口街道办事处"},
    ],
    "items": [
        {
            "indicator": "notice_rate",
            "population": "migrant_in",
            "target": {"comparison": "at_least", "low": "98"},
            "weight": "60",
            "rule": {"kind": "deduction", "per": "1", "points": "5"},
        },
        {
            "indicator": "satisfaction_rate",
            "population": "office",
            "target": {"comparison": "at_least", "low": "90"},
            "weight": "40",
            "rule": {"kind": "proportional"},
            "bonus": {"per": "1", "points": "0.5", "cap": "3"},
        },
        {
            "indicator": "certificate_check_rate",
            "population": "migrant_in",
            "target": {"comparison": "at_least", "low": "98"},
            "weight": "0",
            "rule": {"kind": "all_or_nothing"},
        },
    ],
}


class Item(Slice):
    """One line of a scorecard: a figure, its target, its weight and how points are given."""

    target: GoalGiven | None = Field(
        default=None, description="null: the target in force of each area for the period (GET /targets)"
    )
    weight: Points = Field(
        description="points for reaching the target; 0: watched only (监测), gives no points"
    )
    rule: Rule
    bonus: Bonus | None = None
    office: _Name | None = Field(default=None, description="office that leads on this item; never a person")


class Unit(BaseModel):
    """An area that is scored, and the office that answers for it; never a person."""

    model_config = ConfigDict(extra="forbid")

    area: str
    office: _Name


class Lights(BaseModel):
    """From which share of the points, in per cent, a light is green or amber."""

    model_config = ConfigDict(extra="forbid")

    green: Share = Decimal(90)
    amber: Share = Decimal(60)


class ScorecardDocument(BaseModel):
    """A scorecard: what two offices agree on for a period."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    title: _Name
    area: str = Field(description="the area whose parts are scored")
    period: str = Field(max_length=10, description="2026-03, 2026Q1, 2026H1, 2026, SY2026 or SY2026H1")
    office: _Name = Field(description="the office that sets it; never a person")
    units: list[Unit] = Field(min_length=1, max_length=MAX_UNITS)
    items: list[Item] = Field(min_length=1, max_length=MAX_ITEMS)
    total: Annotated[Decimal, _DIGITS] = Field(default=Decimal(100), description="what the weights add up to")
    lights: Lights = Lights()


class ScorecardDraft(BaseModel):
    """A document to be drafted, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"document": _EXAMPLE, "reason": "年度考核"}}
    )

    document: ScorecardDocument
    reason: Reason


class ScorecardVersion(BaseModel):
    """A version: its document, who drafted it and who put it in force."""

    number: int
    state: str = Field(description="draft, active, superseded or withdrawn")
    document: ScorecardDocument
    reason: str
    made_by: UUID
    made_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class ScorecardAnswer(BaseModel):
    """A scorecard with its versions, the newest first."""

    id: UUID
    area: str
    period: str
    version: int = Field(description="for If-Match")
    versions: list[ScorecardVersion]


class ScorecardSummary(BaseModel):
    """A scorecard in a list."""

    id: UUID
    area: str
    period: str
    title: str
    state: str = Field(description="of the newest version")
    version: int


class ScorecardList(BaseModel):
    """A page of scorecards."""

    items: list[ScorecardSummary]
    next_after: str | None


class ScorecardQuestion(BaseModel):
    """Which scorecards."""

    model_config = ConfigDict(extra="forbid")

    area: str | None = Field(default=None, description="scorecards of this area and those within")
    period: str | None = Field(default=None, max_length=10)
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class ScoreQuestion(BaseModel):
    """Which scores of a scorecard."""

    model_config = ConfigDict(extra="forbid")

    through: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}$", description="last month counted")
    number: int | None = Field(
        default=None, ge=1, description="version of the document; null: the one in force"
    )


class ItemHead(BaseModel):
    """An item as a table's column head."""

    indicator: str
    indicator_version: int | None = Field(description="null where it does not hold for the period")
    name: Label
    unit: str
    population: Population
    sex: str | None
    parity: str | None
    ages: str | None
    detail: str | None
    weight: str
    office: str | None
    watched: bool = Field(description="weight 0: shown, but it gives no points")


class ItemScore(BaseModel):
    """What an area got for an item, and why."""

    goal: GoalAnswer | None
    value: str | None
    hidden: bool = Field(default=False, description="of published figures: it is not shown")
    light: str
    points: str | None = Field(description="null where it does not count: no figure, or no target")
    lost: str | None
    bonus: str | None
    change: str | None = Field(description="points and bonus against the period before, by the same rules")


class TotalAnswer(BaseModel):
    """An area's sum."""

    score: str
    points: str
    lost: str
    bonus: str
    out_of: str = Field(description="weights of the items that counted; points + lost")
    percent: str | None


class AreaScore(BaseModel):
    """An area's score, its light and its place among the areas of the scorecard."""

    area: str
    area_name: str | None = Field(description="as it is called; null where it is not known")
    office: str
    total: TotalAnswer
    light: str
    light_name: Label
    rank: int | None = Field(description="among areas, equals share a place; null where nothing counted")
    before: TotalAnswer = Field(description="the period before, by the same rules and targets")
    items: list[ItemScore]


class ScoresAnswer(BaseModel):
    """Scores of the areas that the caller may see; places are among all of the scorecard."""

    scorecard_id: UUID
    number: int
    title: str
    period: str
    counted_to: date
    before: str = Field(description="the period before")
    source: str = Field(description="live, or the version of published figures")
    ranked: int = Field(description="how many areas have a place")
    items: list[ItemHead]
    areas: list[AreaScore]


class ItemExplained(ItemScore):
    """Every point of an item: the figure, the target, the rule and the arithmetic."""

    head: ItemHead
    numerator: str | None
    denominator: str | None
    reason: Label | None = Field(description="why it does not count")
    rule: Rule
    rule_bonus: Bonus | None
    arithmetic: Label | None
    missing: MissingAnswer | None
    value_before: str | None


class ExplainedAnswer(BaseModel):
    """How an area's score comes about."""

    scorecard_id: UUID
    number: int
    title: str
    period: str
    until: date = Field(description="the end of the period: by when targets are to be reached")
    counted_to: date
    before: str
    area: str
    area_name: str | None = Field(description="as it is called; null where it is not known")
    office: str
    total: TotalAnswer
    light: str
    light_name: Label
    rank: int | None
    ranked: int
    total_before: TotalAnswer
    items: list[ItemExplained]
