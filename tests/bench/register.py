"""A whole register: loading it, reading and searching it at several sizes, on processes of its own.

Each size is generated into a database of its own and served by HTTP processes of its own. Limits: loading beside COPY
of ready rows into bare tables, reading and searching beside FastAPI with one asyncpg statement.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.crypto import FieldCipher
from renkou_common.field_keys.keyring import Keyring
from renkou_local import keys, secret_files
from renkou_local.databases import DatabaseAccess
from renkou_local.field_keys import KEYS, MASTER, keep_field_keys
from renkou_local.health import is_healthy
from renkou_local.node import HURRIED
from renkou_local.ports import free_port
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ManagedProcess, ProcessSpec, run_to_end
from renkou_registry.generator.drawing import Plan, draw
from renkou_registry.generator.drawn import Context, entered
from renkou_registry.generator.kinds import kinds
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.search.sounds import initials, readings_of
from tests.bench.http_paths import CREATE_ROWS, ROWS
from tests.bench.load import LOOPBACK, Load, measure, request
from tests.bench.report import Line, line_of
from tests.bench.servers import PROCESSES
from tests.bench.turns import Setting, in_turns

DISTRICT, STOCK_DATE, SEED = "340103", date(2025, 12, 31), 1
PASSWORD = "a phrase of one's own"
_ASKED = 1_000
_LIMIT_CHUNKS = 5
_LONGEST_LOAD_SECONDS = 3_600.0
type Record = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Register:
    """A served register of a size: where it answers, a clerk's token, and some of its people."""

    persons: int
    port: int
    limit_port: int
    token: str
    sample: list[PersonEntry]
    households: list[str]


def plan(persons: int) -> Plan:
    """Return the plan of a size."""
    return Plan(persons, round(persons * 0.35), SEED, DISTRICT, STOCK_DATE)


