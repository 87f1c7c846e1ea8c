"""What callers send and get about services."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import ServiceKind
from renkou_common.http.days import Day
from renkou_registry.fields import Reason
from renkou_registry.services_given.domain import (
    LISTED_KINDS,
    LISTED_STATES,
    CancelReason,
    ResultKind,
    State,
)

Consent = Annotated[bool, Field(strict=True, description="本人同意向户籍地通报")]


def _listed_kind(kind: ServiceKind) -> ServiceKind:
    if kind not in LISTED_KINDS:
        raise CodeError(
            "not_listed",
            "该项目不提供名单, 只在本人记录中查看",
            "no list shows this kind, only the person's record",
        )
    return kind


def _listed_state(state: State) -> State:
    if state not in LISTED_STATES:
        raise CodeError("not_listed", "不提供不需要服务者的名单", "there is no list of those who declined")
    return state


ListedKind = Annotated[ServiceKind, AfterValidator(_listed_kind)]
ListedState = Annotated[State, AfterValidator(_listed_state)]


class ServiceCreate(BaseModel):
    """A free service that was given; the home district is told only with the person's consent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "examination", "given_on": "2025-03-18", "share_with_home": True}]
        },
    )

    kind: ServiceKind
    given_on: Day
    share_with_home: Consent = False


class OfferCreate(BaseModel):
    """A free service that the person was told of; to be accepted or declined."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "examination", "offered_on": "2025-03-01"}]},
    )

    kind: ServiceKind
    offered_on: Day


class BookingCreate(BaseModel):
    """A service that the person wants on a day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "01939f3e-7c00-7000-8000-000000000001",
                    "kind": "antenatal_visit",
                    "booked_for": "2026-03-18",
                }
            ]
        },
    )

    person_id: UUID
    kind: ServiceKind
    booked_for: Day


class OwnBooking(BaseModel):
    """A service that the person books."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "counselling", "booked_for": "2026-03-18"}]}
    )

    kind: ServiceKind
    booked_for: Day


class Acceptance(BaseModel):
    """The person wants the service; on which day, where that is agreed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"booked_for": "2026-03-18"}, {}]}
    )

    booked_for: Day | None = None


class Giving(BaseModel):
    """The service was given."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"given_on": "2025-03-18", "share_with_home": False}]},
    )

    given_on: Day
    share_with_home: Consent = False


class Cancellation(BaseModel):
    """Why the service will not be given: the person, the provider, or an entry made in error."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "by_provider"}]})

    reason: CancelReason


class ServiceChanges(BaseModel):
    """What was recorded wrongly, with what is right; members left out stay."""

    model_config = ConfigDict(extra="forbid")

    kind: ServiceKind | None = None
    offered_on: Day | None = None
    given_on: Day | None = None
    share_with_home: Consent | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and any(each is None for each in value.values()):
            raise CodeError("null", "改动的项目不能为空", "a change must have a value")
        return value


class ServiceCorrection(BaseModel):
    """A correction with its reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"changes": {"given_on": "2025-03-19"}, "reason": "日期登记有误"}]},
    )

    changes: ServiceChanges
    reason: Reason


class ResultIn(BaseModel):
    """The kind of result, nothing more; stored sealed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"result": "follow_up"}]})

    result: ResultKind


class ResultOut(BaseModel):
    """The kind of result in the clear; this reading was logged."""

    service_id: UUID
    result: ResultKind
    result_label: str
    purpose: str


class ServiceOut(BaseModel):
    """A service."""

    id: UUID
    person_id: UUID
    kind: str
    kind_label: str
    state: State
    state_label: str
    given_on: date | None
    offered_on: date | None
    booked_for: date | None
    booked_by: Literal["person", "worker"] | None
    cancelled_because: CancelReason | None
    cancelled_because_label: str | None
    area: str = Field(description="the present address of the day it was recorded")
    share_with_home: bool
    has_result: bool = Field(description="whether a kind of result is kept, sealed")
    version: int
    recorded_at: datetime


class ServicePage(BaseModel):
    """A page of services."""

    items: list[ServiceOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
