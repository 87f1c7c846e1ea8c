"""What an import leaves: the rows it stored, to be copied alone, and the most memory its processes took."""

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

    def look(self) -> None:
        """Take in the peaks so far; a reader lives only as long as its file is read."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                name = self._name(process)
                if name and self._mark in (process / "environ").read_bytes() + b"\0":
                    peak = _peak((process / "status").read_text())
                    self._mebibytes[name] = max(self._mebibytes[name], peak)
            except OSError:  # it has ended meanwhile
                continue

    def told(self) -> str:
        """Return each peak."""
        return ", ".join(f"{name} {mebibytes} MiB" for name, mebibytes in self._mebibytes.items())

    def _name(self, process: Path) -> str | None:
        words = (process / "cmdline").read_text().split("\0")
        return next((name for module, name in _MODULES.items() if module in words), None)


def _peak(status: str) -> int:
    """Return VmHWM, in MiB."""
    found = next((text for text in status.splitlines() if text.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(found.split()[1]) // 1024