class Registers:
    """Registers of several sizes on one PostgreSQL, made one after the other.

    A folder that is kept has them the next time: a register that was loaded is served as it is, a load that
    was cut off goes on where it ended.
    """

    def __init__(self, folder: Path, setting: Setting, say: Callable[[str], None]) -> None:
        self._folder = folder.resolve()
        self._setting = setting
        self._say = say
        self._secrets = self._folder / "secrets"
        self.postgres = EmbeddedPostgres(self._folder / "postgres", durable=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Registers"]:
        """Run PostgreSQL."""
        makers = {
            "token_key": keys.token_key,
            "audit_key": keys.audit_key,
            "administrator_secret": secret_files.password,
        }
        for name, make in makers.items():
            secret_files.keep(self._secrets / name, make)
        keep_field_keys(self._secrets)
        await self.postgres.start()
        try:
            yield self
        finally:
            await self.postgres.stop()

    def access(self, persons: int) -> DatabaseAccess:
        """Return how to reach the register of a size."""
        return DatabaseAccess(
            name=f"register_{persons}",
            address=self.postgres.address,
            owner_role="register_owner",
            owner_password="owner-of-the-bench",
            app_role="register_app",
            app_password="app-of-the-bench",
        )

    def _environment(self, access: DatabaseAccess, port: int) -> dict[str, str]:
        return {
            "RENKOU_DISTRICT": DISTRICT,
            "RENKOU_DATABASE_URL": access.app_url,
            "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
            "RENKOU_APP_ROLE": access.app_role,
            "RENKOU_HTTP_PORT": str(port),
            "RENKOU_HTTP_PROCESSES": str(PROCESSES),
            "RENKOU_LOG_LEVEL": "WARNING",
            "RENKOU_FIELD_KEYS_FILE": str(self._secrets / KEYS),
            "RENKOU_FIELD_MASTER_KEY_FILE": str(self._secrets / MASTER),
            **{f"RENKOU_{name}": str(value) for name, value in HURRIED.items()},
            "RENKOU_TOKEN_KEY_FILE": str(self._secrets / "token_key"),
            "RENKOU_AUDIT_KEY_FILE": str(self._secrets / "audit_key"),
            "RENKOU_ADMINISTRATOR_SECRET_FILE": str(self._secrets / "administrator_secret"),
        }

    def _spec(self, name: str, argv: list[str], env: dict[str, str]) -> ProcessSpec:
        log = self._folder / f"{name}.log"
        return ProcessSpec(name, [sys.executable, *argv], log, env=env, cwd=Path.cwd())

    async def load(self, persons: int) -> Line:
        """Generate a register of a size and return how fast that was; one that is there is left as it is."""
        told = self._folder / f"register_{persons}.json"
        if told.exists():
            self._say(f"a register of {persons:,} is there already")
            return line_of(json.loads(told.read_text()))
        access = self.access(persons)
        if not await self._exists(access):
            await self.postgres.create_database(access)
        env = self._environment(access, free_port())
        await run_to_end(self._spec("migrate", ["-m", "renkou_registry.migrate"], env))
        line = await self._load(persons, access, env)
        await self._bare_rows(self.postgres.url(access.name))
        told.write_text(json.dumps(asdict(line), ensure_ascii=False))
        return line

    async def _exists(self, access: DatabaseAccess) -> bool:
        connection = await self.postgres.connect()
        try:
            query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
            return bool(await connection.fetchval(query, access.name))
        finally:
            await connection.close()

    @asynccontextmanager
    async def served(self, persons: int) -> AsyncIterator[Register]:
        """Serve a register that was loaded, beside the bare application that is its limit."""
        dsn, limit_port = self.postgres.url(self.access(persons).name), free_port()
        limits = ManagedProcess(
            self._serving(
                "limits", ["-m", "tests.bench.limits", str(limit_port), dsn, str(PROCESSES)], {}, limit_port
            )
        )
        async with self.process(persons) as port:
            await limits.start()
            try:
                await limits.wait_ready()
                token = await self._clerk(port)
                chunks = [draw(plan(persons), number) for number in range(0, plan(persons).chunks, 7)]
                people = [one for chunk in chunks for one in chunk.persons]
                households = [one.number for chunk in chunks for _, one in chunk.households]
                random = Random(f"sample {persons}")
                yield Register(
                    persons,
                    port,
                    limit_port,
                    token,
                    random.sample(people, min(_ASKED, len(people))),
                    random.sample(households, min(_ASKED, len(households))),
                )
            finally:
                await limits.stop()

    @asynccontextmanager
    async def process(self, persons: int) -> AsyncIterator[int]:
        """Run an HTTP process of a register; gives its port."""
        port = free_port()
        env = self._environment(self.access(persons), port)
        process = ManagedProcess(self._serving(f"registry_{port}", ["-m", "renkou_registry.main"], env, port))
        await process.start()
        try:
            await process.wait_ready()
            yield port
        finally:
            await process.stop()

    def _serving(self, name: str, argv: list[str], env: dict[str, str], port: int) -> ProcessSpec:
        path = "/rows/1" if name == "limits" else "/health/live"

        async def answers() -> bool:
            return await is_healthy(port, path)

        log = self._folder / f"{name}.log"
        return ProcessSpec(name, [sys.executable, *argv], log, env=env, cwd=Path.cwd(), ready=answers)

    async def _bare_rows(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute("DROP TABLE IF EXISTS bench_person")
            await connection.execute(CREATE_ROWS.replace("$rows", str(ROWS)))
            await connection.execute("VACUUM ANALYZE bench_person")
        finally:
            await connection.close()

    async def _load(self, persons: int, access: DatabaseAccess, env: dict[str, str]) -> Line:
        """Generate; the limit is copying ready rows of the same kinds, measured before and after."""
        bare = [await self._copy_alone(access)]
        argv = ["-m", "renkou_registry.generate", "--persons", str(persons), "--seed", str(SEED)]
        started = time.perf_counter()
        await run_to_end(self._spec("generate", argv, env), timeout=_LONGEST_LOAD_SECONDS)
        seconds = time.perf_counter() - started
        bare.append(await self._copy_alone(access))
        ours, limit = persons / seconds, sum(bare) / len(bare)
        note = (
            f"{persons:,} people in {plan(persons).households:,} households drawn, sealed, keyed, copied,"
            f" indexed in {seconds:.0f} s by two processes; limit: COPY of ready rows into bare tables"
        )
        return Line(f"register load {_short(persons)}", ours, limit, ours / limit, "people/s", note)

    async def _copy_alone(self, access: DatabaseAccess) -> float:
        records = await asyncio.to_thread(_ready_rows)
        connection = await asyncpg.connect(self.postgres.url(access.name))
        try:
            for table, _, _ in records:
                await connection.execute(
                    f"CREATE TABLE IF NOT EXISTS bare_{table}"
                    f" (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED)"
                )
            started = time.perf_counter()
            for table, columns, rows in records:
                await connection.copy_records_to_table(f"bare_{table}", columns=columns, records=rows)
            seconds = time.perf_counter() - started
            for table, _, _ in records:
                await connection.execute(f"DROP TABLE bare_{table}")
        finally:
            await connection.close()
        persons = next(rows for table, _, rows in records if table == "person")
        return len(persons) / seconds

    async def _clerk(self, port: int) -> str:
        """Return the token of a clerk of the whole district."""
        one_time = (self._secrets / "administrator_secret").read_text().strip()
        async with httpx.AsyncClient(
            base_url=f"http://{LOOPBACK}:{port}", trust_env=False, timeout=30
        ) as http:
            credentials = {"username": "clerk", "password": PASSWORD}
            known = await http.post("/auth/token", json=credentials)
            if known.is_success:
                return str(known.json()["access_token"])
            token = await _first_sign_in(http, "administrator", one_time)
            body = {
                "username": "clerk",
                "display_name": "测试员",
                "password": "given once by the office",
                "assignments": [{"role": "subdistrict_clerk", "area": DISTRICT}],
            }
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "clerk-of-the-bench"}
            (await http.post("/staff", json=body, headers=headers)).raise_for_status()
            return await _first_sign_in(http, "clerk", "given once by the office")


async def _first_sign_in(http: httpx.AsyncClient, username: str, one_time: str) -> str:
    async def token(password: str) -> str:
        answer = await http.post("/auth/token", json={"username": username, "password": password})
        return str(answer.raise_for_status().json()["access_token"])

    headers = {"Authorization": f"Bearer {await token(one_time)}"}
    change = {"current": one_time, "new": PASSWORD}
    (await http.post("/auth/password", json=change, headers=headers)).raise_for_status()
    return await token(PASSWORD)


def _ready_rows() -> list[Record]:
    """Return the rows of some chunks, kind by kind, ready to be copied."""
    context = Context(
        AreaCode(DISTRICT),
        FieldCipher.fixed(Keyring.new(datetime.now(UTC))),
        datetime.now(UTC),
        f"renkou:{DISTRICT}/registry-api",
    )
    drawn = [entered(draw(plan(20_000), number), context) for number in range(_LIMIT_CHUNKS)]
    return [
        (kind.table, kind.columns, [row for each in drawn for row in kind.rows(each, context)])
        for kind in kinds(events=False)
    ]


def _short(persons: int) -> str:
    return f"{persons // 1_000_000}M" if persons % 1_000_000 == 0 else f"{persons // 1000}k"


def _questions(register: Register) -> dict[str, list[dict[str, Any]]]:
    """Return what is asked, by the name of the line."""
    people = register.sample
    spelled = [readings_of(one.name.replace("·", ""))[0] for one in people]
    return {
        "number": [{"resident_id": one.resident_id} for one in people if one.resident_id],
        "phone": [{"phone": one.phone} for one in people if one.phone],
        "name": [{"name": one.name} for one in people],
        "prefix": [{"name": one.name[:2]} for one in people],
        "pinyin": [{"name": " ".join(each)} for each in spelled],
        "initials": [{"name": initials(each)} for each in spelled],
        "similar": [{"name": one.name[:-1] + "玺"} for one in people],
        "household": [{"household_number": number} for number in register.households],
        "address": [{"address": (one.present_street or "")[:9]} for one in people],
        "criteria": [
            {"name": one.name[:1], "sex": 2, "age_from": 15, "age_to": 49, "near": f"{one.present_area:012d}"}
            for one in people
            if str(one.present_area).startswith(DISTRICT)
        ],
    }


def _lists(register: Register) -> dict[str, list[str]]:
    """Return which lists are read, by the name of the line: 20 rows each, of communities and the district."""
    home = [f"{one.present_area:012d}" for one in register.sample]
    areas = [area for area in home if area.startswith(DISTRICT)]
    places = [DISTRICT if number % 4 == 0 else area for number, area in enumerate(areas)]
    tomorrow = date.fromordinal(datetime.now(UTC).date().toordinal() + 1)
    return {
        "list people": [f"/persons?area={area}&limit=20" for area in places],
        "list cards": [f"/cards?area={area}&limit=20" for area in places],
        "list services": [f"/services?area={area}&limit=20" for area in places],
        "list households": [f"/households?area={area}&limit=20" for area in places],
        "worklist": [f"/worklists?area={area}&on={tomorrow}&limit=20" for area in places],
    }


def requests_of(register: Register) -> dict[str, list[bytes]]:
    """Return the requests of each kind of read, by its name."""
    bearer = {"Authorization": f"Bearer {register.token}", "Content-Type": "application/json"}
    found = {"person": [request("GET", f"/persons/{one.id}", bearer) for one in register.sample]}
    for kind, addresses in _lists(register).items():
        found[kind] = [request("GET", address, bearer) for address in addresses]
    for kind, questions in _questions(register).items():
        found[f"search {kind}"] = [
            request("POST", "/persons/search", bearer, orjson.dumps(each)) for each in questions
        ]
    return found


async def reading(
    setting: Setting,
    register: Register,
    measure_line: Callable[[str, Callable[[], Awaitable[Line]]], Awaitable[None]],
) -> None:
    """Measure exact reads and searches of each kind."""
    bearer = {"Authorization": f"Bearer {register.token}", "Content-Type": "application/json"}
    size = _short(register.persons)
    reads = [request("GET", f"/persons/{one.id}", bearer) for one in register.sample]
    one = [request("GET", f"/rows/{number}", {}) for number in range(1, _ASKED)]
    some = [request("GET", f"/rows?after={number}&limit=20", {}) for number in range(1, _ASKED)]
    paths = _Paths(setting, register)
    await measure_line(f"register read {size}", lambda: paths.line(f"register read {size}", reads, one))
    for kind, addresses in _lists(register).items():
        name = f"{kind} {size}"
        lists = [request("GET", address, bearer) for address in addresses]

        async def listing(name: str = name, lists: list[bytes] = lists) -> Line:
            return await paths.line(name, lists, some)

        await measure_line(name, listing)
    for kind, questions in _questions(register).items():
        name = f"search {kind} {size}"
        asked = [request("POST", "/persons/search", bearer, orjson.dumps(each)) for each in questions]
        limit = one if kind in ("number", "phone", "household") else some

        async def work(name: str = name, asked: list[bytes] = asked, limit: list[bytes] = limit) -> Line:
            return await paths.line(name, asked, limit)

        await measure_line(name, work)


class _Paths:
    def __init__(self, setting: Setting, register: Register) -> None:
        self._setting = setting
        self._register = register

    async def line(self, name: str, asked: list[bytes], bare: list[bytes]) -> Line:
        """Measure one kind of question beside a bare answer of as many rows."""
        runs: list[Load] = []
        wanted, unchecked = cycle(asked), cycle(bare)

        async def ours() -> float:
            runs.append(await self._load(name, self._register.port, wanted))
            return runs[-1].per_second

        async def limit() -> float:
            return (await self._load(name, self._register.limit_port, unchecked)).per_second

        def note() -> str:
            taken = runs[1:]
            middle = sorted(load.median_ms for load in taken)[len(taken) // 2]
            p95 = sorted(load.p95_ms for load in taken)[len(taken) // 2]
            return (
                f"{self._setting.callers} callers, {PROCESSES} processes; latency median {middle:.1f} ms,"
                f" p95 {p95:.1f} ms; limit: FastAPI and one asyncpg statement"
            )

        return await in_turns(name, ours, limit, self._setting.turns, "requests/s", note)

    async def _load(self, name: str, port: int, requests: Iterator[bytes]) -> Load:
        setting = self._setting
        load = await measure(port, requests, connections=setting.callers, seconds=setting.seconds)
        if load.errors or not load.per_second:
            raise RuntimeError(f"{name}: {load.errors} answers were not 2xx, the first: {load.first_error}")
        return load
