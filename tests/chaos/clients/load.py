"""Who works besides the journey in the home district: a station, a treasury and a closer, until it is over."""

import asyncio
from random import Random

import httpx

from tests.chaos.clients.closings import Closer
from tests.chaos.clients.payments import Treasury
from tests.chaos.clients.supplies import Station
from tests.e2e.journey import HOME, Journey


class Load:
    """The clients, and the numbers they remember for the checker."""

    def __init__(self, journey: Journey, http: httpx.AsyncClient, seed: int) -> None:
        self._journey = journey
        self.stations = [Station(journey, HOME, http, Random(f"station {seed}"))]
        self.treasuries = [Treasury(journey, HOME, http)]
        self.closers = [Closer(journey, HOME)]
        self.over = asyncio.Event()

    async def run(self) -> None:
        """Work side by side from the opening of the offices on."""
        await self._journey.open_for_work.wait()
        async with asyncio.TaskGroup() as group:
            for station in self.stations:
                group.create_task(self._stations(station))
            for treasury in self.treasuries:
                group.create_task(self._treasuries(treasury))
            for closer in self.closers:
                group.create_task(closer.work(self.over))

    async def _stations(self, station: Station) -> None:
        await station.open()
        await station.work(self.over)

    async def _treasuries(self, treasury: Treasury) -> None:
        await treasury.open()
        await self._journey.people_are_in.wait()
        await treasury.work(self.over)
