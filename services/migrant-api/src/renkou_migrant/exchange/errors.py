"""What can go wrong when staff work with messages.

Conflict
├── reply_not_possible      the message is in a state, or of a kind, that takes no such reply
├── content_missing         the message was refused, so there is nothing to act on
└── agreement_not_in_force  nothing about a person may leave any more
"""

from renkou_common.errors import Conflict


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


def agreement_not_in_force() -> Conflict:
    """Return the error for a reply that no agreement covers any more."""
    return Conflict(
        "agreement_not_in_force",
        "协议已不在有效期内, 不能再发送个人信息",
        "The agreement is no longer in force; nothing about a person may be sent",
    )
