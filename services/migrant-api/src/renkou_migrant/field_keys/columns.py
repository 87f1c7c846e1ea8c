"""Every protected column of the exchange, and the columns of bytes that are not. A test compares with the schema."""

from renkou_common.field_keys.columns import ProtectedColumn, UnprotectedBytes
from renkou_migrant.exchange.contents import CONTENT_COLUMN
from renkou_migrant.message_log.service import TEXT_COLUMN

ID = ("id",)
PROTECTED: tuple[ProtectedColumn, ...] = (
    ProtectedColumn("certificate", "sealed", ID, "certificate.sealed:{id}", "证明文本", "certificate"),
    ProtectedColumn(
        "certificate",
        "paper_sealed",
        ID,
        "certificate.paper_sealed:{id}",
        "纸质证明文本",
        "certificate on paper",
    ),
    ProtectedColumn("message", "content", ID, CONTENT_COLUMN, "通报内容", "what a message says", health=True),
    ProtectedColumn(
        "message_content",
        "content",
        ("message_id", "number"),
        CONTENT_COLUMN,
        "更正前的通报内容",
        "what a message said before",
        health=True,
    ),
    ProtectedColumn(
        "message_log_text",
        "sealed",
        ("position",),
        TEXT_COLUMN,
        "通报签名原文",
        "signed text of a message",
        health=True,
    ),
)
_JWE = "a message in the partner's own encryption (JWE, X25519): no field key opens it"
_HASH = "a hash in a chain or of bytes that are sealed"
UNPROTECTED: tuple[UnprotectedBytes, ...] = (
    UnprotectedBytes("message", "sealed", _JWE),
    UnprotectedBytes("receipt", "sealed", _JWE),
    UnprotectedBytes("dead_letter", "data", "bytes from the hub as they came: sealed to this district (JWE)"),
    UnprotectedBytes("dead_letter", "fingerprint", _HASH),
    UnprotectedBytes("message", "digest", _HASH),
    UnprotectedBytes("message_log", "previous", _HASH),
    UnprotectedBytes("audit_seal", "chain", _HASH),
    UnprotectedBytes("audit_seal", "hash", _HASH),
    UnprotectedBytes("message_log", "hash", _HASH),
    UnprotectedBytes("message_log_head", "hash", _HASH),
    UnprotectedBytes("partner_log_head", "hash", _HASH),
    UnprotectedBytes("pair_counter", "out_hash", _HASH),
    UnprotectedBytes("pair_counter", "in_hash", _HASH),
    UnprotectedBytes(
        "certificate_check", "presentation_hash", "SHA-256 of a presentation, which is not kept"
    ),
    UnprotectedBytes("holder_proof", "digest", "SHA-256 of a signed proof, so that it is taken once"),
    UnprotectedBytes("applied_event", "content_hash", "SHA-256 of an event, which carries no personal field"),
    UnprotectedBytes("outbox", "content_hash", "SHA-256 of an event, which carries no personal field"),
    UnprotectedBytes(
        "idempotency_record", "request_hash", "hash of a request under the digest key, for 48 hours"
    ),
)
