"""A small application served by some processes: ``python served.py PORT [PROCESSES [CERTIFICATE KEY]]``."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from renkou_common.http.application import create_application, serve
from renkou_common.tls import server_context

router = APIRouter(prefix="/public")


@router.get("/process")
async def process() -> int:
    """Say which process answers."""
    return os.getpid()


@router.get("/slow")
async def slow() -> str:
    """Say that somebody asks, and answer after half a second."""
    print("asked", flush=True)
    await asyncio.sleep(0.5)
    return "done"


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Hold nothing."""
    yield


async def nothing_to_check() -> None:
    """Be ready."""


if __name__ == "__main__":
    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: nothing_to_check
    )
    port, processes, *files = sys.argv[1:] if len(sys.argv) > 2 else (sys.argv[1], "2")
    tls = server_context(*map(Path, files)) if files else None
    serve(app, "127.0.0.1", int(port), processes=int(processes), tls=tls)
