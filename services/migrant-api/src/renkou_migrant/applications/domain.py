"""The states of an application and every way from one to another, as data. No I/O.

apply -> applied -> approved -> issued
            |  ^        |
     return v  | amend  | reject
         returned       v
            |        rejected
            v  withdraw (from applied, returned or approved)
        withdrawn
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict, Text
from renkou_migrant.certificates.domain import Kind


class ApplicationState(StrEnum):
    """Where an application stands."""

    APPLIED = "applied"  # 已申请
    RETURNED = "returned"  # 已退回
    APPROVED = "approved"  # 已批准
    ISSUED = "issued"  # 已签发
    REJECTED = "rejected"  # 不予办理
    WITHDRAWN = "withdrawn"  # 已撤回

    @property
    def zh(self) -> str:
        """The state in Chinese."""
        return _STATES[self]


_STATES = {
    ApplicationState.APPLIED: "已申请",
    ApplicationState.RETURNED: "已退回",
    ApplicationState.APPROVED: "已批准",
    ApplicationState.ISSUED: "已签发",
    ApplicationState.REJECTED: "不予办理",
    ApplicationState.WITHDRAWN: "已撤回",
}
OPEN = frozenset({ApplicationState.APPLIED, ApplicationState.RETURNED, ApplicationState.APPROVED})
"""A person has one application in these states at most."""


class Step(StrEnum):
    """What may be done with an application."""

    APPLY = "apply"
    RETURN = "return"
    AMEND = "amend"
    APPROVE = "approve"
    REJECT = "reject"
    ISSUE = "issue"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    SEPARATE = "separate"


@dataclass(frozen=True, slots=True)
class Way:
    """A step: from which states, to which, and whether it is for somebody who recorded nothing of it."""

    origins: frozenset[ApplicationState]
    to: ApplicationState
    by_another: bool = False


WAYS: Mapping[Step, Way] = {
    Step.RETURN: Way(frozenset({ApplicationState.APPLIED}), ApplicationState.RETURNED),
    Step.AMEND: Way(frozenset({ApplicationState.RETURNED}), ApplicationState.APPLIED),
    Step.APPROVE: Way(frozenset({ApplicationState.APPLIED}), ApplicationState.APPROVED, by_another=True),
    Step.REJECT: Way(
        frozenset({ApplicationState.APPLIED, ApplicationState.APPROVED}), ApplicationState.REJECTED
    ),
    Step.ISSUE: Way(frozenset({ApplicationState.APPROVED}), ApplicationState.ISSUED),
    Step.WITHDRAW: Way(OPEN, ApplicationState.WITHDRAWN),
}
"""Every way there is for people; ``apply`` makes an application and has no origin. ``merge`` and ``separate`` are
the register's: the application follows the record of its person (``moving``)."""


def after(state: ApplicationState, step: Step, *, actor: UUID, authors: Collection[UUID]) -> ApplicationState:
    """Return the state after a step.

    ``authors`` are the accounts that recorded or amended the application. Raises Conflict
    ``application_state`` where the state does not allow the step, ``same_person`` where it needs somebody
    else than an author (four eyes).
    """
    way = WAYS[step]
    if state not in way.origins:
        raise Conflict(
            "application_state", f"该申请{state.zh}, 不能办理此项", f"The application is {state.value}"
        )
    if way.by_another and actor in authors:
        raise Conflict("same_person", "须由另一人办理", "another person has to do this")
    return way.to


@dataclass(frozen=True, slots=True)
class Application:
    """An application as stored. ``registered_area`` is a 12-digit key, ``groups`` the content agreed to.

    ``replaces`` is the certificate that stood when it was asked for, None for a first one. ``holder_key`` is
    a public JWK. ``closed_on`` is the day of the last state.
    """

    id: UUID
    position: int
    person_id: UUID
    person_ref: UUID
    registered_area: int
    kind: Kind
    reason: str | None
    groups: tuple[str, ...]
    holder_key: Mapping[str, Any] | None
    replaces: UUID | None
    state: ApplicationState
    applied_on: date
    applied_at: datetime
    closed_on: date | None
    certificate_id: UUID | None
    version: int

    def lines(self) -> Counter[LineKey]:
        """Return what the office is counted to have done: asked of it, and what came of it."""
        counted = [(self.applied_on, Measure.CERTIFICATE_APPLIED)]
        if self.closed_on is not None:
            counted.append((self.closed_on, _CLOSINGS[self.state]))
        area = f"{self.registered_area:012d}"
        return Counter(
            LineKey(Population.OFFICE, area, on, measure, detail=self.kind.value) for on, measure in counted
        )


_CLOSINGS = {
    ApplicationState.ISSUED: Measure.CERTIFICATE_ISSUED,
    ApplicationState.REJECTED: Measure.CERTIFICATE_REJECTED,
    ApplicationState.WITHDRAWN: Measure.CERTIFICATE_WITHDRAWN,
}


def text_of(step: str) -> Text:
    """Return what a step in the history is called."""
    return _STEPS[step]


_STEPS: dict[str, Text] = {
    Step.APPLY: Text("申请", "applied for"),
    Step.RETURN: Text("退回", "returned"),
    Step.AMEND: Text("补正", "amended"),
    Step.APPROVE: Text("批准", "approved"),
    Step.REJECT: Text("不予办理", "rejected"),
    Step.ISSUE: Text("签发", "issued"),
    Step.WITHDRAW: Text("撤回", "withdrawn"),
    Step.MERGE: Text("随登记记录合并转入", "came with a record that was joined to this one"),
    Step.SEPARATE: Text("随登记记录拆分转回", "went back with a record that was separated"),
}
