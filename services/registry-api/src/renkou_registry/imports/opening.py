"""The worker's side of :mod:`.reading`: starts the process that opens a file and takes what it writes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import orjson

from renkou_registry.imports import reading
from renkou_registry.imports.reading import Numbered, too_large
from renkou_registry.imports.sheet import Unreadable

_LINE_BYTES = 64 << 20


class Opened:
    """A file being read: its headings, where they begin, and the rows still to come."""

    def __init__(self, process: asyncio.subprocess.Process, first: dict[str, Any]) -> None:
        self._process = process
        self.headings = [""] * int(first["first_column"]) + [str(each) for each in first["headings"]]
        self._offset = [""] * int(first["first_column"])

    async def blocks(self) -> AsyncIterator[list[Numbered]]:
        """Yield blocks of rows in the order of the sheet; raises Unreadable."""
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            found = orjson.loads(line)
            _raise_failure(found)
            yield [(number, [*self._offset, *row]) for number, row in found] if self._offset else found
        if await self._process.wait() != 0:
            raise too_large()

    def close(self) -> None:
        """Stop reading."""
        _end(self._process)


async def open_file(content: AsyncIterator[bytes], title: str) -> Opened:
    """Start reading a file; the worksheet called ``title`` is taken, or the first. Raises Unreadable."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        reading.__name__,
        title,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )
    assert process.stdin
    assert process.stdout
    try:
        async for part in content:
            process.stdin.write(part)
            await process.stdin.drain()
        process.stdin.close()
        line = await process.stdout.readline()
    except (BrokenPipeError, ConnectionResetError):
        line = b""
    except BaseException:
        _end(process)
        raise
    if not line:
        await process.wait()
        raise too_large()
    first = orjson.loads(line)
    _raise_failure(first)
    return Opened(process, first)


def _end(process: asyncio.subprocess.Process) -> None:
    """Stop a reading process that is not needed any more."""
    if process.returncode is None:
        process.kill()


def _raise_failure(found: Any) -> None:
    if isinstance(found, dict) and "failure" in found:
        raise Unreadable(*found["failure"])
