"""Carries the plan out, one moment after the other, and keeps what became of each."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.clients.acknowledged import Acknowledged
from tests.chaos.faults import KINDS
from tests.chaos.plan import Moment
from tests.chaos.scene import Scene

LONGEST_HEALING = 120.0


class DidNotHeal(Exception):
    """A fault has gone, and not everything serves again."""


@dataclass
class Struck:
    """A moment as it came about; seconds since the start of the run."""

    moment: Moment
    what: str
    began: float
    seconds: float
    acknowledged_before: int
    acknowledged: int

    def as_json(self) -> dict[str, Any]:
        """The fault as chaos.json has it."""
        fault = KINDS[self.moment.kind]
        return {
            "number": self.moment.number,
            "kind": self.moment.kind,
            "zh": fault.zh,
            "en": fault.en,
            "struck": self.what,
            "at": round(self.began, 1),
            "seconds": round(self.seconds, 1),
            "acknowledged_before": self.acknowledged_before,
            "acknowledged_meanwhile": self.acknowledged,
        }


class Breaker:
    """Makes the faults of a plan happen."""

    def __init__(self, scene: Scene, moments: Sequence[Moment], acknowledged: Acknowledged) -> None:
        self._scene = scene
        self._moments = moments
        self._acknowledged = acknowledged
        self._started = time.monotonic()
        self.struck: list[Struck] = []
        self.left_out: dict[str, str] = {}
        self._settled = asyncio.Condition()
        self._done = 0

    async def reached(self, share: float) -> None:
        """Wait until this share of the plan is over: so what is done under faults lasts as long as they do."""
        async with self._settled:
            await self._settled.wait_for(lambda: self._done >= int(share * len(self._moments)))

    async def run(self) -> None:
        """Carry out the whole plan. Raises DidNotHeal where something stays down."""
        for moment in self._moments:
            if KINDS[moment.kind].needs_disk and self._scene.disk is None:
                self.left_out[moment.kind] = "this machine gives no file system of one's own"
            else:
                await asyncio.sleep(moment.gap)
                await self._carry_out(moment)
            async with self._settled:
                self._done += 1
                self._settled.notify_all()

    async def _carry_out(self, moment: Moment) -> None:
        fault = KINDS[moment.kind](self._scene, moment.random)
        before, began = len(self._acknowledged.writes), time.monotonic()
        what = await fault.begin()
        print(f"  {moment.number}/{len(self._moments)} {fault.zh} {fault.en}: {what}", flush=True)
        await asyncio.sleep(moment.lasts)
        try:
            async with asyncio.timeout(LONGEST_HEALING):
                await fault.heal()
        except TimeoutError as error:
            raise DidNotHeal(f"{moment.number} {moment.kind} {what}") from error
        self.struck.append(
            Struck(
                moment,
                what,
                began - self._started,
                time.monotonic() - began,
                before,
                len(self._acknowledged.writes) - before,
            )
        )
