"""Signatures of published figures: JWS (RFC 7515) in the flattened JSON form, Ed25519 (RFC 9864).

The file that leaves a node is ``{"payload": base64url, "protected": base64url, "signature": base64url}``; any JOSE
library checks it. The payload is canonical JSON: members sorted, no white space, UTF-8, no number that is not whole.

    BadDocument(ValueError)   a file that is no such thing, was changed, or was signed by somebody else
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from renkou_common.settings import read_json

TYPE = "renkou-figures+json"
ALGORITHM = "Ed25519"


class BadDocument(ValueError):
    """A published document that must not be believed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A document with its signature: canonical bytes, and two base64url texts."""

    payload: bytes
    protected: str
    signature: str

    @property
    def hash(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        return sha256(self.payload).digest()

    def to_json(self) -> dict[str, str]:
        """Return the flattened JWS."""
        return {"payload": encode(self.payload), "protected": self.protected, "signature": self.signature}

    @classmethod
    def from_json(cls, content: Any) -> "Signed":
        """Read a flattened JWS; raises BadDocument."""
        try:
            return cls(decode(content["payload"]), str(content["protected"]), str(content["signature"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadDocument("not a signed document of published figures") from error


class FigureKey:
    """The node's private key that signs what it publishes, with the public keys that it signed with before.

    ``jwk`` is one private key, or a JWK set: the first one signs, the others are told to whoever checks.
    """

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        jwk, *retired = jwk.get("keys", [jwk])
        if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519") or "d" not in jwk:
            raise ValueError("the key that signs figures is a private Ed25519 JWK")
        self._private = Ed25519PrivateKey.from_private_bytes(decode(jwk["d"]))
        x = encode(self._private.public_key().public_bytes_raw())
        self.public: dict[str, str] = {"kty": "OKP", "crv": "Ed25519", "x": x}
        self.kid = thumbprint(self.public)
        self._retired = [{name: one[name] for name in ("kty", "crv", "x")} for one in retired]

    def sign(self, payload: bytes) -> Signed:
        """Return the signed document."""
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": TYPE, "jwk": self.public}
        protected = encode(canonical(header))
        signature = self._private.sign(f"{protected}.{encode(payload)}".encode())
        return Signed(payload, protected, encode(signature))

    def public_keys(self) -> dict[str, Any]:
        """Return the JWK set that others check documents with."""
        return {
            "keys": [
                {**one, "kid": thumbprint(one), "use": "sig", "alg": ALGORITHM}
                for one in (self.public, *self._retired)
            ]
        }


@lru_cache(maxsize=4)
def read_key(path: Path) -> FigureKey:
    """Return the key of a file; raises OSError or ValueError."""
    return FigureKey(read_json(path))


def verify(signed: Signed, keys: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the document's content; raises BadDocument.

    With ``keys``, a JWK set, the signature has to be by one of them; without, by the key that the document names,
    which says no more than that nobody changed it since.
    """
    header = _header(signed)
    jwk = _public_jwk(header, keys)
    signing_input = f"{signed.protected}.{encode(signed.payload)}".encode()
    try:
        public = Ed25519PublicKey.from_public_bytes(decode(jwk["x"]))
        public.verify(decode(signed.signature), signing_input)
        content: Any = orjson.loads(signed.payload)
    except (InvalidSignature, KeyError, TypeError, ValueError) as error:
        raise BadDocument("the signature does not belong to this document") from error
    if not isinstance(content, dict) or canonical(content) != signed.payload:
        raise BadDocument("the document is not in canonical form")
    return content


def signer(signed: Signed) -> str:
    """Return the thumbprint (RFC 7638) of the key that a document names; raises BadDocument."""
    return thumbprint(_public_jwk(_header(signed), None))


def canonical(content: Any) -> bytes:
    """Return canonical JSON: sorted members, no white space, UTF-8."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the RFC 7638 thumbprint of an Ed25519 key."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    return encode(sha256(canonical(members)).digest())


def encode(content: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding; raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _header(signed: Signed) -> dict[str, Any]:
    try:
        header = orjson.loads(decode(signed.protected))
        if header["alg"] == ALGORITHM and header["typ"] == TYPE:
            return dict(header)
    except (KeyError, TypeError, ValueError) as error:
        raise BadDocument("the header cannot be read") from error
    raise BadDocument("this signature is of something else")


def _public_jwk(header: Mapping[str, Any], keys: Mapping[str, Any] | None) -> Mapping[str, Any]:
    known = [header.get("jwk")] if keys is None else list(keys.get("keys", []))
    for jwk in known:
        if isinstance(jwk, dict) and jwk.get("crv") == "Ed25519" and thumbprint(jwk) == header.get("kid"):
            return jwk
    raise BadDocument("signed by a key that is not among those known")
