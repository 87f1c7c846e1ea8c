"""The outermost layer: strangers stay outside, bodies have a limit, errors are problems in two languages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field

from renkou_common import errors
from renkou_common.http.application import create_application
from renkou_common.http.middleware import Edge

TOKEN = {"Authorization": "Bearer x"}
JSON = {"Content-Type": "application/json"}
router = APIRouter()


class Thing(BaseModel):
    """What the example takes."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2, max_length=10)
    count: int = Field(ge=1)


class TakenName(errors.Conflict):
    """A conflict of a feature of its own."""


@router.post("/things")
async def make_thing(thing: Thing) -> dict[str, Any]:
    if thing.name == "taken":
        raise TakenName("taken", "名称已被使用", "The name is taken")
    if thing.name == "changed":
        raise errors.VersionMismatch(3, ["count", "name"], datetime(2026, 3, 2, 1, tzinfo=UTC))
    return {"name": thing.name}


@router.get("/public/things")
async def public_things() -> list[str]:
    return []


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
    transport = httpx.ASGITransport(Edge(app, default_limit=200))
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as http:
        yield http


async def test_a_stranger_learns_nothing_about_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", content=b"{not json")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await client.get("/no-such-path")).status_code == 401


async def test_public_paths_and_health_need_no_token(client: httpx.AsyncClient) -> None:
    for path in ("/public/things", "/health/live", "/health/ready", "/openapi.json", "/docs"):
        assert (await client.get(path)).status_code == 200


async def test_every_wrong_field_is_named_in_the_callers_language(client: httpx.AsyncClient) -> None:
    body = {"name": "x", "count": 0, "colour": "red"}
    chinese = (await client.post("/things", json=body, headers=TOKEN)).json()
    english = (await client.post("/things", json=body, headers=TOKEN | {"Accept-Language": "en"})).json()
    assert [e["pointer"] for e in chinese["errors"]] == ["/name", "/count", "/colour"]
    assert [e["detail"] for e in chinese["errors"]] == [
        "长度不得少于 2 个字符",
        "不得小于 1",
        "不认识的字段, 请删除",
    ]
    assert english["errors"][0]["detail"] == "must have at least 2 characters"
    assert english["status"] == 422
    assert english["trace_id"]


async def test_an_error_of_a_feature_has_the_status_of_its_kind(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "taken", "count": 1}, headers=TOKEN)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "taken"


async def test_a_body_over_the_limit_is_refused_declared_or_not(client: httpx.AsyncClient) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    declared = await client.post("/things", content=b" " * 1000, headers=TOKEN)
    undeclared = await client.post("/things", content=drip(), headers=TOKEN | JSON)
    assert declared.status_code == undeclared.status_code == 413


async def test_the_documentation_page_loads_nothing_from_outside(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "/things" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


async def test_who_comes_too_late_is_told_the_version_and_what_changed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "changed", "count": 1}, headers=TOKEN)
    assert (answer.status_code, answer.headers["ETag"]) == (412, '"3"')
    problem = answer.json()
    assert (problem["current_version"], problem["changed"]) == (3, ["count", "name"])
    assert problem["changed_at"] == "2026-03-02T09:00:00+08:00"
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [
        ("/count", "changed_meanwhile"),
        ("/name", "changed_meanwhile"),
    ]
