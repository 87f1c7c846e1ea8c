"""HTTP paths of a node beside the bare application, under the same load and on the same PostgreSQL."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import asyncpg
import orjson

from renkou_common.codes.lists import DocumentKind
from renkou_local.health import is_healthy
from renkou_local.ports import free_port
from renkou_local.processes import ManagedProcess, ProcessSpec
from tests.bench.load import Load, measure, request
from tests.bench.node import HOME, STOCK_DATE, Nodes
from tests.bench.processor import Spent
from tests.bench.report import Line
from tests.bench.servers import PROCESSES
from tests.bench.turns import Setting, in_turns
from tests.e2e.api import Api
from tests.e2e.synthetic.people import Person

DATABASE = "bench"
ROWS = 20_000
PERSONS = 2_000
INDICATORS = ("birth_rate", "death_rate", "natural_growth_rate")
CREATE_ROWS = """
CREATE TABLE bench_person (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, sex int, birth_date text, area bigint,
    street text, phone text, version int NOT NULL DEFAULT 1
);
INSERT INTO bench_person (name, sex, birth_date, area, street, phone)
SELECT '王小' || n, 1 + n % 2, '1990-03-07', 340103013001, '安庆路 ' || n || ' 号', '138****1234'
FROM generate_series(1, $rows) AS n;
"""


@asynccontextmanager
async def bare_application(nodes: Nodes) -> AsyncIterator[int]:
    """Run the bare application as a process on a database of its own; yields its port."""
    server = await nodes.stack.postgres.connect()
    try:
        await server.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    finally:
        await server.close()
    dsn = nodes.stack.postgres.url(DATABASE)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(CREATE_ROWS.replace("$rows", str(ROWS)))
        await connection.execute("VACUUM ANALYZE bench_person")
    finally:
        await connection.close()
    port = free_port()

    async def answers() -> bool:
        return await is_healthy(port, "/rows/1")

    process = ManagedProcess(
        ProcessSpec(
            name="limits",
            argv=[sys.executable, "-m", "tests.bench.limits", str(port), dsn, str(PROCESSES)],
            log_path=nodes.stack.logs / "limits.log",
            cwd=Path.cwd(),
            ready=answers,
        )
    )
    await process.start()
    try:
        await process.wait_ready()
        yield port
    finally:
        await process.stop()


def _port(url: str) -> int:
    return urlsplit(url).port or 80


def _reads(paths: Iterable[str], token: str = "") -> Iterator[bytes]:
    """Return the same GET requests over and over."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return cycle([request("GET", path, headers) for path in paths])


