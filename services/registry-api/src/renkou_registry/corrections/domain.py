"""Requests for correction: what is proposed beside what stands, and who may decide. No I/O.

Nobody approves or rejects an own request (四眼原则); only an approval changes the register.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from renkou_common.errors import Conflict
from renkou_registry.life_events.domain import LifeEvent, PersonState, effective

CERTIFICATE_FACTS = frozenset(
    {"name", "resident_id", "sex", "birth_date", "marital_status", "registered_area", "alive"}
)
"""What a certificate (婚育证明) states of its holder, as far as one event can change it."""

KIN_FIELDS = frozenset({"mother_id", "father_id", "spouse_id", "former_mother_id", "former_father_id"})
"""Fields that hold the id of another person."""


class RequestKind(StrEnum):
    """What is asked for."""

    CORRECTION = "correction"  # 更正
    RETRACTION = "retraction"  # 撤销


class RequestState(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"  # 待审
    APPROVED = "approved"  # 已批准
    REJECTED = "rejected"  # 已驳回
    WITHDRAWN = "withdrawn"  # 已撤回


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """A request as stored; ``details`` are noted facts in the clear (name, resident_id, nationality)."""

    id: UUID
    person_id: UUID
    event_id: UUID
    kind: RequestKind
    area: int
    changes: Mapping[str, Any]
    details: Mapping[str, str]
    reason: str
    base: str
    state: RequestState
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None
    result_event_id: UUID | None
    version: int

    @property
    def proposed(self) -> Mapping[str, Any] | None:
        """The values that would stand; None where the event would be taken back."""
        return None if self.kind is RequestKind.RETRACTION else self.changes


@dataclass(frozen=True, slots=True)
class Difference:
    """One field as it stands and as it would be; None where there is nothing."""

    field: str
    current: Any
    proposed: Any


def standing(history: list[LifeEvent], event_id: UUID) -> LifeEvent | None:
    """Return an event with its corrections applied; None where it was taken back."""
    if any(event.retracts == event_id for event in history):
        return None
    found = [event for event in effective(history) if event.id == event_id]
    return found[0] if found else next(event for event in history if event.id == event_id)


def fingerprint(event: LifeEvent | None, noted: Mapping[str, str | None]) -> str:
    """Return what tells whether an event and the noted facts beside it are still what was seen."""
    if event is None:
        return "retracted"
    values = sorted((name, str(value)) for name, value in event.data.items())
    text = repr((str(event.kind), event.happened_on.isoformat(), values, sorted(noted.items())))
    return sha256(text.encode()).hexdigest()[:32]


def event_differences(event: LifeEvent | None, proposed: Mapping[str, Any] | None) -> list[Difference]:
    """Return the event's fields beside each other: those that would change, of a retraction all of them."""
    if event is None:
        return []
    current = {"happened_on": event.happened_on, **event.data}
    if proposed is None:
        return [Difference(name, current[name], None) for name in sorted(current.keys() - _HIDDEN)]
    return [Difference(name, current.get(name), proposed[name]) for name in sorted(proposed)]


_HIDDEN = frozenset({"counterpart", "reason", "request"})
_STATE = (
    "sex",
    "birth_date",
    "marital_status",
    "registered_area",
    "present_area",
    "present_since",
    "alive",
    "died_on",
    "spouse_id",
    "mother_id",
    "father_id",
)


def state_differences(before: PersonState, after: PersonState | None, today: date) -> list[Difference]:
    """Return what would be otherwise in the state that derives from the history."""
    found = [Difference("in_register", True, False)] if after is None else []
    for name in _STATE:
        old, new = getattr(before, name), getattr(after, name) if after is not None else None
        if old != new:
            found.append(Difference(name, old, new))
    usual = before.usual_area(today), after.usual_area(today) if after is not None else None
    if usual[0] != usual[1]:
        found.append(Difference("usual_area", *usual))
    return found


def check_open(request: CorrectionRequest) -> None:
    """Raise Conflict unless the request still waits for a decision."""
    if request.state is not RequestState.REQUESTED:
        raise Conflict("decided_already", "该申请已有处理结果", f"this request is {request.state} already")


def check_other_person(request: CorrectionRequest, subject: UUID) -> None:
    """Raise Conflict where somebody would decide on an own request."""
    if request.requested_by == subject:
        raise Conflict(
            "same_person",
            "申请人不能审批自己的申请, 须由他人审批",
            "who asked for a correction cannot decide on it; somebody else has to",
        )


def check_requester(request: CorrectionRequest, subject: UUID) -> None:
    """Raise Conflict where somebody would withdraw another's request."""
    if request.requested_by != subject:
        raise Conflict(
            "not_requester", "只有申请人可以撤回", "only who asked for the correction can withdraw it"
        )
