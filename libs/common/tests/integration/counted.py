"""A small application that counts requests, of two processes: ``COUNTED_DATABASE=URL python counted.py PORT``."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from renkou_common.database import Database
from renkou_common.http.application import create_application, serve
from renkou_common.http.surface import Surface

router = APIRouter(prefix="/public")


@router.get("/process")
async def process() -> int:
    """Say which process answers."""
    return os.getpid()


@router.post("/process")
async def change(_: dict[str, Any]) -> int:
    """Change nothing."""
    return 0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold a database."""
    app.state.database = Database(os.environ["COUNTED_DATABASE"], pool_size=2)
    await app.state.database.open()
    yield
    await app.state.database.close()


async def nothing_to_check() -> None:
    """Be ready."""


if __name__ == "__main__":
    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: nothing_to_check
    )
    serve(
        app,
        "127.0.0.1",
        int(sys.argv[1]),
        processes=2,
        surface=Surface(rates={"read": 200, "write": 10}, caller_waiting=400),
    )
