"""From requests to answers, for the person and for staff."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_registry.fields import area_code
from renkou_registry.privacy.erasure.rules import Effect
from renkou_registry.privacy.erasure.service import Planned, Result
from renkou_registry.privacy.registers.service import Entry
from renkou_registry.privacy.requests.domain import (
    ACT_LABELS,
    COMPLAIN,
    KIND_LABELS,
    OUTCOME_LABELS,
    STATE_LABELS,
    Act,
    PrivacyRequest,
    State,
)
from renkou_registry.privacy.requests.schemas import (
    DeletionOut,
    GoneOut,
    HandledDetail,
    HandledRequest,
    HandledStepOut,
    OwnPrivacyRequestDetail,
    PlanOut,
    PrivacyRequestOut,
    RuleOut,
    StaysOut,
    StepOut,
    WaitsOut,
)
from renkou_registry.privacy.requests.service import Detail

_SAME = (
    *(
        "id",
        "person_id",
        "kind",
        "how",
        "wish",
        "about",
        "state",
        "due_on",
        "extended",
        "received_at",
        "received_by",
    ),
    *(
        "outcome",
        "reason",
        "law",
        "answer",
        "decided_at",
        "decided_by",
        "second_at",
        "second_by",
        "erasure_id",
    ),
    *("closed_at", "version"),
)
_TOLD = ("outcome", "reason", "law", "answer")
_UNDECIDED = (State.AWAITING_SECOND, State.WITHDRAWN)
_OF_DECISION = (Act.DECIDED, Act.SECOND_REFUSED, Act.SECOND_AGREED)


def _members(request: PrivacyRequest, today: date) -> dict[str, Any]:
    same = {name: getattr(request, name) for name in _SAME}
    outcome = OUTCOME_LABELS[request.outcome] if request.outcome else (None, None)
    answered = request.state is State.ANSWERED
    return same | {
        "area": area_code(request.area),
        "kind_label": KIND_LABELS[request.kind][0],
        "kind_label_en": KIND_LABELS[request.kind][1],
        "state_label": STATE_LABELS[request.state][0],
        "state_label_en": STATE_LABELS[request.state][1],
        "overdue": request.overdue(today),
        "outcome_label": outcome[0],
        "outcome_label_en": outcome[1],
        "complain": COMPLAIN.zh if answered else None,
        "complain_en": COMPLAIN.en if answered else None,
    }


def own(request: PrivacyRequest, today: date) -> PrivacyRequestOut:
    """Return a request as the person sees it in the list: a decision that a second person has to approve is none."""
    return PrivacyRequestOut.model_validate(_own_members(request, today))


def _own_members(request: PrivacyRequest, today: date) -> dict[str, Any]:
    members = _members(request, today)
    if request.state in _UNDECIDED:
        members |= dict.fromkeys((*_TOLD, "outcome_label", "outcome_label_en"))
    return {name: members[name] for name in PrivacyRequestOut.model_fields}


def own_detail(found: Detail, today: date) -> OwnPrivacyRequestDetail:
    """Return a request as the person sees it, with what was done and what became of it."""
    members = _own_members(found.request, today)
    shown = _standing([row["act"] for row in found.steps], decided=members["outcome"] is not None)
    return OwnPrivacyRequestDetail.model_validate(
        members
        | {
            "steps": [
                StepOut(**_step(row, shown=each)) for row, each in zip(found.steps, shown, strict=True)
            ],
            "deletion": _deletion(found.result),
            "explained": _rules(found.explained),
        }
    )


def own_copy(requests: Iterable[dict[str, Any]], steps: Iterable[dict[str, Any]]) -> None:
    """Take out of a person's copy of the rows what is no decision, or none any more."""
    of_request: dict[UUID, list[dict[str, Any]]] = {}
    for step in sorted(steps, key=lambda each: int(each["place"])):
        of_request.setdefault(step["request_id"], []).append(step)
    for request in requests:
        if request["state"] in _UNDECIDED:
            request |= dict.fromkeys(_TOLD)
        taken = of_request.get(request["id"], [])
        shown = _standing([each["act"] for each in taken], decided=request["outcome"] is not None)
        for step, stands in zip(taken, shown, strict=True):
            if not stands:
                step |= {"outcome": None, "told": None}


