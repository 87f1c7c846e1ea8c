"""Unknown query parameters are refused on either way to a route; probes and pages take what they are sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from renkou_common.http.application import create_application

router = APIRouter(prefix="/cards")
pages = APIRouter(prefix="/verify", include_in_schema=False)


async def own_area(area: Annotated[str | None, Query()] = None) -> str | None:
    return area


@router.get("")
async def listed(area: Annotated[str | None, Depends(own_area)], limit: int = 50) -> str:
    return f"{area} {limit}"


@router.get("/file", response_class=StreamingResponse)
async def file(kind: Annotated[str, Query(alias="as")] = "csv") -> StreamingResponse:
    return StreamingResponse(iter([kind]))


@router.get("/none")
async def none() -> str:
    return "nothing to choose"


class Narrowing(BaseModel):
    """Parameters declared together."""

    sex: int = 0
    born: str | None = Field(default=None, alias="born_on")


@router.get("/narrowed")
async def narrowed(by: Annotated[Narrowing, Query()]) -> int:
    return by.sex


@pages.get("")
async def page() -> str:
    return "a page"


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


async def nothing_to_check() -> None:
    return None


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_application(
        title="t",
        description="d",
        lifespan=lifespan,
        routers=[router, pages],
        readiness=lambda _: nothing_to_check,
    )
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as http:
        yield http


@pytest.mark.parametrize(
    ("path", "unknown", "allowed"),
    [
        ("/cards?aera=3401&limit=3&AREA=1", ["AREA", "aera"], "area, limit"),
        ("/cards/file?kind=xlsx", ["kind"], "as"),
        ("/cards/none?limit=", ["limit"], "无"),
        ("/cards/narrowed?sex=2&born=2020", ["born"], "born_on, sex"),
    ],
)
async def test_each_unknown_parameter_is_named_with_those_there_are(
    client: httpx.AsyncClient, path: str, unknown: list[str], allowed: str
) -> None:
    answer = await client.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_input")
    assert {each["code"] for each in problem["errors"]} == {"unknown_parameter"}
    assert [each["pointer"] for each in problem["errors"]] == [f"/query/{name}" for name in unknown]
    assert all(each["detail"].endswith(f"可用: {allowed}") for each in problem["errors"])


async def test_it_is_said_in_english_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/cards?aera=1", headers={"Accept-Language": "en"})
    assert answer.json()["errors"][0]["detail"] == "unknown query parameter, remove it; allowed: area, limit"


@pytest.mark.parametrize(
    "path", ["/cards?area=1&limit=3", "/cards/file?as=xlsx", "/cards", "/cards/narrowed?sex=2"]
)
async def test_known_parameters_pass(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json", "/verify"]
)
async def test_probes_and_pages_take_what_they_are_sent(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{path}?from=probe")).status_code == 200
