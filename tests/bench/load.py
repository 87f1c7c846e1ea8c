"""A small HTTP/1.1 load generator: keep-alive connections on loopback, bounded in time and count."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Load:
    """What one run measured: answers and answers per second, latency in milliseconds, answers that were not 2xx.

    ``first_error`` is the head and body of the first of those.
    """

    answers: int
    per_second: float
    median_ms: float
    p95_ms: float
    p99_ms: float
    errors: int
    first_error: str


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return the bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {LOOPBACK}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class _Caller(asyncio.Protocol):
    """Sends the next request when an answer is complete."""

    def __init__(self, run: "_Run") -> None:
        self._run = run
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._send()

    def _send(self) -> None:
        following = self._run.take()
        assert self._transport is not None
        if following is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        mark = head.find(b"content-length:")
        length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._run.record(self._buffer, time.perf_counter() - self._sent_at)
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost()


class _Run:
    def __init__(self, requests: Iterator[bytes], connections: int, seconds: float) -> None:
        self._requests = requests
        self._open = connections
        self._deadline = time.perf_counter() + seconds
        self.latencies: list[float] = []
        self.errors = 0
        self.first_error = ""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bytes | None:
        """Return the next request; None when the time is over or there is none left."""
        if time.perf_counter() > self._deadline:
            return None
        return next(self._requests, None)

    def record(self, answer: bytes, seconds: float) -> None:
        """Keep what an answer took; ``HTTP/1.1 200`` has its status from the ninth byte on."""
        self.latencies.append(seconds)
        if not answer.startswith(b"2", 9):
            self.errors += 1
            self.first_error = self.first_error or answer.decode("utf-8", "replace")

    def lost(self) -> None:
        self._open -= 1
        if self._open == 0 and not self.done.done():
            self.done.set_result(None)


async def measure(
    port: int, requests: Iterator[bytes], *, connections: int = 16, seconds: float = 2.0
) -> Load:
    """Send ``requests`` over some connections, each its next one after its answer, for some seconds."""
    loop = asyncio.get_running_loop()
    run = _Run(requests, connections, seconds)
    started = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Caller(run), LOOPBACK, port)
    await asyncio.wait_for(run.done, seconds + 30)
    elapsed = time.perf_counter() - started
    ordered = sorted(run.latencies) or [0.0]
    return Load(
        len(run.latencies),
        len(run.latencies) / elapsed,
        ordered[len(ordered) // 2] * 1000,
        ordered[int(len(ordered) * 0.95)] * 1000,
        ordered[int(len(ordered) * 0.99)] * 1000,
        run.errors,
        run.first_error,
    )
