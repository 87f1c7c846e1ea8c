"""Figures of a province as callers see them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import Population
from renkou_reporting.labels import Label


class ProvinceQuestion(BaseModel):
    """Which figures."""

    model_config = ConfigDict(extra="forbid")

    period: str = Field(description="2026-03, 2026Q1, 2026H1, 2026, or SY2026", examples=["2026-01"])
    population: Population | None = None
    indicator: str | None = Field(default=None, max_length=60)


class DistrictVersion(BaseModel):
    """Which version of a district is added up."""

    district: str
    version: int
    hash: str


class ProvinceFigure(BaseModel):
    """Districts' numerators and denominators added up; the value is computed from the sums."""

    population: Population
    indicator: str
    name: Label
    unit: str
    dims: str
    numerator: str | None
    denominator: str | None
    value: str | None
    reason: str | None = Field(
        description="no_denominator, nothing_before, suppressed (a district hides it) or definitions_differ"
    )
    hidden: list[str] = Field(description="districts that hide a small number here")
    differing: list[str] = Field(description="districts whose definition is another one")


class ProvinceAccount(BaseModel):
    """Districts' population accounts added up, moves between them among in and out."""

    population: Population
    parts: dict[str, int | None]


class ProvinceAnswer(BaseModel):
    """A period's figures of the province, of the districts that have published it."""

    province: str
    period: str
    districts: list[DistrictVersion]
    missing: list[str] = Field(description="districts that have not published this period")
    items: list[ProvinceFigure]
    accounts: list[ProvinceAccount]


class SourceAnswer(BaseModel):
    """How a district's feed stands."""

    district: str
    position: int = Field(description="number of the last document taken over")
    asked_at: datetime | None
    problem: str | None


class SourceList(BaseModel):
    """All districts of the province."""

    items: list[SourceAnswer]
