"""Compact JSON Web Signatures (RFC 7515) with ES256 and EdDSA, on OpenSSL through ``cryptography``.

The algorithm is a property of the key, never of the message: a token naming another algorithm than its
key's is refused before any signature is computed (RFC 8725, 3.1). ES256 signatures are raw r || s.
"""

import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from renkou_migrant.credentials.reasons import CredentialError, Reason

type Algorithm = Literal["ES256", "EdDSA"]

SIGNATURE_BYTES = 64
_ECDSA = ec.ECDSA(SHA256())
_TO_URL = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST_CHARACTERS = (_ALPHABET, "", _ALPHABET[::16], _ALPHABET[::4])
"""By length modulo 4: last characters whose unused low bits are zero."""
_PADDING = (b"", b"===", b"==", b"=")


def encode_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, appendix C)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """The exact inverse of ``encode_base64url``.

    Padding, other characters, and a last character with unused bits set are refused, so that every byte
    string has exactly one text. Raises ``CredentialError(MALFORMED)``.
    """
    try:
        standard = text.encode("ascii").translate(_TO_STANDARD)
        data = binascii.a2b_base64(standard + _PADDING[len(text) & 3], strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise CredentialError(Reason.MALFORMED, "not base64url") from error
    if text and text[-1] not in _LAST_CHARACTERS[len(text) & 3]:
        raise CredentialError(Reason.MALFORMED, "base64url is not in its one canonical form")
    return data


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key with the one algorithm it may be used with."""

    kid: str
    algorithm: Algorithm
    public: ec.EllipticCurvePublicKey | Ed25519PublicKey

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], kid: str | None = None) -> Self:
        """Read an EC P-256 or OKP Ed25519 key (RFC 7517, RFC 8037); private members are ignored.

        ``kid`` overrides the member of that name. Raises ``CredentialError(MALFORMED)``.
        """
        algorithm, public = _public_from_jwk(jwk)
        return cls(kid=_kid_of(jwk, kid), algorithm=algorithm, public=public)

    def to_jwk(self) -> dict[str, str]:
        """The key as a public JWK with ``alg``, ``kid`` and ``use``."""
        return {**_public_members(self.public), "alg": self.algorithm, "kid": self.kid, "use": "sig"}

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise ``CredentialError(BAD_SIGNATURE)`` unless ``signature`` is this key's over ``data``."""
        if len(signature) != SIGNATURE_BYTES:
            raise CredentialError(Reason.BAD_SIGNATURE, "a signature has 64 bytes")
        try:
            if isinstance(self.public, Ed25519PublicKey):
                self.public.verify(signature, data)
            else:
                self.public.verify(_der_from_raw(signature), data, _ECDSA)
        except InvalidSignature as error:
            raise CredentialError(Reason.BAD_SIGNATURE) from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the one algorithm it may be used with."""

    kid: str
    algorithm: Algorithm
    private: ec.EllipticCurvePrivateKey | Ed25519PrivateKey

    @classmethod
    def generate(cls, kid: str, algorithm: Algorithm = "ES256") -> Self:
        """A fresh key. ``kid`` should be short, as it is printed on paper: ``340103-1``."""
        if algorithm == "EdDSA":
            return cls(kid, algorithm, Ed25519PrivateKey.generate())
        return cls(kid, algorithm, ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], kid: str | None = None) -> Self:
        """Read a private JWK (EC P-256 or OKP Ed25519). Raises ``CredentialError(MALFORMED)``."""
        algorithm, public = _public_from_jwk(jwk)
        secret = decode_base64url(_text_member(jwk, "d"))
        try:
            private: ec.EllipticCurvePrivateKey | Ed25519PrivateKey
            if isinstance(public, Ed25519PublicKey):
                private = Ed25519PrivateKey.from_private_bytes(secret)
            else:
                private = ec.EllipticCurvePrivateNumbers(
                    int.from_bytes(secret, "big"), public.public_numbers()
                ).private_key()
        except ValueError as error:
            raise CredentialError(Reason.MALFORMED, "not a private key") from error
        if private.public_key() != public:
            raise CredentialError(Reason.MALFORMED, "private and public part are of different keys")
        return cls(_kid_of(jwk, kid), algorithm, private)

    def to_jwk(self) -> dict[str, str]:
        """The key as a private JWK. Keep it in a file only the service can read."""
        if isinstance(self.private, Ed25519PrivateKey):
            secret = self.private.private_bytes_raw()
        else:
            secret = self.private.private_numbers().private_value.to_bytes(32, "big")
        return {**self.public.to_jwk(), "d": encode_base64url(secret)}

    @property
    def public(self) -> VerifyingKey:
        """The key others verify with."""
        return VerifyingKey(self.kid, self.algorithm, self.private.public_key())

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``: 64 bytes, r || s for ES256."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Header:
    """The protected header members that are looked at; all others are ignored, none is trusted.

    ``kid`` is empty where there is none.
    """

    algorithm: str
    kid: str
    type: str
    critical: bool


@dataclass(frozen=True, slots=True)
class UnverifiedJws:
    """A token taken apart. Nothing in it may be relied on before ``verify`` has returned."""

    header: Header
    payload: bytes
    signature: bytes
    signing_input: bytes

    def verify(self, key: VerifyingKey) -> None:
        """Check algorithm and signature against ``key``.

        Raises ``CredentialError``: ``ALGORITHM_NOT_OF_KEY`` or ``BAD_SIGNATURE``.
        """
        if self.header.algorithm != key.algorithm:
            raise CredentialError(Reason.ALGORITHM_NOT_OF_KEY)
        key.verify(self.signature, self.signing_input)


def sign_compact(payload: bytes, *, key: SigningKey, type: str) -> str:
    """Sign ``payload``. The header is ``{"alg":…,"kid":…,"typ":…}``, in this order and without spaces."""
    header = orjson.dumps({"alg": key.algorithm, "kid": key.kid, "typ": type})
    signing_input = f"{encode_base64url(header)}.{encode_base64url(payload)}"
    return f"{signing_input}.{encode_base64url(key.sign(signing_input.encode('ascii')))}"


def parse_compact(token: str, *, type: str, names_key: bool = True) -> UnverifiedJws:
    """Take a compact token apart and check its header. ``names_key`` False: ``kid`` may be absent.

    Raises ``CredentialError``: ``MALFORMED``, ``WRONG_TYPE`` (``typ`` is not ``type``) or
    ``CRITICAL_HEADER`` (``crit`` is there: no extension is supported).
    """
    segments = token.split(".")
    if len(segments) != 3:
        raise CredentialError(Reason.MALFORMED, "a compact token has three segments")
    header = _header(segments[0])
    if header.critical:
        raise CredentialError(Reason.CRITICAL_HEADER)
    if header.type != type:
        raise CredentialError(Reason.WRONG_TYPE)
    if names_key and not header.kid:
        raise CredentialError(Reason.MALFORMED, "kid is missing or empty")
    return UnverifiedJws(
        header=header,
        payload=decode_base64url(segments[1]),
        signature=decode_base64url(segments[2]),
        signing_input=token[: -len(segments[2]) - 1].encode("ascii"),
    )


def parse_json(data: bytes) -> Any:
    """Parse one JSON value in which no object names a member twice. Raises ``CredentialError(MALFORMED)``.

    Two readers may take different ones of two members of one name (RFC 8259, 4), so neither is taken. What
    is written without spaces and needless escapes comes back the same when written again, and then it
    can't have had any; everything else is read once more, slowly.
    """
    try:
        value = orjson.loads(data)
        if orjson.dumps(value) != data:
            json.loads(data, object_pairs_hook=_members_once)
    except ValueError as error:
        raise CredentialError(Reason.MALFORMED, "not JSON, or a member twice") from error
    return value


def parse_json_object(data: bytes) -> dict[str, Any]:
    """Parse one JSON object as ``parse_json`` does. Raises ``CredentialError(MALFORMED)``."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise CredentialError(Reason.MALFORMED, "not a JSON object")
    return value


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


@lru_cache(maxsize=256)
def _header(segment: str) -> Header:
    """All certificates of one key carry the same header: parsed once."""
    members = parse_json_object(decode_base64url(segment))
    return Header(
        algorithm=_text_member(members, "alg"),
        kid=_text_member(members, "kid") if "kid" in members else "",
        type=_text_member(members, "typ"),
        critical="crit" in members,
    )


def _text_member(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise CredentialError(Reason.MALFORMED, f"{name} is missing or not text")
    return value


def _kid_of(jwk: Mapping[str, Any], kid: str | None) -> str:
    return kid if kid is not None else _text_member(jwk, "kid")


def _public_from_jwk(
    jwk: Mapping[str, Any],
) -> tuple[Algorithm, ec.EllipticCurvePublicKey | Ed25519PublicKey]:
    kind = (jwk.get("kty"), jwk.get("crv"))
    x = decode_base64url(_text_member(jwk, "x"))
    try:
        if kind == ("OKP", "Ed25519") and jwk.get("alg", "EdDSA") == "EdDSA":
            return "EdDSA", Ed25519PublicKey.from_public_bytes(x)
        if kind == ("EC", "P-256") and jwk.get("alg", "ES256") == "ES256":
            y = decode_base64url(_text_member(jwk, "y"))
            point = b"\x04" + x.rjust(32, b"\0") + y.rjust(32, b"\0")
            return "ES256", ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise CredentialError(Reason.MALFORMED, "not a public key") from error
    raise CredentialError(Reason.MALFORMED, "only P-256 (ES256) and Ed25519 (EdDSA) keys are supported")


def _public_members(public: ec.EllipticCurvePublicKey | Ed25519PublicKey) -> dict[str, str]:
    if isinstance(public, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(public.public_bytes_raw())}
    numbers = public.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": encode_base64url(numbers.x.to_bytes(32, "big")),
        "y": encode_base64url(numbers.y.to_bytes(32, "big")),
    }


def _der_from_raw(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
