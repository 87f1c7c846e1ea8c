"""The API description tells how each operation refuses, from what the operation takes."""

from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Header, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from renkou_common.http.application import create_application


class _Body(BaseModel):
    name: str


router = APIRouter()


@router.get("/public/page")
async def page() -> _Body:
    return _Body(name="x")


@router.patch("/things/{thing_id}", dependencies=[Security(HTTPBearer())])
async def change(thing_id: str, body: _Body, if_match: Annotated[str, Header()]) -> _Body:
    return body


@pytest.fixture
def document() -> dict[str, Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        yield

    async def ready() -> None: ...

    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: ready
    )
    assert app.openapi() is app.openapi()  # made once
    return app.openapi()


def test_a_change_of_a_record_tells_of_rights_versions_and_bodies(document: dict[str, Any]) -> None:
    answers = document["paths"]["/things/{thing_id}"]["patch"]["responses"]
    assert set(answers) >= {
        "200",
        "400",
        "401",
        "403",
        "404",
        "409",
        "412",
        "413",
        "415",
        "422",
        "428",
        "503",
    }


def test_what_anybody_may_read_refuses_for_no_right(document: dict[str, Any]) -> None:
    assert not {"401", "403", "412", "428"} & set(document["paths"]["/public/page"]["get"]["responses"])


def test_every_refusal_is_a_problem_document(document: dict[str, Any]) -> None:
    answers = document["paths"]["/things/{thing_id}"]["patch"]["responses"]
    for status, answer in answers.items():
        if status != "200":
            assert answer["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
    assert "HTTPValidationError" not in document["components"]["schemas"]
