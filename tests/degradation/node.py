"""Districts on real servers, each reaching every server through a proxy that can take it away or slow it down."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from renkou_common.clock import SHANGHAI
from renkou_common.codes.area import AreaCode
from renkou_common.codes.resident_id import ResidentId
from renkou_local.databases import node_access
from renkou_local.ports import free_port
from renkou_local.stack import Stack
from tests.bench.http_paths import person_body
from tests.chaos.proxy import Mode, Proxy
from tests.chaos.scene import SERVERS
from tests.degradation.disks import Disks, disks
from tests.e2e.api import Api, Json
from tests.e2e.journey import HOME, RESIDENCE
from tests.e2e.office import Office, agree, open_office, trust_each_other
from tests.e2e.synthetic.people import Person
from tests.e2e.synthetic.roster import generate_roster

SERVICES = ("registry", "migrant", "reporting")
SETTINGS = {"ACCESS_TOKEN_SECONDS": "3600"}
"""One sign-in serves for all tests."""
AT_ONCE = 8
_PEOPLE = 4000
_SEED = 77
_STOCK_DATE = date(2025, 12, 31)


class Districts:
    """All of them, with signed-in staff and people who are not registered yet."""

    def __init__(
        self,
        stack: Stack,
        http: httpx.AsyncClient,
        proxies: dict[str, Proxy],
        offices: dict[str, Office],
        disks: Disks,
    ) -> None:
        self.stack = stack
        self.http = http
        self.offices = offices
        self.disks = disks
        self._proxies = proxies
        self._people = {
            code: iter(generate_roster(_SEED, code, _PEOPLE, _STOCK_DATE).people) for code in offices
        }
        self._areas = {code: areas_of(code) for code in offices}

    @asynccontextmanager
    async def without(self, server: str, district: str = HOME) -> AsyncIterator[None]:
        """Take a server away from a district's processes: their connections end, new ones are refused."""
        proxy = self._proxies[f"{district} {server}"]
        await proxy.stop()
        try:
            yield
        finally:
            await proxy.start()

    @contextmanager
    def slow(self, server: str, district: str, delay: float) -> Iterator[None]:
        """Hold up whatever goes between a server and a district's processes, so many seconds each time."""
        proxy = self._proxies[f"{district} {server}"]
        proxy.strike(Mode.DELAY, Random(0), delay)
        try:
            yield
        finally:
            proxy.heal()

    def url(self, service: str, district: str = HOME) -> str:
        """Where a service of a district is."""
        return self.stack.nodes[district].urls[service]

    def creations(self, number: int) -> list["Creation"]:
        """So many people to be entered at home, each under a key of its own."""
        return [Creation(person_body(next(self._people[HOME]))) for _ in range(number)]

    def arrivals(self, number: int, of: str = HOME, at: str = RESIDENCE) -> list["Creation"]:
        """So many people of one district to be registered as arrived at another."""
        found: list[Creation] = []
        while len(found) < number:
            person = next(self._people[of])
            area = person_area(person, of)
            if area.startswith(of):
                found.append(Creation(arrival_body(person, area, next(self._areas[at]))))
        return found

    async def connect(self, service: str, district: str = HOME) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection that sees everything of a service's database, for looking from outside."""
        secrets = self.stack.nodes[district].secrets
        access = node_access(self.stack.postgres.address, district, secrets)[service]
        return await self.stack.postgres.connect(access.name)

    async def count(self, service: str, sql: str, *arguments: Any, district: str = HOME) -> int:
        """Ask a service's database for a number."""
        connection = await self.connect(service, district)
        try:
            return int(await connection.fetchval(sql, *arguments))
        finally:
            await connection.close()

    async def health(self, kind: str, district: str = HOME) -> list[int]:
        """Status of /health/``kind`` of the three services."""
        answers = [
            await self.http.get(f"{self.url(service, district)}/health/{kind}") for service in SERVICES
        ]
        return [answer.status_code for answer in answers]

    def restarts(self) -> dict[str, int]:
        """How often each of the services' processes was started again."""
        return {name: times for name, times in self.stack.supervisor.restarts.items() if name not in SERVERS}


