"""The way of an application: states, steps, and that nobody does two different steps of one case. No I/O."""

from collections.abc import Iterable
from enum import StrEnum

from renkou_common.errors import Conflict


class State(StrEnum):
    """Where an enrolment stands."""

    APPLIED = "applied"  # 已申请
    COMMUNITY_CHECKED = "community_checked"  # 社区已审
    SUBDISTRICT_CHECKED = "subdistrict_checked"  # 街道已审
    APPROVED = "approved"  # 区级已批
    NOTICED = "noticed"  # 公示中
    ACTIVE = "active"  # 发放中
    ENDED = "ended"  # 已终止
    RETURNED = "returned"  # 退回补正
    REJECTED = "rejected"  # 不予通过
    WITHDRAWN = "withdrawn"  # 本人撤回


STATE_NAMES: dict[State, str] = {
    State.APPLIED: "已申请",
    State.COMMUNITY_CHECKED: "社区已审核",
    State.SUBDISTRICT_CHECKED: "街道已审核",
    State.APPROVED: "区级已批准",
    State.NOTICED: "公示中",
    State.ACTIVE: "发放中",
    State.ENDED: "已终止",
    State.RETURNED: "退回补正",
    State.REJECTED: "不予通过",
    State.WITHDRAWN: "本人撤回",
}


class Action(StrEnum):
    """What can be done with an enrolment."""

    APPLICATION = "application"
    RESUBMISSION = "resubmission"
    COMMUNITY_PASS = "community_pass"  # noqa: S105
    COMMUNITY_RETURN = "community_return"
    COMMUNITY_REJECT = "community_reject"
    SUBDISTRICT_PASS = "subdistrict_pass"  # noqa: S105
    SUBDISTRICT_RETURN = "subdistrict_return"
    SUBDISTRICT_REJECT = "subdistrict_reject"
    DISTRICT_PASS = "district_pass"  # noqa: S105
    DISTRICT_RETURN = "district_return"
    DISTRICT_REJECT = "district_reject"
    PUBLICATION = "publication"
    ACTIVATION = "activation"
    OBJECTION_UPHELD = "objection_upheld"
    WITHDRAWAL = "withdrawal"
    END = "end"
    RESUMPTION = "resumption"


TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.RETURNED, Action.RESUBMISSION): State.APPLIED,
    (State.APPLIED, Action.COMMUNITY_PASS): State.COMMUNITY_CHECKED,
    (State.APPLIED, Action.COMMUNITY_RETURN): State.RETURNED,
    (State.APPLIED, Action.COMMUNITY_REJECT): State.REJECTED,
    (State.COMMUNITY_CHECKED, Action.SUBDISTRICT_PASS): State.SUBDISTRICT_CHECKED,
    (State.COMMUNITY_CHECKED, Action.SUBDISTRICT_RETURN): State.RETURNED,
    (State.COMMUNITY_CHECKED, Action.SUBDISTRICT_REJECT): State.REJECTED,
    (State.SUBDISTRICT_CHECKED, Action.DISTRICT_PASS): State.APPROVED,
    (State.SUBDISTRICT_CHECKED, Action.DISTRICT_RETURN): State.RETURNED,
    (State.SUBDISTRICT_CHECKED, Action.DISTRICT_REJECT): State.REJECTED,
    (State.APPROVED, Action.PUBLICATION): State.NOTICED,
    (State.NOTICED, Action.ACTIVATION): State.ACTIVE,
    (State.NOTICED, Action.OBJECTION_UPHELD): State.RETURNED,
    (State.ACTIVE, Action.END): State.ENDED,
    (State.ENDED, Action.RESUMPTION): State.ACTIVE,
    **{
        (state, Action.WITHDRAWAL): State.WITHDRAWN
        for state in (
            State.APPLIED,
            State.COMMUNITY_CHECKED,
            State.SUBDISTRICT_CHECKED,
            State.APPROVED,
            State.NOTICED,
            State.RETURNED,
        )
    },
    (State.ACTIVE, Action.WITHDRAWAL): State.ENDED,
}
# Which desk an action belongs to; who sat at one desk of a case sits at no other. A withdrawal is the
# person's own and an end follows from the record, so they belong to none.
DESK_OF: dict[Action, str] = {
    Action.APPLICATION: "application",
    Action.RESUBMISSION: "application",
    Action.COMMUNITY_PASS: "community",
    Action.COMMUNITY_RETURN: "community",
    Action.COMMUNITY_REJECT: "community",
    Action.SUBDISTRICT_PASS: "subdistrict",
    Action.SUBDISTRICT_RETURN: "subdistrict",
    Action.SUBDISTRICT_REJECT: "subdistrict",
    Action.DISTRICT_PASS: "district",
    Action.DISTRICT_RETURN: "district",
    Action.DISTRICT_REJECT: "district",
    Action.PUBLICATION: "notice",
    Action.ACTIVATION: "notice",
    Action.OBJECTION_UPHELD: "objection",
}
CLOSED = frozenset({State.ENDED, State.REJECTED, State.WITHDRAWN})


def next_state(state: State, action: Action) -> State:
    """Return the state after an action; raises Conflict ``wrong_state``."""
    following = TRANSITIONS.get((state, action))
    if following is None:
        raise Conflict(
            "wrong_state",
            f"当前状态“{STATE_NAMES[state]}”不能进行该操作",
            f"in the state {state} this cannot be done",
        )
    return following


def sat_elsewhere(action: Action, earlier: Iterable[Action]) -> bool:
    """Say whether somebody who took these earlier steps of a case may not take this one."""
    desk = DESK_OF.get(action)
    return desk is not None and any(DESK_OF.get(each, desk) != desk for each in earlier)


def check_four_eyes(action: Action, earlier: Iterable[Action]) -> None:
    """Raise Conflict ``same_person`` for somebody who took a different step of the same case before."""
    if sat_elsewhere(action, earlier):
        raise Conflict(
            "same_person",
            "同一案件的不同环节须由不同的人办理",
            "each step of a case is taken by another person",
        )
