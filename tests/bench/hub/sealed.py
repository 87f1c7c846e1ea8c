"""Sealed messages such as our nodes send, of real size; sealed once and sent again and again.

Sealing costs the districts, not the hub, and is measured by the line `exchange` of the bench.
"""

import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.trust import TrustedDistrict, TrustedKey
from renkou_migrant.exchange.carried import ArrivalNotice, Receipt, ReceiptItem, Subject
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.wire import Envelope, ExchangeKeys, seal

SENDER, RECEIVER = "310115", "340103"


def _notice(number: int) -> dict[str, object]:
    subject = Subject(
        name="王小雨", resident_id=f"34010319900101{number % 10_000:04d}", home_area=f"{RECEIVER}002003"
    )
    notice = ArrivalNotice(subject=subject, arrived_on=datetime.now(UTC).date(), present_area="310115005001")
    return notice.model_dump(mode="json")


def _receipt(_: int) -> dict[str, object]:
    item = ReceiptItem(id=uuid4(), digest=os.urandom(32).hex(), state="read")
    return Receipt(items=[item]).model_dump(mode="json")


def sealed_messages(number: int) -> tuple[list[bytes], list[bytes]]:
    """So many sealed arrival notices and as many sealed receipts of one message each."""
    now = datetime.now(UTC)
    signer = SigningKey("bench-1", "EdDSA", Ed25519PrivateKey.generate())
    opening = OKPKey.generate_key("X25519", {"kid": "bench-enc-1", "use": "enc"}, private=True)
    keys = ExchangeKeys((signer,), {"bench-enc-1": opening})
    public = {name: str(value) for name, value in opening.as_dict(private=False).items()}
    trusted = TrustedKey("bench-enc-1", public, now - timedelta(days=1), now + timedelta(days=365), None)
    receiver = TrustedDistrict(RECEIVER, "", "", {}, {}, {trusted.kid: trusted})

    def one(kind: MessageKind, payload: dict[str, object]) -> bytes:
        message_id = uuid4()
        envelope = Envelope(
            id=message_id,
            kind=kind,
            version=1,
            sender=SENDER,
            receiver=RECEIVER,
            pair_seq=1,
            thread=message_id,
            in_reply_to=None,
            created_at=now,
            expires_at=now + timedelta(days=90),
            agreement=uuid4(),
            payload=payload,
        )
        return seal(envelope, keys, receiver, now).data

    notices = [one(MessageKind.ARRIVAL_NOTICE, _notice(each)) for each in range(number)]
    return notices, [one(MessageKind.RECEIPT, _receipt(each)) for each in range(number)]
