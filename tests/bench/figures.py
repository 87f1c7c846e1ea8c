"""Figures of a whole district over ten years, at several sizes, asked over HTTP of processes like ours.

Each size has ten facts a resident in a database of its own. Goals: any indicator for any area and period within 20 ms
(p99, one caller), a table of 55 communities, 12 months and 30 indicators within 300 ms, both at a million residents,
and from 250,000 to a million no more than 1.2 times the time. The limit of a read is FastAPI with one asyncpg row.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import median
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import OKPKey

from renkou_common.identity.tokens import TokenIssuer
from renkou_common.migration import upgrade
from renkou_local.databases import DatabaseAccess
from renkou_local.health import is_healthy
from renkou_local.node import HURRIED
from renkou_local.ports import free_port
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ManagedProcess, ProcessSpec
from renkou_reporting.indicators.domain import Dimension, Indicator
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.migrate import SCRIPTS
from tests.bench.facts import AREAS, DISTRICT, FIRST_YEAR, YEARS, load_facts
from tests.bench.http_paths import CREATE_ROWS, ROWS
from tests.bench.load import LOOPBACK, Load, measure, request
from tests.bench.report import Line
from tests.bench.servers import PROCESSES
from tests.bench.turns import Setting, in_turns

GOAL_MS, TABLE_GOAL_MS, GROWTH_GOAL = 20.0, 300.0, 1.2
_ASKED, _TABLE_INDICATORS = 2_000, 30
_READER = UUID("00000000-0000-7000-8000-000000000001")
_LAST_YEAR = FIRST_YEAR + YEARS - 1


@dataclass(frozen=True)
class District:
    """A served district of a size."""

    residents: int
    port: int
    limit_port: int
    token: str


def definitions(population: str) -> list[Indicator]:
    """Return the indicators over a population that need no parity."""
    return [
        one
        for one in packaged_definitions()
        if population in one.populations and one.dimensions.get(Dimension.PARITY) != "required"
    ]


def questions(number: int) -> list[str]:
    """Return questions for any indicator, area and period, the same ones every time."""
    random = Random("figures of the bench")
    towns = sorted({area // 1000 for area in AREAS})
    found: list[str] = []
    while len(found) < number:
        one = random.choice(packaged_definitions())
        year = random.randint(FIRST_YEAR, _LAST_YEAR)
        period = random.choice(
            [f"{year}", f"{year}H1", f"{year}Q{random.randint(1, 4)}", f"{year}-{random.randint(1, 12):02d}"]
        )
        if one.valid_to is not None and year >= one.valid_to.year:
            continue
        asked = {
            "indicator": one.code,
            "area": random.choice([DISTRICT, random.choice(towns), random.choice(AREAS)]),
            "population": random.choice(one.populations).value,
            "period": period,
        }
        if one.dimensions.get(Dimension.PARITY) == "required":
            asked["parity"] = str(random.randint(1, 3))
        found.append(f"/figures?{urlencode(asked)}")
    return found


def table_question() -> str:
    """Return the question for a district's table: every community, every month of a year, 30 indicators."""
    chosen = [one.code for one in definitions("registered")][:_TABLE_INDICATORS]
    asked = {
        "area": DISTRICT,
        "areas": "communities",
        "population": "registered",
        "period": _LAST_YEAR,
        "by": "month",
        "indicator": chosen,
    }
    return f"/figures/table?{urlencode(asked, doseq=True)}"


