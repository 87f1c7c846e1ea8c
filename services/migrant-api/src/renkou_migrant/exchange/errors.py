"""What can go wrong when staff work with messages.

Conflict
├── reply_not_possible      the message is in a state, or of a kind, that takes no such reply
├── content_missing         the message was refused, so there is nothing to act on
└── no_agreement, agreement_not_in_force, agreement_suspended, not_agreed
InvalidInput
└── field_not_agreed        a member that the agreement with the partner does not list
"""

from renkou_common.errors import Conflict, InvalidInput, RenkouError
from renkou_migrant.agreements.domain import Refusal, RefusalCode

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
