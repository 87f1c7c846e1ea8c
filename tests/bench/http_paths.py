"""HTTP paths of a node beside the bare application, under the same load and on the same PostgreSQL."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import orjson

from renkou_local.ports import free_port
from tests.bench.load import Load, measure, request
from tests.bench.report import Line, line

ROWS = 20_000
CREATE_TABLE = """
DROP TABLE IF EXISTS bench_person;
CREATE TABLE bench_person (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, sex int, birth_date text, area bigint,
    street text, phone text, version int NOT NULL DEFAULT 1
);
INSERT INTO bench_person (name, sex, birth_date, area, street, phone)
SELECT '王小' || n, 1 + n % 2, '1990-03-07', 340103013001, '安庆路 ' || n || ' 号', '138****1234'
FROM generate_series(1, $rows) AS n;
ANALYZE bench_person;
"""


@dataclass(frozen=True)
class Setting:
    """How long each run lasts, how often runs take turns, how many callers there are."""

    seconds: float
    turns: int
    connections: int = 16


@asynccontextmanager
async def bare_application(dsn: str) -> AsyncIterator[int]:
    """Run the bare application as a process on a table of its own; yields its port."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(CREATE_TABLE.replace("$rows", str(ROWS)))
    finally:
        await connection.close()
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.limits", str(port), dsn)
    try:
        await _answers(f"http://127.0.0.1:{port}/rows/1")
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for _ in range(200):
            try:
                if (await http.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def port_of(url: str) -> int:
    """Return the port of a service's URL."""
    return urlsplit(url).port or 80


async def in_turns(
    name: str,
    ours: tuple[int, Sequence[bytes]],
    limit: tuple[int, Sequence[bytes]],
    setting: Setting,
    note: str,
) -> Line:
    """Measure ours and the limit, taking turns; errors on either side end the bench."""
    found: dict[str, list[Load]] = {"ours": [], "limit": []}
    for _ in range(setting.turns):
        for side, (port, requests) in (("ours", ours), ("limit", limit)):
            load = await measure(port, requests, connections=setting.connections, seconds=setting.seconds)
            if load.errors:
                raise RuntimeError(f"{name}, {side}: {load.errors} answers were not 2xx")
            found[side].append(load)
    tail = max(load.p99_ms for load in found["ours"])
    return line(
        name,
        [load.per_second for load in found["ours"]],
        [load.per_second for load in found["limit"]],
        "requests/s",
        f"{note}; worst p99 of ours {tail:.0f} ms with {setting.connections} callers",
    )


def reads(paths: Sequence[str], token: str = "") -> list[bytes]:
    """Return GET requests."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return [request("GET", path, headers) for path in paths]


class Creations(Sequence[bytes]):
    """Requests that each create something new, made when they are sent."""

    def __init__(self, path: str, token: str, bodies: Sequence[dict[str, object]]) -> None:
        self._path = path
        self._token = token
        self._bodies = bodies
        self._next = count()

    def __len__(self) -> int:
        return len(self._bodies)

    def __getitem__(self, index: int | slice) -> bytes:  # type: ignore[override]
        number = next(self._next)
        if number >= len(self._bodies):
            raise RuntimeError("more creations were asked for than prepared")
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return request("POST", self._path, headers, orjson.dumps(self._bodies[number]))
