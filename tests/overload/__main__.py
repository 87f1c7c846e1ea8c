"""`make overload`: three times the load that a node can serve, and what becomes of it.

The node has all processors but one, those who ask have that one: neither takes from the other, before or during
the overload. The best a node does is measured first, by callers who wait for their answers. Then requests come at
so many ``--times`` that rate whether the ones before were answered or not, for ``--seconds``; afterwards a single
caller asks on, as before. Written to build/overload.json: answers by status, good answers a second, latencies, memory
of the service's processes, and how long after the load the latency was as before. Ends with 1 where a promise did not
hold:

- every answer is a 2xx, a 429 or a 503, the latter two with ``Retry-After``, and none is missing;
- good answers are at least 80 % of the best;
- memory grows by less than a tenth from the first third of the load to the last;
- ten seconds after it the latency (the median of a second) is at most twice what it was before.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from renkou_common.clock import SHANGHAI
from renkou_common.log import configure_logging
from tests.bench import importing
from tests.bench.http_paths import Paths
from tests.bench.load import measure, request
from tests.bench.node import HOME, Nodes, nodes
from tests.bench.processor import listener, tree
from tests.bench.turns import QUICK
from tests.e2e.office import employ
from tests.overload.arrivals import Answers, Arrivals

OUT = Path("build/overload.json")
WORK = Path("build/overload")
CALLERS = 24
LEVELS = (16, 48, 96)
_BEST_SECONDS = 4.0
_AFTER_SECONDS = 10.0
SHARE, GROWTH, SLOWER = 0.8, 1.1, 2.0


async def _requests(running: Nodes) -> Iterator[bytes]:
    """Return what two dozen clerks ask for: nine persons and a page of fifty each, over and over."""
    paths = Paths(QUICK, running, 0)
    persons, pages = await paths.persons(), await paths.pages()
    tokens = []
    for number in range(CALLERS):
        clerk = await employ(
            running.http,
            running.home,
            f"clerk-{number:02d}",
            f"经办人 {number:02d}",
            "subdistrict_clerk",
            HOME,
        )
        tokens.append(clerk.token)
    asked = []
    for number, path in enumerate(persons):
        token = tokens[number % CALLERS]
        wanted = pages[number // 10 % len(pages)] if number % 10 == 9 else path
        asked.append(request("GET", wanted, {"Authorization": f"Bearer {token}"}))
    return cycle(asked)


class _Memory:
    """Resident memory of a server and its children, once a second, in MiB."""

    def __init__(self, port: int) -> None:
        self._processes = tree(listener(port))
        self.seen: list[float] = []

    async def watch(self) -> None:
        while True:
            self.seen.append(self.now())
            await asyncio.sleep(1)

    def now(self) -> float:
        return sum(map(_resident, self._processes))


def _resident(process: int) -> float:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _apart() -> tuple[set[int], set[int]]:
    """Return the processors of the node and of those who ask."""
    *node, last = sorted(os.sched_getaffinity(0))
    return set(node) or {last}, {last}


async def _best(port: int, asked: Iterator[bytes]) -> float:
    found = 0.0
    for connections in LEVELS:
        load = await measure(port, asked, connections=connections, seconds=_BEST_SECONDS)
        if load.errors:
            raise RuntimeError(f"{load.errors} answers were not 2xx, the first: {load.first_error}")
        print(f"  {connections} callers who wait: {load.per_second:,.0f} answers a second", flush=True)
        found = max(found, load.per_second)
    return found


async def _recovered(port: int, asked: Iterator[bytes], usual: float) -> float | None:
    """Return after how many seconds a second's median is at most SLOWER times the usual; None where it is not."""
    begun = time.perf_counter()
    while (passed := time.perf_counter() - begun) < _AFTER_SECONDS:
        load = await measure(port, asked, connections=1, seconds=1.0)
        if not load.errors and load.median_ms <= SLOWER * usual:
            return passed
    return None


async def overload(times: float, seconds: float) -> dict[str, Any]:
    """Do it all; returns what is reported."""
    shutil.rmtree(WORK, ignore_errors=True)
    of_node, of_callers = _apart()
    os.sched_setaffinity(0, of_node)  # what is started from here on inherits it
    async with nodes(WORK, QUICK, lambda text: print(f"  {text}", flush=True)) as running:
        await importing.importing(QUICK, running)
        await running.settled()
        os.sched_setaffinity(0, of_callers)
        asked = await _requests(running)
        port = urlsplit(running.home.clerk.urls["registry"]).port or 80
        best = await _best(port, asked)
        usual = (await measure(port, asked, connections=1, seconds=3.0)).median_ms
        memory, crowd = _Memory(port), Arrivals(port, asked)
        watching = asyncio.create_task(memory.watch())
        try:
            begun = time.perf_counter()
            answers = await crowd.come(times * best, seconds)
            recovered = await _recovered(port, asked, usual)
        finally:
            watching.cancel()
            await crowd.close()
        return _report(answers, best, begun, seconds, times, usual, memory.seen, recovered)


def _report(
    answers: Answers,
    best: float,
    begun: float,
    seconds: float,
    times: float,
    usual: float,
    memory: list[float],
    recovered: float | None,
) -> dict[str, Any]:
    third = max(1, int(seconds) // 3)
    first, last = max(memory[:third]), max(memory[-2 * third : -third] or memory)
    good = answers.per_second(begun, begun + seconds)
    others = {
        status: n for status, n in answers.statuses.items() if status // 100 != 2 and status not in (429, 503)
    }
    promises = {
        "nothing but 2xx, 429 and 503": not others and not answers.lost,
        "429 and 503 say when to come again": not answers.without_retry_after,
        "at least 80 % of the best": good >= SHARE * best,
        "memory stays flat": last <= GROWTH * first,
        "latency is back within ten seconds": recovered is not None,
    }
    return {
        "at": datetime.now(SHANGHAI).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
        "best_per_second": round(best),
        "offered_per_second": round(times * best),
        "unsent": answers.unsent,
        "seconds": seconds,
        "good_per_second": round(good),
        "share_of_best": round(good / best, 3),
        "answers": {str(status): number for status, number in sorted(answers.statuses.items())},
        "lost": answers.lost,
        "latency_ms": {
            f"p{share:.0%}"[:-1]: round(answers.latency(share) * 1000, 1) for share in (0.5, 0.95, 0.99)
        },
        "latency_before_ms": round(usual, 2),
        "recovered_after_seconds": None if recovered is None else round(recovered, 1),
        "memory_mib": {
            "first third": round(first),
            "last third": round(last),
            "all": [round(each) for each in memory],
        },
        "promises": promises,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="more than a node can serve, and what becomes of it")
    parser.add_argument("--times", type=float, default=3.0, help="so many times the load that it can serve")
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    configure_logging("overload", "ERROR")
    try:
        found = uvloop.run(overload(given.times, given.seconds))
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2, ensure_ascii=False))
    sys.exit(0 if all(found["promises"].values()) else 1)


if __name__ == "__main__":
    main()
