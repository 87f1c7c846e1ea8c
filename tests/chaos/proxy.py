"""A TCP proxy that can lose, hold up, cut and repeat what goes through: a bad network between two processes.

It stands on loopback between a district's processes and one server. What a mode does to a connection begun before it
is what a network would do to it; when a partition ends, connections whose bytes were lost are closed, since TCP
would never deliver a stream with a hole.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from renkou_local.ports import LOOPBACK, free_port

BLOCK = 65_536


class Mode(StrEnum):
    """What happens to what is sent. Names stand in chaos.json."""

    OPEN = "open"
    DROP = "drop"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    TRUNCATE = "truncate"


@dataclass(eq=False)
class Line:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    holed: bool = False
    moving: list[asyncio.Task[None]] = field(default_factory=list)

    def cut(self) -> None:
        """End it at both ends at once, without a farewell."""
        for writer in (self.client, self.server):
            writer.transport.abort()


class Proxy:
    """Forwards connections of ``port`` to ``target``, as its mode says."""

    def __init__(self, name: str, target: int) -> None:
        self.name = name
        self.target = target
        self.port = free_port()
        self.mode = Mode.OPEN
        self.delay = 0.0
        self.struck = 0
        self._random = Random(0)
        self._lines: set[Line] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Stop listening and cut what there is."""
        assert self._server is not None, "not started"
        self._server.close()
        for line in list(self._lines):
            line.cut()
        await self._server.wait_closed()

    def strike(self, mode: Mode, random: Random, delay: float = 0.0) -> None:
        """Go over to a mode; ``struck`` counts from now on what it was done to."""
        self.mode, self.delay, self.struck, self._random = mode, delay, 0, random

    def heal(self) -> None:
        """Forward everything again; what has lost bytes ends."""
        self.mode = Mode.OPEN
        for line in [line for line in self._lines if line.holed]:
            line.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        line = Line(writer, forth)
        self._lines.add(line)
        line.moving = [
            asyncio.create_task(self._move(line, reader, forth, asks=True)),
            asyncio.create_task(self._move(line, back, writer, asks=False)),
        ]
        try:
            await asyncio.wait(line.moving)
        finally:
            for task in line.moving:
                task.cancel()
            line.cut()
            self._lines.discard(line)

    async def _move(
        self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        """Carry bytes one way until the end, which the other side is told of, also where a process was killed and its
        connection reset; ``asks`` is from the client to the server.
        """
        with contextlib.suppress(OSError):
            while block := await reader.read(BLOCK):
                if not await self._pass(line, writer, block, asks=asks):
                    return
        writer.close()

    async def _pass(self, line: Line, writer: asyncio.StreamWriter, block: bytes, *, asks: bool) -> bool:
        """Forward a block as the mode says; False when the connection is over."""
        mode = self.mode
        self.struck += mode is not Mode.OPEN
        if mode is Mode.DROP or line.holed:
            line.holed = True
            return True
        if mode is Mode.DELAY:
            await asyncio.sleep(self.delay)
        if mode is Mode.TRUNCATE and len(block) > 1:
            writer.write(block[: self._random.randrange(1, len(block))])
            await writer.drain()
            await asyncio.sleep(0.01)  # what was written leaves before the connection ends
            line.cut()
            return False
        if mode is Mode.DUPLICATE and not asks:
            # The server has carried the request out, and its answer is lost: who asked sends it a second time.
            line.cut()
            return False
        writer.write(block)
        await writer.drain()
        return True
