"""Ours and its limit, measured by turns: what the machine does meanwhile hits both alike."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.report import Line, line

type Measurement = Callable[[], Awaitable[float]]
"""Does its work once and returns how much of it was done per second."""


@dataclass(frozen=True)
class Setting:
    """How much is measured.

    Runs of ``seconds`` with ``callers`` take ``turns``: short ones and many, so that a noisy moment spoils
    few pairs. Runs over a fixed number of ``events``, ``messages`` or ``rows`` of a sheet make ``passes``.
    """

    seconds: float
    turns: int
    passes: int
    callers: int
    events: int
    messages: int
    rows: int


FULL = Setting(seconds=1.5, turns=9, passes=5, callers=16, events=20_000, messages=3_000, rows=5_000)
QUICK = Setting(seconds=0.5, turns=5, passes=3, callers=16, events=5_000, messages=300, rows=2_000)
_BETWEEN_LOOKS = 20


async def in_turns(
    name: str, ours: Measurement, limit: Measurement, turns: int, unit: str, note: Callable[[], str]
) -> Line:
    """Warm both up, then measure them by turns, each going first every other time.

    ``note`` is asked at the end, when the measurements have left what they have to say.
    """
    await limit()
    await ours()
    found: dict[Measurement, list[float]] = {ours: [], limit: []}
    for turn in range(turns):
        for measurement in (ours, limit) if turn % 2 == 0 else (limit, ours):
            found[measurement].append(await measurement())
    return line(name, found[ours], found[limit], unit, note())


def rate(work: Callable[[int], object], seconds: float) -> float:
    """Call ``work`` with 0, 1, 2, ... for some seconds; returns calls per second."""
    started, done = time.perf_counter(), 0
    while time.perf_counter() < started + seconds:
        for number in range(done, done + _BETWEEN_LOOKS):
            work(number)
        done += _BETWEEN_LOOKS
    return done / (time.perf_counter() - started)
