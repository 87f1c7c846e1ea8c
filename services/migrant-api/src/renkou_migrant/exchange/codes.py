"""Why a message did not arrive, or was not taken: every code that the exchange keeps or signs. No I/O.

The agreement's own codes are :class:`renkou_migrant.agreements.domain.RefusalCode`. What each means in words is in
:mod:`.refusals` and :mod:`.dead_letters`.
"""

from enum import StrEnum


class Refused(StrEnum):
    """Kept with a message that ended so. The first group stands in signed receipts (SPEC.md of the kit, 9)."""

    UNKNOWN_KIND = "unknown_kind"
    UNSUPPORTED_VERSION = "unsupported_version"
    EXPIRED = "expired"
    BAD_CONTENT = "bad_content"
    ID_CONFLICT = "id_conflict"
    SEQUENCE_CONFLICT = "sequence_conflict"
    REPLY_NOT_EXPECTED = "reply_not_expected"
    AMENDMENT_NOT_EXPECTED = "amendment_not_expected"

    PARTNER_LACKS_KIND = "partner_lacks_kind"
    PARTNER_LACKS_VERSION = "partner_lacks_version"
    PARTNER_LACKS_ATTACHMENTS = "partner_lacks_attachments"
    PARTNER_LACKS_URGENT = "partner_lacks_urgent"
    CONTENT_UNREADABLE = "content_unreadable"
    FACTS_GONE = "facts_gone"
    FACTS_UNUSABLE = "facts_unusable"
    WITHDRAWN_BEFORE_SENDING = "withdrawn_before_sending"
    PURPOSE_ENDED = "purpose_ended"
    PROCESSING_RESTRICTED = "processing_restricted"
    CONSENT_ENDED = "consent_ended"


class Unreadable(StrEnum):
    """Kept with what came from the hub and could not be taken, beside the reasons of a signature that fails."""

    TOO_LARGE = "too_large"
    UNDECRYPTABLE = "undecryptable"
    UNKNOWN_ENCRYPTION_KEY = "unknown_encryption_key"
    MALFORMED = "malformed"
    WRONG_SENDER = "wrong_sender"
    WRONG_RECEIVER = "wrong_receiver"
    FROM_THE_FUTURE = "from_the_future"
    SEQUENCE_CONFLICT = "sequence_conflict"
    UNKNOWN_KIND = "unknown_kind"
    TOO_FAR_AHEAD = "too_far_ahead"
    BAD_RECEIPT = "bad_receipt"
    BAD_DIGEST = "bad_digest"
    TOO_MANY = "too_many"
    INTERNAL = "internal"
