"""What offices do all day, at a steady rate: look people up, search, enter, register arrivals, ask for figures."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from tests.bench.http_paths import INDICATORS, Paths, person_body
from tests.bench.node import HOME, RESIDENCE, Nodes
from tests.bench.turns import QUICK
from tests.degradation.node import areas_of, arrival_body, person_area
from tests.e2e.api import Api

PER_SECOND = 12.0
AT_ONCE = 16
SHARES = {"read": 50, "list": 10, "search": 12, "create": 14, "arrival": 4, "figure": 10}
"""Of a hundred requests."""


class Work:
    """Clerks and a statistician at work; counts what they did, and keeps what went wrong."""

    def __init__(self, nodes: Nodes, seed: int) -> None:
        self._nodes = nodes
        self._random = Random(f"soak {seed}")
        self._people = nodes.persons()
        self._there = areas_of(RESIDENCE)
        self._paths: list[str] = []
        self._pages: list[str] = []
        self._do: dict[str, Callable[[], Awaitable[Any]]] = {
            "read": self._read,
            "list": self._list,
            "search": self._search,
            "create": self._create,
            "arrival": self._arrival,
            "figure": self._figure,
        }
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.longest = 0.0

    async def prepare(self) -> None:
        """Find out whom there is to read."""
        paths = Paths(QUICK, self._nodes, 0)
        self._paths, self._pages = await paths.persons(), await paths.pages()

    async def go_on(self, seconds: float) -> None:
        """Work for so long; a request begins when it is due, later only where too many are under way."""
        kinds, weights = list(SHARES), list(SHARES.values())
        gate, begun, number = asyncio.Semaphore(AT_ONCE), time.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while time.monotonic() - begun < seconds:
                await asyncio.sleep(max(0.0, begun + number / PER_SECOND - time.monotonic()))
                number += 1
                await gate.acquire()
                kind = self._random.choices(kinds, weights)[0]
                group.create_task(self._one(kind)).add_done_callback(lambda _: gate.release())

    async def _one(self, kind: str) -> None:
        begun = time.monotonic()
        try:
            await self._do[kind]()
        except Exception as error:  # whatever it is, it is told at the end
            self.wrong.append(f"{kind}: {error!r}"[:300])
        else:
            self.done[kind] += 1
        self.longest = max(self.longest, time.monotonic() - begun)

    @property
    def _clerk(self) -> Api:
        return self._nodes.home.clerk

    async def _read(self) -> None:
        await self._clerk.get("registry", self._random.choice(self._paths))

    async def _list(self) -> None:
        path, _, asked = self._random.choice(self._pages).partition("?")
        await self._clerk.get("registry", path, **dict(parse_qsl(asked)))

    async def _search(self) -> None:
        name = self._random.choice("王李张刘陈杨赵黄周吴") + self._random.choice("伟芳娜敏静")
        await self._clerk.post("registry", "/persons/search", {"name": name}, key=None)

    async def _create(self) -> None:
        made = await self._clerk.post("registry", "/persons", person_body(next(self._people)))
        self._paths.append(f"/persons/{made['id']}")

    async def _arrival(self) -> None:
        clerk = self._nodes.offices[RESIDENCE].clerk
        person = next(self._people)
        body = arrival_body(person, person_area(person, HOME), next(self._there))
        await clerk.post("migrant", "/arrivals", body)

    async def _figure(self) -> None:
        asked = {"indicator": self._random.choice(INDICATORS), "area": HOME, "population": "resident"}
        await self._nodes.home.statistician.get("reporting", "/figures", **asked, period="2026")
