"""What callers send and get about cards."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.cards import ContraceptiveMethod
from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn

Consent = Annotated[
    Literal[True], Field(description="本人同意登记 (separate consent to health data); nothing without it")
]


class CardCreate(BaseModel):
    """A card to open; the person's record says the rest."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_id": "0197f000-0000-7000-8000-000000000001"}]},
    )

    person_id: UUID
    opened_on: Day | None = Field(default=None, description="default today; a day on which a card is due")


class MethodIn(BaseModel):
    """A contraceptive method she has told, with her consent."""

    model_config = ConfigDict(extra="forbid")

    method: ContraceptiveMethod
    started_on: Day | None = None
    ended_on: Day | None = None
    told_on: Day
    consent: Consent
    volunteered: bool = Field(
        default=False, strict=True, description="本人主动告知; an unmarried woman is not asked"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.started_on and self.ended_on and self.ended_on < self.started_on:
            raise CodeError(
                "ended_before_start", "终止日期早于开始日期", "ended before it started", field="ended_on"
            )
        return self


class ExpectedDeliveryIn(BaseModel):
    """An expected date of delivery she has told, with her consent."""

    model_config = ConfigDict(extra="forbid")

    expected_on: Day
    told_on: Day
    consent: Consent

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        if not -31 <= (self.expected_on - self.told_on).days <= 301:
            raise CodeError(
                "expected_on",
                "预产期应在告知日前 31 天至后 301 天之间",
                "must lie between 31 days before and 301 days after the day it was told",
                field="expected_on",
            )
        return self


class CardPatch(BaseModel):
    """What she has told; what she takes back goes to `/facts/{fact_id}/withdrawal`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "method": {
                        "method": "supplies",
                        "started_on": "2025-02-01",
                        "told_on": "2025-03-18",
                        "consent": True,
                    }
                }
            ]
        },
    )

    method: MethodIn | None = None
    expected_delivery: ExpectedDeliveryIn | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.method is None and self.expected_delivery is None:
            raise CodeError("nothing_told", "请填写至少一项", "give at least one fact")
        return self


class RefusalIn(BaseModel):
    """She wants no visits (or wants them again)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"told_on": "2025-03-18"}]})

    told_on: Day


class OpeningCreate(BaseModel):
    """Open every card that is due in an area."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"area": "340103001"}]})

    area: AreaIn


class FactOut(BaseModel):
    """What was told. Its content is there only where it was asked for with a purpose."""

    id: UUID
    kind: Literal["method", "expected_delivery"]
    told_on: date
    current: bool
    taken_back: bool
    confirmed_on: date | None
    method: str | None = None
    method_label: str | None = None
    started_on: date | None = None
    ended_on: date | None = None
    expected_on: date | None = None


class FactList(BaseModel):
    """Facts, the newest first."""

    items: list[FactOut]


class CardSummary(BaseModel):
    """A card as lists show it: whether something was told, never what."""

    id: UUID
    number: str
    person_id: UUID
    name: str
    birth_date: date
    area: str = Field(description="where the card counts")
    present_area: str
    state: str
    state_label: str
    closed_reason: str | None
    closed_reason_label: str | None
    contraception: Literal["told", "not_told", "not_asked"]
    expected_delivery: Literal["told", "not_told"]
    visits_declined_on: date | None
    version: int


class CardOut(CardSummary):
    """A card: the woman's record beside what she has told. `facts` holds content only for a purpose."""

    population: str
    opened_on: date
    closed_on: date | None
    marital_status: str
    marital_status_label: str
    children_count: int
    children_birth_dates: list[date]
    registered_area: str
    registered_street: str | None
    present_street: str | None
    present_since: date
    recorded_at: datetime
    facts: list[FactOut]


class CardPage(BaseModel):
    """A page of cards."""

    items: list[CardSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")


class OpeningOut(BaseModel):
    """How far the opening of an area's cards is."""

    id: UUID
    area: str
    state: Literal["queued", "running", "done"]
    examined: int
    opened: int
    requested_at: datetime
    finished_at: datetime | None
