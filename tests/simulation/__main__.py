"""``python -m tests.simulation``: the exchange's protocol under schedules of faults, each drawn from its seed.

    SEED=1 SCHEDULES=100000 python -m tests.simulation     many, on every core
    SEED=4711 SCHEDULES=1 TRACE=1 python -m tests.simulation   one again, step by step

Ends with 1 and names the seeds where a promise was broken.
"""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.world import BrokenPromise, World


def schedules(first: int, number: int) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Run schedules ``first``, ``first + 1``, ...; returns how often each fault happened, and what broke."""
    faults: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    for seed in range(first, first + number):
        world = World(seed)
        try:
            world.run()
        except (BrokenPromise, AssertionError, KeyError) as error:
            broken.append((seed, str(error)))
        faults.update(world.events)
    return faults, broken


def share(part: tuple[int, int]) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Run (first, number) schedules, in a process of a pool."""
    return schedules(*part)


def main() -> int:
    """Command line; see the module."""
    seed, number = int(os.environ.get("SEED", "1")), int(os.environ.get("SCHEDULES", "10000"))
    started = time.perf_counter()
    if os.environ.get("TRACE"):
        world = World(seed)
        world.trace = []
        try:
            world.run()
        finally:
            print("\n".join(world.trace))
        return 0
    size = 500
    parts = [(start, min(size, seed + number - start)) for start in range(seed, seed + number, size)]
    faults: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for some, failed in pool.map(share, parts):
            faults.update(some)
            broken += failed
    seconds = time.perf_counter() - started
    print(f"{number:,} schedules from seed {seed} in {seconds:.1f} s")
    print("\n".join(f"{count:>12,}  {name}" for name, count in sorted(faults.items())))
    for one, text in broken[:20]:
        print(f"SEED={one}: {text}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
