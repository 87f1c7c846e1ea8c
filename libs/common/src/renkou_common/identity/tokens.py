"""Bearer tokens: JWT signed with Ed25519 by registry-api, checked by every service of the node."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from renkou_common.errors import Unauthenticated, Unavailable

ALGORITHM = "Ed25519"
AUDIENCE = "renkou"
TYPE_HEADER = "at+jwt"
LEEWAY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: who, of which kind (``staff``, ``service``, ``setup``), until when."""

    subject: UUID
    kind: str
    name: str
    expires_at: int


class TokenIssuer:
    """Signs access tokens with the node's Ed25519 key."""

    def __init__(self, key: OKPKey, issuer: str, *, lifetime_seconds: int = 900) -> None:
        self._key = key
        self._issuer = issuer
        self.lifetime_seconds = lifetime_seconds

    def issue(self, subject: UUID, kind: str, name: str) -> str:
        """Return a token for ``subject``; ``name`` is a user name or a client id, never a person's name."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(subject),
            "kind": kind,
            "name": name,
            "iat": now,
            "exp": now + self.lifetime_seconds,
            "jti": str(uuid4()),
        }
        header = {"alg": ALGORITHM, "typ": TYPE_HEADER, "kid": self._key.kid or self._key.thumbprint()}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def public_keys(self) -> dict[str, Any]:
        """Return the JWK set that others check tokens with."""
        public = self._key.as_dict(private=False)
        public["kid"] = self._key.kid or self._key.thumbprint()
        return {"keys": [{**public, "use": "sig", "alg": ALGORITHM}]}


def _refused(code: str, zh: str, en: str) -> Unauthenticated:
    return Unauthenticated(code, zh, en)


class TokenVerifier:
    """Checks tokens against a JWK set, fetched when first needed and again for an unknown key."""

    def __init__(self, issuer: str, fetch_keys: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._issuer = issuer
        self._fetch_keys = fetch_keys
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._good: OrderedDict[str, Claims] = OrderedDict()

    def known(self, token: str) -> Claims | None:
        """Return the claims of a token that was verified before and has not ended; None for any other."""
        known = self._good.get(token)
        return known if known is not None and known.expires_at + LEEWAY_SECONDS >= time.time() else None

    async def verify(self, token: str) -> Claims:
        """Return the claims of a good token; raises :class:`Unauthenticated` for any other."""
        known = self._good.get(token)
        if known is None:
            known = await self._verify_new(token)
            self._good[token] = known
            while len(self._good) > 4096:
                self._good.popitem(last=False)
        if known.expires_at + LEEWAY_SECONDS < time.time():
            self._good.pop(token, None)
            raise _refused("token_expired", "登录已过期", "The token has expired")
        return known

    async def _verify_new(self, token: str) -> Claims:
        try:
            decoded = await self._decode(token)
        except (JoseError, ValueError) as error:
            raise _refused("token_invalid", "登录凭证无效", "The token is not valid") from error
        header, claims = decoded.header, decoded.claims
        audience = claims.get("aud")
        good = (
            header.get("typ") == TYPE_HEADER
            and claims.get("iss") == self._issuer
            and (audience == AUDIENCE or (isinstance(audience, list) and AUDIENCE in audience))
            and isinstance(claims.get("exp"), int)
        )
        if not good:
            raise _refused("token_invalid", "登录凭证无效", "The token is not valid")
        try:
            return Claims(UUID(claims["sub"]), claims["kind"], claims["name"], claims["exp"])
        except (KeyError, ValueError) as error:
            raise _refused("token_invalid", "登录凭证无效", "The token is not valid") from error

    async def _decode(self, token: str) -> jwt.Token:
        if self._keys is None:
            await self._refresh()
        try:
            return jwt.decode(token, self._key_set(), algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            if time.monotonic() - self._fetched_at < 10:
                raise
            await self._refresh()
            return jwt.decode(token, self._key_set(), algorithms=[ALGORITHM])

    def _key_set(self) -> KeySet:
        if self._keys is None:
            raise ValueError("no keys")
        return self._keys

    async def _refresh(self) -> None:
        try:
            found = await self._fetch_keys()
        except httpx.HTTPError as error:
            raise Unavailable(
                "keys_unavailable", "登录服务暂不可用", "The sign-in service is unavailable"
            ) from error
        self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # joserfc's own dict type
        self._fetched_at = time.monotonic()
