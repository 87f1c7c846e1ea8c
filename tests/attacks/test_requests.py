"""What can be asked of all three services, read from their own descriptions, and requests of odd form."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict

from renkou_common.http.application import create_application
from renkou_common.http.middleware import Edge
from renkou_local.api_page import documents

SERVERS = {
    "id", "version", "created_at", "created_by", "recorded_at", "recorded_by", "updated_at", "approved_by",
    "person_ref", "state", "status",
}  # fmt: skip
TOLD = {
    ("YearlyPatch", "state"),
    ("Indicator", "version"),
}  # what an office says of a paper, and an author of a text
PRESSING = re.compile("declin|pregnan|method|risk|outcome|missed|contracept|refus", re.IGNORECASE)
ADDRESS = re.compile("url|uri|callback|webhook|href|endpoint", re.IGNORECASE)

type Json = dict[str, Any]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


router = APIRouter()


@router.post("/public/things")
async def make(given: _Given) -> _Given:
    return given


@router.get("/public/things")
async def read() -> _Given:
    return _Given(name="read")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    async def ready() -> None: ...

    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: ready
    )
    transport = httpx.ASGITransport(app=Edge(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as made:
        yield made


def _writable(document: Json) -> Iterator[tuple[str, Json]]:
    """Every model that some request carries, by name."""
    schemas, seen, waiting = document["components"]["schemas"], set[str](), list[Any]()
    for methods in document["paths"].values():
        for operation in methods.values():
            waiting += [
                content.get("schema")
                for content in operation.get("requestBody", {}).get("content", {}).values()
            ]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rsplit("/", 1)[-1]
            if name and name not in seen:
                seen.add(name)
                waiting.append(schemas[name])
                yield name, schemas[name]
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


@pytest.mark.parametrize("service", documents())
def test_mass_assignment_finds_no_open_model_and_no_member_of_the_servers(service: str) -> None:
    models = list(_writable(documents()[service]))
    assert len(models) > 10
    for name, schema in models:
        if schema.get("type") != "object":
            continue
        assert schema.get("additionalProperties") is False, f"{name} takes unknown members"
        owned = {(name, member) for member in schema.get("properties", {}) if member in SERVERS}
        assert owned <= TOLD, f"a caller may write {owned}"


@pytest.mark.parametrize("service", documents())
def test_no_address_is_taken_from_a_caller(service: str) -> None:
    document = documents()[service]
    members = [
        (name, member) for name, schema in _writable(document) for member in schema.get("properties", {})
    ]
    asked = [
        (path, each["name"])
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for each in operation.get("parameters", [])
    ]
    assert [each for each in [*members, *asked] if ADDRESS.search(each[1])] == []


@pytest.mark.parametrize("service", documents())
def test_nobody_is_listed_by_what_was_declined_found_or_expected(service: str) -> None:
    for path, methods in documents()[service]["paths"].items():
        if path.startswith(("/auth/", "/audit/")):
            continue  # how a sign-in went, what was refused: about staff
        for parameter in methods.get("get", {}).get("parameters", []):
            assert parameter["in"] != "query" or not PRESSING.search(parameter["name"]), (
                path,
                parameter["name"],
            )


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"name":' * 100_000, b"[" * 200_000 + b"]" * 200_000])
async def test_deep_json_is_refused_and_the_service_goes_on(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/public/things", content=body, headers=headers)
    assert answer.status_code in {400, 413, 422}
    assert (await client.post("/public/things", json={"name": "张三"})).json() == {"name": "张三"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b'{"name": "x"}'),
        ("application/xml", b"<name>x</name>"),
        ("application/x-www-form-urlencoded", b"name=x"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--b--',
        ),
        ("", b'{"name": "x"}'),
    ],
)
async def test_content_that_says_to_be_something_else_is_refused(
    client: httpx.AsyncClient, kind: str, body: bytes
) -> None:
    answer = await client.post("/public/things", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "content_type")


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_a_header_changes_no_method(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get("/public/things", headers={name: "POST"})).json() == {"name": "read"}
    assert (await client.post("/public/things", headers={name: "GET"}, json={})).status_code == 422
    assert (await client.get("/public/things", params={"_method": "POST"})).status_code == 422


async def test_a_page_of_another_origin_gets_no_leave(client: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        await client.options("/public/things", headers=asked),
        await client.get("/public/things", headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert (await client.get("/public/things")).headers["x-content-type-options"] == "nosniff"
