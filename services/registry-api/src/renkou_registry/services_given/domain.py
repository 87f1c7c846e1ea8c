"""A free service from the offer to what came of it, and how it counts. No I/O.

    offered ──> accepted ──> given
       │  └────────┬──────────┘
       └> declined ┴> cancelled

An offer is an offer: who declines has declined, may accept later, and nothing follows from either.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import ServiceKind
from renkou_common.codes.maternal import SERVICE_STATES
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict, InvalidInput


class State(StrEnum):
    """Where a service stands."""

    OFFERED = "offered"  # 已告知
    ACCEPTED = "accepted"  # 已接受、已预约
    DECLINED = "declined"  # 本人不需要
    GIVEN = "given"  # 已提供
    CANCELLED = "cancelled"  # 已取消


class CancelReason(StrEnum):
    """Why a service was cancelled."""

    BY_PERSON = "by_person"  # 本人取消
    BY_PROVIDER = "by_provider"  # 服务方未能提供
    ERROR = "error"  # 登记有误


class ResultKind(StrEnum):
    """What a check came to, as far as arranging the next offer needs it."""

    NORMAL = "normal"  # 未见异常
    FOLLOW_UP = "follow_up"  # 建议复查
    REFERRED = "referred"  # 建议转诊


class ResultPurpose(StrEnum):
    """What a kind of result may be read for."""

    NEXT_OFFER = "next_offer"  # 安排复查或转诊
    PERSON_ASKS = "person_asks"  # 应本人要求


STATE_LABELS = {state: SERVICE_STATES.entry(state).zh for state in State}
EXAMINATIONS = frozenset({ServiceKind.EXAMINATION, ServiceKind.GYNAECOLOGICAL_CHECK})
WITH_RESULT = EXAMINATIONS | {
    ServiceKind.ANTENATAL_VISIT,
    ServiceKind.POSTNATAL_VISIT,
    ServiceKind.NEWBORN_VISIT,
}
"""Kinds whose kind of result has a purpose: offering a repeat or a referral."""

LISTED_KINDS = frozenset(ServiceKind) - {ServiceKind.CONTRACEPTIVE_PROCEDURE}
LISTED_STATES = frozenset(State) - {State.DECLINED}
"""No list of an area shows who declined, or who had a contraceptive procedure (domain document, part 5)."""

BOOKED_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Service:
    """One service to one person. ``area`` is a 12-digit key; ``population`` None counts nowhere."""

    id: UUID
    person_id: UUID
    kind: str
    state: State
    area: int
    population: Population | None
    sex: int
    share_with_home: bool
    offered_on: date | None = None
    booked_for: date | None = None
    booked_by: str | None = None
    given_on: date | None = None
    cancelled_because: CancelReason | None = None
    version: int = 1

    @property
    def counted_on(self) -> date | None:
        """The day whose figures it enters: of the offer, else of the service itself."""
        return self.offered_on or self.given_on


def lines_of(service: Service | None) -> Counter[LineKey]:
    """Return how a service counts: entitled, accepted and received, all on the day of the offer.

    So received never exceeds accepted, nor accepted entitled, in any area and period. What was recorded in
    error counts nowhere; what the person called off counts as entitled; what the provider failed to give
    stays accepted.
    """
    if service is None or service.population is None or service.counted_on is None:
        return Counter()
    measures = _measures(service.state, service.cancelled_because)
    if service.kind in EXAMINATIONS:
        measures = measures + [Measure(each.replace("service_", "examination_")) for each in measures]
    area, on = f"{service.area:012d}", service.counted_on
    return Counter(LineKey(service.population, area, on, each, service.sex) for each in measures)


def _measures(state: State, because: CancelReason | None) -> list[Measure]:
    entitled, accepted = [Measure.SERVICE_ENTITLED], [Measure.SERVICE_ENTITLED, Measure.SERVICE_ACCEPTED]
    match state:
        case State.OFFERED | State.DECLINED:
            return entitled
        case State.ACCEPTED:
            return accepted
        case State.GIVEN:
            return [*accepted, Measure.SERVICE_RECEIVED]
        case State.CANCELLED:
            counted = {CancelReason.BY_PERSON: entitled, CancelReason.BY_PROVIDER: accepted}
            return counted.get(because or CancelReason.ERROR, [])


def may_have_result(service: Service) -> bool:
    """Say whether a kind of result has a purpose: the service was given, and is of a kind that has one."""
    return service.state is State.GIVEN and service.kind in WITH_RESULT


def accept(service: Service, booked_for: date | None, booked_by: str) -> Service:
    """Return the service accepted, with the day agreed; also after a decline, and to agree on another day."""
    _require(service, State.OFFERED, State.DECLINED, State.ACCEPTED)
    return replace(
        service, state=State.ACCEPTED, booked_for=booked_for, booked_by=booked_by if booked_for else None
    )


def decline(service: Service) -> Service:
    """Return the service declined."""
    _require(service, State.OFFERED, State.ACCEPTED)
    return replace(service, state=State.DECLINED, booked_for=None, booked_by=None)


def give(service: Service, given_on: date, *, share_with_home: bool) -> Service:
    """Return the service given on a day not before the offer."""
    _require(service, State.OFFERED, State.ACCEPTED)
    _check_order(service.offered_on, given_on)
    return replace(service, state=State.GIVEN, given_on=given_on, share_with_home=share_with_home)


def cancel(service: Service, because: CancelReason) -> Service:
    """Return the service cancelled; one that was given only because it was recorded in error."""
    if service.state is State.GIVEN and because is not CancelReason.ERROR:
        raise Conflict(
            "service_given",
            "服务已提供, 只能因登记有误取消",
            "the service was given; it can only be cancelled as recorded in error",
        )
    _require(service, State.OFFERED, State.ACCEPTED, State.DECLINED, State.GIVEN)
    return replace(service, state=State.CANCELLED, cancelled_because=because)


def correct(service: Service, changes: Mapping[str, Any]) -> Service:
    """Return the service with what was recorded wrongly put right: kind, day of the offer, day it was given,
    consent to tell the home district."""
    _require(service, State.OFFERED, State.ACCEPTED, State.DECLINED, State.GIVEN)
    if "given_on" in changes and service.state is not State.GIVEN:
        raise Conflict("not_given", "服务尚未提供", "the service was not given yet")
    if "offered_on" in changes and service.offered_on is None:
        raise Conflict("not_offered", "该服务没有告知记录", "this service was given without an offer before")
    corrected = replace(service, **changes)
    if corrected.given_on is not None:
        _check_order(corrected.offered_on, corrected.given_on)
    if corrected == service:
        raise InvalidInput.field("/changes", "no_change", "没有任何改动", "nothing would be different")
    return corrected


def check_booking(booked_for: date | None, today: date) -> None:
    """Raise InvalidInput unless a booking is for today or a day within the next year."""
    if booked_for is not None and not today <= booked_for <= today + BOOKED_AHEAD:
        latest = today + BOOKED_AHEAD
        raise InvalidInput.field(
            "/booked_for",
            "booked_for",
            f"预约日期应在 {today} 至 {latest} 之间",
            f"must lie between {today} and {latest}",
        )


def _check_order(offered_on: date | None, given_on: date) -> None:
    if offered_on is not None and given_on < offered_on:
        raise Conflict("before_offer", f"早于告知日期 {offered_on}", f"is before the offer of {offered_on}")


def _require(service: Service, *states: State) -> None:
    if service.state not in states:
        label = STATE_LABELS[service.state]
        raise Conflict(
            "service_state",
            f"该服务{label}, 不能这样变更",
            f"the service is {service.state}; this does not fit",
        )
