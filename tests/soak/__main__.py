"""`make soak`: two districts at ordinary work for an hour, and whether anything grows that should not.

Every ten seconds memory, open files, connections, lag and tables that are emptied as time goes by are looked at. From
each series the slope of the last three fifths is taken, for an hour, beside what is allowed. ``--seconds 600`` is the
short form: ten minutes, extrapolated. Writes build/soak.json and prints a table. Ends with 1 where something grows, a
request failed, or rows are left that should have been removed.
"""

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from renkou_common.log import configure_logging
from tests.bench import importing
from tests.bench.about import about
from tests.bench.node import nodes
from tests.bench.turns import QUICK
from tests.soak.growth import Growth, growth
from tests.soak.samples import Samples
from tests.soak.work import PER_SECOND, SHARES, Work

OUT = Path("build/soak.json")
WORK = Path("build/soak")
EVERY = 10.0
LONGEST = 86_400


async def soak(seconds: float, every: float, seed: int) -> dict[str, Any]:
    """Do it all; returns what is reported."""
    further = int(seconds * PER_SECOND * (SHARES["create"] + SHARES["arrival"]) / 100) + 200
    async with nodes(WORK, QUICK, lambda text: print(f"  {text}", flush=True), further) as running:
        await importing.importing(QUICK, running)
        await running.settled()
        work, samples = Work(running, seed), Samples(running)
        await work.prepare()
        looking = asyncio.create_task(_look(samples, work, seconds, every))
        await work.go_on(seconds)
        await looking
        left_over = await samples.left_over()
    found = [growth(name, points, samples.allowed[name]) for name, points in samples.series.items()]
    holds = all(each.holds for each in found) and not work.wrong and not any(left_over.values())
    return {
        "about": about(f"{seconds:.0f} s"),
        "holds": holds,
        "done": dict(work.done),
        "longest_seconds": round(work.longest, 2),
        "wrong": work.wrong[:20],
        "left_over": left_over,
        "growth": [asdict(each) | {"holds": each.holds} for each in found],
        "series": samples.series,
    }


async def _look(samples: Samples, work: Work, seconds: float, every: float) -> None:
    begun, number = time.monotonic(), 0
    while (at := time.monotonic() - begun) < seconds:
        await samples.take(at)
        number += 1
        if number % 6 == 0:
            done, failed = work.done.total(), f"{len(work.wrong)} failed {work.wrong[-1:] or ''}"
            print(f"  {at:5.0f} s of {seconds:.0f}: {done:,} requests answered, {failed}", flush=True)
        await asyncio.sleep(max(0.0, begun + number * every - time.monotonic()))


def _table(found: Sequence[Growth]) -> str:
    rows = [f"{'what':<44}{'middle':>10}{'in an hour':>12}{'allowed':>10}"]
    rows += [
        f"{each.name:<44}{each.middle:>10,.1f}{each.hourly:>+12,.1f}{each.allowed:>10,.1f} {each.unit}"
        f"{'' if each.holds else '  GROWS 增长'}"
        for each in sorted(found, key=lambda each: (each.holds, each.name))
    ]
    return "\n".join(rows)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="ordinary work for a long time, and whether anything grows")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--every", type=float, default=EVERY, help="seconds between two looks")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not 10 * given.every <= given.seconds <= LONGEST:
        parser.error(f"--seconds: ten looks at least, {LONGEST:,} at most")
    configure_logging("soak", "ERROR")
    shutil.rmtree(WORK, ignore_errors=True)
    try:
        found = uvloop.run(soak(given.seconds, given.every, given.seed))
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    told = [{name: value for name, value in each.items() if name != "holds"} for each in found["growth"]]
    print(f"\n{_table([Growth(**each) for each in told])}\n")
    print(
        f"{found['done']}; {len(found['wrong'])} failed: {found['wrong'][:3]}; left over: {found['left_over']}"
    )
    print(f"{OUT} is written; {'nothing grows 无增长' if found['holds'] else 'does not hold 不成立'}")
    sys.exit(0 if found["holds"] else 1)


if __name__ == "__main__":
    main()
