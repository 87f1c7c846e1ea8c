"""Roots (默克尔根): the signature, hourly, under how long the log is and what it says. No I/O.

A compact JWS, ``typ`` ``renkou-audit-root+jwt``, signed EdDSA with the service's audit key::

    {"log": "340103/registry-api", "number": 3, "first": 201, "last": 260, "head": "<chain hash of entry 260>",
     "root": "<tree over the hashes of entries 201 to 260>", "previous": "<SHA-256 of root 2's text>",
     "at": "2026-03-01T12:00:00+08:00"}

Numbers count from 1 without gaps; ``first`` follows the ``last`` of the one before, whose hash ``previous`` is
(null for the first). Whoever keeps one root can tell later that nothing before it was changed or removed.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ROOT_TYPE = "renkou-audit-root+jwt"


class BadRoot(ValueError):
    """A text is no root, or none that one of the keys signed."""


@dataclass(frozen=True, slots=True)
class Root:
    """What a root states. ``first`` and ``last`` are places; hashes are of 32 bytes."""

    log: str
    number: int
    first: int
    last: int
    head: bytes
    root: bytes
    previous: bytes | None
    at: datetime


class AuditKey:
    """The private Ed25519 key that signs roots (a JWK, RFC 8037)."""

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
            raise ValueError("the audit key has to be an Ed25519 JWK")
        self._key = Ed25519PrivateKey.from_private_bytes(_decoded(jwk["d"]))
        x = _encoded(self._key.public_key().public_bytes_raw())
        self.kid = str(jwk.get("kid") or _thumbprint(x))
        self.public = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig", "alg": "EdDSA"}

    def sign(self, content: Root) -> str:
        """Return the signed text of a root."""
        members = {
            "log": content.log,
            "number": content.number,
            "first": content.first,
            "last": content.last,
            "head": content.head.hex(),
            "root": content.root.hex(),
            "previous": content.previous.hex() if content.previous else None,
            "at": content.at.isoformat(),
        }
        header = {"alg": "EdDSA", "typ": ROOT_TYPE, "kid": self.kid}
        signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(members).encode())}"
        return f"{signed}.{_encoded(self._key.sign(signed.encode()))}"


class RootKeys:
    """Public keys of whom roots are believed, by ``kid``."""

    def __init__(self, jwks: Iterable[Mapping[str, Any]]) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        for jwk in jwks:
            if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
                x = str(jwk["x"])
                public = Ed25519PublicKey.from_public_bytes(_decoded(x))
                self._keys[str(jwk.get("kid") or _thumbprint(x))] = public

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read one JWK or a JWK set."""
        return cls(document.get("keys", [document]))

    def read(self, token: str) -> Root:
        """Return what a root states, its signature verified; raises BadRoot."""
        try:
            head, body, signature = token.strip().split(".")
            header, members = json.loads(_decoded(head)), json.loads(_decoded(body))
            if header["alg"] != "EdDSA" or header["typ"] != ROOT_TYPE:
                raise BadRoot("not a root")
            key = self._keys.get(str(header["kid"]))
            if key is None:
                raise BadRoot(f"signed with key {header['kid']}, which is not at hand")
            key.verify(_decoded(signature), f"{head}.{body}".encode())
            return _content(members)
        except BadRoot:
            raise
        except InvalidSignature as error:
            raise BadRoot("the signature is not that of its key") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRoot(f"not a root: {error}") from error


def digest_of(token: str) -> bytes:
    """Return what the next root names as ``previous``."""
    return sha256(token.encode()).digest()


def named_log(token: str) -> str:
    """Return which log a root says it is of, its signature not looked at; raises BadRoot for what is no root."""
    try:
        return str(json.loads(_decoded(token.strip().split(".")[1]))["log"])
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise BadRoot(f"not a root: {error}") from error


def _content(members: Mapping[str, Any]) -> Root:
    content = Root(
        log=str(members["log"]),
        number=int(members["number"]),
        first=int(members["first"]),
        last=int(members["last"]),
        head=_hash(members["head"]),
        root=_hash(members["root"]),
        previous=None if members["previous"] is None else _hash(members["previous"]),
        at=datetime.fromisoformat(members["at"]),
    )
    if content.number < 1 or not 1 <= content.first <= content.last or content.at.tzinfo is None:
        raise BadRoot("numbers or time of a root")
    return content


def _hash(value: str) -> bytes:
    data = bytes.fromhex(value)
    if len(data) != 32:
        raise BadRoot("not a SHA-256")
    return data


def _thumbprint(x: str) -> str:
    return _encoded(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(value: str) -> bytes:
    try:
        return urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
