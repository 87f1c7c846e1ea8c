"""Each mode of the proxy does to real connections what its name says."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from functools import partial
from random import Random

import pytest

from renkou_local.ports import LOOPBACK
from tests.chaos.proxy import Mode, Proxy
from tests.e2e.progress import until


class Echo:
    """A server that keeps what it was sent and answers each line with it."""

    def __init__(self) -> None:
        self.heard = b""
        self.told = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(1024):
            self.heard += block
            self.told.set()
            writer.write(block)
        self.told.set()
        self.left.set()
        writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[tuple[Echo, Proxy]]:
    kept = Echo()
    server = await asyncio.start_server(kept.serve, LOOPBACK, 0)
    proxy = Proxy("test", server.sockets[0].getsockname()[1])
    await proxy.start()
    yield kept, proxy
    await proxy.stop()
    server.close()


async def said(proxy: Proxy, text: bytes) -> bytes:
    """Send something on a connection of its own; returns the answer, nothing where it was cut."""
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    writer.write(text)
    try:
        return await asyncio.wait_for(reader.read(1024), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def _struck(proxy: Proxy) -> bool:
    return proxy.struck > 0


async def test_open_it_carries_both_ways(echo: tuple[Echo, Proxy]) -> None:
    assert await said(echo[1], b"hello") == b"hello"


async def test_the_server_is_told_when_a_client_is_killed(echo: tuple[Echo, Proxy]) -> None:
    kept, proxy = echo
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    writer.write(b"hello")
    assert await reader.read(1024) == b"hello"
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()  # a reset, as of a process that dies with something unread
    await asyncio.wait_for(kept.left.wait(), 5)


async def test_a_partition_loses_everything_and_the_line_ends_when_it_heals(
    echo: tuple[Echo, Proxy],
) -> None:
    kept, proxy = echo
    proxy.strike(Mode.DROP, Random(1))
    asking = asyncio.create_task(said(proxy, b"hello"))
    await until("something to be lost", partial(_struck, proxy), 5)
    assert not asking.done()
    proxy.heal()
    assert (await asking, kept.heard) == (b"", b"")
    assert await said(proxy, b"again") == b"again"


async def test_a_lost_answer_leaves_the_request_carried_out(echo: tuple[Echo, Proxy]) -> None:
    kept, proxy = echo
    proxy.strike(Mode.DUPLICATE, Random(1))
    assert (await said(proxy, b"once"), kept.heard) == (b"", b"once")
    proxy.heal()
    assert (await said(proxy, b"once"), kept.heard) == (b"once", b"onceonce")


async def test_what_is_truncated_arrives_in_part_and_no_more(echo: tuple[Echo, Proxy]) -> None:
    kept, proxy = echo
    proxy.strike(Mode.TRUNCATE, Random(1))
    assert b"a long message".startswith(await said(proxy, b"a long message"))
    await asyncio.wait_for(kept.told.wait(), 5)
    assert b"a long message".startswith(kept.heard)
    assert len(kept.heard) < len(b"a long message")


async def test_what_is_delayed_arrives_whole_and_late(echo: tuple[Echo, Proxy]) -> None:
    proxy = echo[1]
    proxy.strike(Mode.DELAY, Random(1), delay=0.1)
    began = asyncio.get_running_loop().time()
    assert await said(proxy, b"hello") == b"hello"
    assert asyncio.get_running_loop().time() - began >= 0.2
