"""The relay emptying an outbox, beside the bare atomic batch publish of the same texts."""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

import asyncpg
import nats
from nats.aio.client import Client

from renkou_common.database import Database
from renkou_common.messaging.nats_client import NatsClient
from renkou_common.messaging.outbox import Outbox
from renkou_common.messaging.relay import Relay
from renkou_common.scope import AreaScope
from renkou_local.nats_config import replies
from renkou_registry.migrate import SCRIPTS
from tests.bench.events import People
from tests.bench.report import Line
from tests.bench.servers import LIMIT, OURS, Servers
from tests.bench.turns import Setting, in_turns

BATCH = 1000
SUBJECT = "registry.person.registered.v1"
_PATIENCE_SECONDS = 60


class _OurRelay:
    """A relay that runs all the time, and what writes events for it."""

    def __init__(self, database: Database, watch: "asyncpg.Connection[asyncpg.Record]", events: int) -> None:
        self.outbox = Outbox(f"renkou:{OURS}/registry-api")
        self._database = database
        self._watch = watch
        self._events = events
        self._people = People(1)

    async def empty_once(self) -> float:
        """Commit events in one transaction; returns how many were published per second after it."""
        contents = self._people.take(self._events)
        async with self._database.transaction(AreaScope.everything()) as tx:
            for start in range(0, len(contents), BATCH):
                await self.outbox.append_many(tx, contents[start : start + BATCH])
        started = time.perf_counter()
        self.outbox.written.set()
        while await self._watch.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"):
            if time.perf_counter() - started > _PATIENCE_SECONDS:
                raise RuntimeError("the relay does not empty its outbox")
            await asyncio.sleep(0.02)
        return self._events / (time.perf_counter() - started)


async def _publish(client: Client, texts: Sequence[bytes]) -> float:
    """Publish texts in atomic batches with nothing but what a batch needs; returns texts per second."""
    started = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        headers = {"Nats-Batch-Id": uuid4().hex}
        for number, text in enumerate(batch, 1):
            headers["Nats-Batch-Sequence"] = str(number)
            if number == len(batch):
                headers["Nats-Batch-Commit"] = "1"
                answer = await client.request(SUBJECT, text, timeout=10, headers=headers)
                if b'"error"' in answer.data:
                    raise RuntimeError(f"the batch was refused: {answer.data!r}")
            elif number == 1:
                await client.request(SUBJECT, text, timeout=10, headers=headers)
            else:
                await client.publish(SUBJECT, text, headers=headers)
    return len(texts) / (time.perf_counter() - started)


async def relaying(setting: Setting, servers: Servers) -> Line:
    """Events per second from a committed outbox to the broker's acknowledgement."""
    access = await servers.migrated("registry", SCRIPTS)
    database = Database(access.app_url, pool_size=2)
    await database.open()
    watch = await asyncpg.connect(access.app_url)
    seeds = {district: servers.nats.node_seed(district, "registry") for district in (OURS, LIMIT)}
    inbox = replies("registry")
    broker = NatsClient(servers.nats.url, name="bench", seed_file=seeds[OURS], inbox_prefix=inbox)
    bare = await nats.connect(servers.nats.url, nkeys_seed=str(seeds[LIMIT]), inbox_prefix=inbox)
    our = _OurRelay(database, watch, setting.events)
    relay = Relay(database, broker, "registry", "REGISTRY", written=our.outbox.written)
    running = [asyncio.create_task(broker.run()), asyncio.create_task(relay.run())]
    try:
        await asyncio.wait_for(asyncio.gather(broker.wait_connected(), relay.leading.wait()), 20)
        await our.empty_once()
        texts = [row["body"].encode() for row in await watch.fetch("SELECT body FROM outbox")]

        async def limit() -> float:
            return await _publish(bare, texts)

        def note() -> str:
            size = sum(map(len, texts)) // len(texts)
            return (
                f"{len(texts):,} events of {size} bytes numbered, published, marked; limit: the same texts"
                f" in bare atomic batches of {BATCH:,}; sync always on both"
            )

        return await in_turns("relay", our.empty_once, limit, setting.passes, "events/s", note)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await bare.close()
        await watch.close()
        await database.close()
