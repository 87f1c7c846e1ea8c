"""One port served by two processes: connections shared out, ends, counts."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

APPLICATION = Path(__file__).with_name("served.py")


@dataclass
class Served:
    """The first of the processes, and where they answer."""

    first: subprocess.Popen[bytes]
    port: int

    def get(self, path: str) -> httpx.Response:
        """Ask over a connection that is made for this."""
        with self.client() as client:
            return client.get(path)

    def client(self) -> httpx.Client:
        """Return a client that opens a connection of its own."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20)

    def processes(self, connections: int) -> Counter[int]:
        """Open connections one after another, keep them open; returns how many each process got."""
        clients = [self.client() for _ in range(connections)]
        found = Counter([client.get("/public/process").json() for client in clients])
        for client in clients:
            client.close()
        return found

    def answers(self) -> bool:
        """Whether somebody listens."""
        try:
            return self.get("/health/live").status_code == 200
        except httpx.TransportError:
            return False


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fails after 30 seconds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it took longer than 30 seconds"
        time.sleep(0.02)


@pytest.fixture
def served() -> Iterator[Served]:
    """Two processes that tell on their output what they do."""
    yield from _served(subprocess.PIPE)


@pytest.fixture
def quiet() -> Iterator[Served]:
    """Two processes to whose output nobody listens."""
    yield from _served(subprocess.DEVNULL)


def _served(output: int) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    first = subprocess.Popen([sys.executable, str(APPLICATION), str(port)], stdout=output)
    found = Served(first, port)
    until(found.answers)
    yield found
    first.terminate()
    first.communicate()


def test_connections_are_shared_out_evenly(served: Served) -> None:
    found = served.processes(10)
    assert sorted(found.values()) == [5, 5]
    assert served.first.pid not in found


def test_metrics_tell_what_all_processes_have_counted(served: Served) -> None:
    served.processes(10)
    counted = 'renkou_http_request_seconds_count{method="GET",route="/public/process",status="200"} 10.0'
    lines = served.get("/metrics").text.splitlines()
    assert counted in lines
    assert "renkou_http_turned_away_total 0.0" in lines, "one without labels is among them"


def test_who_comes_while_every_process_is_busy_waits_and_is_answered(quiet: Served) -> None:
    busy = sorted(quiet.processes(4))
    callers = []
    try:
        for process in busy:
            os.kill(process, signal.SIGSTOP)
        for _ in range(900):  # more than the channels of both hold
            caller = socket.create_connection(("127.0.0.1", quiet.port), timeout=20)
            callers.append(caller)
            caller.sendall(b"GET /public/process HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n")
        time.sleep(0.5)  # the first process goes on to take them in, as far as it can
        for process in busy:
            os.kill(process, signal.SIGCONT)
        answered = Counter(_status(caller) for caller in callers)
    finally:
        for caller in callers:
            caller.close()
    assert answered == {200: 900}


def _status(caller: socket.socket) -> int:
    """Return the status of the answer, 0 where the connection ends without one."""
    try:
        received = caller.recv(65536)
    except ConnectionError:
        return 0
    return int(received.split()[1]) if received else 0


def test_a_stop_lets_answers_under_way_finish(served: Served) -> None:
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(served.get, "/public/slow")
        assert served.first.stdout is not None
        assert any(b"asked" in line for line in served.first.stdout)
        served.first.terminate()
        assert answer.result().json() == "done"
    assert served.first.wait(20) == 0


def test_when_one_process_ends_all_end(served: Served) -> None:
    one, other = served.processes(2)
    os.kill(one, signal.SIGKILL)
    assert served.first.wait(20) != 0
    assert not _runs(other)


def test_nobody_stays_when_the_first_process_is_killed(served: Served) -> None:
    found = served.processes(2)
    served.first.kill()
    until(lambda: not any(map(_runs, found)))
    assert not served.answers()


def _runs(process_id: int) -> bool:
    """Whether a process has not ended; who ended and was not waited for by its new parent counts as ended."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
