"""Compact JSON Web Encryption (RFC 7516) in the one form that the exchange uses: ECDH-ES on X25519, A256GCM.

The steps are OpenSSL's through ``cryptography``; what stands here is the order in which RFC 7518 (4.6 and 5.3)
and RFC 8037 put them together. Nothing can be chosen by a message: another ``alg`` or ``enc``, compression,
``crit`` and party information are refused before any key is used.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from renkou_migrant.credentials.jws import decode_base64url, encode_base64url, parse_json_object
from renkou_migrant.credentials.reasons import CredentialError, Reason

_ALGORITHM, _ENCRYPTION = "ECDH-ES", "A256GCM"
_MEMBERS = frozenset({"alg", "enc", "kid", "cty", "typ", "epk"})
_NONCE_BYTES, _TAG_BYTES = 12, 16
_ROUND = (1).to_bytes(4)
_OTHER_INFO = len(_ENCRYPTION).to_bytes(4) + _ENCRYPTION.encode() + bytes(8) + (256).to_bytes(4)
"""AlgorithmID, empty party information, key length in bits (RFC 7518, 4.6.2): one round of Concat KDF."""


@dataclass(frozen=True, slots=True)
class UnopenedJwe:
    """A token taken apart; nothing in it can be relied on before it was opened."""

    kid: str
    _ephemeral: X25519PublicKey
    _nonce: bytes
    _sealed: bytes
    _header: bytes

    def open(self, key: X25519PrivateKey) -> bytes:
        """Return what was encrypted; raises ``CredentialError(MALFORMED)`` for anything altered."""
        try:
            return AESGCM(_derive(key.exchange(self._ephemeral))).decrypt(
                self._nonce, self._sealed, self._header
            )
        except (InvalidTag, ValueError) as error:
            raise CredentialError(Reason.MALFORMED, "cannot be decrypted") from error


def encrypt_compact(plaintext: bytes, *, kid: str, content_type: str, key: X25519PublicKey) -> str:
    """Encrypt to a public key with a key pair made for this message alone."""
    ephemeral = X25519PrivateKey.generate()
    public = encode_base64url(ephemeral.public_key().public_bytes_raw())
    members = {
        "alg": _ALGORITHM,
        "enc": _ENCRYPTION,
        "kid": kid,
        "cty": content_type,
        "epk": {"kty": "OKP", "crv": "X25519", "x": public},
    }
    header = encode_base64url(orjson.dumps(members))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_derive(ephemeral.exchange(key))).encrypt(nonce, plaintext, header.encode())
    text, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    return f"{header}..{encode_base64url(nonce)}.{encode_base64url(text)}.{encode_base64url(tag)}"


def parse_compact(token: bytes) -> UnopenedJwe:
    """Take a compact token apart and check its header; raises ``CredentialError(MALFORMED)``."""
    try:
        segments = token.decode("ascii").split(".")
    except UnicodeDecodeError as error:
        raise CredentialError(Reason.MALFORMED, "not a compact token") from error
    if len(segments) != 5 or segments[1]:
        raise CredentialError(Reason.MALFORMED, "a compact token of five segments without an encrypted key")
    members = parse_json_object(decode_base64url(segments[0]))
    if (members.get("alg"), members.get("enc")) != (
        _ALGORITHM,
        _ENCRYPTION,
    ) or not members.keys() <= _MEMBERS:
        raise CredentialError(Reason.MALFORMED, "another algorithm, or a header member without meaning here")
    nonce, tag = decode_base64url(segments[2]), decode_base64url(segments[4])
    if len(nonce) != _NONCE_BYTES or len(tag) != _TAG_BYTES:
        raise CredentialError(Reason.MALFORMED, "length of nonce or tag")
    return UnopenedJwe(
        kid=str(members.get("kid"))[:80],
        _ephemeral=_ephemeral(members.get("epk")),
        _nonce=nonce,
        _sealed=decode_base64url(segments[3]) + tag,
        _header=segments[0].encode(),
    )


def _ephemeral(jwk: Any) -> X25519PublicKey:
    if not isinstance(jwk, dict) or (jwk.get("kty"), jwk.get("crv")) != ("OKP", "X25519"):
        raise CredentialError(Reason.MALFORMED, "epk is not an X25519 key")
    try:
        return X25519PublicKey.from_public_bytes(decode_base64url(str(jwk.get("x"))))
    except ValueError as error:
        raise CredentialError(Reason.MALFORMED, "epk is not an X25519 key") from error


def _derive(agreed: bytes) -> bytes:
    return sha256(_ROUND + agreed + _OTHER_INFO).digest()
