"""Connections to a hub in NATS' own words, for the tests: what the server refuses is read in its order.

A library keeps errors apart from answers. Here everything that the server has said to a list of commands has
been read when its PONG arrives, so that what was not refused was let through.
"""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import nkeys

REFUSED = re.compile(r'Permissions Violation for (?:Publish|Subscription) to "([^"]*)"')


class Ended(ConnectionError):
    """The server has ended the connection; carries its last errors."""


class Connected:
    """A connection to the hub."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.errors: list[str] = []

    async def join(self, seed: Path, token: str) -> None:
        """Sign the server's nonce and wait until it has accepted. Raises Ended."""
        info = json.loads((await self._reader.readline()).removeprefix(b"INFO "))
        key = nkeys.from_seed(bytearray(seed.read_bytes().strip()))
        signature = base64.b64encode(key.sign(info["nonce"].encode())).decode()
        hello = {"jwt": token, "sig": signature, "verbose": False, "headers": True, "no_responders": True}
        self._writer.write(b"CONNECT " + json.dumps(hello).encode() + b"\r\n")
        await self.settled()

    async def settled(self) -> list[str]:
        """Wait for the answer to everything sent so far; returns the errors among it. Raises Ended."""
        self._writer.write(b"PING\r\n")
        found: list[str] = []
        try:
            async with asyncio.timeout(10):
                while (line := await self._reader.readline()) != b"PONG\r\n":
                    if not line:
                        raise Ended(*self.errors)
                    if line.startswith(b"-ERR"):
                        found.append(line.decode())
                        self.errors.append(line.decode())
        except ConnectionError as error:
            raise Ended(*self.errors) from error
        return found

    async def refused(
        self, subjects: Iterable[str], *, listening: bool = False, headers: str = ""
    ) -> set[str]:
        """Publish to (or subscribe to, also in a group) each subject; returns those the server refused."""
        for number, subject in enumerate(subjects):
            if listening:
                self._writer.write(
                    f"SUB {subject} a{number}\r\nSUB {subject} together b{number}\r\n".encode()
                )
                self._writer.write(f"UNSUB a{number}\r\nUNSUB b{number}\r\n".encode())
            elif headers:
                head = f"NATS/1.0\r\n{headers}\r\n\r\n"
                self._writer.write(f"HPUB {subject} {len(head)} {len(head) + 2}\r\n{head}{{}}\r\n".encode())
            else:
                self._writer.write(f"PUB {subject} 2\r\n{{}}\r\n".encode())
        told = [REFUSED.search(line) for line in await self.settled()]
        assert all(told), self.errors
        return {each[1] for each in told if each}

    async def cut_off(self, seconds: float = 5) -> str:
        """Wait until the server ends the connection; returns its last words. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            said = await self._reader.read()
        return said.decode()


@asynccontextmanager
async def connected(port: int, seed: Path, token: str) -> AsyncIterator[Connected]:
    """A connection with a seed and a token. Raises Ended where the hub refuses it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    made = Connected(reader, writer)
    try:
        await made.join(seed, token)
        yield made
    finally:
        writer.close()


async def is_refused(port: int, seed: Path, token: str) -> bool:
    """Whether the hub takes no connection with this seed and token."""
    try:
        async with connected(port, seed, token):
            return False
    except Ended:
        return True


@asynccontextmanager
async def running(*tasks: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run tasks such as a client's until the end of the block."""
    started = [asyncio.ensure_future(task()) for task in tasks]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)
