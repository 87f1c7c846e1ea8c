"""What callers send by mistake: the field is named, in the caller's language, and nothing ends in a 500."""

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from renkou_common.errors import NotFound
from renkou_common.http.language import caller_language
from renkou_common.identity.service_token import ServiceToken
from renkou_migrant.exchange.carried import Inquiry
from renkou_migrant.registry_client import RegistryClient

from ..districts import Districts
from ..support import drafted


def _cursor(*keys: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


@pytest.mark.parametrize("keys", [("x",), (None,), (1.5,), ([],)])
async def test_a_cursor_of_another_list_is_refused(pair: Districts, keys: tuple[Any, ...]) -> None:
    clerk = await pair.home.clerk()
    for path in ("/notices", "/exchange/dead-letters", "/departures", "/arrivals", "/certificates"):
        answer = await clerk.request("GET", path, params={"after": _cursor(*keys)})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor"), path


@pytest.mark.parametrize("keys", [(1, 2), ("310115", "x"), ({}, {})])
async def test_a_cursor_of_agreements_names_one(pair: Districts, keys: tuple[Any, ...]) -> None:
    clerk = await pair.home.clerk()
    answer = await clerk.request("GET", "/agreements", params={"after": _cursor(*keys)})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor")


async def test_an_answer_that_neither_knows_nor_says_anything_is_refused(pair: Districts) -> None:
    who = {"name": "李静", "resident_id": "340103199203045528", "home_area": "340103002003"}
    asked = Inquiry.model_validate({"subject": who, "questions": ["person"], "note": None})
    message_id = drafted(await pair.residence.raise_notice(asked))
    await pair.hand_over()
    clerk = await pair.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    path = f"/notices/{message_id}/answer"
    for body, pointer in (({"known": None}, "/note"), ({"known": "yes"}, "/known")):
        answer = await clerk.act(path, body, version=version)
        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


async def test_the_register_is_asked_in_the_callers_language() -> None:
    asked: list[str] = []

    def register(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept-language"])
        return httpx.Response(404, json={"code": "not_found", "detail": "No such person"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(register)) as http:
        client = RegistryClient(
            "http://register", http, ServiceToken("http://register", "x", Path("unused"), http)
        )
        before = caller_language.set("en")
        try:
            with pytest.raises(NotFound) as refused:
                await client.person(uuid4(), token="t")
        finally:
            caller_language.reset(before)
    assert asked == ["en"]
    assert refused.value.detail.en == "No such person"
