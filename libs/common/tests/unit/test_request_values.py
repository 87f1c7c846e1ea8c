"""What a request may hold: days, cursors, characters; and what the log keeps of a value that broke it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import orjson
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from renkou_common.errors import InvalidInput
from renkou_common.http.application import create_application
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.http.days import Day
from renkou_common.http.middleware import Edge
from renkou_common.log import configure_logging

HEADERS = {"Authorization": "Bearer x", "Accept-Language": "en"}
router = APIRouter()


class Visit(BaseModel):
    """What the example takes."""

    model_config = ConfigDict(extra="forbid")

    on: Day
    notes: list[Annotated[str, Field(max_length=20)]] = []
    worker: UUID | Literal["me"] | None = None
    values: dict[Annotated[str, Field(max_length=5)], str | list[Annotated[str, Field(max_length=5)]]] = {}


@router.post("/visits")
async def make_visit(visit: Visit) -> dict[str, Any]:
    return {"on": visit.on}


@router.get("/visits")
async def list_visits(
    name: Annotated[str, Query()] = "", worker: Annotated[UUID | Literal["me"] | None, Query()] = None
) -> list[str]:
    return [name]


@router.get("/broken")
async def broken(name: str) -> None:
    raise ValueError(f"the value {name} cannot be stored")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


async def nothing_to_check() -> None:
    return None


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: nothing_to_check
    )
    transport = httpx.ASGITransport(Edge(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://node", headers=HEADERS) as http:
        yield http


async def test_a_day_is_written_with_year_month_and_day(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", json={"on": "2025-03-18"})
    assert answer.json() == {"on": "2025-03-18"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (0, "date_form"),
        ("0", "date_form"),
        ("20250318", "date_form"),
        ("2025-03-18T00:00:00", "date_form"),
        (None, "date_form"),
        ("２０２５-03-18", "date_form"),
        ("2025-02-30", "date_unknown"),
        ("0001-01-01", "date_too_early"),
        ("1899-12-31", "date_too_early"),
    ],
)
async def test_anything_else_is_refused_with_its_field(
    client: httpx.AsyncClient, given: Any, code: str
) -> None:
    answer = await client.post("/visits", json={"on": given})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/on", code)]


async def test_the_character_nul_is_refused_wherever_it_stands(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", json={"on": "2025-03-18", "notes": ["fine", "a\x00b"]})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/notes/1", "nul_character")
    ]
    answer = await client.get("/visits", params={"name": "\x00"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/name"


async def test_half_a_surrogate_pair_is_refused_in_both_languages(client: httpx.AsyncClient) -> None:
    body = b'{"on": "2025-03-18", "notes": ["\\ud800"]}'
    for language, text in (("en", "surrogate"), ("zh", "代理码位")):
        headers = {"Content-Type": "application/json", "Accept-Language": language}
        answer = await client.post("/visits", content=body, headers=headers)
        assert answer.status_code == 422
        error = answer.json()["errors"][0]
        assert error["pointer"] == "/notes/0"
        assert text in error["detail"]


async def test_half_a_surrogate_pair_in_a_name_is_refused_with_the_place_it_stands_in(
    client: httpx.AsyncClient,
) -> None:
    body = b'{"on": "2025-03-18", "\\uDFFF": 1}'
    answer = await client.post("/visits", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("", "string_unicode")]


async def test_a_pair_of_surrogates_is_a_character(client: httpx.AsyncClient) -> None:
    body = b'{"on": "2025-03-18", "notes": ["\\ud842\\udfb7"]}'
    answer = await client.post("/visits", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({"worker": "somebody"}, {"/worker"}),
        ({"values": {"a": ["fine", "too long"]}}, {"/values/a", "/values/a/1"}),
        ({"values": {"a": 1}}, {"/values/a"}),
        ({"values": {"too long": "a"}}, {"/values/too long"}),
        ({"on": None, "notes": [1], "other": 1}, {"/on", "/notes/0", "/other"}),
        ([], {""}),
    ],
)
async def test_a_pointer_leads_into_what_was_sent(
    client: httpx.AsyncClient, given: Any, pointers: set[str]
) -> None:
    body = {"on": "2025-03-18"} | given if isinstance(given, dict) else given
    answer = await client.post("/visits", json=body)
    assert answer.status_code == 422
    assert {each["pointer"] for each in answer.json()["errors"]} == pointers


async def test_a_parameter_of_several_kinds_is_pointed_at_by_its_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/visits", params={"worker": "somebody"})
    assert {each["pointer"] for each in answer.json()["errors"]} == {"/query/worker"}


async def test_what_is_missing_is_pointed_at(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", json={})
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/on", "missing")]


async def test_a_body_of_another_kind_is_415(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", content=b"on=2025-03-18", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert answer.json()["code"] == "content_type"


async def test_broken_json_names_no_field_but_the_place(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", content=b'{"on', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == ""
    assert "character" in error["detail"]


@pytest.mark.parametrize(
    ("kind", "foreign"),
    [
        (int, 2**63),
        (int, "7"),
        (int, 1.5),
        (int, True),
        (int, None),
        (int, [1]),
        (str, 7),
        (str, {}),
        (str, "a\x00b"),
        (str, "x" * 201),
        (date, "2025-02-30"),
        (datetime, "2025-02-03T10:00:00"),
        (datetime, "0001-01-01T00:00:00+14:00"),
        (UUID, "7"),
        (UUID, 7),
    ],
)
def test_a_cursor_holds_only_what_its_query_can_take(kind: type, foreign: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_key(urlsafe_b64encode(orjson.dumps([foreign])).decode(), kind)
    assert refused.value.errors[0].pointer == "/after"


@pytest.mark.parametrize("cursor", ["", "x", "é", "bnVsbA", "W10", "WzEsMl0"])
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        decode_key(cursor, int)


def test_a_cursor_gives_back_the_keys_that_it_was_made_of() -> None:
    day, moment = date(2025, 3, 18), datetime(2025, 3, 18, 8, 30, 0, 17, tzinfo=UTC)
    key = UUID("0195a6b2-8f3e-7c11-9a2b-1c2d3e4f5a6b")
    assert decode_cursor(encode_cursor(340103001001, day, key), int, date, UUID) == (340103001001, day, key)
    assert decode_cursor(encode_cursor("a·b", moment), str, datetime) == ("a·b", moment)
    assert decode_cursor(None, int, UUID) is None
    assert decode_key(None, UUID) is None


async def test_the_log_keeps_the_place_of_an_error_but_no_value(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    before = structlog.get_config()
    try:
        configure_logging("test")
        answer = await client.get("/broken", params={"name": "王小明"})
    finally:
        structlog.configure(**before)
    assert answer.status_code == 500
    (line,) = [each for each in capsys.readouterr().out.splitlines() if "unexpected error" in each]
    assert "王小明" not in line
    assert "in broken" in json.loads(line)["exception"]
