"""Keys of bearer tokens: those a service signs with, and those it has from elsewhere and checks with."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from renkou_common.errors import Unavailable

ALGORITHM = "Ed25519"
type AnyKey = RSAKey | ECKey | OKPKey
_KINDS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
FIRST_PAUSE_SECONDS = 1.0
"""Between attempts while there was no answer yet: what is asked starts at the same time as who asks."""
_NEVER = float("-inf")
_log = structlog.get_logger(__name__)


def kid_of(key: OKPKey) -> str:
    """Return the name of a key: its ``kid``, or its thumbprint (RFC 7638)."""
    return key.kid or key.thumbprint()


class TokenKeys:
    """The node's own keys. The first of those whose ``not_before`` has come signs, all of them are published.

    ``not_before`` (seconds since 1970, a member of the JWK) lets others learn of a key before it signs.
    """

    def __init__(self, keys: Iterable[tuple[OKPKey, float]]) -> None:
        self._keys = tuple(keys)
        if not self._keys:
            raise ValueError("a key file holds one key at least")

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "TokenKeys":
        """Read a private Ed25519 JWK or a JWK set of them; raises ValueError for anything else."""
        if not isinstance(content, Mapping):
            raise ValueError("a key file is a JWK or a JWK set")
        keys = []
        for jwk in content.get("keys", [content]):
            plain = {name: value for name, value in jwk.items() if name != "not_before"}
            if plain.get("crv") != "Ed25519" or "d" not in plain:
                raise ValueError("token keys are private Ed25519 JWKs")
            keys.append((OKPKey.import_key(plain), float(jwk.get("not_before", 0))))
        return cls(keys)

    def signing(self) -> OKPKey:
        """Return the key that signs now; raises ValueError while every key still waits."""
        now = time.time()
        for key, not_before in self._keys:
            if not_before <= now:
                return key
        raise ValueError("no token key may sign yet")

    def public(self) -> dict[str, Any]:
        """Return the JWK set that others check tokens with."""
        found = []
        for key, _ in self._keys:
            public = dict(key.as_dict(private=False)) | {"kid": kid_of(key), "use": "sig", "alg": ALGORITHM}
            public.pop("key_ops", None)
            found.append(public)
        return {"keys": found}


class TokenKeyFile:
    """The keys of a file, read again within a second of its change; a file that is no key set changes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self._keys = self._read()
        self._look_again = time.monotonic() + 1

    def current(self) -> TokenKeys:
        """Return the keys as the file has them."""
        if time.monotonic() >= self._look_again:
            self._look_again = time.monotonic() + 1
            try:
                stamp = self._stamp()
                if stamp != self._seen:
                    self._keys = self._read()
                    self._seen = stamp
            except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
                _log.error("token key file cannot be read, the keys stay", reason=repr(error))
        return self._keys

    def _stamp(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> TokenKeys:
        keys = TokenKeys.of(json.loads(self._path.read_text(encoding="utf-8")))
        keys.signing()
        return keys


class RemoteKeys:
    """A JWK set from elsewhere, by ``kid``. Fetched when first needed, when it has become old, and for a ``kid``
    that it does not hold; for that at most once in ``pause_seconds``, whatever strangers ask for.

    While the other side does not answer, the keys that are known go on.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, Any]]],
        *,
        keep_seconds: float = 300.0,
        pause_seconds: float = 10.0,
    ) -> None:
        self._fetch = fetch
        self._keep = keep_seconds
        self._pause = pause_seconds
        self._keys: dict[str, AnyKey] = {}
        self._content: object = None
        self._tried_at = _NEVER
        self._fetched_at = _NEVER
        self._one = asyncio.Lock()
        self.generation = 0
        """Counts the changes of the set: what was checked with another one is to be checked anew."""

    async def refresh(self) -> None:
        """Fetch the set if it has become old; raises Unavailable only where there is none at all."""
        await self._refresh(self._keep)

    async def get(self, kid: str) -> AnyKey | None:
        """Return the key of that name, None where there is none."""
        await self._refresh(self._keep)
        if kid not in self._keys:
            await self._refresh(self._pause)
        return self._keys.get(kid)

    async def _refresh(self, older_than: float) -> None:
        if self._fetched_at != _NEVER and not self._due(older_than):
            return
        async with self._one:
            if self._due(older_than):
                await self._fetch_now()
        if self._fetched_at == _NEVER:
            raise _unavailable()

    def _due(self, older_than: float) -> bool:
        now = time.monotonic()
        if self._fetched_at == _NEVER:
            return now - self._tried_at >= min(self._pause, FIRST_PAUSE_SECONDS)
        return now - self._fetched_at >= older_than and now - self._tried_at >= min(self._pause, older_than)

    async def _fetch_now(self) -> None:
        self._tried_at = time.monotonic()
        try:
            content = await self._fetch()
            keys = keys_of(content)
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, Unavailable) as error:
            self._tried_at = time.monotonic()  # who has waited for this attempt does not make the next one
            if self._fetched_at == _NEVER:
                raise _unavailable() from error
            _log.warning("keys of tokens cannot be fetched, those known go on", reason=repr(error))
            return
        self._fetched_at = time.monotonic()
        if content != self._content:
            self._keys, self._content = keys, content
            self.generation += 1


def _unavailable() -> Unavailable:
    return Unavailable("keys_unavailable", "登录服务暂不可用", "The sign-in service is unavailable")


def keys_of(content: Mapping[str, Any]) -> dict[str, AnyKey]:
    """Return the public signature keys of a JWK set by name; those of other kinds and without one are left out."""
    found: dict[str, AnyKey] = {}
    for jwk in content["keys"]:
        kind = _KINDS.get(jwk.get("kty"))
        if kind is None or not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
            continue
        try:
            found[jwk["kid"]] = kind.import_key({k: v for k, v in jwk.items() if k not in ("d", "key_ops")})
        except (JoseError, ValueError):
            continue
    return found
