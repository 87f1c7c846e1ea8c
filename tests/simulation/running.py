"""Carries schedules out, on every core."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

from tests.simulation.feed.schedule import Schedule
from tests.simulation.world import World

_PART = 500
_EVERY = 10
type Found = tuple[Counter[str], list[tuple[int, str]]]
type Part = tuple[str, int, int]


class _Run(Protocol):
    """A schedule that can be carried out; ``faults`` counts what went wrong in it, by name."""

    @property
    def faults(self) -> Counter[str]: ...

    def run(self) -> None: ...


KINDS: dict[str, Callable[[int], _Run]] = {"exchange": World, "feed": Schedule}


def schedules(kind: str, first: int, number: int) -> Found:
    """Run schedules ``first``, ``first + 1``, ...; returns how often each fault happened, and what broke."""
    faults: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    for seed in range(first, first + number):
        one = KINDS[kind](seed)
        try:
            one.run()
        except Exception as error:  # whatever ends a schedule early is a promise that broke
            broken.append((seed, f"{kind}: {error!r}"))
        faults.update(one.faults)
    return faults, broken


def share(part: Part) -> Found:
    """Run (kind, first, number) schedules, in a process of a pool."""
    return schedules(*part)


def parts_of(seed: int, number: int, kind: str = "") -> list[Part]:
    """Divide so many schedules; of both kinds where none is named."""
    if not kind:
        feeds = number // _EVERY
        return [*parts_of(seed, number - feeds, "exchange"), *parts_of(seed, feeds, "feed")]
    size = _PART if kind == "exchange" else _PART // _EVERY
    return [(kind, start, min(size, seed + number - start)) for start in range(seed, seed + number, size)]


def in_parallel(parts: list[Part]) -> Iterator[Found]:
    """Run parts on every core; yields what each found, as it ends."""
    # A fresh start of each: this process may have threads, which a fork would leave in the middle of something.
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(share, parts)
