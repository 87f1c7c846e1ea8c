"""``python -m tests.simulation``: schedules of faults, each from its seed; clock, disk and network in memory.

    make simulation SCHEDULES=100000 SEED=1                             many, on every core
    KIND=feed SEED=4711 SCHEDULES=1 TRACE=1 python -m tests.simulation   one again, step by step

``KIND`` is ``exchange`` (the protocol between districts) or ``feed`` (outbox, relay and consumer); without it nine of
ten schedules are of the first kind, which take a tenth of the time. Writes build/simulation.json. Ends with 1 and names
the seeds where a promise was broken.
"""

import json
import os
import platform
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.simulation.feed.schedule import Schedule
from tests.simulation.running import KINDS, in_parallel, parts_of
from tests.simulation.world import World

OUT = Path("build/simulation.json")


def _traced(kind: str, seed: int) -> int:
    trace: list[str] = []
    if kind == "feed":
        feed = Schedule(seed)
        feed.chance.trace = trace
        run = feed.run
    else:
        exchange = World(seed)
        exchange.trace = trace
        run = exchange.run
    try:
        run()
    finally:
        print("\n".join(trace))
    return 0


def main() -> int:
    """Command line; see the module."""
    seed, number = int(os.environ.get("SEED", "1")), int(os.environ.get("SCHEDULES", "10000"))
    kind = os.environ.get("KIND", "")
    if os.environ.get("TRACE"):
        return _traced(kind, seed)
    started = told = time.perf_counter()
    parts = parts_of(seed, number, kind)
    faults: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    for done, (some, failed) in enumerate(in_parallel(parts), 1):
        faults.update(some)
        broken += failed
        if time.perf_counter() - told > 10:
            told = time.perf_counter()
            print(
                f"{told - started:6.0f} s  {done:,} of {len(parts):,} parts, {len(broken)} broken", flush=True
            )
    seconds = time.perf_counter() - started
    print(f"{number:,} schedules from seed {seed} in {seconds:.1f} s")
    print("\n".join(f"{count:>12,}  {name}" for name, count in sorted(faults.items())))
    for one, text in broken[:20]:
        print(f"SEED={one}: {text}", file=sys.stderr)
    found = {
        "seed": seed,
        "schedules": {one: sum(size for of, _, size in parts if of == one) for one in KINDS},
        "seconds": round(seconds, 1),
        "broken": broken[:100],
        "faults": dict(sorted(faults.items())),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.platform()}",
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
