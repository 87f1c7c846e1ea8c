"""Reasons (原因码表): why a certificate is revoked, replaced, and why an application is returned or rejected.

Closed code lists, so that figures and front ends can rely on them; words go into a note beside the code.
"""

from collections.abc import Iterable
from enum import StrEnum

from renkou_common.codes.lists import CodeList, Entry

VERSION = "2026-11-22"


class RevocationReason(StrEnum):
    """Why a certificate is taken back."""

    HOLDER_REQUEST = "holder_request"
    ISSUED_IN_ERROR = "issued_in_error"
    UNTRUE_FACTS = "untrue_facts"
    REGISTRATION_MOVED = "registration_moved"
    OTHER = "other"


class ReplacementReason(StrEnum):
    """Why another certificate takes the place of one that stands."""

    LOST = "lost"
    DAMAGED = "damaged"
    FACTS_CHANGED = "facts_changed"
    CONTENT_CHANGED = "content_changed"
    KEY_COMPROMISED = "key_compromised"


class ReturnReason(StrEnum):
    """Why an application goes back to the applicant, who may amend it."""

    FACTS_TO_CORRECT = "facts_to_correct"
    CONSENT_UNCLEAR = "consent_unclear"
    HOLDER_KEY_UNCLEAR = "holder_key_unclear"
    OTHER = "other"


class RejectionReason(StrEnum):
    """Why an application is turned down for good; the person may apply again."""

    NOT_ENTITLED = "not_entitled"
    NOT_THE_PERSON = "not_the_person"
    NOT_ASKED_FOR = "not_asked_for"
    OTHER = "other"


def _entries(rows: Iterable[tuple[str, str, str]]) -> tuple[Entry, ...]:
    return tuple(Entry(code, zh, en) for code, zh, en in rows)


REVOCATIONS = CodeList(
    "certificate_revocation_reason",
    VERSION,
    "证明撤销原因",
    "reason of a revocation",
    _entries(
        (
            (RevocationReason.HOLDER_REQUEST, "持有人申请注销", "the holder asked for it"),
            (RevocationReason.ISSUED_IN_ERROR, "签发有误", "issued in error"),
            (RevocationReason.UNTRUE_FACTS, "所载内容不实", "what it states is not true"),
            (RevocationReason.REGISTRATION_MOVED, "户籍迁出本区县", "registration moved to another district"),
            (RevocationReason.OTHER, "其他", "other"),
        )
    ),
)
REPLACEMENTS = CodeList(
    "certificate_replacement_reason",
    VERSION,
    "证明换发原因",
    "reason of a replacement",
    _entries(
        (
            (ReplacementReason.LOST, "遗失", "lost"),
            (ReplacementReason.DAMAGED, "损坏", "damaged"),
            (ReplacementReason.FACTS_CHANGED, "登记内容变化", "the facts have changed"),
            (ReplacementReason.CONTENT_CHANGED, "持有人另选所载内容", "the holder wants other content in it"),
            (ReplacementReason.KEY_COMPROMISED, "签发密钥泄露", "the signing key was compromised"),
        )
    ),
)
RETURNS = CodeList(
    "certificate_return_reason",
    VERSION,
    "申请退回原因",
    "reason of a return",
    _entries(
        (
            (ReturnReason.FACTS_TO_CORRECT, "登记内容须先更正", "the register has to be corrected first"),
            (ReturnReason.CONSENT_UNCLEAR, "所同意载明的内容不明确", "what may be in it is not clear"),
            (ReturnReason.HOLDER_KEY_UNCLEAR, "持有人密钥不明确", "the holder's key is not clear"),
            (ReturnReason.OTHER, "其他", "other"),
        )
    ),
)
REJECTIONS = CodeList(
    "certificate_rejection_reason",
    VERSION,
    "申请不予办理原因",
    "reason of a rejection",
    _entries(
        (
            (RejectionReason.NOT_ENTITLED, "不属于办理对象", "a certificate can't be issued to this person"),
            (RejectionReason.NOT_THE_PERSON, "申请人非本人", "asked for by somebody else"),
            (RejectionReason.NOT_ASKED_FOR, "本人未申请", "the person did not ask for it"),
            (RejectionReason.OTHER, "其他", "other"),
        )
    ),
)

_ALL = (REVOCATIONS, REPLACEMENTS, RETURNS, REJECTIONS)


def label(code: str | None) -> tuple[str | None, str | None]:
    """Return a reason's labels in Chinese and English, whichever list it is from; None for None."""
    if code is None:
        return None, None
    for codes in _ALL:
        if code in codes.codes:
            entry = codes.entry(code)
            return entry.zh, entry.en
    return code, code