def _creations(path: str, token: str, bodies: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Return POST requests that each create something new."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for body in bodies:
        yield request("POST", path, {**headers, "Idempotency-Key": str(uuid4())}, orjson.dumps(body))


def person_body(person: Person) -> dict[str, Any]:
    """Return what POST /persons wants of a person of a roster."""
    with_number = person.document_kind is DocumentKind.RESIDENT_ID
    body = {
        "name": person.name,
        "sex": int(person.sex),
        "birth_date": person.birth_date.isoformat(),
        "document_kind": str(person.document_kind),
        "resident_id": person.document_number if with_number else None,
        "nationality": person.nationality,
        "marital_status": str(int(person.marital_status)),
        "registered_area": person.registered_area,
        "registered_street": person.registered_street,
        "present_area": person.present_area,
        "present_street": person.present_street,
        "present_since": person.present_since.isoformat(),
        "phone": person.phone or None,
        "employer": person.employer or None,
        "children_count": person.children_born or 0,
        "entry": {"kind": "opening", "on": STOCK_DATE.isoformat()},
    }
    return {name: value for name, value in body.items() if value is not None}


def _bare_bodies() -> Iterator[dict[str, Any]]:
    for number in count():
        yield {
            "name": f"王小{number}",
            "sex": 1,
            "birth_date": "1990-03-07",
            "area": 340103013001,
            "street": "安庆路 1 号",
            "phone": "13812341234",
        }


class Paths:
    """The HTTP lines of a node that people were imported into."""

    def __init__(self, setting: Setting, nodes: Nodes, limit_port: int) -> None:
        self._setting = setting
        self._nodes = nodes
        self._limit_port = limit_port
        self._random = Random("bench paths")

    async def person_read(self) -> Line:
        """One person by id."""
        note = "token, session, right, row floor, masked, audited; limit: FastAPI and one asyncpg row"
        return await self._read("person read", "registry", await self.persons(), self._one, note)

    async def person_list(self) -> Line:
        """A page of fifty persons of a subdistrict."""
        note = "fifty persons of a subdistrict; limit: FastAPI and fifty asyncpg rows"
        return await self._read("person list", "registry", await self.pages(), self._fifty, note)

    async def requests(self) -> dict[str, Callable[[], Iterator[bytes]]]:
        """Return what asks the register for persons, pages and creations, with a token that is good for a while."""
        token = (await self._caller("registry")).token
        reads, pages = _reads(await self.persons(), token), _reads(await self.pages(), token)
        made = _creations("/persons", token, map(person_body, self._nodes.persons()))
        return {"read": lambda: reads, "list": lambda: pages, "create": lambda: made}

    async def persons(self) -> list[str]:
        """Return the paths of people who are registered, shuffled."""
        rows = await self._sample("SELECT id FROM person ORDER BY id LIMIT $1", PERSONS)
        ids = [str(row["id"]) for row in rows]
        self._random.shuffle(ids)
        return [f"/persons/{one}" for one in ids]

    async def pages(self) -> list[str]:
        """Return the paths of pages of fifty, of subdistricts that have as many."""
        rows = await self._sample(
            "SELECT present_area FROM person WHERE present_area / 1000000 = $1", int(HOME)
        )
        sizes = Counter(row["present_area"] // 1000 for row in rows)
        areas = [f"{town:09d}" for town, people in sizes.items() if people >= 50]
        return [f"/persons?area={area}&limit=50" for area in areas]

    async def figure_read(self) -> Line:
        """One figure from the cells of a subtree."""
        paths = [
            "/figures?"
            + urlencode({"indicator": one, "area": area, "population": population, "period": "2026"})
            for one in INDICATORS
            for population in ("registered", "resident")
            for area in (HOME, f"{HOME}001", f"{HOME}100")
        ]
        note = "subtree, population and year out of the cells; limit: FastAPI and one asyncpg row"
        return await self._read("figure read", "reporting", paths, self._one, note)

    async def create(self) -> Line:
        """A new person."""
        caller = await self._caller("registry")
        bodies = map(person_body, self._nodes.persons())
        made = _creations("/persons", caller.token, bodies)
        bare = _creations("/rows", "", _bare_bodies())
        note = "validated, encrypted, deduplicated, event, idempotent; limit: FastAPI and one INSERT"
        return await self._measure("create", _port(caller.urls["registry"]), lambda: made, lambda: bare, note)

    async def _sample(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        connection = await self._nodes.connect("registry")
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def _caller(self, service: str) -> Api:
        """Return staff who are signed in: a request renews a token that ran out."""
        home = self._nodes.home
        caller = home.statistician if service == "reporting" else home.clerk
        await caller.get("registry", "/auth/me")
        return caller

    def _one(self) -> Iterator[bytes]:
        return _reads(f"/rows/{self._random.randrange(1, ROWS)}" for _ in range(PERSONS))

    def _fifty(self) -> Iterator[bytes]:
        return _reads(f"/rows?after={self._random.randrange(ROWS - 50)}" for _ in range(PERSONS))

    async def _read(
        self, name: str, service: str, paths: list[str], bare: Callable[[], Iterator[bytes]], note: str
    ) -> Line:
        caller = await self._caller(service)
        wanted = _reads(paths, caller.token)
        unchecked = bare()
        port = _port(caller.urls[service])
        return await self._measure(name, port, lambda: wanted, lambda: unchecked, note)

    async def _measure(
        self,
        name: str,
        port: int,
        wanted: Callable[[], Iterator[bytes]],
        unchecked: Callable[[], Iterator[bytes]],
        note: str,
    ) -> Line:
        runs: list[Load] = []
        spent = Spent(urlsplit(self._nodes.stack.postgres.url()).port or 0)

        async def ours() -> float:
            runs.append(await spent.beside("ours", port, self._load(name, port, wanted())))
            return runs[-1].per_second

        async def limit() -> float:
            load = self._load(name, self._limit_port, unchecked())
            return (await spent.beside("limit", self._limit_port, load)).per_second

        def with_tail() -> str:
            middle = sorted(load.median_ms for load in runs)[len(runs) // 2]
            worst = max(load.p99_ms for load in runs[1:])
            callers = f"{self._setting.callers} callers"
            latency = f"latency median {middle:.1f} ms, worst p99 {worst:.1f} ms"
            return f"{note}; {callers}, {latency}; {spent.told()}"

        found = await in_turns(name, ours, limit, self._setting.turns, "requests/s", with_tail)
        return replace(found, microseconds=spent.microseconds())

    async def _load(self, name: str, port: int, requests: Iterator[bytes]) -> Load:
        setting = self._setting
        load = await measure(port, requests, connections=setting.callers, seconds=setting.seconds)
        if load.errors or not load.per_second:
            raise RuntimeError(f"{name}: {load.errors} answers were not 2xx, the first: {load.first_error}")
        return load
