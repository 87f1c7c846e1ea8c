"""Two districts and a hub as real processes, set up through their APIs, with people to work with."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from renkou_common.clock import SHANGHAI
from renkou_local.databases import DatabaseAccess, node_access
from renkou_local.stack import Stack
from tests.bench.turns import Setting
from tests.e2e.office import Office, agree, open_office, trust_each_other
from tests.e2e.synthetic.people import Person, Roster
from tests.e2e.synthetic.roster import generate_roster

HOME, RESIDENCE = "340103", "310115"
STOCK_DATE = date(2025, 12, 31)
SEED = 250_000
_CREATIONS_PER_SECOND = 900
_PATIENCE_SECONDS = 300


class Nodes:
    """Running nodes with signed-in staff, and a roster of people of the first who are not registered yet."""

    def __init__(
        self, stack: Stack, http: httpx.AsyncClient, offices: dict[str, Office], people: list[Person]
    ) -> None:
        self.stack = stack
        self.http = http
        self.offices = offices
        self._people = people
        self._taken = 0

    @property
    def home(self) -> Office:
        """The office of the district that the HTTP paths and the import are measured on."""
        return self.offices[HOME]

    def roster(self, rows: int) -> Roster:
        """Return a roster of so many people at most, whole households, none of them handed out before."""
        start = self._taken
        end = start + rows
        if end > len(self._people):
            raise RuntimeError("more people were asked for than prepared")
        while end < len(self._people) and self._in_one_household(end - 1, end):
            end -= 1
        self._taken = end
        return Roster(SEED, HOME, STOCK_DATE, self._people[start:end])

    def persons(self) -> Iterator[Person]:
        """Hand people out one by one, none twice, until there are none left."""
        while self._taken < len(self._people):
            self._taken += 1
            yield self._people[self._taken - 1]

    def _in_one_household(self, one: int, other: int) -> bool:
        return self._people[one].household_number == self._people[other].household_number

    def database(self, service: str, district: str = HOME) -> DatabaseAccess:
        """Return how to reach a service's database."""
        return node_access(self.stack.postgres.address, district, self.stack.nodes[district].secrets)[service]

    async def connect(self, service: str, district: str = HOME) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection that sees everything of a service's database; for waiting and counting only."""
        return await self.stack.postgres.connect(self.database(service, district).name)

    async def settled(self) -> None:
        """Wait until every event is published and taken in and everybody new compared with the others, so that
        nothing goes on behind a measurement.
        """
        for district in self.offices:
            await self._compared(district)
            for publisher, consumers in (("registry", ("migrant", "reporting")), ("migrant", ("reporting",))):
                await self._taken_in(district, publisher, consumers)

    async def _compared(self, district: str) -> None:
        connection = await self.connect("registry", district)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            while waiting := await connection.fetchval("SELECT count(*) FROM duplicate_todo"):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{waiting} persons of {district} still have to be compared")
                await asyncio.sleep(0.2)
        finally:
            await connection.close()

    async def _taken_in(self, district: str, publisher: str, consumers: tuple[str, ...]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for service in (publisher, *consumers):
            connection = await self.connect(service, district)
            try:
                while True:
                    if service == publisher:
                        waiting, head = await _outbox(connection)
                    else:
                        waiting = head - await _position(connection, publisher)
                    if waiting <= 0:
                        break
                    if time.monotonic() > deadline:
                        raise RuntimeError(f"{service} of {district} still has {waiting} events to go")
                    await asyncio.sleep(0.2)
            finally:
                await connection.close()


async def _outbox(connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[int, int]:
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL),"
        " (SELECT coalesce(max(last), 0) FROM feed_counter)"
    )
    assert row is not None
    return int(row[0]), int(row[1])


async def _position(connection: "asyncpg.Connection[asyncpg.Record]", feed: str) -> int:
    return int(await connection.fetchval("SELECT high_water FROM feed_position WHERE feed = $1", feed) or 0)


def prepare_people(setting: Setting, further: int) -> list[Person]:
    """Return enough people for every sheet and every creation, all with numbers of their own, and ``further``."""
    sheets = setting.rows * (setting.passes + 1)
    creations = int(_CREATIONS_PER_SECOND * setting.seconds * (setting.turns + 1))
    return generate_roster(SEED, HOME, sheets + creations + further, STOCK_DATE).people


@asynccontextmanager
async def nodes(
    folder: Path, setting: Setting, say: Callable[[str], None], further: int = 0
) -> AsyncIterator[Nodes]:
    """Start both districts, open their offices and let them trust each other."""
    say("drawing people and starting two districts")
    people = asyncio.create_task(asyncio.to_thread(prepare_people, setting, further))
    try:
        async with (
            httpx.AsyncClient(timeout=60, trust_env=False) as http,
            Stack(folder, [HOME, RESIDENCE], durable=True, hurried=True, log_level="WARNING") as stack,
        ):
            offices = [
                await open_office(http, code, node.urls, node.administrator_secret_file.read_text().strip())
                for code, node in stack.nodes.items()
            ]
            now = datetime.now(SHANGHAI)
            await trust_each_other(offices, stack.trust_anchor, folder / "trusted", 1, now)
            await agree(offices, now.date() - timedelta(days=1), now.date() + timedelta(days=365))
            say("two districts are up")
            yield Nodes(stack, http, {office.district: office for office in offices}, await people)
            say("stopping two districts")
    finally:
        people.cancel()
