"""The OpenID provider that the settings name: its description, its keys, and the checking of its ID tokens.

Both addresses come from the operator: the issuer's from the settings, the keys' from the issuer's own description.
"""

import json
import time
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from renkou_common.errors import Unauthenticated
from renkou_common.identity.token_keys import AnyKey, RemoteKeys
from renkou_common.identity.tokens import LEEWAY_SECONDS, in_force, part_of, signed_claims
from renkou_registry.oidc.domain import (
    ALGORITHMS,
    Vouched,
    by_two_factors,
    fresh,
    header_in_order,
    meant_for,
    subject_of,
)

LONGEST_ANSWER = 256 << 10
SHORTEST_RSA_BITS = 2048


class Provider:
    """One provider. Keys are kept for five minutes, and looked up again for one that is unknown, every ten seconds
    at most; while the provider does not answer, those known go on."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        issuer: str,
        client_id: str,
        *,
        claim: str = "sub",
        two_factors: Collection[str] = (),
        pause_seconds: float = 10.0,
    ) -> None:
        self._http = http
        self.issuer = issuer
        self.client_id = client_id
        self._claim = claim
        self._two_factors = frozenset(two_factors)
        self._keys = RemoteKeys(self._fetch_keys, pause_seconds=pause_seconds)

    async def verify(self, id_token: str, nonce: str) -> Vouched:
        """Return whom an ID token vouches for; raises Unauthenticated for any that is not good, always the same,
        and Unavailable where the provider has never answered."""
        header = part_of(id_token, 0)
        if not header_in_order(header):
            raise refused()
        key = await self._keys.get(header["kid"])
        algorithm = str(header.get("alg"))
        if key is None or not _signs(key, algorithm):
            raise refused()
        claims = signed_claims(id_token, key, algorithm)
        good = (
            claims.get("iss") == self.issuer
            and meant_for(claims, self.client_id)
            and in_force(claims)
            and fresh(claims, time.time(), LEEWAY_SECONDS)
            and claims.get("nonce") == nonce
        )
        subject = subject_of(claims, self._claim)
        if not good or subject is None:
            raise refused()
        return Vouched(subject, by_two_factors(claims, self._two_factors))

    async def _fetch_keys(self) -> Mapping[str, Any]:
        described = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if described.get("issuer") != self.issuer:
            raise ValueError("the provider calls itself by another name than the settings")
        found = str(described["jwks_uri"])
        there, here = urlsplit(found), urlsplit(self.issuer)
        if there.scheme != "https" and (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise ValueError(
                "keys of a provider are fetched by https, or as it is asked itself from where it is"
            )
        return await self._get(found)

    async def _get(self, url: str) -> dict[str, Any]:
        content = b""
        async with self._http.stream("GET", url, headers={"Accept": "application/json"}) as answer:
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > LONGEST_ANSWER:
                    raise ValueError("the provider's answer is too long")
        found = json.loads(content)
        if not isinstance(found, dict):
            raise ValueError("the provider's answer is no object")
        return found


def _signs(key: AnyKey, algorithm: str) -> bool:
    """Say whether a key may have signed in this way, by its type, its size and what the provider says of it."""
    public = key.public_key
    strong = not isinstance(public, RSAPublicKey) or public.key_size >= SHORTEST_RSA_BITS
    edwards = key.key_type != "OKP" or isinstance(public, Ed25519PublicKey)
    return strong and edwards and algorithm in ALGORITHMS[key.key_type] and key.alg in (None, algorithm)


def refused() -> Unauthenticated:
    """Return the one answer to a sign-in by a provider that is not good, whatever is wrong with it."""
    return Unauthenticated(
        "provider_sign_in_failed",
        "统一身份认证的登录无效、已用过, 或未关联在用账号",
        "The provider's sign-in is not valid, was used before, or belongs to no account in use here",
    )
