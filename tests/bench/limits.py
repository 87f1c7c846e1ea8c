"""The limits: FastAPI with one asyncpg statement and nothing else, as a process like ours.

Run as ``python -m tests.bench.limits PORT DSN PROCESSES``; the table ``bench_person`` is made by the bench. As many
processes as ours serve it, over as many connections in all. The pool does not reset connections when they come
back (a round trip that asyncpg makes by default, and that our services don't make either): one request, one
round trip.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

from renkou_common.http.serving import serve_port

_CONNECTIONS = 8
COLUMNS = "id, name, sex, birth_date, area, street, phone, version"


class Row(BaseModel):
    """One row as it stands."""

    id: int
    name: str
    sex: int
    birth_date: str
    area: int
    street: str
    phone: str
    version: int


class NewRow(BaseModel):
    """What the bare insert writes."""

    name: str
    sex: int
    birth_date: str
    area: int
    street: str
    phone: str


async def _no_reset(_: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave the connection as it is."""


def application(dsn: str, connections: int) -> FastAPI:
    """Return the bare application of one process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(dsn, min_size=1, max_size=connections, reset=_no_reset)
        yield
        app.state.pool.terminate()

    app = FastAPI(lifespan=lifespan)

    @app.get("/rows/{number}")
    async def one(number: int, request: Request) -> Row:
        row = await request.app.state.pool.fetchrow(
            f"SELECT {COLUMNS} FROM bench_person WHERE id = $1", number
        )
        return Row.model_construct(**dict(row))

    @app.get("/rows")
    async def some(after: int, request: Request, limit: int = 50) -> list[Row]:
        rows = await request.app.state.pool.fetch(
            f"SELECT {COLUMNS} FROM bench_person WHERE id > $1 ORDER BY id LIMIT $2", after, limit
        )
        return [Row.model_construct(**dict(row)) for row in rows]

    @app.post("/rows", status_code=201)
    async def create(new: NewRow, request: Request) -> dict[str, Any]:
        number = await request.app.state.pool.fetchval(
            "INSERT INTO bench_person (name, sex, birth_date, area, street, phone)"
            " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            new.name,
            new.sex,
            new.birth_date,
            new.area,
            new.street,
            new.phone,
        )
        return {"id": number}

    return app


if __name__ == "__main__":
    _, port, dsn, processes = sys.argv
    config = uvicorn.Config(
        application(dsn, _CONNECTIONS // int(processes)),
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    serve_port(config, int(processes))
