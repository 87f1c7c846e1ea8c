"""Closings as callers see them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_reporting.labels import Label
from renkou_reporting.published.schemas import FigureRow

_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Code = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
type StateName = Literal["open", "signed", "published", "reopened"]


class NewClosing(BaseModel):
    """Which period of the district is to be closed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"period": "2026-01"}})

    period: str = Field(description="2026-03, 2026Q1, 2026H1, 2026, SY2026 or SY2026H1", examples=["2026-01"])


class FirstSignature(BaseModel):
    """Why the figures are signed: for a restatement what it corrects."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "一月数字核对无误"}})

    reason: _Reason
    despite: list[_Code] = Field(
        default=[],
        max_length=20,
        description="checks that do not hold and in spite of which is signed; the second signer has to say why",
    )


class SecondSignature(BaseModel):
    """The hash of the figures that were signed first, as the second signer has seen them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"hash": "9f" * 32}})

    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    overrides: dict[_Code, _Reason] = Field(
        default={},
        max_length=20,
        description="why the figures are published in spite of a check, by its code",
    )


class Why(BaseModel):
    """Why a signature is taken back, or a period opened again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "补报出生 3 例"}})

    reason: _Reason


class FindingAnswer(BaseModel):
    """What a check found, and where to look."""

    text: Label
    link: str


class CheckAnswer(BaseModel):
    """A check; without findings it holds."""

    code: str
    name: Label
    overridable: bool = Field(description="may be signed in spite of it, where the second signer says why")
    holds: bool
    findings: list[FindingAnswer]


class CheckList(BaseModel):
    """All checks, at these positions of the feeds."""

    holds: bool = Field(description="whether every check holds")
    positions: dict[str, int]
    items: list[CheckAnswer]


class StepAnswer(BaseModel):
    """A line of the log."""

    kind: Literal["opened", "signed", "published", "withdrawn", "reopened"]
    by: UUID
    at: datetime
    reason: str
    detail: dict[str, Any]


class FirstSigned(BaseModel):
    """What waits for the second signature."""

    hash: str
    by: UUID
    at: datetime
    reason: str


class ClosingAnswer(BaseModel):
    """A closing; ``version`` is the newest published one, 0 where there is none."""

    id: UUID
    area: str
    period: str
    state: StateName
    version: int
    first_signed: FirstSigned | None
    late_events: int | None = Field(description="events since the newest version that changed its months")
    steps: list[StepAnswer]


class ClosingSummary(BaseModel):
    """A closing in a list."""

    id: UUID
    area: str
    period: str
    state: StateName
    version: int


class ClosingList(BaseModel):
    """A page of closings, the newest first."""

    items: list[ClosingSummary]
    next_after: str | None


class PageQuestion(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class ReservationAnswer(BaseModel):
    """A check that did not hold when the figures were signed first."""

    check: str
    findings: list[Label]


class FrozenAnswer(BaseModel):
    """The figures that wait for the second signature, exactly; what of them is hidden is decided at publication."""

    hash: str
    positions: dict[str, int]
    reservations: list[ReservationAnswer] = Field(description="checks in spite of which was signed")
    items: list[FigureRow]
    differences: list[dict[str, Any]] = Field(description="what a restatement changes, with the events")
