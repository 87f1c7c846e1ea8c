"""Rules of what a provider's ID token says; no I/O."""

from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

FRESH_SECONDS = 300
"""So long after it was issued an ID token signs somebody in."""
LONGEST_SUBJECT = 255
ALGORITHMS: Mapping[str, Collection[str]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA", "Ed25519"),
}
"""Signatures that are taken from each type of key. None of them is made with something shared."""
_KEY_IN_HEADER = frozenset({"jku", "jwk", "x5u", "x5c"})
"""Members by which a token names its own key."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for: its name for them, and whether by two factors."""

    subject: str
    two_factors: bool


def nonce_of(secret: str) -> str:
    """Return the nonce of a sign-in that is kept by a secret: base64url of its SHA-256, without padding.

    The provider and whoever reads the token know the nonce; the secret stays where the sign-in was begun.
    """
    return urlsafe_b64encode(sha256(secret.encode()).digest()).rstrip(b"=").decode()


def header_in_order(header: Mapping[str, Any]) -> bool:
    """Say whether a header is one of an ID token that leaves the choice of the key to us."""
    kind = header.get("typ", "JWT")
    return (
        isinstance(header.get("kid"), str)
        and isinstance(kind, str)
        and kind.upper() == "JWT"
        and "crit" not in header
        and not _KEY_IN_HEADER & header.keys()
    )


def meant_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Say whether a token was issued to this client: alone in ``aud``, or named by ``azp`` among several."""
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        return False
    return bool(claims.get("azp", client_id if len(named) == 1 else None) == client_id)


def fresh(claims: Mapping[str, Any], now: float, leeway: float) -> bool:
    """Say whether a token was issued a moment ago and not in the future."""
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return False
    return bool(now - FRESH_SECONDS - leeway <= issued <= now + leeway)


def subject_of(claims: Mapping[str, Any], claim: str) -> str | None:
    """Return the provider's name for somebody, None where the token has none that counts.

    An address of mail counts where the provider says that it is verified.
    """
    subject = claims.get(claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        return None
    return None if claim == "email" and claims.get("email_verified") is not True else subject


def by_two_factors(claims: Mapping[str, Any], counted: Collection[str]) -> bool:
    """Say whether ``amr`` or ``acr`` holds one of the values that count as two factors."""
    methods = claims.get("amr")
    said = {claims.get("acr")} if isinstance(claims.get("acr"), str) else set()
    said |= {each for each in methods if isinstance(each, str)} if isinstance(methods, list) else set()
    return bool(said & set(counted))
