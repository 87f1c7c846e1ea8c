"""A person's request: how it may go on, who may do what with it, and until when. No I/O.

Personal Information Protection Law: to restrict or refuse processing (article 44), deletion (47), an explanation of
the rules (48), and a convenient way to ask for it, with the reasons where it is refused (50).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from renkou_common.errors import Conflict, FieldError, InvalidInput, Text


class Kind(StrEnum):
    """What is asked for."""

    DELETION = "deletion"  # 删除
    RESTRICTION = "restriction"  # 限制处理
    EXPLANATION = "explanation"  # 解释说明


class State(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"  # 待办理
    AWAITING_SECOND = "awaiting_second"  # 待复核
    CARRYING_OUT = "carrying_out"  # 正在删除
    ANSWERED = "answered"  # 已答复
    WITHDRAWN = "withdrawn"  # 已撤回


class Outcome(StrEnum):
    """What was decided."""

    GRANTED = "granted"  # 同意
    PARTLY = "partly"  # 部分同意
    REFUSED = "refused"  # 不同意


class Act(StrEnum):
    """What was done to a request, in its steps."""

    RECEIVED = "received"
    EXTENDED = "extended"
    DECIDED = "decided"
    SECOND_AGREED = "second_agreed"
    SECOND_REFUSED = "second_refused"
    CARRIED_OUT = "carried_out"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class How(StrEnum):
    """How a request came."""

    OWN_ACCOUNT = "own_account"  # 本人账号
    COUNTER = "counter"  # 窗口受理


OPEN = (State.RECEIVED, State.AWAITING_SECOND, State.CARRYING_OUT)
UNDECIDED = (State.RECEIVED, State.AWAITING_SECOND)
"""While the day that it is due on runs."""


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A request as stored. ``decided_at`` and what was decided are empty again where the second person refused."""

    id: UUID
    person_id: UUID
    area: int
    kind: Kind
    how: How
    wish: str
    about: list[str]
    state: State
    due_on: date
    extended: bool
    received_at: datetime
    received_by: UUID
    outcome: Outcome | None
    reason: str | None
    law: str | None
    answer: str | None
    decided_at: datetime | None
    decided_by: UUID | None
    second_at: datetime | None
    second_by: UUID | None
    erasure_id: UUID | None
    closed_at: datetime | None
    version: int

    def overdue(self, today: date) -> bool:
        """Say whether nobody has decided in time."""
        return self.state in UNDECIDED and self.due_on < today


def check_about(kind: Kind, about: list[str], known: frozenset[str] | set[str]) -> None:
    """Raise InvalidInput for kinds of records that there are not, and where all of them are meant anyway."""
    if about and kind is not Kind.EXPLANATION:
        text = Text(
            "删除和限制处理针对全部依法无须保存、无须处理的信息, 不必列明; 单项请撤回同意或申请更正",
            "a deletion or restriction is about all that no law requires; leave this out. For a single item withdraw"
            " the consent or ask for a correction",
        )
        raise InvalidInput.fields([FieldError("/about", "about_everything", text)])
    unknown = sorted(set(about) - known)
    if unknown:
        text = Text(
            f"没有这类记录: {', '.join(unknown)}; 可填: {', '.join(sorted(known))}",
            f"no such kind of record: {', '.join(unknown)}; allowed: {', '.join(sorted(known))}",
        )
        raise InvalidInput.fields([FieldError("/about", "unknown_record_kind", text)])


def decided(request: PrivacyRequest, outcome: Outcome) -> State:
    """Return where a decision leads: a deletion to the second person, everything else to the answer.

    Raises Conflict unless the request waits for a decision.
    """
    _check(request, State.RECEIVED)
    if request.kind is Kind.DELETION and outcome is not Outcome.REFUSED:
        return State.AWAITING_SECOND
    return State.ANSWERED


def seconded(request: PrivacyRequest, subject: UUID, *, agreed: bool) -> State:
    """Return where the second person's word leads.

    Raises Conflict unless the request waits for it, or where ``subject`` decided or asked.
    """
    _check(request, State.AWAITING_SECOND)
    if subject in (request.decided_by, request.received_by):
        raise Conflict(
            "four_eyes",
            "删除须由受理、办理以外的人复核",
            "a deletion is approved by somebody other than who took the request in or decided on it",
        )
    return State.CARRYING_OUT if agreed else State.RECEIVED


def check_withdrawal(request: PrivacyRequest) -> None:
    """Raise Conflict where a deletion has begun or the answer is given."""
    _check(request, *UNDECIDED)


def check_extension(request: PrivacyRequest, today: date) -> None:
    """Raise Conflict unless the day can be put off: once, before it is over, while nobody has decided."""
    _check(request, State.RECEIVED)
    if request.extended:
        raise Conflict("extended_already", "答复期限只能延长一次", "the day was put off once already")
    if request.overdue(today):
        raise Conflict(
            "extension_too_late",
            f"答复期限 {request.due_on} 已过, 不能延长",
            f"it was due on {request.due_on}; what is overdue cannot be put off",
        )


def _check(request: PrivacyRequest, *allowed: State) -> None:
    if request.state not in allowed:
        raise Conflict(
            "request_not_at_this_step",
            f"该申请现为“{STATE_LABELS[request.state][0]}”, 不能进行此操作",
            f"the request is {request.state}; this needs {' or '.join(allowed)}",
        )


KIND_LABELS = {
    Kind.DELETION: ("删除个人信息", "deletion"),
    Kind.RESTRICTION: ("限制处理", "restriction of processing"),
    Kind.EXPLANATION: ("解释说明处理规则", "explanation of the rules"),
}
STATE_LABELS = {
    State.RECEIVED: ("待办理", "waits for a decision"),
    State.AWAITING_SECOND: ("待复核", "waits for a second person"),
    State.CARRYING_OUT: ("正在删除", "deletion is being carried out"),
    State.ANSWERED: ("已答复", "answered"),
    State.WITHDRAWN: ("已撤回", "withdrawn"),
}
OUTCOME_LABELS = {
    Outcome.GRANTED: ("同意", "granted"),
    Outcome.PARTLY: ("部分同意", "granted in part"),
    Outcome.REFUSED: ("不同意", "refused"),
}
ACT_LABELS = {
    Act.RECEIVED: ("已收到您的申请", "your request was received"),
    Act.EXTENDED: ("答复期限已延长", "the day by which you get an answer was put off"),
    Act.DECIDED: ("工作人员已作出处理意见", "a member of staff has decided"),
    Act.SECOND_AGREED: (
        "另一名工作人员已复核同意, 开始删除",
        "a second member of staff agreed; deletion begins",
    ),
    Act.SECOND_REFUSED: (
        "另一名工作人员复核未同意, 退回重新办理",
        "a second member of staff did not agree; it is decided anew",
    ),
    Act.CARRIED_OUT: ("删除已完成", "the deletion was carried out"),
    Act.ANSWERED: (
        "已答复, 暂缓的部分待原因消除后删除",
        "answered; the parts that wait are deleted when the cause is over",
    ),
    Act.WITHDRAWN: ("申请已撤回", "the request was withdrawn"),
}
COMPLAIN = Text(
    "对答复不服的, 可向履行个人信息保护职责的部门投诉、举报（《个人信息保护法》第六十五条）; 权利申请被拒绝的, 可依法向"
    "人民法院提起诉讼（《个人信息保护法》第五十条第二款）。",
    "If you disagree, complain to the department responsible for protecting personal information (Personal Information"
    " Protection Law, article 65); if the request was refused, you can bring an action before the people's court"
    " (article 50, paragraph 2).",
)
