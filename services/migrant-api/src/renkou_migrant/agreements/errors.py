"""What can go wrong with agreements.

InvalidInput
└── (a reason's code)   a document that was handed over is not what it should be
Conflict
├── same_person         the second pair of eyes is the first
├── agreement_state     the agreement is in a state that does not allow it
└── waits_for_partner   it was proposed here: the other district signs next
"""

from collections.abc import Iterable

from renkou_common.errors import Conflict, InvalidInput


def document_refused(code: str, zh: str, en: str) -> InvalidInput:
    """Return the error for a document or statement that cannot be taken in."""
    return InvalidInput.field("/document", code, zh, en)


def same_person(does_zh: str, does_en: str, did_zh: str, did_en: str) -> Conflict:
    """Return the error for someone who would be their own second pair of eyes."""
    return Conflict(
        "same_person", f"{does_zh}人与{did_zh}人不得为同一人", f"Who {does_en} must not be who {did_en}"
    )


def wrong_state(state: str, allowed: Iterable[str]) -> Conflict:
    """Return the error for an agreement whose state does not allow a step."""
    names = ", ".join(allowed)
    return Conflict(
        "agreement_ended" if state == "ended" else "agreement_state",
        f"协议当前状态为 {state}, 此操作要求: {names}",
        f"The agreement is {state}; this needs it to be one of: {names}",
    )


def waits_for_partner() -> Conflict:
    """Return the error for signing one's own proposal again."""
    return Conflict(
        "waits_for_partner", "该协议由本区提出, 待对方签署", "Proposed here; the partner signs next"
    )
