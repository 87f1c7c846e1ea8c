"""What guarding costs: the person read, the list and the creation beside the same service with a guard off.

Lines are named ``read without audit``: ours is the service as it is, the limit the same service without that guard, so
that 1 - ratio is its price. ``without all`` has every guard off. Both are started alike (:mod:`tests.bench.unguarded`)
and asked by turns, on the same database.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from renkou_local.health import is_healthy
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec
from tests.bench.http_paths import Paths
from tests.bench.load import measure
from tests.bench.node import HOME, Nodes
from tests.bench.report import Line
from tests.bench.turns import Measurement, Setting, in_turns

GUARDS = {
    "audit": "nothing is written to the audit log, by the service or by triggers",
    "floor": "a role that passes by row-level security",
    "fields": "numbers and phones neither sealed, opened nor masked",
    "sessions": "ended sessions not asked for",
    "rights": "neither token, session, rights nor areas looked at",
    "rates": "requests not counted",
    "edge": "no outermost layer: limits, rates, trace, headers, metrics",
}
RATES_OFF = {f"RENKOU_RATE_{kind}": "0" for kind in ("READ", "WRITE", "SEARCH", "SIGN_IN", "SERVICE")}
_TRIGGERS = """
SELECT format('ALTER TABLE %s {state} TRIGGER %I', t.tgrelid::regclass, t.tgname)
FROM pg_trigger t
WHERE t.tgname LIKE 'audit\\_%' AND NOT t.tgisinternal
"""
_ROLE = "bench_without_floor"
_CREATIONS_PER_SECOND = 400


def creations(setting: Setting, *, each: bool) -> int:
    """Return how many people are created at most."""
    lines = len(GUARDS) + 1 if each else 1
    return int(_CREATIONS_PER_SECOND * setting.seconds * (setting.turns + 1) * 2 * lines)


class Guarded:
    """Measures each path with a guard and without."""

    def __init__(self, setting: Setting, nodes: Nodes, paths: Paths, *, each: bool) -> None:
        """Measure without all guards at once, and, where ``each``, without every single one."""
        self._setting = setting
        self._nodes = nodes
        self._paths = paths
        self._wanted = {**({name: {name} for name in GUARDS} if each else {}), "all": set(GUARDS)}

    async def lines(self) -> AsyncIterator[Line]:
        """Yield the lines, path by path for each guard."""
        async with self._role() as role, self._serving(set(), role) as with_all:
            for name, off in self._wanted.items():
                async with self._serving(off, role) as without:
                    for path, made in (await self._paths.requests()).items():
                        yield await self._line(f"{path} without {name}", with_all, without, made, off)

    async def _line(
        self, name: str, port: int, other: int, made: Callable[[], Iterator[bytes]], off: set[str]
    ) -> Line:
        creates = name.startswith("create")

        async def ours() -> float:
            return await self._load(name, port, made())

        async def unaudited() -> float:
            await self._triggers("DISABLE")
            try:
                return await self._load(name, other, made())
            finally:
                await self._triggers("ENABLE")

        async def bare() -> float:
            return await self._load(name, other, made())

        limit: Measurement = unaudited if creates and "audit" in off else bare
        note = "; ".join(GUARDS[each] for each in sorted(off)) if len(off) == 1 else "every guard off"
        return await in_turns(name, ours, limit, self._setting.turns, "requests/s", lambda: f"limit: {note}")

    async def _load(self, name: str, port: int, requests: Iterator[bytes]) -> float:
        setting = self._setting
        load = await measure(port, requests, connections=setting.callers, seconds=setting.seconds)
        if load.errors or not load.per_second:
            raise RuntimeError(f"{name}: {load.errors} answers were not 2xx, the first: {load.first_error}")
        return load.per_second

    async def _triggers(self, state: str) -> None:
        connection = await self._nodes.connect("registry")
        try:
            for (statement,) in await connection.fetch(_TRIGGERS.replace("{state}", state)):
                await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def _role(self) -> AsyncIterator[str]:
        """Make a role with the service's rights that passes by row-level security; yields its database URL."""
        access = self._nodes.database("registry")
        connection = await self._nodes.connect("registry")
        try:
            await connection.execute(
                f"CREATE ROLE {_ROLE} LOGIN BYPASSRLS INHERIT PASSWORD 'unfloored' IN ROLE \"{access.app_role}\""
            )
            yield access.url(_ROLE, "unfloored")
        finally:
            await connection.close()

    @asynccontextmanager
    async def _serving(self, off: set[str], role: str) -> AsyncIterator[int]:
        """Serve registry-api without some guards; yields its port."""
        stack, port = self._nodes.stack, free_port()
        config = NodeConfig(
            HOME,
            stack.data_dir,
            PortBook(stack.data_dir / "ports.json", {}),
            stack.trust_anchor,
            hurried=True,
            log_level="WARNING",
        )
        brokers = Brokers(stack.nats.url, stack.hub.url)
        environment = config.environment("registry", "main", self._nodes.database("registry"), brokers)
        environment["RENKOU_HTTP_PORT"] = str(port)
        environment |= RATES_OFF if off & {"rates", "edge"} else {}
        if "floor" in off:
            environment["RENKOU_DATABASE_URL"] = role
            del environment["RENKOU_DATABASE_PASSWORD_FILE"]

        async def answers() -> bool:
            return await is_healthy(port, "/health/ready")

        async with AsyncExitStack() as ending:
            process = ManagedProcess(
                ProcessSpec(
                    name="unguarded",
                    argv=[sys.executable, "-m", "tests.bench.unguarded", *sorted(off)],
                    env=environment,
                    log_path=stack.logs / "unguarded.log",
                    cwd=Path.cwd(),
                    ready=answers,
                )
            )
            await process.start()
            ending.push_async_callback(process.stop)
            await process.wait_ready()
            yield port
