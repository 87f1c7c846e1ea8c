"""Shows the logs of all processes on one console, each line behind the coloured name of its process.

The logs are files; this only follows them, so nothing is lost when nobody looks.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
NAME_WIDTH = 26
PAUSE = 0.25


class LogFollower:
    """Copies what is appended to the followed files; starts at their present end."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._colour = self._out.isatty() and "NO_COLOR" not in os.environ
        self._positions: dict[Path, int] = {}
        self._task: asyncio.Task[None] | None = None

    def follow(self, path: Path) -> None:
        """Show what this file gets from now on."""
        self._positions.setdefault(path, path.stat().st_size if path.exists() else 0)

    def start(self) -> None:
        """Begin to copy, in the background."""
        self._task = asyncio.create_task(self._run(), name="console")

    async def stop(self) -> None:
        """Copy what is left and end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self.copy()

    async def _run(self) -> None:
        while True:
            self.copy()
            await asyncio.sleep(PAUSE)

    def copy(self) -> None:
        """Show the complete lines that have come since the last time."""
        for number, (path, position) in enumerate(list(self._positions.items())):
            size = path.stat().st_size if path.exists() else 0
            if size == position:
                continue
            with path.open("rb") as log:
                log.seek(position if size > position else 0)  # smaller: the log was set aside and begun anew
                text = log.read()
                complete = text.rfind(b"\n") + 1
                self._positions[path] = log.tell() - len(text) + complete
            for line in text[:complete].decode("utf-8", errors="replace").splitlines():
                self._out.write(f"{self._prefix(number, path.stem)} {line}\n")
        self._out.flush()

    def _prefix(self, number: int, name: str) -> str:
        label = f"{name:<{NAME_WIDTH}}|"
        return f"\x1b[{COLOURS[number % len(COLOURS)]}m{label}\x1b[0m" if self._colour else label
