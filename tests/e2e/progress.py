"""Says what happens, with the seconds since the start, and waits for what must come about."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Progress:
    """Prints steps; keeps the seconds each took."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._last = self.started

    def say(self, text: str) -> None:
        """Print one line with the time since the start."""
        print(f"[{time.monotonic() - self.started:6.1f} s] {text}", flush=True)

    def done(self, step: str, text: str) -> None:
        """Print that a step is done and remember how long it took."""
        now = time.monotonic()
        self.seconds[step] = round(self.seconds.get(step, 0.0) + now - self._last, 1)
        self._last = now
        self.say(text)


class NotYet(Exception):
    """What was waited for did not come about in time."""


async def until(
    what: str,
    check: Callable[[], Awaitable[bool]],
    seconds: float = 120,
    missing: Callable[[], str] = str,
) -> None:
    """Ask every tenth of a second until ``check`` holds; raises NotYet, with what is ``missing``, after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await check():
            return
        await asyncio.sleep(0.1)
    raise NotYet(f"{what} did not come about within {seconds:.0f} s {missing()}".rstrip())