class Districts:
    """Districts of several sizes on one PostgreSQL; a folder that is kept has them the next time."""

    def __init__(self, folder: Path, setting: Setting, say: Callable[[str], None]) -> None:
        self._folder = folder.resolve()
        self._setting = setting
        self._say = say
        self._issuer = TokenIssuer(
            OKPKey.generate_key("Ed25519", private=True, auto_kid=True), f"renkou:{DISTRICT}"
        )
        self._keys_port = free_port()
        self.postgres = EmbeddedPostgres(self._folder / "postgres", durable=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Districts"]:
        """Run PostgreSQL and what hands out the node's keys."""
        (self._folder / "secret").parent.mkdir(parents=True, exist_ok=True)
        (self._folder / "secret").write_text("nobody asks for it", encoding="utf-8")
        app = FastAPI()
        app.get("/.well-known/jwks.json")(self._issuer.public_keys)
        server = uvicorn.Server(uvicorn.Config(app, port=self._keys_port, log_config=None))
        await self.postgres.start()
        serving = asyncio.create_task(server.serve())
        try:
            yield self
        finally:
            server.should_exit = True
            await serving
            await self.postgres.stop()

    def access(self, residents: int) -> DatabaseAccess:
        """Return how to reach the district of a size."""
        return DatabaseAccess(
            name=f"figures_{residents}",
            address=self.postgres.address,
            owner_role="figures_owner",
            owner_password="owner-of-the-bench",
            app_role="figures_app",
            app_password="app-of-the-bench",
        )

    async def load(self, residents: int) -> None:
        """Make the district of a size, unless it is there."""
        told = self._folder / f"figures_{residents}.ready"
        if told.exists():
            return
        self._say(f"a district of {residents:,}: {residents * 10:,} facts")
        access = self.access(residents)
        await self.postgres.create_database(access)
        os.environ["RENKOU_APP_ROLE"] = access.app_role
        try:
            await asyncio.to_thread(upgrade, SCRIPTS, access.owner_url)
        finally:
            del os.environ["RENKOU_APP_ROLE"]
        connection = await asyncpg.connect(self.postgres.url(access.name))
        try:
            await load_facts(connection, residents)
            await connection.execute(CREATE_ROWS.replace("$rows", str(ROWS)))
            low, high = DISTRICT * 1_000_000, DISTRICT * 1_000_000 + 999_999
            await connection.execute(
                "INSERT INTO staff_assignment (staff_id, position, role, area, area_high)"
                " VALUES ($1, 0, 'statistician', $2, $3)",
                _READER,
                low,
                high,
            )
            await connection.execute("VACUUM ANALYZE", timeout=3_600)
        finally:
            await connection.close()
        told.touch()

    @asynccontextmanager
    async def served(self, residents: int) -> AsyncIterator[District]:
        """Serve a district beside the bare application that is its limit."""
        access, port, limit_port = self.access(residents), free_port(), free_port()
        keys = f"http://{LOOPBACK}:{self._keys_port}"
        env = {
            "RENKOU_DISTRICT": str(DISTRICT),
            "RENKOU_DATABASE_URL": access.app_url,
            "RENKOU_HTTP_PORT": str(port),
            "RENKOU_HTTP_PROCESSES": str(PROCESSES),
            "RENKOU_LOG_LEVEL": "WARNING",
            **{f"RENKOU_{name}": str(value) for name, value in HURRIED.items()},
            "RENKOU_REGISTRY_URL": keys,
            "RENKOU_MIGRANT_URL": keys,
            "RENKOU_SERVICE_SECRET_FILE": str(self._folder / "secret"),
        }
        dsn = self.postgres.url(access.name)
        processes = [
            self._process(
                f"reporting_{residents}", ["-m", "renkou_reporting.main"], env, port, "/health/live"
            ),
            self._process(
                f"limits_{residents}",
                ["-m", "tests.bench.limits", str(limit_port), dsn, str(PROCESSES)],
                {},
                limit_port,
                "/rows/1",
            ),
        ]
        try:
            for process in processes:
                await process.start()
                await process.wait_ready()
            yield District(residents, port, limit_port, self._issuer.issue(_READER, "staff", "bench"))
        finally:
            for process in processes:
                await process.stop()

    def _process(
        self, name: str, argv: list[str], env: dict[str, str], port: int, path: str
    ) -> ManagedProcess:
        async def answers() -> bool:
            return await is_healthy(port, path)

        log = self._folder / f"{name}.log"
        return ManagedProcess(
            ProcessSpec(name, [sys.executable, *argv], log, env=env, cwd=Path.cwd(), ready=answers)
        )


async def measuring(districts: Districts, residents: Sequence[int], setting: Setting) -> AsyncIterator[Line]:
    """Yield the lines: p99 and table of the largest, read beside its limit, growth from the smallest."""
    async with AsyncExitStack() as stack:
        served = [await stack.enter_async_context(districts.served(each)) for each in residents]
        asked = {each.residents: _requests(questions(_ASKED), each) for each in served}
        largest, smallest = served[-1], served[0]
        alone = {each.residents: await _each_once(each, asked[each.residents]) for each in served}
        yield _within("figure p99", alone[largest.residents], GOAL_MS, largest)
        table = await _each_once(largest, _requests([table_question()], largest) * 12)
        yield _within("figure table", table[2:], TABLE_GOAL_MS, largest)
        if smallest is not largest:
            yield await _growth(smallest, largest, asked)
        yield await _reading(setting, largest, asked[largest.residents])


def _requests(paths: Sequence[str], district: District) -> list[bytes]:
    bearer = {"Authorization": f"Bearer {district.token}"}
    return [request("GET", path, bearer) for path in paths]


async def _each_once(district: District, requests: Sequence[bytes]) -> list[float]:
    """Send requests one after the other; returns how long each took, in milliseconds."""
    reader, writer = await asyncio.open_connection(LOOPBACK, district.port)
    taken = []
    try:
        for each in requests:
            started = time.perf_counter()
            writer.write(each)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            taken.append((time.perf_counter() - started) * 1000)
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(f"{each.split(b' ')[1].decode()}: {body.decode()}")
    finally:
        writer.close()
    return taken


def _within(name: str, taken: Sequence[float], goal: float, district: District) -> Line:
    """Return a line about times that shall stay below a goal; its ratio is goal / ours."""
    ordered = sorted(taken)
    tail = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    note = (
        f"{len(taken)} requests, one caller, {district.residents:,} residents, {district.residents * 10:,} facts;"
        f" median {median(taken):.1f}, p99 {tail:.1f}, longest {ordered[-1]:.1f} ms; the limit is the goal"
    )
    shown = median(taken) if name == "figure table" else tail
    return Line(name, round(shown, 1), goal, round(goal / shown, 3), "ms", note)


async def _growth(smallest: District, largest: District, asked: dict[int, list[bytes]]) -> Line:
    """Ask both sizes the same by turns; the ratio is allowed / found growth of the mean time."""
    few: list[float] = []
    many: list[float] = []
    for start in range(0, _ASKED, 200):
        for district, times in ((smallest, few), (largest, many)):
            times += await _each_once(district, asked[district.residents][start : start + 200])
    before, after = sum(few) / len(few), sum(many) / len(many)
    note = (
        f"mean of {len(few)} requests, by turns: {before:.2f} ms at {smallest.residents:,},"
        f" {after:.2f} ms at {largest.residents:,} residents; medians {median(few):.2f}, {median(many):.2f}"
    )
    allowed = before * GROWTH_GOAL
    return Line("figure growth", round(after, 2), round(allowed, 2), round(allowed / after, 3), "ms", note)


async def _reading(setting: Setting, district: District, requests: list[bytes]) -> Line:
    """Measure figures of any kind beside a bare answer of one row."""
    wanted, bare = cycle(requests), cycle([request("GET", f"/rows/{n}", {}) for n in range(1, ROWS)])
    runs: list[Load] = []

    async def load(port: int, of: "cycle[bytes]") -> float:
        found = await measure(port, of, connections=setting.callers, seconds=setting.seconds)
        if found.errors or not found.per_second:
            raise RuntimeError(
                f"figures: {found.errors} answers were not 2xx, the first: {found.first_error}"
            )
        runs.append(found)
        return found.per_second

    def note() -> str:
        return (
            f"any indicator, area and period of {district.residents:,} residents; {setting.callers} callers;"
            " limit: FastAPI and one asyncpg row"
        )

    return await in_turns(
        "figures",
        lambda: load(district.port, wanted),
        lambda: load(district.limit_port, bare),
        setting.turns,
        "requests/s",
        note,
    )
