"""Bearer tokens: JWT signed with Ed25519 by registry-api, checked by every service of the node."""

import json
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from renkou_common.errors import Unauthenticated
from renkou_common.identity.token_keys import ALGORITHM, AnyKey, RemoteKeys, TokenKeyFile, TokenKeys, kid_of

AUDIENCE = "renkou"
TYPE_HEADER = "at+jwt"
LEEWAY_SECONDS = 5
LONGEST_TOKEN = 8192
_HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: who, of which kind (``staff``, ``person``, ``service``, ``setup``), until when, and
    in which sign-in session, where it belongs to one."""

    subject: UUID
    kind: str
    name: str
    expires_at: int
    session: UUID | None = None


class TokenIssuer:
    """Signs access tokens with the node's Ed25519 key: one key, or what a file says at the time."""

    def __init__(self, key: OKPKey | TokenKeyFile, issuer: str, *, lifetime_seconds: int = 900) -> None:
        self._source = key if isinstance(key, TokenKeyFile) else TokenKeys([(key, 0.0)])
        self._issuer = issuer
        self.lifetime_seconds = lifetime_seconds

    def issue(
        self,
        subject: UUID,
        kind: str,
        name: str,
        *,
        session: UUID | None = None,
        not_after: float | None = None,
    ) -> str:
        """Return a token for ``subject``; ``name`` is a user name or a client id, never a person's name.

        It ends with its ``session`` at the latest: at ``not_after``, seconds since 1970.
        """
        now = int(time.time())
        ends = now + self.lifetime_seconds
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(subject),
            "kind": kind,
            "name": name,
            "iat": now,
            "exp": ends if not_after is None else min(ends, int(not_after)),
            "jti": str(uuid4()),
        }
        if session is not None:
            claims["sid"] = str(session)
        key = self._keys().signing()
        header = {"alg": ALGORITHM, "typ": TYPE_HEADER, "kid": kid_of(key)}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def public_keys(self) -> dict[str, Any]:
        """Return the JWK set that others check tokens with."""
        return self._keys().public()

    def _keys(self) -> TokenKeys:
        return self._source.current() if isinstance(self._source, TokenKeyFile) else self._source


def refused() -> Unauthenticated:
    """Return the one answer to a token that is not good, whatever is wrong with it."""
    return Unauthenticated(
        "token_invalid",
        "登录凭证无效或已过期, 请重新登录",
        "The token is not valid or has ended; sign in again",
    )


def part_of(token: str, index: int) -> dict[str, Any]:
    """Return the header (0) or the claims (1) of a token as it stands, unchecked; raises Unauthenticated."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN else []
    if len(parts) != 3 or not token.isascii():
        raise refused()
    try:
        found = json.loads(urlsafe_b64decode(parts[index] + "=" * (-len(parts[index]) % 4)))
    except (ValueError, RecursionError) as error:
        raise refused() from error
    if not isinstance(found, dict):
        raise refused()
    return found


def signed_claims(token: str, key: AnyKey, algorithm: str) -> Mapping[str, Any]:
    """Return the claims of a token that this key signed in this way; raises Unauthenticated."""
    try:
        return jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError) as error:
        raise refused() from error


def in_force(claims: Mapping[str, Any]) -> bool:
    """Say whether ``exp`` lies ahead and ``nbf``, where there is one, behind."""
    now = time.time()
    ends, begins = claims.get("exp"), claims.get("nbf", 0)
    for each in (ends, begins):
        if isinstance(each, bool) or not isinstance(each, int | float) or not isfinite(each):
            return False
    return bool(now - LEEWAY_SECONDS <= cast(float, ends) and cast(float, begins) <= now + LEEWAY_SECONDS)


def is_for(claims: Mapping[str, Any], audience: str) -> bool:
    """Say whether ``aud`` names this audience, alone or among others."""
    given = claims.get("aud")
    return given == audience or (isinstance(given, list) and audience in given)


class TokenVerifier:
    """Checks tokens of this node against its JWK set. A header that says where a key is, or is one, is refused."""

    def __init__(
        self,
        issuer: str,
        fetch_keys: Callable[[], Awaitable[dict[str, Any]]],
        *,
        keep_seconds: float = 300.0,
        pause_seconds: float = 10.0,
    ) -> None:
        self._issuer = issuer
        self._keys = RemoteKeys(fetch_keys, keep_seconds=keep_seconds, pause_seconds=pause_seconds)
        self._generation = 0
        self._good: OrderedDict[str, Claims] = OrderedDict()

    def known(self, token: str) -> Claims | None:
        """Return the claims of a token that was verified before and has not ended; None for any other."""
        known = self._good.get(token)
        return known if known is not None and known.expires_at + LEEWAY_SECONDS >= time.time() else None

    async def verify(self, token: str) -> Claims:
        """Return the claims of a good token; raises :class:`Unauthenticated` for any other, always the same."""
        await self._keys.refresh()
        self._forget_after_a_change()
        known = self._good.get(token)
        if known is None:
            known = await self._verify_new(token)
            self._forget_after_a_change()
            self._good[token] = known
            while len(self._good) > _REMEMBERED:
                self._good.popitem(last=False)
        if known.expires_at + LEEWAY_SECONDS < time.time():
            self._good.pop(token, None)
            raise refused()
        return known

    def _forget_after_a_change(self) -> None:
        if self._generation != self._keys.generation:
            self._generation = self._keys.generation
            self._good.clear()

    async def _verify_new(self, token: str) -> Claims:
        header = part_of(token, 0)
        kid = header.get("kid")
        if (
            header.get("alg") != ALGORITHM
            or header.get("typ") != TYPE_HEADER
            or not header.keys() <= _HEADER_MEMBERS
        ):
            raise refused()
        key = await self._keys.get(kid) if isinstance(kid, str) else None
        if key is None or not isinstance(key, OKPKey):
            raise refused()
        claims = signed_claims(token, key, ALGORITHM)
        if claims.get("iss") != self._issuer or not is_for(claims, AUDIENCE) or not in_force(claims):
            raise refused()
        try:
            session = UUID(claims["sid"]) if "sid" in claims else None
            return Claims(
                UUID(claims["sub"]), str(claims["kind"]), str(claims["name"]), int(claims["exp"]), session
            )
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise refused() from error
