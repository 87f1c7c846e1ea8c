"""An event loop whose clock stands still while anything can be done, and then jumps to what comes next."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class Deadlock(Exception):
    """Nothing can happen any more, and nothing is due."""


class _NothingToWaitFor(selectors.SelectSelector):
    """Waits by moving the loop's clock."""

    loop: "InstantLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let ``timeout`` seconds pass; raises Deadlock where nothing is due ever."""
        if timeout is None:
            raise Deadlock
        self.loop.passed += max(timeout, 0.0)
        return []


class InstantLoop(asyncio.SelectorEventLoop):
    """``time()`` is the seconds since the beginning of the schedule; no real time passes."""

    def __init__(self) -> None:
        self.passed = 0.0
        selector = _NothingToWaitFor()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Return the seconds since the beginning."""
        return self.passed


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on a loop of its own; tasks that are left are cancelled."""
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        runner.run(work)
