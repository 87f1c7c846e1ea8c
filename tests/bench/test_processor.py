"""Processor time is that of the process which listens, of its threads and of its children."""

import asyncio
import os
import re
import socket
import subprocess
import sys

import pytest

from tests.bench.load import measure, request
from tests.bench.processor import Spent, listener, processor_seconds

BUSY = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.read()"


def test_what_a_child_computes_is_counted_with_its_parent() -> None:
    before = processor_seconds(os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    assert processor_seconds(child.pid) >= 0.29
    assert processor_seconds(os.getpid()) - before >= 0.29
    child.communicate()


def test_who_listens_on_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listener(port) == os.getpid()
    with pytest.raises(LookupError):
        listener(port)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readline():
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_the_time_for_each_answer_is_told_without_the_run_that_warms_up() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    spent = Spent(port)
    for _ in range(2):
        await spent.beside("ours", port, measure(port, iter([request("GET", "/", {})] * 50), seconds=5))
    server.close()
    found = re.fullmatch(r"processor ours (\d+) \+ (\d+) µs \(service \+ database\)", spent.told())
    assert found
    assert 0 < int(found[1]) < 100_000
