"""Two services on real servers, one that publishes (outbox, relay, feed) and one that consumes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated
from uuid import UUID, uuid4

import asyncpg
import httpx
import nats
import orjson
import uvicorn
from fastapi import FastAPI, Header
from sqlmodel import SQLModel

from renkou_common.contracts.registry import RegistryEventType, StaffChanged
from renkou_common.database import Database, Transaction
from renkou_common.errors import Unauthenticated
from renkou_common.http.problems import install_problem_handlers
from renkou_common.messaging import inbox_tables, tables
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.envelope import Event
from renkou_common.messaging.feed import FeedClient, feed_router
from renkou_common.messaging.nats_client import NatsClient
from renkou_common.messaging.outbox import Outbox
from renkou_common.messaging.relay import Relay
from renkou_common.scope import AreaScope
from renkou_local import streams
from renkou_local.nats import EmbeddedNats

DISTRICT = "340103"
TOKEN = "token-of-a-test"
EVERYTHING = AreaScope.everything()
TABLES = [
    SQLModel.metadata.tables[table.__tablename__]
    for table in (
        tables.OutboxRow,
        tables.FeedCounter,
        inbox_tables.FeedPosition,
        inbox_tables.AppliedEvent,
        inbox_tables.HeldEvent,
        inbox_tables.FeedIncident,
    )
]


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait until something outside this process has come true."""
    async with asyncio.timeout(seconds):
        while True:
            if await check():
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(*tasks: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run endless tasks for the length of a block; one that ends by an error fails the test."""

    async def named(task: Callable[[], Awaitable[None]]) -> None:
        await task()

    started = [asyncio.create_task(named(task)) for task in tasks]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        results = await asyncio.gather(*started, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result


class Publisher:
    """The publishing service: its database, its outbox and its feed over HTTP."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = Outbox(f"renkou:{DISTRICT}/registry-api")
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def write(self, subjects: Sequence[UUID]) -> list[UUID]:
        """Commit one event for each subject."""
        events = [
            (RegistryEventType.STAFF_CHANGED, one, StaffChanged(staff_id=one, active=True, assignments=[]))
            for one in subjects
        ]
        async with self.database.transaction(EVERYTHING) as tx:
            return await self.outbox.append_many(tx, events)

    async def numbers(self) -> list[int | None]:
        """Numbers of all rows, by row."""
        async with self.database.transaction(EVERYTHING) as tx:
            rows = await tx.fetch("SELECT feed_seq FROM outbox ORDER BY position")
        return [row["feed_seq"] for row in rows]

    async def all_numbered(self) -> bool:
        """Whether no row waits for its number."""
        return None not in await self.numbers()

    async def all_published(self) -> bool:
        """Whether the broker has acknowledged every row."""
        async with self.database.transaction(EVERYTHING) as tx:
            return not await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")

    async def start_http(self) -> None:
        """Serve the feed on a free port, on the same one after a stop."""
        config = uvicorn.Config(self._application(), port=self._port, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server._serve())

        async def started() -> bool:
            return self._server is not None and self._server.started

        await eventually(started)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    async def stop_http(self) -> None:
        """Stop serving; connections are refused from then on."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            self._server.force_exit = True
            await self._serving
            self._server = self._serving = None

    def client(self, http: httpx.AsyncClient, token: str = TOKEN) -> FeedClient:
        """A client of the feed as another service has it."""

        async def provide() -> str:
            return token

        return FeedClient(f"http://127.0.0.1:{self._port}", "registry", provide, http)

    @property
    def address(self) -> str:
        """URL of the feed."""
        return f"http://127.0.0.1:{self._port}/feeds/registry"

    def _application(self) -> FastAPI:
        async def guard(authorization: Annotated[str | None, Header()] = None) -> None:
            if authorization != f"Bearer {TOKEN}":
                raise Unauthenticated("token_missing", "请先登录", "A bearer token is required")

        async def transaction() -> AsyncIterator[Transaction]:
            async with self.database.transaction(EVERYTHING) as tx:
                yield tx

        app = FastAPI()
        install_problem_handlers(app)
        app.include_router(feed_router("registry", guard, transaction))
        return app


class Consumer:
    """The consuming service: a database with a table that shows what was applied, in order and how often."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.refused: set[UUID] = set()

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Write events down; refuse those of the subjects in ``refused``."""
        for event in events:
            if UUID(event.subject) in self.refused:
                raise ValueError(f"subject {event.subject} is refused")
        rows = [(event.seq, event.id, event.subject) for event in events]
        await tx.executemany("INSERT INTO taken (seq, event_id, subject) VALUES ($1, $2, $3)", rows)

    async def taken(self) -> list[UUID]:
        """Ids of the applied events in the order in which they were applied."""
        async with self.database.transaction(EVERYTHING) as tx:
            rows = await tx.fetch("SELECT event_id FROM taken ORDER BY position")
        return [row["event_id"] for row in rows]

    async def has_taken(self, count: int) -> bool:
        """Whether at least so many events were applied."""
        return len(await self.taken()) >= count

    async def rows(self, query: str) -> list[asyncpg.Record]:
        """Rows of a query."""
        async with self.database.transaction(EVERYTHING) as tx:
            return await tx.fetch(query)

    def of(
        self, source: FeedClient, client: NatsClient, idle_seconds: float = 0.5, *, leads: bool = True
    ) -> FeedConsumer:
        """The consumer of the registry's feed."""
        return FeedConsumer(
            self.database,
            "registry",
            self.apply,
            source,
            client,
            "REGISTRY",
            "reporting-registry",
            EVERYTHING,
            leads=lambda: leads,
            idle_seconds=idle_seconds,
        )


def relay_of(publisher: Publisher, client: NatsClient) -> Relay:
    """The publisher's relay."""
    return Relay(publisher.database, client, "registry", "REGISTRY", written=publisher.outbox.written)


async def delete_durable(broker: EmbeddedNats, stream: str, durable: str) -> None:
    """Delete a durable as an operator would."""
    client = await nats.connect(broker.url, nkeys_seed=str(broker.node_seed(DISTRICT, "registry")))
    await streams.request(client, f"$JS.API.CONSUMER.DELETE.{stream}.{durable}", {})
    await client.close()


async def consumers_of(broker: EmbeddedNats, stream: str) -> list[str]:
    """Names of a stream's consumers, declared and passing ones."""
    client = await nats.connect(broker.url, nkeys_seed=str(broker.node_seed(DISTRICT, "registry")))
    answer = await streams.request(client, f"$JS.API.CONSUMER.NAMES.{stream}", {})
    await client.close()
    return list(answer["consumers"])


def people(count: int) -> list[UUID]:
    """Subjects of that many aggregates."""
    return [uuid4() for _ in range(count)]


async def stored_numbers(client: NatsClient, count: int) -> list[int]:
    """Numbers of the first messages of the stream, in its order, without touching the durable's position."""
    subscription = await client.pull("REGISTRY", "migrant-registry")
    numbers: list[int] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(20):
            while len(numbers) < count:
                for message in await subscription.fetch(500, 1.0):
                    numbers.append(orjson.loads(message.data)["feedseq"])
                    await message.ack()
    numbers.extend(orjson.loads(message.data)["feedseq"] for message in await subscription.fetch(500, 0.5))
    await subscription.close()
    return numbers