def _standing(acts: Sequence[str], *, decided: bool) -> list[bool]:
    """Say of each step whether a person is told what it says: of decisions the last only, once it stands."""
    last = max((place for place, act in enumerate(acts) if act == Act.DECIDED), default=0)
    return [act not in _OF_DECISION or (decided and place >= last) for place, act in enumerate(acts)]


def handled(request: PrivacyRequest, today: date) -> HandledRequest:
    """Return a request as it stands on the worklist."""
    return HandledRequest.model_validate(_members(request, today))


def handled_detail(found: Detail, today: date) -> HandledDetail:
    """Return a request as staff handle it."""
    plan = None
    if found.plan is not None:
        plan = PlanOut(would_go=_gone(found.plan), would_stay=_stays(found.plan))
    return HandledDetail.model_validate(
        _members(found.request, today)
        | {
            "steps": [HandledStepOut(**_step(row, shown=True), by=row["taken_by"]) for row in found.steps],
            "plan": plan,
            "deletion": _deletion(found.result),
            "explained": _rules(found.explained),
        }
    )


def _step(row: asyncpg.Record, *, shown: bool) -> dict[str, Any]:
    """Return a step, with what it says where that is shown."""
    act = Act(row["act"])
    return {
        "act": act,
        "label": ACT_LABELS[act][0],
        "label_en": ACT_LABELS[act][1],
        "outcome": row["outcome"] if shown else None,
        "told": row["told"] if shown else None,
        "at": row["taken_at"],
    }


def _deletion(result: Result | None) -> DeletionOut | None:
    if result is None:
        return None
    return DeletionOut(
        carried_out_at=result.carried_out_at,
        account_due_on=result.account_due_on,
        deleted=_gone(result.erased),
        waiting=[
            WaitsOut(
                label=each.zh,
                label_en=each.en,
                cause=each.cause,
                cause_label=each.cause_zh,
                cause_label_en=each.cause_en,
            )
            for each in result.waiting
        ],
        kept=_stays(result.kept),
    )


def _gone(planned: Iterable[Planned]) -> list[GoneOut]:
    return [
        GoneOut(
            record=each.table,
            label=each.zh,
            label_en=each.en,
            effect=each.effect.value,
            rows=each.rows,
            held=each.held,
        )
        for each in planned
        if each.effect is not Effect.KEEP
    ]


def _stays(planned: Iterable[Planned]) -> list[StaysOut]:
    return [
        StaysOut(
            record=each.table,
            label=each.zh,
            label_en=each.en,
            rows=each.rows,
            law=each.law,
            kept_until=each.kept_until,
            until=each.until_zh,
            until_en=each.until_en,
        )
        for each in planned
        if each.effect is Effect.KEEP
    ]


def _rules(entries: Iterable[Entry] | None) -> list[RuleOut] | None:
    if entries is None:
        return None
    return [_rule(each) for each in entries]


def _rule(entry: Entry) -> RuleOut:
    made, purpose = entry.processing, entry.processing.purpose
    return RuleOut(
        purpose=purpose.code,
        label=purpose.zh,
        label_en=purpose.en,
        articles=entry.articles,
        records=list(made.tables),
        separate_consent=purpose.consent if purpose.needs_separate_consent else None,
        kept=[
            f"{rule.zh} {rule.en}: " + (f"{rule.days} 天 days" if rule.days else rule.law or "依法 by law")
            for rule in made.retention
        ],
        notices=list(made.notices),
        lists=list(made.exports),
    )
