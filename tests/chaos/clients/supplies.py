"""A station that gives out supplies without a pause while everything breaks, and counts what it was told."""

import asyncio
import secrets
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import httpx

from tests.e2e.api import Api, Json
from tests.e2e.journey import Journey
from tests.e2e.office import employ

PAUSE = 0.3
EXPIRES = "2035-06-30"


@dataclass
class Station:
    """A point of one district. ``held`` is what it has to hold by what was acknowledged."""

    journey: Journey
    district: str
    http: httpx.AsyncClient
    random: Random
    held: int = 0
    issued: int = 0
    point: str = ""
    _specification: str = ""
    _api: Api = field(init=False)

    async def open(self) -> None:
        """Employ a station, make a product and a point."""
        office = self.journey.offices[self.district]
        self._api = await employ(self.http, office, "station", "服务站", "service_station", self.district)
        product = await office.administrator.post(
            "registry",
            "/supply-products",
            {"code": secrets.token_hex(5), "name": "天然胶乳避孕套", "kind": "condom"},
        )
        path = f"/supply-products/{product['id']}/specifications"
        made = await office.administrator.post("registry", path, {"name": "中号 10 只装", "unit": "盒"})
        self._specification = str(made["id"])
        community = f"{self.district}001001"
        body = {"name": f"发放点 {uuid4().hex[:8]}", "kind": "community", "area": community}
        self.point = str((await self._api.post("registry", "/supply-points", body))["id"])

    async def work(self, over: asyncio.Event) -> None:
        """Receive and issue until it is ``over``; everything that is begun is seen through."""
        while not over.is_set():
            if self.held < 10:
                await self._receive(self.random.randint(20, 60))
            else:
                await self._issue(self.random.randint(1, 5))
            await asyncio.sleep(PAUSE)

    async def _receive(self, quantity: int) -> None:
        line: Json = {
            "specification_id": self._specification,
            "batch_number": uuid4().hex[:12],
            "expires_on": EXPIRES,
            "quantity": quantity,
        }
        body = {"on": self.journey.today.isoformat(), "lines": [line]}
        await self._api.post("registry", f"/supply-points/{self.point}/receipts", body)
        self.held += quantity

    async def _issue(self, quantity: int) -> None:
        line = {"specification_id": self._specification, "quantity": quantity}
        body = {"on": self.journey.today.isoformat(), "lines": [line]}
        await self._api.post("registry", f"/supply-points/{self.point}/issues", body)
        self.held -= quantity
        self.issued += quantity

    async def stock(self) -> int:
        """What the register says the point holds."""
        found = await self._api.pages("registry", f"/supply-points/{self.point}/stock")
        return sum(int(each["quantity"]) for each in found)
