"""What is drawn from a schedule's seed: when something fails, and how long it takes. Nothing fails in a calm."""

import asyncio
from collections import Counter
from random import Random


class BrokenPromise(Exception):
    """Something happened that outbox, relay and consumer promise never to let happen."""


class Chance:
    """One seed's luck; counts by name what went wrong."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"feed {seed}")
        self.calm = False
        self.faults: Counter[str] = Counter()
        self.trace: list[str] | None = None

    def strikes(self, name: str, probability: float) -> bool:
        """Whether this goes wrong now."""
        if self.calm or self.random.random() >= probability:
            return False
        self.note(name)
        return True

    def note(self, name: str) -> None:
        """Count a fault, and write it down where a trace is wanted."""
        self.faults[name] += 1
        if self.trace is not None:
            self.trace.append(f"{asyncio.get_running_loop().time():8.3f} {name}")

    async def travel(self) -> None:
        """Take a moment: others may come in between."""
        await asyncio.sleep(self.random.choice((0.0, 0.0, 0.002, 0.05)))
