"""The load generator counts what a server answered, on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle, repeat

import pytest_asyncio

from tests.bench.load import measure, request

ANSWER = b"HTTP/1.1 %s\r\ncontent-length: 5\r\n\r\n%s"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer /good with 200 and anything else with 404, the head and the body in separate pieces."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            good = head.startswith(b"GET /good")
            answer = ANSWER % ((b"200 OK", b"hello") if good else (b"404 Not Found", b"wrong"))
            writer.write(answer[:20])
            await writer.drain()
            writer.write(answer[20:])
    except asyncio.IncompleteReadError:
        writer.close()


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Port of a server that answers five bytes."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def test_good_answers_are_counted_for_as_long_as_was_asked(port: int) -> None:
    load = await measure(port, repeat(request("GET", "/good", {})), connections=3, seconds=0.2)
    assert load.errors == 0
    assert load.per_second > 10
    assert 0 < load.median_ms <= load.p99_ms


async def test_other_answers_are_errors_and_the_first_is_shown(port: int) -> None:
    asked = cycle([request("GET", "/good", {}), request("GET", "/else", {})])
    load = await measure(port, asked, connections=2, seconds=0.1)
    assert load.errors > 0
    assert load.first_error.startswith("HTTP/1.1 404 Not Found")
    assert load.first_error.endswith("wrong")


async def test_a_run_ends_when_no_request_is_left(port: int) -> None:
    load = await measure(port, iter([request("GET", "/good", {})] * 7), connections=3, seconds=30)
    assert round(load.per_second) > 0
    assert load.errors == 0
