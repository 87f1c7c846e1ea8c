"""A statistician who opens the closing of month after month, and has the last one signed by two and published."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.e2e.api import Json
from tests.e2e.journey import Journey
from tests.e2e.progress import until

PAUSE = 0.5
FIRST, STANDS_STILL = date(2024, 11, 1), date(2026, 2, 20)
CHECKED_WITHIN = 120.0


@dataclass
class Closer:
    """The closings of one district. ``published`` holds the hash that was acknowledged, by closing.

    Figures have to have been made anew within a day before they are signed, and the journey's days fly by: only when
    its calendar stands still at the end can a month be closed for good.
    """

    journey: Journey
    district: str
    published: dict[str, str] = field(default_factory=dict)
    _opened: dict[str, str] = field(default_factory=dict)

    async def work(self, over: asyncio.Event) -> None:
        """Begin to close each month that has ended; close the last one, also when it is ``over``."""
        while self.journey.today < STANDS_STILL and not over.is_set():
            if self.journey.today >= FIRST:
                await self._open((self.journey.today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"))
            await asyncio.sleep(PAUSE)
        await self._publish(await self._open("2025-12"))

    async def _open(self, month: str) -> str:
        if month not in self._opened:
            self._opened[month] = str((await self._told("/closings", {"period": month}))["id"])
        return self._opened[month]

    async def _publish(self, closing: str) -> None:
        office = self.journey.offices[self.district]
        path = f"/closings/{closing}"
        for asked in ("/rebuilds", "/reconciliations"):
            await self._told(asked, {})
        despite: list[str] = []
        lacking: list[str] = []

        async def may_be_signed() -> bool:
            items = (await office.statistician.get("reporting", f"{path}/checks"))["items"]
            failing = [each for each in items if not each["holds"]]
            despite[:] = [each["code"] for each in failing if each["overridable"]]
            lacking[:] = [
                f"{each['code']} {each['findings'][:2]}" for each in failing if not each["overridable"]
            ]
            return not lacking

        await until(
            "checks of the closing", may_be_signed, CHECKED_WITHIN, missing=lambda: "; ".join(lacking)
        )
        signed = await self._told(f"{path}/signatures", {"reason": "演练关账", "despite": despite})
        frozen: str = signed["first_signed"]["hash"]
        second: Json = {"hash": frozen, "overrides": dict.fromkeys(despite, "演练, 已知悉")}
        await office.administrator.post("reporting", f"{path}/publication", second)
        self.published[closing] = frozen

    async def _told(self, path: str, body: Json) -> Json:
        return await self.journey.offices[self.district].statistician.post("reporting", path, body)
