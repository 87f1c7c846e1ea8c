"""A provider's keys come from where its description says, never by a weaker way than the description itself."""

import httpx
import pytest

from renkou_common.errors import Unauthenticated, Unavailable
from renkou_registry.oidc.provider import Provider

# {"alg":"RS256","kid":"unknown"}, and two parts that nobody looks at
TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6InVua25vd24ifQ.e30.AA"


async def asked(issuer: str, keys_at: str) -> list[str]:
    """Verify a token whose key is unknown; returns the addresses that were asked for keys."""
    found: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": issuer, "jwks_uri": keys_at})
        found.append(str(request.url))
        return httpx.Response(200, json={"keys": []})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises((Unauthenticated, Unavailable)):
            await Provider(http, issuer, "renkou").verify(TOKEN, "nonce")
    return found


@pytest.mark.parametrize(
    ("issuer", "keys_at"),
    [
        ("https://id.example", "http://id.example/keys"),
        ("https://id.example", "http://keys.example/keys"),
        ("http://127.0.0.1:9", "http://127.0.0.1:10/keys"),
        ("https://id.example", "file:///etc/passwd"),
    ],
)
async def test_keys_are_not_fetched_by_a_weaker_way(issuer: str, keys_at: str) -> None:
    assert await asked(issuer, keys_at) == []


@pytest.mark.parametrize(
    ("issuer", "keys_at"),
    [
        ("https://id.example", "https://keys.example/keys"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9/keys"),
    ],
)
async def test_keys_are_fetched_by_https_or_as_the_description_was(issuer: str, keys_at: str) -> None:
    assert set(await asked(issuer, keys_at)) == {keys_at}
