"""What an import leaves and takes: the rows it stored, to be copied alone; memory and processor time."""

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

_NEW = "SELECT id FROM person WHERE recorded_at >= $1"
_STORED = {
    "person": "recorded_at >= $1",
    "person_key": f"person_id IN ({_NEW})",
    "person_address": f"person_id IN ({_NEW})",
    "life_event": "recorded_at >= $1",
    "household": "recorded_at >= $1",
    "household_member": "known_from >= $1",
    "kin_link": "known_from >= $1",
    "outbox": "recorded_at >= $1",
}
"""Tables that an import writes, and which of their rows came with it; files and errors of the job left out."""


class Stored:
    """The rows of the latest import, read back over a connection that sees everything."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    async def keep(self, since: str) -> None:
        """Read back what was stored since a moment."""
        moment = datetime.fromisoformat(since)
        for table, condition in _STORED.items():
            statement = f"SELECT * FROM {table} WHERE {condition}"
            self._rows[table] = [tuple(row) for row in await self._connection.fetch(statement, moment)]

    async def copied(self) -> float:
        """Return how many seconds COPY takes to write the kept rows into empty copies of their tables, all in
        one transaction; 0 while nothing is kept."""
        seconds = 0.0
        for table in self._rows:
            await self._connection.execute(
                f"DROP TABLE IF EXISTS bench_{table}; CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)"
            )
        if self._rows:
            started = time.perf_counter()
            async with self._connection.transaction():
                for table, rows in self._rows.items():
                    await self._connection.copy_records_to_table(f"bench_{table}", records=rows)
            seconds = time.perf_counter() - started
        for table in self._rows:
            await self._connection.execute(f"DROP TABLE bench_{table}")
        return seconds


_TICKS = os.sysconf("SC_CLK_TCK")
_MODULES = {
    "renkou_registry.main": "API",
    "renkou_registry.worker": "worker",
    "renkou_common.sheets.reading": "reader",
}


class Peaks:
    """The most resident memory of a district's processes that take part in an import, in MiB."""

    def __init__(self, district: str) -> None:
        self._mark = f"RENKOU_DISTRICT={district}\0".encode()
        self._mebibytes = dict.fromkeys(_MODULES.values(), 0)
        self._names: dict[str, str | None] = {}

    def look(self) -> None:
        """Take in the peaks so far; a reader lives only as long as its file is read."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if process.name not in self._names:  # told once: looking must not cost what is measured
                    self._names[process.name] = self._name(process)
                if name := self._names[process.name]:
                    peak = _peak((process / "status").read_text())
                    self._mebibytes[name] = max(self._mebibytes[name], peak)
            except OSError:  # it has ended meanwhile
                continue

    def told(self) -> str:
        """Return each peak."""
        return ", ".join(f"{name} {mebibytes} MiB" for name, mebibytes in self._mebibytes.items())

    def _name(self, process: Path) -> str | None:
        words = (process / "cmdline").read_text().split("\0")
        if self._mark not in (process / "environ").read_bytes() + b"\0":
            return None
        return next((name for module, name in _MODULES.items() if module in words), None)


class Spent:
    """Processor time that a district's register spends on imports: beside wall-clock time, which whatever else
    the machine does lengthens. The worker's holds the relay of the events, the database's all of its sessions.
    """

    def __init__(self, district: str, database: str) -> None:
        self._mark = f"RENKOU_DISTRICT={district}\0".encode()
        self._database = f" {database} "
        self._before = self._now()
        self._seconds: dict[str, float] = {}
        self._rows = 0

    def begin(self) -> None:
        """Count from now on."""
        self._before = self._now()

    def end(self, rows: int) -> None:
        """Take in what was spent since the beginning, on so many rows."""
        self._rows += rows
        for (name, process), seconds in self._now().items():
            spent = seconds - self._before.get((name, process), 0.0)
            self._seconds[name] = self._seconds.get(name, 0.0) + spent

    def told(self) -> str:
        """Return the microseconds per row of each part."""
        return ", ".join(
            f"{name} {1e6 * seconds / max(self._rows, 1):.0f}" for name, seconds in self._seconds.items()
        )

    def _now(self) -> dict[tuple[str, str], float]:
        """Return the seconds of each process by what it is; readers count when they have ended."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_text().replace("\0", " ")
                ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:15]
                if command.startswith("postgres: ") and self._database in command:
                    found["database", process.name] = sum(map(int, ticks[:2])) / _TICKS
                elif (
                    "-m renkou_registry.worker" in command
                    and self._mark in (process / "environ").read_bytes() + b"\0"
                ):
                    found["worker", process.name] = sum(map(int, ticks[:2])) / _TICKS
                    found["readers", process.name] = sum(map(int, ticks[2:])) / _TICKS
            except OSError:  # it has ended meanwhile
                continue
        return found


def _peak(status: str) -> int:
    """Return VmHWM, in MiB."""
    found = next((text for text in status.splitlines() if text.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(found.split()[1]) // 1024
