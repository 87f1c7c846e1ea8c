"""A service's own token: fetched once, again before it ends, with the secret that its file holds then."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from renkou_common.errors import Unavailable
from renkou_common.identity.service_token import ServiceToken


def served(answer: httpx.Response, asked: list[Any]) -> httpx.AsyncClient:
    def registry(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://registry/auth/token"
        asked.append(orjson.loads(request.content))
        return answer

    return httpx.AsyncClient(transport=httpx.MockTransport(registry))


async def test_a_token_is_fetched_once_and_again_after_it_was_refused(tmp_path: Path) -> None:
    secret, asked = tmp_path / "secret", list[Any]()
    secret.write_text("first\n")
    async with served(httpx.Response(200, json={"access_token": "t", "expires_in": 900}), asked) as http:
        token = ServiceToken("http://registry/", "reporting-worker", secret, http)
        assert [await token(), await token()] == ["t", "t"]
        secret.write_text("second\n")
        token.forget()
        assert await token() == "t"
        secret.write_text("third\nsecond\n")
        token.forget()
        assert await token() == "t"
    assert [each["client_secret"] for each in asked] == ["first", "second", "third"]
    assert {each["client_id"] for each in asked} == {"reporting-worker"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"code": "credentials"}),
        httpx.Response(200, text="no JSON"),
        httpx.Response(200, json={"access_token": "t"}),
        httpx.Response(200, json=["t"]),
    ],
)
async def test_without_a_token_the_service_is_unavailable(tmp_path: Path, answer: httpx.Response) -> None:
    (tmp_path / "secret").write_text("s")
    async with served(answer, []) as http:
        with pytest.raises(Unavailable):
            await ServiceToken("http://registry", "migrant-api", tmp_path / "secret", http)()
