"""NATS' JSON web tokens (version 2), signed by Ed25519 nkeys: operators, accounts and users.

A token is `header.claims.signature`, each base64url without padding. It holds no secret: what it says is
signed, and whoever uses a user's token has to sign the server's nonce with that user's seed as well. The
form is that of https://github.com/nats-io/jwt; the tests give ours to the real server.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import nkeys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
VERSION = 2
PUBLIC_KEY = re.compile(r"[OAU][A-Z2-7]{55}")

type Claims = dict[str, Any]


class TokenError(ValueError):
    """Not a token, or not signed by the key that it names as its issuer."""


def sign(
    seed: str,
    *,
    subject: str,
    name: str,
    kind: str,
    body: Mapping[str, Any],
    issued: int,
    expires: int | None = None,
) -> str:
    """A token about `subject` (a public key), signed with the issuer's seed.

    `kind` is `operator`, `account` or `user`; `body` what NATS reads besides; times are Unix seconds.
    """
    issuer = nkeys.from_seed(bytearray(seed.encode()))
    claims: Claims = {
        "iat": issued,
        "iss": issuer.public_key.decode(),
        "name": name,
        "sub": subject,
        "nats": {**body, "type": kind, "version": VERSION},
    }
    if expires is not None:
        claims["exp"] = expires
    claims["jti"] = base64.b32encode(hashlib.sha256(_json(claims)).digest()).decode().rstrip("=")
    text = f"{_encode(_json(HEADER))}.{_encode(_json(claims))}"
    signature: bytes = issuer.sign(text.encode())
    issuer.wipe()
    return f"{text}.{_encode(signature)}"


def read(token: str) -> Claims:
    """The claims of a token that its issuer really signed. Raises TokenError."""
    try:
        header, body, signature = token.strip().split(".")
        claims: Claims = json.loads(_decode(body))
        if json.loads(_decode(header)) != HEADER:
            raise TokenError("not a token of NATS")
        if not PUBLIC_KEY.fullmatch(claims["iss"]):
            raise TokenError("no public key as its issuer")
        # a public nkey: one byte that says of what, 32 of Ed25519, two of a checksum
        issuer = base64.b32decode(claims["iss"])[1:33]
        Ed25519PublicKey.from_public_bytes(issuer).verify(_decode(signature), f"{header}.{body}".encode())
    except (KeyError, TypeError, ValueError, InvalidSignature) as error:
        raise TokenError(f"not a token that its issuer signed: {error!r}") from error
    return claims


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
