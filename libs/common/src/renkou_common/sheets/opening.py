"""The service's side of :mod:`.reading`: starts the process that opens a file and takes what it writes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from renkou_common.sheets import reading
from renkou_common.sheets.domain import Unreadable
from renkou_common.sheets.reading import Numbered, too_large

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
    process = await _start("list", title)
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


async def open_sheets(content: bytes, titles: Sequence[str]) -> dict[str, list[list[Any]]]:
    """Return worksheets of a workbook by title, each as rows of cells from A1 on. Raises Unreadable."""
    process = await _start("sheets", *titles)
    try:
        written, _ = await process.communicate(content)
    except BaseException:
        _end(process)
        raise
    if not written:
        raise too_large()
    found = orjson.loads(written)
    _raise_failure(found)
    return {title: whole(sheet) for title, sheet in found.items()}


def whole(sheet: Mapping[str, Any]) -> list[list[Any]]:
    """Return a sheet as it was read, with the empty rows and columns before its first cell."""
    return [[]] * sheet["row"] + [[""] * sheet["column"] + row for row in sheet["cells"]]


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        reading.__name__,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )


def _end(process: asyncio.subprocess.Process) -> None:
    """Stop a reading process that is not needed any more."""
    if process.returncode is None:
        process.kill()


def _raise_failure(found: Any) -> None:
    if isinstance(found, dict) and "failure" in found:
        raise Unreadable(*found["failure"])
