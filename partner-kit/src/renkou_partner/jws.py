"""Compact JWS with Ed25519 (RFC 7515, RFC 8037), of any size: what the exchange signs and what its lists are.

BadToken(Exception)   not a token of the type, or not signed by the key; ``code`` says which
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import OKPKey

type Json = dict[str, Any]


class BadToken(Exception):
    """A token that is not to be relied on."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sign(text: bytes, key: OKPKey, type_: str, **header: Any) -> str:
    """Return the compact JWS of a text; ``header`` changes or adds members of the header."""
    members = {"alg": "EdDSA", "kid": key.kid, "typ": type_} | header
    signing_input = f"{encode(json.dumps(members).encode())}.{encode(text)}"
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    return f"{signing_input}.{encode(private.sign(signing_input.encode('ascii')))}"


def parse(token: str, type_: str) -> tuple[Json, Json]:
    """Return header and content, not verified yet; raises BadToken."""
    try:
        first, second, _ = token.split(".")
        header, content = json_object(first), json_object(second)
    except ValueError as error:
        raise BadToken("malformed") from error
    if header.get("typ") != type_:
        raise BadToken("wrong_type")
    if "crit" in header:
        raise BadToken("critical_header")
    if header.get("alg") != "EdDSA":
        raise BadToken("algorithm_not_of_key")
    if not isinstance(header.get("kid"), str):
        raise BadToken("malformed")
    return header, content


def verify(token: str, key: OKPKey) -> None:
    """Raise BadToken unless the key signed it."""
    signing_input, _, signature = token.rpartition(".")
    public = key.public_key
    assert isinstance(public, Ed25519PublicKey)
    try:
        public.verify(decode(signature), signing_input.encode("ascii"))
    except (InvalidSignature, ValueError) as error:
        raise BadToken("bad_signature") from error


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The inverse; raises ValueError."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def json_object(segment: str) -> Json:
    """Read a segment that holds a JSON object; raises ValueError."""
    value = json.loads(decode(segment))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value
