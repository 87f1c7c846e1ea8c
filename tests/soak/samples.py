"""What is looked at every few seconds: processes, connections, lag, tables that are emptied as time goes by."""

import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tests.bench.node import HOME, Nodes
from tests.bench.processor import tree
from tests.soak.growth import Allowed

MEMORY = Allowed("MiB", 0.1, 32, "allocators keep some of what single large answers took")
FILES = Allowed("files", 0.1, 8, "connections of callers come and go")
CONNECTIONS = Allowed("connections", 0.1, 4, "pools open what they need, up to their size")
LAG = Allowed("events", 0.0, 200, "what is under way at the moment of looking")
ROWS = Allowed("rows", 0.1, 100, "they hang on how many callers there are, not on how many requests")
SERVICES = ("registry", "migrant", "reporting")
KEPT = {
    ("registry", "idempotency_record"): "created_at < now() - interval '49 hours'",
    ("migrant", "idempotency_record"): "created_at < now() - interval '49 hours'",
    ("registry", "rate_budget"): "filled_at < now() - interval '30 minutes'",
}
"""Rows that should have been removed: of each table how they are found, some time after their keeping time."""


class Samples:
    """Series of (seconds, value) by name, each with what it is allowed to grow by."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.series: dict[str, list[tuple[float, float]]] = {}
        self.allowed: dict[str, Allowed] = {}

    async def take(self, at: float) -> None:
        """Look at everything once."""
        supervisor = self._nodes.stack.supervisor
        for name in supervisor.names:
            process = supervisor.process(name).pid
            if process is not None:
                members = tree(process)
                self._note(at, f"memory of {name}", sum(map(_private_mib, members)), MEMORY)
                self._note(at, f"files of {name}", sum(map(_open_files, members)), FILES)
        heads: dict[str, int] = {}
        for service in SERVICES:
            connection = await self._nodes.connect(service)
            try:
                await self._database(at, service, connection, heads)
            finally:
                await connection.close()

    async def _database(
        self, at: float, service: str, connection: "asyncpg.Connection[asyncpg.Record]", heads: dict[str, int]
    ) -> None:
        found = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        self._note(at, f"connections to {service}", found, CONNECTIONS)
        if service == "reporting":
            rows = await connection.fetch("SELECT feed, high_water FROM feed_position")
            lag = sum(heads.values()) - sum(row["high_water"] for row in rows)
            self._note(at, "events not yet in the figures", max(lag, 0), LAG)
            return
        heads[service] = int(await connection.fetchval("SELECT coalesce(max(last), 0) FROM feed_counter"))
        waiting = await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        self._note(at, f"events of {service} not yet published", waiting, LAG)
        if service == "registry":
            rows = await connection.fetchval("SELECT count(*) FROM rate_budget")
            self._note(at, "rows of rate_budget", rows, ROWS)

    async def left_over(self) -> dict[str, int]:
        """Return how many rows are there that should have been removed, by table."""
        found = {}
        for (service, table), condition in KEPT.items():
            connection = await self._nodes.connect(service, HOME)
            try:
                rows = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {condition}")
            finally:
                await connection.close()
            found[f"{service}.{table}"] = int(rows)
        return found

    def _note(self, at: float, name: str, value: float, allowed: Allowed) -> None:
        self.series.setdefault(name, []).append((round(at, 1), float(value)))
        self.allowed[name] = allowed


def _private_mib(process: int) -> float:
    """Return the memory that a process shares with nobody; what shared buffers take is PostgreSQL's setting."""
    return sum(_kilobytes(process)) / 1024


def _kilobytes(process: int) -> Iterator[int]:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            yield int(line.split()[1])


def _open_files(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0
