"""What a resident, a change, a reading and an event leave on the disk, and how much log of the database each writes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any

from tests.bench.http_paths import Paths, person_body
from tests.bench.node import HOME, Nodes
from tests.e2e.progress import until

SERVICES = ("registry", "migrant", "reporting")
CREATED, READ = 400, 2_000
AT_ONCE = 8
_SEALED_WITHIN = 60
type Costs = Mapping[str, float]
"""Bytes by name: ``resident``, ``created``, ``read`` on the disk, ``created_log`` and ``read_log``, ``event``."""


class Measured:
    """Costs of a node, measured by doing things and looking at how much larger it is afterwards."""

    def __init__(self, nodes: Nodes, paths: Paths) -> None:
        self._nodes = nodes
        self._paths = paths

    async def costs(self, empty: int, residents: int) -> Costs:
        """Return bytes for each; ``empty`` is what the home district's databases took before the import."""
        found = {"resident": (await size(self._nodes) - empty) / residents}
        clerk = self._nodes.home.clerk
        people = self._nodes.persons()
        made = [
            partial(clerk.post, "registry", "/persons", person_body(person))
            for person in islice(people, CREATED)
        ]
        found["created"], found["created_log"] = await self._left_by(made)
        known = cycle(await self._paths.persons())
        asked = [partial(clerk.get, "registry", path) for path in islice(known, READ)]
        found["read"], found["read_log"] = await self._left_by(asked)
        found["event"] = await self._event()
        return {name: round(bytes_, 0) for name, bytes_ in found.items()}

    async def _left_by(self, work: Sequence[Callable[[], Awaitable[Any]]]) -> tuple[float, float]:
        """Do the work, and return bytes on the disk and in the database's log for each piece of it."""
        await self._quiet()
        disk, log = await size(self._nodes), await self._log()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(piece: Callable[[], Awaitable[Any]]) -> None:
            async with gate:
                await piece()

        await asyncio.gather(*map(one, work))
        await self._quiet()
        return (await size(self._nodes) - disk) / len(work), (await self._log() - log) / len(work)

    async def _quiet(self) -> None:
        """Wait until events are taken in and every entry of the audit log has its place."""
        await self._nodes.settled()
        connection = await self._nodes.connect("registry")

        async def sealed() -> bool:
            return bool(
                await connection.fetchval(
                    "SELECT (SELECT count(*) FROM audit_entry) = (SELECT count(*) FROM audit_seal)"
                )
            )

        try:
            await until("a place in the chain for every entry", sealed, _SEALED_WITHIN)
        finally:
            await connection.close()

    async def _log(self) -> int:
        connection = await self._nodes.connect("registry")
        try:
            return int(
                await connection.fetchval(
                    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
                )
            )
        finally:
            await connection.close()

    async def _event(self) -> float:
        """Return the bytes that the broker keeps for an event."""
        port = self._nodes.stack.nats.monitor_port
        told = (await self._nodes.http.get(f"http://127.0.0.1:{port}/jsz")).raise_for_status().json()
        return float(told["bytes"]) / max(int(told["messages"]), 1)


async def size(nodes: Nodes) -> int:
    """Return the bytes of the home district's databases."""
    total = 0
    for service in SERVICES:
        connection = await nodes.connect(service, HOME)
        try:
            total += await connection.fetchval("SELECT pg_database_size(current_database())")
        finally:
            await connection.close()
    return total


async def residents(nodes: Nodes) -> int:
    """Return how many people the home district's register holds."""
    connection = await nodes.connect("registry", HOME)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM person"))
    finally:
        await connection.close()
