"""What can go wrong when staff work with messages.

Conflict
├── reply_not_possible      the message is in a state, or of a kind, that takes no such reply
├── content_missing         the message was refused, so there is nothing to act on
├── amendment_not_possible  not ours, dead, or taken back already
├── follows_register        a notice is not amended by hand
├── other_kind              the correction fits another kind
├── reminder_not_possible   not overdue, or reminded of these days
├── nothing_to_correct      no birth was entered on it, or nothing about it changed
├── nothing_to_note         no change waits to be noted
├── purpose_ended           no purpose in force covers the kind
├── workplace_unknown       nobody told where the person works
└── no_agreement, agreement_not_in_force, agreement_suspended, not_agreed
InvalidInput
└── field_not_agreed        a member that the agreement with the partner does not list
"""

from renkou_common.errors import Conflict, InvalidInput, RenkouError
from renkou_migrant.agreements.domain import Refusal, RefusalCode
from renkou_migrant.exchange.codes import Refused

_NOT_AGREED = {
    RefusalCode.NO_AGREEMENT: ("与对方没有已启用的协议", "There is no agreement in force with the partner"),
    RefusalCode.NOT_IN_FORCE: (
        "协议已不在有效期内, 不能再发送个人信息",
        "The agreement is no longer in force; nothing about a person may be sent",
    ),
    RefusalCode.SUSPENDED: ("协议已暂停", "The agreement is suspended"),
    RefusalCode.NOT_AGREED: ("协议未列此类通报", "The agreement does not list this kind"),
}


def reply_not_possible(kind: str, state: str) -> Conflict:
    """Return the error for a message that takes no such reply."""
    return Conflict(
        "reply_not_possible",
        f"该通报(类型 {kind}, 状态 {state})不能作此处理",
        f"A message of kind {kind} in state {state} does not take this reply",
    )


def content_missing() -> Conflict:
    """Return the error for a message without content."""
    return Conflict("content_missing", "该通报没有内容", "The message has no content")


def amendment_not_possible(kind: str, state: str) -> Conflict:
    """Return the error for a message that can be neither corrected nor taken back like this."""
    return Conflict(
        "amendment_not_possible",
        f"该通报(类型 {kind}, 状态 {state})不能更正或撤回: 须为本方发出、未撤回的通报",
        f"A message of kind {kind} in state {state} cannot be amended so: it has to be ours and to stand",
    )


def follows_register() -> Conflict:
    """Return the error for a notice that is to be corrected by hand."""
    return Conflict(
        "follows_register",
        "通报随人口登记自动更正或撤回, 请先更正登记",
        "Notices follow the register: correct the record there, and the notice is corrected or taken back",
    )


def other_kind(kind: str) -> Conflict:
    """Return the error for a correction that fits another kind of message."""
    return Conflict(
        "other_kind",
        f"更正内容与该通报类型 {kind} 不符",
        f"What is given does not fit the kind of this message, {kind}",
    )


def reminder_not_possible(pause_days: int) -> Conflict:
    """Return the error for a message that the other office is not reminded of."""
    return Conflict(
        "reminder_not_possible",
        f"只能催办本方发出、已逾期、且 {pause_days} 天内未催办的通报",
        f"Only what is ours, overdue and was not reminded of within {pause_days} days can be reminded of",
    )


def nothing_to_correct() -> Conflict:
    """Return the error for a notice from which nothing in the register here is to be put right."""
    return Conflict(
        "nothing_to_correct",
        "该通报没有需在本区登记中更正的内容: 须为据以登记出生、之后被更正或撤回的出生通报",
        "Nothing here is to be put right: it has to be a birth notice, confirmed, that was then changed",
    )


def workplace_unknown() -> Conflict:
    """Return the error for an inquiry to a workplace's district that nobody told."""
    return Conflict(
        "workplace_unknown", "未登记工作地", "The district of the person's workplace is not known"
    )


def nothing_to_note() -> Conflict:
    """Return the error for a message that nobody has changed since it was last looked at."""
    return Conflict("nothing_to_note", "该通报没有待知悉的变更", "There is no change to take note of")


def purpose_ended(kind: str) -> Conflict:
    """Return the error for a kind of message without a purpose in force."""
    return Conflict(
        Refused.PURPOSE_ENDED.value,
        f"通报类型 {kind} 的处理目的已终止或未启用, 不能发送; 请区管理员核对处理目的目录",
        f"No purpose in force covers messages of kind {kind}; ask the administrator to check the purposes",
    )


def not_agreed(refusal: Refusal) -> RenkouError:
    """Return the error for something that the agreement with the partner does not let go."""
    if refusal.field is not None:
        pointer = "/" + refusal.field.replace(".", "/")
        return InvalidInput.field(
            pointer,
            refusal.code.value,
            "与对方的协议未列此项, 不能发送",
            "is not among what the agreement with the partner lets go",
        )
    zh, en = _NOT_AGREED[refusal.code]
    return Conflict(refusal.code.value, zh, en)
