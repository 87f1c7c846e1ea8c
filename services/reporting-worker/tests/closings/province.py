"""A province's node above districts of the same test, and somebody on the way who changes what they publish."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from renkou_local.databases import DatabaseAccess
from renkou_reporting.bootstrap import build_puller
from renkou_reporting.province.pulling import Puller

from ..support import PROVINCE_SECRET, Caller, Json, Reporting, running
from .steps import PERIOD, District

type Items = list[Json]


@dataclass
class Way:
    """The network between a district and its province; ``change`` is what happens to a page of the feed on it."""

    to: httpx.AsyncBaseTransport
    change: Callable[[Items], Items] | None = None
    away: bool = False

    def transport(self) -> httpx.AsyncBaseTransport:
        return _Transport(self)


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, way: Way) -> None:
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._way.away:
            raise httpx.ConnectError("nobody answers")
        response = await self._way.to.handle_async_request(request)
        if self._way.change is None:
            return response
        page = json.loads(await response.aread())
        page["items"] = self._way.change(page["items"])
        return httpx.Response(response.status_code, json=page)


@dataclass
class Province:
    """A running province, the ways to its districts, and an auditor of the whole province."""

    reporting: Reporting
    puller: Puller
    ways: Mapping[str, Way]
    auditor: Caller

    async def answer(self, period: str = PERIOD, **asked: str) -> Json:
        """What the province says of a period, once its districts' feeds are read."""
        await self.puller.run_once()
        answer = await self.auditor.get("/province/figures", params={"period": period} | asked)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def figure(self, indicator: str, dims: str = "", period: str = PERIOD) -> Json:
        """A figure of the usual residents."""
        items = (await self.answer(period, indicator=indicator, population="resident"))["items"]
        (found,) = [one for one in items if one["dims"] == dims]
        row: Json = found
        return row

    async def source(self, district: str = "340103") -> Json:
        """How a district's feed stands."""
        answer = (await self.auditor.get("/province/districts")).json()["items"]
        (found,) = [one for one in answer if one["district"] == district]
        row: Json = found
        return row

    async def until(self, district: str, holds: Callable[[Json], bool], seconds: float = 20) -> None:
        """Wait until a district's feed stands as expected."""
        for _ in range(int(seconds / 0.05)):
            if holds(await self.source(district)):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{district} stands at {await self.source(district)}")


@asynccontextmanager
async def province_of(
    districts: Sequence[District], access: DatabaseAccess, folder: Path, **dates: Any
) -> AsyncIterator[Province]:
    """A province of some districts; ``dates`` are their first and last days, as ``d340103={"valid_to": ...}``."""
    folder.mkdir()
    secret_file = folder / "district_secret"
    secret_file.write_text(PROVINCE_SECRET, encoding="utf-8")
    sources, ways = [], {}
    for one in districts:
        client = one.reporting.client
        keys = await client.get("/published/keys")
        assert keys.status_code == 200, keys.text
        source = {"district": one.code, "url": f"http://d{one.code}", "secret_file": str(secret_file)}
        sources.append(source | {"keys": keys.json()} | dates.get(f"d{one.code}", {}))
        ways[one.code] = Way(client._transport)
    districts_file = folder / "districts.json"
    districts_file.write_text(json.dumps({"districts": sources}), encoding="utf-8")
    others = {f"http://d{code}": way.transport() for code, way in ways.items()}
    async with running(
        access, folder, district="340000", others=others, province_districts=districts_file
    ) as started:
        puller = build_puller(started.runtime)
        assert puller is not None
        yield Province(started, puller, ways, await started.staff("auditor", "34"))
