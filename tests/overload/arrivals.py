"""Requests that come whether the ones before were answered or not, as callers do who do not know of each other."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 3_000
_TICK_SECONDS = 0.005
_LAST_SECONDS = 30.0


@dataclass
class Answers:
    """What came back: how many by status, when and after how long those came that are good, what no answer came to."""

    statuses: Counter[int] = field(default_factory=Counter)
    good: list[tuple[float, float]] = field(default_factory=list)
    """(moment it was answered, seconds it took) of each 2xx."""
    without_retry_after: int = 0
    lost: int = 0
    unsent: int = 0

    def per_second(self, since: float, until: float) -> float:
        """Return good answers a second between two moments."""
        return sum(since <= moment < until for moment, _ in self.good) / (until - since)

    def latency(self, share: float, since: float = float("-inf")) -> float:
        """Return the latency in seconds that this share of the good answers since a moment stayed below."""
        ordered = sorted(took for moment, took in self.good if moment >= since)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


class _Connection(asyncio.Protocol):
    def __init__(self, crowd: "Arrivals") -> None:
        self._crowd = crowd
        self._buffer = b""
        self._sent_at: float | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> None:
        assert self.transport is not None
        self._sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._sent_at is None:
            return
        head = self._buffer[:end].lower()
        mark = head.find(b"content-length:")
        length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        sent_at, self._sent_at, self._buffer = self._sent_at, None, b""
        self._crowd.answered(self, head, sent_at)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.gone(self, under_way=self._sent_at is not None)


class Arrivals:
    """Callers of one port; connections are kept and used again as long as there are idle ones."""

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self.answers = Answers()

    async def come(self, per_second: float, seconds: float) -> Answers:
        """Send so many requests a second for some seconds, wait for the last answers, and return them all."""
        self.answers = Answers()
        begun, sent = time.perf_counter(), 0
        while (passed := time.perf_counter() - begun) < seconds:
            while sent < per_second * passed:
                sent += 1
                self._send()
            await asyncio.sleep(_TICK_SECONDS)
        for _ in range(int(_LAST_SECONDS / _TICK_SECONDS)):
            if not self._under_way:
                break
            await asyncio.sleep(_TICK_SECONDS)
        self.answers.lost += self._under_way
        return self.answers

    async def close(self) -> None:
        """Hang up."""
        for one in list(self._open):
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0)

    def _send(self) -> None:
        if self._idle:
            self._under_way += 1
            self._idle.pop().send(next(self._requests))
        elif len(self._open) + len(self._opening) < MOST_CONNECTIONS:
            self._under_way += 1
            task = asyncio.create_task(self._open_one(next(self._requests)))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self.answers.unsent += 1

    async def _open_one(self, request: bytes) -> None:
        try:
            _, one = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), LOOPBACK, self._port
            )
        except OSError:
            self._under_way -= 1
            self.answers.lost += 1
            return
        self._open.add(one)
        one.send(request)

    def answered(self, one: _Connection, head: bytes, sent_at: float) -> None:
        """Note an answer; ``http/1.1 200`` has its status from the ninth byte on."""
        now, status = time.perf_counter(), int(head[9:12])
        self._under_way -= 1
        self.answers.statuses[status] += 1
        if status // 100 == 2:
            self.answers.good.append((now, now - sent_at))
        elif b"\r\nretry-after:" not in head:
            self.answers.without_retry_after += 1
        if b"\r\nconnection: close" not in head:
            self._idle.append(one)

    def gone(self, one: _Connection, *, under_way: bool) -> None:
        """Note a connection that is no more."""
        self._open.discard(one)
        if one in self._idle:
            self._idle.remove(one)
        if under_way:
            self._under_way -= 1
            self.answers.lost += 1
