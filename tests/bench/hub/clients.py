"""The simulated districts, all in one process: told by standard input what to do, tells how far it is.

    python -m tests.bench.hub.clients < job.json

Each line of the output is JSON: once `joined`, then every second `progress`, at the end of each phase `phase`.
Every notice is answered by its receiver with a receipt, as nodes do; receipts go first.
"""

import asyncio
import json
import random
import resource
import sys
import time
from array import array
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes without types
import uvloop

from tests.bench.hub.lean import District
from tests.bench.hub.sealed import sealed_messages

PARTNERS = 20
"""Districts that one exchanges with; a hub sees each district write to few others."""
SAMPLES = 256
JOINING = 100
TICK = 0.02


@dataclass(frozen=True)
class Phase:
    """So many messages; `rate` a second, or as fast as it goes with `in_flight` of them on their way."""

    name: str
    messages: int
    in_flight: int
    rate: float | None = None


class Exchange:
    """Sends notices and receipts between the districts until every message has arrived."""

    def __init__(self, messages: int) -> None:
        self.arrived = 0
        self.doubled = 0
        self.refused: list[str] = []
        self._seen = bytearray(messages)
        self._notices, self._receipts = sealed_messages(SAMPLES)
        self._owed: deque[tuple[District, str]] = deque()
        self._random = random.Random(1)
        self._districts: list[District] = []
        self._partners: dict[str, list[str]] = {}
        self._number = 0
        self._until = 0
        self._notices_left = 0
        self._on_their_way = 0
        self._may_send = 0.0
        self._phase = Phase("", 0, 0)
        self._done = asyncio.Event()
        self.latencies = array("I")

    async def join(self, host: str, port: int, members: list[list[str]]) -> None:
        """Connect every district."""
        loop = asyncio.get_running_loop()
        for start in range(0, len(members), JOINING):
            some = [
                (await loop.create_connection(partial(self._district, *each), host, port))[1]
                for each in members[start : start + JOINING]
            ]
            await asyncio.gather(*(each.joined for each in some))
            self._districts += some
        codes = [each.code for each in self._districts]
        for code in codes:
            self._partners[code] = [
                other for other in self._random.sample(codes, PARTNERS + 1) if other != code
            ]
        self._random.shuffle(self._districts)

    def _district(self, code: str, seed: str, token: str) -> District:
        return District(code, seed, token, self._taken, self._stored)

    async def run(self, phase: Phase) -> float:
        """Send and receive the messages of a phase; returns seconds."""
        self._phase, self.latencies = phase, array("I")
        self._until = self._number + phase.messages
        self._notices_left = phase.messages // 2
        self._done.clear()
        started = time.monotonic()
        pacing = asyncio.ensure_future(self._pace(phase.rate)) if phase.rate else None
        self._send()
        await self._done.wait()
        if pacing is not None:
            pacing.cancel()
        return time.monotonic() - started

    async def _pace(self, rate: float) -> None:
        began, released = time.monotonic(), 0.0
        while True:
            now = (time.monotonic() - began) * rate
            self._may_send += now - released
            released = now
            self._send()
            await asyncio.sleep(TICK)

    def _send(self) -> None:
        phase = self._phase
        while self._number < self._until and self._on_their_way < phase.in_flight:
            if phase.rate is not None:
                if self._may_send < 1:
                    return
                self._may_send -= 1
            if self._owed:
                district, receiver = self._owed.popleft()
                content, kind = self._receipts[self._number % SAMPLES], b"R"
            elif self._notices_left:
                self._notices_left -= 1
                district = self._districts[self._number % len(self._districts)]
                receiver = self._random.choice(self._partners[district.code])
                content, kind = self._notices[self._number % SAMPLES], b"N"
            else:
                return
            district.send(receiver, self._number, content, kind)
            self._number += 1
            self._on_their_way += 1

    def _stored(self, _: District, __: bytes, refused: str | None) -> None:
        self._on_their_way -= 1
        if refused is not None:
            self.refused.append(refused)
            self._done.set()  # nothing is to be refused here: the bench has failed
        self._send()

    def _taken(self, district: District, sender: str, content: bytes) -> None:
        number = int(content[1:13], 16)
        if self._seen[number]:
            self.doubled += 1
            return
        self._seen[number] = 1
        self.arrived += 1
        self.latencies.append(min((time.monotonic_ns() - int(content[13:29], 16)) // 1000, 0xFFFFFFFF))
        if content[0] == 78:  # a notice
            self._owed.append((district, sender))
            self._send()
        if self.arrived == self._until:
            self._done.set()

    def sizes(self) -> dict[str, float]:
        """Mean bytes of a sealed notice and of a sealed receipt."""
        return {
            "notice": sum(map(len, self._notices)) / SAMPLES,
            "receipt": sum(map(len, self._receipts)) / SAMPLES,
        }

    def close(self) -> list[str]:
        """Leave; returns the connections' errors."""
        for district in self._districts:
            district.close()
        return [error for district in self._districts for error in district.errors]


def say(kind: str, **values: Any) -> None:
    """One line for the parent process."""
    print(json.dumps({"kind": kind, "at": time.monotonic(), **values}), flush=True)


def quantiles(latencies: array[int]) -> dict[str, float]:
    """Median, p99 and the worst in milliseconds."""
    ordered = sorted(latencies)
    if not ordered:
        return {}
    return {
        name: round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] / 1000, 1)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


async def work(job: dict[str, Any]) -> None:
    """Do the job."""
    phases = [Phase(**each) for each in job["phases"]]
    exchange = Exchange(sum(phase.messages for phase in phases))
    own = psutil.Process()
    started = time.monotonic()
    await exchange.join(job["host"], job["port"], job["members"])
    say("joined", seconds=time.monotonic() - started, sizes=exchange.sizes())

    async def tell() -> None:
        while True:
            cpu = own.cpu_times()
            say("progress", arrived=exchange.arrived, rss=own.memory_info().rss, cpu=cpu.user + cpu.system)
            await asyncio.sleep(1)

    telling = asyncio.ensure_future(tell())
    for phase in phases:
        seconds = await exchange.run(phase)
        say(
            "phase",
            name=phase.name,
            messages=phase.messages,
            seconds=seconds,
            latency_ms=quantiles(exchange.latencies),
            doubled=exchange.doubled,
            refused=exchange.refused[:3],
        )
    telling.cancel()
    say("left", errors=exchange.close()[:3])


def main() -> None:
    """Command line entry."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))
    uvloop.run(work(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
