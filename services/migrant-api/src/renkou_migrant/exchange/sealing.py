"""What the message log keeps of something that this node sealed."""

from datetime import datetime

from renkou_migrant.exchange.wire import Envelope, Sealed, signature_text
from renkou_migrant.message_log.domain import Entry


def log_entry(envelope: Envelope, sealed: Sealed, now: datetime) -> Entry:
    """Return the log's entry for a message or receipt of ours."""
    return Entry(
        at=now,
        direction="out",
        partner=envelope.receiver,
        message_id=envelope.id,
        kind=envelope.kind,
        pair_seq=envelope.pair_seq,
        outcome="sealed",
        digest=sealed.digest.hex(),
        kid=sealed.kid,
        signature=signature_text(sealed.signature),
        text=sealed.signed,
    )
