"""Processor time is that of the process which listens, of its threads and of its children."""

import os
import socket
import subprocess
import sys

import pytest

from tests.bench.processor import listener, processor_seconds

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
