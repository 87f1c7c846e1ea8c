"""One trial of a hub: how long each step takes, what it costs, and whether every message arrived."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # comes without types

from renkou_common.codes.area import AreaLevel
from renkou_common.codes.divisions import read_divisions
from renkou_local.hub.server import EmbeddedHub
from renkou_local.ports import LOOPBACK

PACED_RATE = 200
TAKEN_IN_WITHIN = 30.0
MEGABYTE = 1 << 20


@dataclass
class Found:
    """What a trial found. Seconds, megabytes, messages a second, milliseconds."""

    districts: int
    messages: int
    cores: int
    load_before: tuple[float, float, float] = (0.0, 0.0, 0.0)
    load_after: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seconds: dict[str, float] = field(default_factory=dict)
    phases: list[dict[str, Any]] = field(default_factory=list)
    sizes: dict[str, float] = field(default_factory=dict)
    hub_mb: dict[str, float] = field(default_factory=dict)
    clients_mb: float = 0.0
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    disk_mb: dict[str, float] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    arrived: int = 0
    errors: list[str] = field(default_factory=list)
    samples: list[dict[str, float]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every message arrived once and none was refused."""
        doubled = sum(phase["doubled"] for phase in self.phases[-1:])
        return self.arrived == self.messages and not doubled and not self.errors

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes."""
        started = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - started, 2)


def codes(number: int) -> list[str]:
    """Codes of the country's counties, and invented ones where they do not suffice."""
    counties = takewhile(lambda division: division.level <= AreaLevel.COUNTY, read_divisions())
    real = [division.code for division in counties if division.level == AreaLevel.COUNTY][:number]
    return real + [f"{990_000 + each}" for each in range(number - len(real))]


async def run(
    districts: int,
    messages: int,
    folder: Path,
    *,
    in_flight: int,
    paced_seconds: int,
    say: Callable[[str], None] = lambda _: None,
) -> Found:
    """Run a trial in a folder of its own, which is gone afterwards."""
    found = Found(districts, messages, len(os.sched_getaffinity(0)), load_before=os.getloadavg())
    shutil.rmtree(folder, ignore_errors=True)
    secrets = {code: folder / "secrets" / code for code in codes(districts)}
    hub = EmbeddedHub(folder / "hub", secrets)
    try:
        with found.timed("keys and tokens"):
            hub.prepare()
        await _start(hub, found, say)
        await _exchange(hub, found, in_flight, paced_seconds, say)
        found.server = await _asked(hub)
        found.disk_mb["streams"] = _disk(hub.store)
        await hub.stop()
        with found.timed("start again with all streams and durables"):
            await hub.run()
        found.hub_mb["after starting again"] = _rss(hub)
    finally:
        await hub.stop()
        shutil.rmtree(folder, ignore_errors=True)
    found.load_after = os.getloadavg()
    say(
        f"seconds {found.seconds}; hub MB {found.hub_mb}; clients MB {found.clients_mb}; CPU {found.cpu_seconds}"
    )
    say(
        f"load {found.load_before} before, {found.load_after} after; arrived {found.arrived:,}; {found.errors}"
    )
    return found


async def _start(hub: EmbeddedHub, found: Found, say: Callable[[str], None]) -> None:
    with found.timed("start, empty"):
        await hub.run()
    found.hub_mb["empty"] = _rss(hub)
    with found.timed("declare streams and durables"):
        await hub.declare_streams()
    found.hub_mb["declared"] = _rss(hub)
    say(f"hub: {found.seconds}, {found.hub_mb['declared']} MB with every durable")


async def _exchange(
    hub: EmbeddedHub, found: Found, in_flight: int, paced_seconds: int, say: Callable[[str], None]
) -> None:
    paced = min(PACED_RATE * paced_seconds, found.messages // 2) // 2 * 2
    job = {
        "host": LOOPBACK,
        "port": hub.port,
        "members": [
            [code, hub.seed(code).read_text(), hub.token(code).read_text()] for code in hub.districts
        ],
        "phases": [
            {"name": f"{PACED_RATE} a second", "messages": paced, "in_flight": in_flight, "rate": PACED_RATE},
            {"name": "as fast as it goes", "messages": found.messages - paced, "in_flight": in_flight},
        ],
    }
    clients = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.hub.clients",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert clients.stdin is not None
    assert clients.stdout is not None
    try:
        clients.stdin.write(json.dumps(job).encode())
        clients.stdin.close()
        async for line in clients.stdout:
            _told(json.loads(line), hub, found, say)
        if await clients.wait() != 0:
            found.errors.append(f"the clients ended with {clients.returncode}")
    finally:
        if clients.returncode is None:
            clients.kill()
            await clients.wait()


def _told(news: dict[str, Any], hub: EmbeddedHub, found: Found, say: Callable[[str], None]) -> None:
    kind = news.pop("kind")
    at = news.pop("at")
    if kind == "joined":
        found.seconds["connect all"] = round(news["seconds"], 2)
        found.sizes = news["sizes"]
        found.hub_mb["connected"] = _rss(hub)
        say(
            f"connected in {news['seconds']:.1f} s, hub {found.hub_mb['connected']} MB, sealed bytes {found.sizes}"
        )
    elif kind == "progress":
        cpu = _cpu(hub)
        sample = {"at": at, **news, "hub_rss": _rss(hub) * MEGABYTE, "hub_cpu": cpu}
        found.samples.append(sample)
        found.clients_mb = max(found.clients_mb, round(news["rss"] / MEGABYTE, 1))
        found.hub_mb["most"] = max(found.hub_mb.get("most", 0.0), _rss(hub))
        found.cpu_seconds = {"hub": round(cpu, 1), "clients": round(news["cpu"], 1)}
        found.arrived = news["arrived"]
    elif kind == "phase":
        news["rate"] = round(news["messages"] / news["seconds"], 1)
        found.phases.append(news)
        found.errors += news["refused"]
        found.arrived = sum(phase["messages"] for phase in found.phases if not phase["refused"])
        say(f"{news['name']}: {news['rate']:,} messages/s, latency {news['latency_ms']} ms")
    else:
        found.errors += news["errors"]


def _process(hub: EmbeddedHub) -> psutil.Process:
    assert hub.pid is not None
    return psutil.Process(hub.pid)


def _rss(hub: EmbeddedHub) -> float:
    return round(float(_process(hub).memory_info().rss) / MEGABYTE, 1)


def _cpu(hub: EmbeddedHub) -> float:
    times = _process(hub).cpu_times()
    return float(times.user + times.system)


def _disk(folder: Path) -> float:
    return round(sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / MEGABYTE, 1)


async def _asked(hub: EmbeddedHub) -> dict[str, Any]:
    """What the server counts itself, once the acknowledgements are taken in, which nobody is told of."""
    deadline = time.monotonic() + TAKEN_IN_WITHIN
    async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{hub.monitor_port}") as http:
        streams = (await http.get("/jsz")).json()
        while streams["messages"] and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            streams = (await http.get("/jsz")).json()
        server = (await http.get("/varz")).json()
    wanted = {name: streams[name] for name in ("streams", "consumers", "messages", "bytes")}
    return wanted | {name: server[name] for name in ("slow_consumers", "in_msgs", "out_msgs", "version")}


def write(found: Found, path: Path) -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
