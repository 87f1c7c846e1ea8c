"""Targets as they are written and read, and how far figures are."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Population
from renkou_reporting.labels import Label
from renkou_reporting.targets.domain import Comparison, Dimensions

type Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
type Value = Annotated[Decimal, Field(max_digits=18, decimal_places=6, allow_inf_nan=False)]
_PERIOD = Field(max_length=10, description="2026-03, 2026Q1, 2026H1, 2026, SY2026 or SY2026H1")


class Slice(BaseModel):
    """Which figure: an indicator, a population and the dimensions it is asked apart by."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(max_length=60, description="a code of GET /indicators")
    population: Population
    sex: Literal["0", "1", "2", "9"] | None = Field(default=None, description="GB/T 2261.1")
    parity: str | None = Field(default=None, max_length=3)
    ages: str | None = Field(default=None, max_length=7)
    detail: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$")

    @property
    def dimensions(self) -> Dimensions:
        """The dimensions as they are written."""
        return Dimensions(self.sex, self.parity, self.ages, self.detail)


class GoalGiven(BaseModel):
    """What is to be reached: ``low`` for at_least, ``high`` for at_most, both for between."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"comparison": "at_least", "low": "98"}}
    )

    comparison: Comparison
    low: Value | None = None
    high: Value | None = None


class TargetValues(GoalGiven):
    """The values of a draft."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"comparison": "at_least", "low": "98.5", "below": True, "reason": "区里调整"}
        },
    )

    below: bool = Field(
        default=False, description="holds for the areas within too, where they have none of their own"
    )
    reason: Reason


class TargetDraft(Slice, TargetValues):
    """A target to be drafted, or the next version of one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "indicator": "certificate_check_rate",
                "population": "migrant_in",
                "area": "340103",
                "period": "2026",
                "comparison": "at_least",
                "low": "98",
                "below": True,
                "reason": "年度目标",
            }
        },
    )

    area: str
    period: str = _PERIOD


class Withdrawal(BaseModel):
    """Why it is taken out of force."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "指标停用"}})

    reason: Reason


class GoalAnswer(BaseModel):
    """What is to be reached."""

    comparison: Comparison
    low: str | None
    high: str | None


class TargetVersion(GoalAnswer):
    """A version of a target."""

    number: int
    state: str = Field(description="draft, active, superseded or withdrawn")
    below: bool
    reason: str
    made_by: UUID
    made_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class TargetAnswer(BaseModel):
    """A target: what it is on, and its versions, the newest first."""

    id: UUID
    indicator: str
    population: Population
    area: str
    area_name: str | None = Field(description="as it is called; null where it is not known")
    period: str
    valid_from: date
    valid_to: date
    sex: str | None
    parity: str | None
    ages: str | None
    detail: str | None
    version: int = Field(description="for If-Match")
    versions: list[TargetVersion]


class TargetList(BaseModel):
    """A page of targets."""

    items: list[TargetAnswer]
    next_after: str | None


class TargetQuestion(BaseModel):
    """Which targets."""

    model_config = ConfigDict(extra="forbid")

    area: str | None = Field(default=None, description="targets of this area and those within")
    period: str | None = Field(default=None, max_length=10)
    indicator: str | None = Field(default=None, max_length=60)
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class ProgressQuestion(BaseModel):
    """How far an area is on all targets that hold for it."""

    model_config = ConfigDict(extra="forbid")

    area: str
    period: str = _PERIOD
    through: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}$", description="last month counted")


class MissingAnswer(BaseModel):
    """What is missing: so many more (or fewer) given the denominator so far."""

    amount: str = Field(description="exact; 0 where the target is met")
    direction: str = Field(description="more, fewer or none")
    of: str = Field(description="numerator, or the indicator that a growth is of")


class ProgressItem(BaseModel):
    """One target and where the figure stands."""

    target_id: UUID
    target_area: str = Field(description="whose target it is: the area itself or one above")
    target_area_name: str | None
    indicator: str
    indicator_version: int
    name: Label
    population: Population
    sex: str | None
    parity: str | None
    ages: str | None
    detail: str | None
    unit: str
    goal: GoalAnswer
    numerator: str
    denominator: str
    value: str | None
    reason: Label | None
    met: bool | None
    shortfall: str | None = Field(description="how far the exact figure is from the target, in its unit")
    light: str
    light_name: Label
    missing: MissingAnswer | None


class ProgressAnswer(BaseModel):
    """All targets that hold for an area in a period."""

    area: str
    area_name: str | None = Field(description="as it is called; null where it is not known")
    period: str
    until: date = Field(description="the end of the period: by when targets are to be reached")
    counted_to: date
    items: list[ProgressItem]
