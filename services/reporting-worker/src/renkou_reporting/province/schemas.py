"""Figures of a province as callers see them."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import Population
from renkou_reporting.labels import Label


class ProvinceQuestion(BaseModel):
    """Which figures."""

    model_config = ConfigDict(extra="forbid")

    period: str = Field(description="2026-03, 2026Q1, 2026H1, 2026, SY2026 or SY2026H1", examples=["2026-01"])
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
        description="no_denominator, negative_denominator, nothing_before, incomplete (a district hides a small number"
        " or has no such figure) or definitions_differ"
    )
    districts: int = Field(description="districts that are added up, or would be")
    complete: bool = Field(description="whether every district of the province is in it")
    hidden: list[str] = Field(description="districts that hide a small number here")
    lacking: list[str] = Field(
        description="districts that published the period without this figure, or without the returns that count it"
    )
    differing: list[str] = Field(description="districts whose definition is not that of most")


class ProvinceAccount(BaseModel):
    """Districts' population accounts added up, moves between them among in and out; a part that a district hides is
    null."""

    population: Population
    complete: bool = Field(description="whether every district of the province is in it and hides nothing")
    parts: dict[str, int | None]
    hidden: list[str] = Field(description="districts that hide a part")
    lacking: list[str] = Field(description="districts that published the period without this account")


class ProvinceAnswer(BaseModel):
    """A period's figures of the province, of the districts that have published it."""

    province: str
    period: str
    complete: bool = Field(description="whether every district that existed in the period has published it")
    districts: list[DistrictVersion]
    missing: list[str] = Field(description="districts that have not published this period")
    items: list[ProvinceFigure]
    accounts: list[ProvinceAccount]


class SourceAnswer(BaseModel):
    """How a district's feed stands."""

    district: str
    valid_from: date | None
    valid_to: date | None
    position: int = Field(description="number of the last document taken over")
    asked_at: datetime | None
    problem: str | None = Field(description="why nothing more is taken over")
    problem_since: datetime | None


class SourceList(BaseModel):
    """All districts of the province."""

    items: list[SourceAnswer]
