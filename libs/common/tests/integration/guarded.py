"""A small application behind short limits: ``python guarded.py PORT``."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import StreamingResponse

from renkou_common.http import connection
from renkou_common.http.application import create_application, serve
from renkou_common.http.surface import Surface

router = APIRouter(prefix="/public")
machinery = APIRouter(prefix="/health")


@router.post("/things")
async def make_thing(thing: dict[str, Any]) -> int:
    """Count the members."""
    return len(thing)


more = asyncio.Event()


@router.get("/parts")
async def parts() -> StreamingResponse:
    """Answer with a part, and with the other one when somebody asks for it."""

    async def written() -> AsyncIterator[bytes]:
        yield b"first"
        await more.wait()
        yield b"second"

    return StreamingResponse(written(), media_type="text/plain")


@router.get("/more")
async def ask_for_more() -> str:
    """Let the other part go."""
    more.set()
    return "x" * 100_000


@router.get("/nothing")
async def nothing() -> None:
    """Answer."""


database = SimpleNamespace(line=0)


@machinery.post("/line/{number}")
async def stand_in_line(number: int) -> None:
    """Let so many requests wait for a database."""
    database.line = number


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold what tells whether the service is busy."""
    app.state.database = database
    yield


async def nothing_to_check() -> None:
    """Be ready."""


if __name__ == "__main__":
    connection.HEAD_SECONDS = connection.LINGER_SECONDS = 1.0
    app = create_application(
        title="t",
        description="d",
        lifespan=lifespan,
        routers=[router, machinery],
        readiness=lambda _: nothing_to_check,
    )
    serve(app, "127.0.0.1", int(sys.argv[1]), surface=Surface(body_grace_seconds=0.5))
