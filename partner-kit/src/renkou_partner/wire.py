"""Sealing and opening messages (SPEC.md, 3 and 4), written from the specification alone.

Unattributable(Exception)   nobody can be answered; ``code`` says why
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from renkou_partner import jws
from renkou_partner.contract import LIMITS, MESSAGE_TYPE, Json, envelope_errors
from renkou_partner.trust import District, TrustList, Untrusted


class _Sizes(jwe.JWERegistry):
    """The library takes ciphertexts of 64 kB at most; the exchange has a limit of its own, checked before."""

    max_ciphertext_length = 4 * 2**20


_PLAIN = _Sizes(algorithms=["ECDH-ES", "A256GCM"])
_COMPRESSING = _Sizes(algorithms=["ECDH-ES", "A256GCM", "DEF"])


class Unattributable(Exception):
    """A message that cannot be attributed to anybody or is not meant for us; never answered."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A district's private keys: the first of ``signing`` signs, each of ``encryption`` can open."""

    signing: tuple[OKPKey, ...]
    encryption: tuple[OKPKey, ...]

    @classmethod
    def from_jwk_set(cls, keys: Json) -> "KeyRing":
        """Read ``{"keys": [...]}`` by ``use``."""
        imported = [(jwk["use"], OKPKey.import_key(jwk)) for jwk in keys["keys"]]
        return cls(
            tuple(key for use, key in imported if use == "sig"),
            tuple(key for use, key in imported if use == "enc"),
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A genuine message. ``signed`` is the compact JWS whose SHA-256 is the ``digest``."""

    envelope: Json
    digest: str
    signed: str
    kid: str

    @property
    def created_at(self) -> datetime:
        """When it was signed."""
        return instant(self.envelope["created_at"])

    @property
    def expires_at(self) -> datetime:
        """From when on it is not taken any more."""
        return instant(self.envelope["expires_at"])


def digest_of(signed: str) -> str:
    """The digest by which receipts name a message: SHA-256 of the compact JWS, hexadecimal."""
    return sha256(signed.encode("ascii")).hexdigest()


def encrypt(signed: str, key: OKPKey, **header: Any) -> bytes:
    """Return the compact JWE of a signed message to the receiver's public key."""
    members = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key.kid, "cty": MESSAGE_TYPE} | header
    return jwe.encrypt_compact(members, signed.encode("ascii"), key, registry=_COMPRESSING).encode()


def seal(envelope: Json, keys: KeyRing, receiver: District, now: datetime) -> tuple[bytes, str]:
    """Sign and encrypt; returns the bytes and the digest. Raises Untrusted without a key of the receiver."""
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
    signed = jws.sign(text, keys.signing[0], MESSAGE_TYPE)
    return encrypt(signed, receiver.encryption_key(now)), digest_of(signed)


def decrypt(data: bytes, keys: KeyRing, *, inflate: bool = False) -> str:
    """Return the compact JWS inside; raises Unattributable. ``inflate`` is for the fault of that name."""
    if len(data) > LIMITS["sealed_bytes"]:
        raise Unattributable("too_large", f"{len(data)} bytes")
    try:
        text = data.decode("ascii")
        kid = jws.json_object(text.split(".")[0]).get("kid")
        key = next((key for key in keys.encryption if key.kid == kid), None)
        if key is None:
            raise Unattributable("unknown_encryption_key", str(kid)[:80])
        opened = jwe.decrypt_compact(text, key, registry=_COMPRESSING if inflate else _PLAIN)
        return (opened.plaintext or b"").decode("ascii")
    except (JoseError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise Unattributable("undecryptable", type(error).__name__) from error


def parse(signed: str) -> tuple[Json, Json]:
    """Return header and envelope of a compact JWS, not verified yet; raises Unattributable."""
    try:
        header, envelope = jws.parse(signed, MESSAGE_TYPE)
        wrong = envelope_errors(envelope)
        if wrong:
            raise Unattributable("malformed", wrong[0])
        for name in ("created_at", "expires_at"):
            instant(envelope[name])
        for name in ("id", "thread"):
            UUID(envelope[name])
    except jws.BadToken as error:
        raise Unattributable(error.code) from error
    except ValueError as error:
        raise Unattributable("malformed", repr(error)) from error
    return header, envelope


def open_sealed(
    data: bytes,
    *,
    keys: KeyRing,
    trust: TrustList,
    own: str,
    sender: str,
    now: datetime,
    checked: bool = True,
    inflate: bool = False,
) -> Opened:
    """Decrypt, verify and check that ``sender`` sent it to us; raises Unattributable.

    ``sender`` is the last token of the subject. ``checked`` False leaves out who it is from, to, and when.
    """
    signed = decrypt(data, keys, inflate=inflate)
    header, envelope = parse(signed)
    if checked and envelope["from"] != sender:
        raise Unattributable("wrong_sender", f"signed by {envelope['from']}, published by {sender}")
    try:
        jws.verify(
            signed, trust.signing_key(envelope["from"], header["kid"], instant(envelope["created_at"]))
        )
    except (Untrusted, jws.BadToken) as error:
        raise Unattributable(error.code) from error
    if checked and envelope["to"] != own:
        raise Unattributable("wrong_receiver", envelope["to"])
    opened = Opened(envelope, digest_of(signed), signed, header["kid"])
    if checked and opened.created_at > now + timedelta(seconds=LIMITS["clock_skew_seconds"]):
        raise Unattributable("from_the_future", envelope["created_at"])
    return opened


def instant(text: str) -> datetime:
    """Read an RFC 3339 instant; raises ValueError for one without offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant without offset")
    return moment.astimezone(UTC)
