"""The straight way to a route answers like FastAPI's own way, in what is right and in what is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from renkou_common.errors import Forbidden, NotFound
from renkou_common.http.application import create_application
from renkou_common.http.conditions import expected_version
from renkou_common.http.straight import Endpoint, RouteTable, StraightApplication

ID = "0195a2f0-0000-7000-8000-000000000001"
calls: list[str] = []


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Thing(BaseModel):
    """What is sent and answered."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2)
    count: int = Field(default=1, ge=1)


async def caller(request: Request) -> str:
    """Who asks; counted, as several functions ask it."""
    calls.append("caller")
    if request.headers.get("authorization") == "Bearer nobody":
        raise Forbidden("scope_missing", "没有权限", "The right is missing")
    return request.headers.get("authorization", "")


async def area(area: Annotated[str, Query(max_length=4)], who: Annotated[str, Depends(caller)]) -> str:
    """A function with a parameter of its own."""
    return f"{area} for {who}"


things = APIRouter(prefix="/things")


@things.post("", status_code=201, response_model=Thing)
async def make(body: Thing, response: Response, who: Annotated[str, Depends(caller)]) -> Thing:
    response.headers["ETag"] = f'"{body.count}"'
    return body


@things.get("", response_model=list[Thing])
async def listed(
    where: Annotated[str, Depends(area)],
    who: Annotated[str, Depends(caller)],
    colour: Annotated[Colour | None, Query()] = None,
    tags: Annotated[list[str] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=10)] = 5,
    x_note: Annotated[str, Header(max_length=5)] = "",
) -> list[Thing]:
    return [Thing(name=f"{where} {colour} {tags} {x_note}", count=limit)]


@things.get("/first")
async def first() -> dict[str, Any]:
    return {"first": True}


@things.get("/{thing_id}", response_model=Thing)
async def read(thing_id: UUID) -> Thing:
    if str(thing_id) != ID:
        raise NotFound.of("物品", "thing")
    return Thing(name="one")


@things.patch("/{thing_id}")
async def change(
    thing_id: UUID, changes: dict[str, int], version: Annotated[int, Depends(expected_version)]
) -> Response:
    return Response(f"{thing_id} {changes} {version}", 202, headers={"X-Own": "yes"})


@things.delete("/{thing_id}", status_code=204)
async def remove(thing_id: UUID, response: Response) -> None:
    response.headers["X-Gone"] = str(thing_id)


@things.get("/{thing_id}/stream", response_class=StreamingResponse)
async def stream(thing_id: UUID) -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]), media_type="text/plain")


@things.get("/{thing_id}/broken/{kind}")
async def broken(thing_id: UUID, kind: str) -> str:
    if kind == "http":
        raise HTTPException(418, "a teapot", headers={"X-Tea": "green"})
    raise RuntimeError("nobody expects this")


@things.get("/{thing_id}/wrong", response_model=Thing)
async def wrong(thing_id: UUID) -> Any:
    return {"count": "many"}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


async def nothing_to_check() -> None:
    return None


def application() -> FastAPI:
    return create_application(
        title="t", description="d", lifespan=lifespan, routers=[things], readiness=lambda _: nothing_to_check
    )


async def answer(app: FastAPI, *asked: Any, **more: Any) -> tuple[Any, ...]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as http:
        given = await http.request(*asked, **more)
    return given.status_code, dict(given.headers), given.content


REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a creation": ("POST", "/things", {"json": {"name": "ab", "count": 3}}),
    "a default": ("POST", "/things", {"json": {"name": "ab"}}),
    "wrong fields": ("POST", "/things", {"json": {"name": "a", "count": 0, "colour": 1}}),
    "no body": ("POST", "/things", {}),
    "an empty object": ("POST", "/things", {"json": {}}),
    "a list for an object": ("POST", "/things", {"json": [1]}),
    "null": ("POST", "/things", {"json": None}),
    "broken JSON": ("POST", "/things", {"content": b'{"a', "headers": {"Content-Type": "application/json"}}),
    "bytes that are no text": (
        "POST",
        "/things",
        {"content": b'{"name":"\xff\xfe"}', "headers": {"Content-Type": "application/json"}},
    ),
    "a kind of JSON": (
        "POST",
        "/things",
        {"content": b'{"name":"ab"}', "headers": {"Content-Type": "application/x+json; charset=utf-8"}},
    ),
    "a body from a stranger": (
        "POST",
        "/things",
        {"json": {"name": "a"}, "headers": {"Authorization": "Bearer nobody"}},
    ),
    "a list": ("GET", "/things?area=3401&limit=3&colour=red&tags=a&tags=b", {"headers": {"X-Note": "hi"}}),
    "a value twice": ("GET", "/things?area=3401&limit=3&limit=4", {}),
    "wrong parameters": (
        "GET",
        "/things?area=340103&limit=0&colour=green",
        {"headers": {"X-Note": "toolong"}},
    ),
    "a parameter left out": ("GET", "/things", {}),
    "empty parameters": ("GET", "/things?area=&limit=&colour=", {}),
    "U+0000": ("GET", "/things?area=%00", {}),
    "a word before a parameter": ("GET", "/things/first", {}),
    "one": ("GET", f"/things/{ID}", {}),
    "nobody": ("GET", f"/things/{ID[:-1]}9", {}),
    "no id": ("GET", "/things/9", {}),
    "an escaped slash": ("GET", "/things/a%2Fb", {}),
    "a change": ("PATCH", f"/things/{ID}", {"json": {"a": 1}, "headers": {"If-Match": '"3"'}}),
    "a change of nothing seen": ("PATCH", f"/things/{ID}", {"json": {"a": 1}}),
    "a wrong change": ("PATCH", f"/things/{ID}", {"json": {"a": "x"}, "headers": {"If-Match": "3"}}),
    "an answer without a body": ("DELETE", f"/things/{ID}", {}),
    "a stream": ("GET", f"/things/{ID}/stream", {}),
    "an HTTP error": ("GET", f"/things/{ID}/broken/http", {}),
    "an error": ("GET", f"/things/{ID}/broken/other", {}),
    "an answer that was not declared": ("GET", f"/things/{ID}/wrong", {}),
    "a slash too many": ("GET", "/things/first/", {}),
    "an unknown path": ("GET", "/no/such", {}),
    "the root": ("GET", "/", {}),
    "the description": ("GET", "/openapi.json", {}),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_answer_is_the_one_that_fastapi_gives(name: str) -> None:
    method, path, more = REQUESTS[name]
    roundabout = application()
    roundabout.middleware_stack = FastAPI.build_middleware_stack(roundabout)
    assert await answer(application(), method, path, **more) == await answer(roundabout, method, path, **more)


PROBLEM = "application/problem+json"
STRICTER: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another content type": (
        "POST",
        "/things",
        {"content": b"name=ab", "headers": {"Content-Type": "text/x"}},
    ),
    "a form": ("POST", "/things", {"data": {"name": "ab"}}),
    "no content type": ("POST", "/things", {"content": b'{"name":"ab"}'}),
    "an odd content type": (
        "POST",
        "/things",
        {"content": b'{"name":"ab"}', "headers": {"Content-Type": "application"}},
    ),
    "another method": ("PUT", "/things", {}),
    "HEAD": ("HEAD", "/things/first", {}),
}
"""Where the table answers, not FastAPI: what is no JSON is refused whatever it holds, a path names all its methods."""


@pytest.mark.parametrize("name", STRICTER)
async def test_what_no_route_takes_is_refused_before_any_is_asked(name: str) -> None:
    method, path, more = STRICTER[name]
    calls.clear()
    status, headers, _ = await answer(application(), method, path, **more)
    assert (status, headers["content-type"]) == (
        405 if "content" not in name and name != "a form" else 415,
        PROBLEM,
    )
    assert calls == []
    if status == 405:
        assert headers["allow"] == ("GET, POST" if path == "/things" else "DELETE, GET, PATCH")


async def test_a_function_that_others_depend_on_is_called_once_for_a_request() -> None:
    calls.clear()
    await answer(application(), "GET", "/things?area=3401")
    assert calls == ["caller"]


def test_a_pattern_that_could_hide_another_is_refused_at_the_start() -> None:
    app = StraightApplication()
    app.add_api_route("/{anything}", first)
    with pytest.raises(ValueError, match="begin with a word"):
        app.build_middleware_stack()


def test_streams_go_fastapis_way_and_the_rest_goes_straight() -> None:
    app = application()
    app.build_middleware_stack()
    contexts = [each for each in iter_route_contexts(app.routes) if (each.path or "").startswith("/things")]
    assert [each.path for each in contexts if not Endpoint.suits(each)] == ["/things/{thing_id}/stream"]
    found = RouteTable(contexts).find({"method": "GET", "path": "/things/first"})
    assert found is not None
