"""Messages as they travel: signed (JWS, Ed25519), then encrypted to the receiver (JWE, ECDH-ES X25519).

The signed text is JSON: ``id, kind, version, from, to, pair_seq, thread, in_reply_to, created_at, expires_at,
agreement, payload``. ``pair_seq`` counts the messages from one district to another without gaps from 1;
receipts and digests carry 0, as they are neither ordered nor acknowledged themselves.

    WireError(Exception)   carries the ``code`` under which the message is kept as a dead letter
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Self
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from joserfc.jwk import OKPKey

from renkou_migrant.credentials.jws import (
    SigningKey,
    decode_base64url,
    encode_base64url,
    parse_compact,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.trust import TrustedDistrict, TrustList
from renkou_migrant.exchange import jwe
from renkou_migrant.exchange.codes import Unreadable

MESSAGE_TYPE = "renkou-msg+jwt"
MAX_SEALED = 1_000_000
"""Bytes of the largest message sent or taken in, attachments included; the hub takes a little more, for headers."""
_MEMBERS = {"id", "kind", "version", "from", "to", "pair_seq", "thread", "in_reply_to", "created_at"} | {
    "expires_at",
    "agreement",
    "payload",
}


class WireError(Exception):
    """A message that cannot be attributed to anybody or is not meant for us; never answered."""

    def __init__(self, code: Unreadable | Reason, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ExchangeKeys:
    """A district's own private keys: the first signing key signs, all encryption keys can open."""

    signing: tuple[SigningKey, ...]
    encryption: Mapping[str, OKPKey]

    @classmethod
    def from_jwk_set(cls, content: Mapping[str, Any]) -> Self:
        """Read ``{"keys": [...]}``: Ed25519 with ``use`` sig, X25519 with ``use`` enc; raises ValueError."""
        keys = content["keys"]
        signing = tuple(SigningKey.from_jwk(jwk) for jwk in keys if jwk.get("use") == "sig")
        encryption = {jwk["kid"]: OKPKey.import_key(dict(jwk)) for jwk in keys if jwk.get("use") == "enc"}
        if not signing or not encryption:
            raise ValueError("an exchange key set holds a key with use=sig and one with use=enc")
        return cls(signing, encryption)

    @property
    def signer(self) -> SigningKey:
        """The key that signs now."""
        return self.signing[0]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything of a message that is signed. ``agreement`` is None for receipts and digests only."""

    id: UUID
    kind: str
    version: int
    sender: str
    receiver: str
    pair_seq: int
    thread: UUID
    in_reply_to: UUID | None
    created_at: datetime
    expires_at: datetime
    agreement: UUID | None
    payload: Mapping[str, Any]

    def to_json(self) -> bytes:
        """Return the text that is signed."""
        return orjson.dumps(
            {
                "id": str(self.id),
                "kind": self.kind,
                "version": self.version,
                "from": self.sender,
                "to": self.receiver,
                "pair_seq": self.pair_seq,
                "thread": str(self.thread),
                "in_reply_to": _text(self.in_reply_to),
                "created_at": self.created_at,
                "expires_at": self.expires_at,
                "agreement": _text(self.agreement),
                "payload": self.payload,
            }
        )


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message ready to be sent. ``digest`` and ``signature`` are of ``signed``, the text before encryption."""

    data: bytes
    digest: bytes
    signature: bytes
    kid: str
    signed: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that was really sent by ``envelope.sender`` to us."""

    envelope: Envelope
    digest: bytes
    signature: bytes
    kid: str
    signed: str


def seal(envelope: Envelope, keys: ExchangeKeys, receiver: TrustedDistrict, now: datetime) -> Sealed:
    """Sign and encrypt; raises CredentialError where the receiver has no encryption key at ``now``."""
    trusted = receiver.encryption_key(now)
    signed = sign_compact(envelope.to_json(), key=keys.signer, type=MESSAGE_TYPE)
    sealed = jwe.encrypt_compact(
        signed.encode(), kid=trusted.kid, content_type=MESSAGE_TYPE, key=_public_key(trusted.jwk["x"])
    )
    signature = decode_base64url(signed.rsplit(".", 1)[1])
    return Sealed(sealed.encode(), sha256(signed.encode()).digest(), signature, keys.signer.kid, signed)


def open_sealed(
    data: bytes,
    *,
    keys: ExchangeKeys,
    trust: TrustList,
    own: str,
    sender: str,
    now: datetime,
    skew: timedelta,
) -> Opened:
    """Decrypt, verify and check that ``sender`` sent it to us; raises WireError.

    ``sender`` is whom the hub let publish under this subject; ``skew`` how far its clock may be ahead.
    """
    signed = _decrypt(data, keys)
    try:
        jws = parse_compact(signed, type=MESSAGE_TYPE)
        envelope = _parse(orjson.loads(jws.payload))
        if envelope.sender != sender:
            raise WireError(Unreadable.WRONG_SENDER, f"signed by {envelope.sender}, published by {sender}")
        jws.verify(trust.exchange_key(envelope.sender, jws.header.kid, envelope.created_at))
    except CredentialError as error:
        raise WireError(error.reason, error.detail) from error
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(Unreadable.MALFORMED, repr(error)) from error
    if envelope.receiver != own:
        raise WireError(Unreadable.WRONG_RECEIVER, f"addressed to {envelope.receiver}")
    if envelope.created_at > now + skew:
        raise WireError(Unreadable.FROM_THE_FUTURE, envelope.created_at.isoformat())
    return Opened(envelope, sha256(signed.encode()).digest(), jws.signature, jws.header.kid, signed)


def signature_text(signature: bytes) -> str:
    """Return a signature as it stands in a compact token."""
    return encode_base64url(signature)


@lru_cache(maxsize=4096)
def _public_key(x: str) -> X25519PublicKey:
    """Every message to a partner is encrypted to the same key: read once."""
    return X25519PublicKey.from_public_bytes(decode_base64url(x))


def _decrypt(data: bytes, keys: ExchangeKeys) -> str:
    if len(data) > MAX_SEALED:
        raise WireError(Unreadable.TOO_LARGE, f"{len(data)} bytes")
    try:
        token = jwe.parse_compact(data)
        key = keys.encryption.get(token.kid)
        if key is None:
            raise WireError(Unreadable.UNKNOWN_ENCRYPTION_KEY, token.kid)
        private = key.private_key
        if not isinstance(private, X25519PrivateKey):
            raise WireError(Unreadable.UNKNOWN_ENCRYPTION_KEY, token.kid)
        return token.open(private).decode("ascii")
    except (CredentialError, UnicodeDecodeError) as error:
        raise WireError(Unreadable.UNDECRYPTABLE, str(error)[:200]) from error


def _parse(members: Any) -> Envelope:
    if not isinstance(members, dict) or members.keys() != _MEMBERS:
        raise WireError(Unreadable.MALFORMED, "not the members of a message")
    payload, version, pair_seq = members["payload"], members["version"], members["pair_seq"]
    if not isinstance(payload, dict) or type(version) is not int or type(pair_seq) is not int:
        raise WireError(Unreadable.MALFORMED, "payload, version or pair_seq")
    if not 0 <= pair_seq < 2**53:
        raise WireError(Unreadable.MALFORMED, "pair_seq")
    kind = str(members["kind"])[:60]
    if not kind.isprintable():
        raise WireError(Unreadable.MALFORMED, "kind")
    return Envelope(
        id=UUID(members["id"]),
        kind=kind,
        version=version,
        sender=str(members["from"]),
        receiver=str(members["to"]),
        pair_seq=pair_seq,
        thread=UUID(members["thread"]),
        in_reply_to=_optional_id(members["in_reply_to"]),
        created_at=_instant(members["created_at"]),
        expires_at=_instant(members["expires_at"]),
        agreement=_optional_id(members["agreement"]),
        payload=payload,
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _optional_id(value: Any) -> UUID | None:
    return None if value is None else UUID(value)


def _instant(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise WireError(Unreadable.MALFORMED, "an instant without offset")
    return moment.astimezone(UTC)