class Creation:
    """Something to be created, and its key: sent again it is the same."""

    def __init__(self, body: Json) -> None:
        self.body = body
        self.key = str(uuid4())

    async def send(self, api: Api, service: str, path: str, language: str = "en") -> httpx.Response:
        """Send it once; returns whatever is answered."""
        headers = {
            "Authorization": f"Bearer {api.token}",
            "Idempotency-Key": self.key,
            "Accept-Language": language,
        }
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            return await http.post(api.urls[service] + path, json=self.body, headers=headers)


async def send_all(
    api: Api, service: str, path: str, creations: Sequence[Creation], seen: Counter[int] | None = None
) -> tuple[Counter[int], list[httpx.Response]]:
    """Send all, a few at a time; returns how many answers had which status, and the answers in order.

    ``seen`` counts statuses as they come.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(creation: Creation) -> httpx.Response:
        async with gate:
            answer = await creation.send(api, service, path)
        if seen is not None:
            seen[answer.status_code] += 1
        return answer

    answers = await asyncio.gather(*map(one, creations))
    return Counter(answer.status_code for answer in answers), list(answers)


def person_area(person: Person, district: str) -> str:
    """A registered area in a district: the person's own, or where they live there."""
    return person.registered_area if person.registered_area.startswith(district) else person.present_area


def arrival_body(person: Person, registered: str, area: str) -> Json:
    """Somebody registered in one area who came to live in another one yesterday."""
    differing = ResidentId.parse(person.document_number).warnings(area=AreaCode.parse(registered))
    told = {
        "name": person.name,
        "sex": int(person.sex),
        "birth_date": person.birth_date.isoformat(),
        "resident_id": person.document_number,
        "marital_status": str(int(person.marital_status)),
        "registered_area": registered,
        "registered_street": person.registered_street,
        "confirmed_warnings": [each.code for each in differing],
    }
    return {
        "person": told,
        "arrived_on": (datetime.now(SHANGHAI).date() - timedelta(days=1)).isoformat(),
        "area": area,
        "street": "张杨路500号2幢301室",
    }


def areas_of(district: str) -> Iterator[str]:
    """Communities of a district that people live in, over and over."""
    people = generate_roster(_SEED, district, 200, _STOCK_DATE).people
    areas = sorted({one.present_area for one in people if one.present_area.startswith(district)})
    while True:
        yield from areas


@asynccontextmanager
async def districts(folder: Path, codes: Sequence[str] = (HOME, RESIDENCE)) -> AsyncIterator[Districts]:
    """Start them behind proxies, open their offices and let the first agree with each of the others."""
    ports = {name: free_port() for name in SERVERS}
    proxies = {f"{code} {name}": Proxy(f"{code} {name}", ports[name]) for code in codes for name in SERVERS}
    reached = {code: {name: proxies[f"{code} {name}"].port for name in SERVERS} for code in codes}
    for proxy in proxies.values():
        await proxy.start()
    try:
        async with (
            disks(folder) as own,
            httpx.AsyncClient(timeout=60, trust_env=False) as http,
            Stack(
                folder, codes, hurried=True, fixed_ports=ports, reached=reached, settings=SETTINGS
            ) as stack,
        ):
            offices = [
                await open_office(http, code, node.urls, node.administrator_secret_file.read_text().strip())
                for code, node in stack.nodes.items()
            ]
            now = datetime.now(SHANGHAI)
            await trust_each_other(offices, stack.trust_anchor, folder / "trusted", 1, now)
            for partner in offices[1:]:
                begin, end = now.date() - timedelta(days=1), now.date() + timedelta(days=365)
                await agree([offices[0], partner], begin, end)
            yield Districts(stack, http, proxies, {office.district: office for office in offices}, own)
    finally:
        for proxy in proxies.values():
            await proxy.stop()
