"""The consumer: exactly once in order, whatever the broker, the feed or the database do."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256

import httpx
import orjson
import pytest

from renkou_common.database import Transaction
from renkou_common.errors import NotFound, Unavailable
from renkou_common.messaging import inbox
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.envelope import Event, complete_envelope
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.messaging.nats_client import NatsClient
from renkou_local.nats import EmbeddedNats

from .support import (
    EVERYTHING,
    Consumer,
    Publisher,
    consumers_of,
    delete_durable,
    eventually,
    people,
    relay_of,
    running,
)


async def test_what_is_written_arrives_once_and_in_order(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    written = await publisher.write(people(700))
    feed = consumer.of(publisher.client(http), nats)
    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        for _ in range(10):
            written += await publisher.write(people(20))
        await eventually(lambda: consumer.has_taken(900))
        await eventually(publisher.all_published)
    assert await consumer.taken() == written


async def test_a_wiped_jetstream_loses_nothing(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient, broker: EmbeddedNats
) -> None:
    written = await publisher.write(people(100))
    async with running(nats.run, relay_of(publisher, nats).run):
        await eventually(publisher.all_published)
        feed = consumer.of(publisher.client(http), nats)
        async with running(feed.run):
            await eventually(lambda: consumer.has_taken(100))
            await broker.stop()
            written += await publisher.write(people(30))
            broker.wipe()
            await broker.start()
            written += await publisher.write(people(30))
            await eventually(lambda: consumer.has_taken(160))
        await publisher.stop_http()
        written += await publisher.write(people(10))
        async with running(feed.run):
            await eventually(lambda: consumer.has_taken(170))
    assert await consumer.taken() == written
    assert not await consumer.rows("SELECT * FROM feed_incident")


async def test_without_a_broker_the_feed_alone_keeps_a_consumer_current(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient, broker: EmbeddedNats
) -> None:
    await broker.stop()
    feed = consumer.of(publisher.client(http), nats)
    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        written = await publisher.write(people(20))
        await eventually(lambda: consumer.has_taken(20))
        written += await publisher.write(people(20))
        await eventually(lambda: consumer.has_taken(40))
        assert not nats.connected
    assert await consumer.taken() == written


async def test_without_the_feed_the_broker_alone_keeps_a_consumer_current(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    await publisher.stop_http()
    feed = consumer.of(publisher.client(http), nats)
    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        written = await publisher.write(people(20))
        await eventually(lambda: consumer.has_taken(20))
    assert await consumer.taken() == written


async def test_a_durable_that_disappeared_is_bound_again(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient, broker: EmbeddedNats
) -> None:
    feed = consumer.of(publisher.client(http), nats)
    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        written = await publisher.write(people(5))
        await eventually(lambda: consumer.has_taken(5))
        await delete_durable(broker, "REGISTRY", "reporting-registry")
        written += await publisher.write(people(5))
        await eventually(lambda: consumer.has_taken(10))
        await broker.declare_streams()
        await publisher.stop_http()
        written += await publisher.write(people(5))
        await eventually(lambda: consumer.has_taken(15))
    assert await consumer.taken() == written


async def test_a_copy_that_does_not_lead_follows_through_a_consumer_of_its_own(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient, broker: EmbeddedNats
) -> None:
    feed = consumer.of(publisher.client(http), nats, idle_seconds=60, leads=False)

    async def follows() -> bool:
        names = await consumers_of(broker, "REGISTRY")
        return any(name.startswith("reporting-registry-") for name in names)

    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        await eventually(follows)
        await publisher.stop_http()
        written = await publisher.write(people(20))
        await eventually(lambda: consumer.has_taken(20))
        assert await nats.pending("REGISTRY", "reporting-registry") == 20, "left to the copy that leads"
    assert await consumer.taken() == written


async def test_copies_are_skipped_and_gaps_are_filled_over_http(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    away = NatsClient("nats://127.0.0.1:1", name="never connected")
    written = await publisher.write(people(10))
    feed = consumer.of(publisher.client(http), nats, idle_seconds=60)
    async with running(nats.run, relay_of(publisher, away).run):
        await nats.wait_connected()
        await eventually(publisher.all_numbered)
        async with running(feed.run):
            await eventually(lambda: consumer.has_taken(10))
            written += await publisher.write(people(10))
            await eventually(publisher.all_numbered)
            events, _ = await publisher.client(http).read(0, 100)
            for event in (events[12], events[2], events[2], events[19], events[0]):
                await nats.publish(event.type, _envelope(event))
            await eventually(lambda: consumer.has_taken(20))

            async def all_acknowledged() -> bool:
                return await nats.pending("REGISTRY", "reporting-registry") == 0

            await eventually(all_acknowledged)
    assert await consumer.taken() == written
    assert not await consumer.rows("SELECT * FROM feed_incident")


async def test_a_known_number_with_other_content_is_an_incident(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    written = await publisher.write(people(3))
    async with running(relay_of(publisher, nats).run):
        await eventually(publisher.all_numbered)
    events, _ = await publisher.client(http).read(0, 100)
    other = orjson.loads(events[1].body)
    other["subject"] = str(people(1)[0])
    feed = consumer.of(publisher.client(http), nats)
    async with running(nats.run, feed.run):
        await eventually(lambda: consumer.has_taken(3))
        for _ in range(2):
            await nats.publish(events[1].type, _sealed(other, events[1].seq))
        await nats.publish(events[1].type, b'{"neither": "envelope"}')

        async def kept() -> bool:
            return len(await consumer.rows("SELECT * FROM feed_incident")) == 2

        await eventually(kept)
    assert await consumer.taken() == written
    incidents = await consumer.rows("SELECT seq, kind FROM feed_incident ORDER BY kind")
    assert [tuple(row) for row in incidents] == [(2, "conflict"), (0, "corrupt")]


async def test_a_feed_that_lost_the_next_number_is_an_incident_and_nothing_is_jumped_over(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    await publisher.write(people(10))
    async with running(relay_of(publisher, nats).run):
        await eventually(publisher.all_numbered)
    feed = consumer.of(publisher.client(http), nats)
    async with publisher.database.transaction(EVERYTHING) as tx:
        await tx.execute("DELETE FROM outbox WHERE feed_seq <= 2")
    for _ in range(2):
        with pytest.raises(FeedUnavailable):
            await feed.catch_up()
    assert await consumer.taken() == []
    incidents = await consumer.rows("SELECT seq, kind FROM feed_incident")
    assert [tuple(row) for row in incidents] == [(1, "missing")]


async def test_a_feed_that_was_set_back_is_an_incident(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    await publisher.write(people(10))
    async with running(relay_of(publisher, nats).run):
        await eventually(publisher.all_numbered)
    feed = consumer.of(publisher.client(http), nats)
    assert await feed.catch_up() == 10
    async with publisher.database.transaction(EVERYTHING) as tx:
        await tx.execute("DELETE FROM outbox WHERE feed_seq > 8")
        await tx.execute("UPDATE feed_counter SET last = 8")
    await feed.catch_up()
    assert [row["kind"] for row in await consumer.rows("SELECT kind FROM feed_incident")] == ["behind"]


async def test_an_event_that_cannot_be_applied_blocks_only_its_own_subject(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    everybody = people(50)
    poisoned = everybody[20]
    consumer.refused = {poisoned}
    first = await publisher.write(everybody)
    second = await publisher.write(everybody)
    feed = consumer.of(publisher.client(http), nats)
    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        await eventually(lambda: consumer.has_taken(98))
    own = [first[20], second[20]]
    assert await consumer.taken() == [one for one in first + second if one not in own]
    async with consumer.database.transaction(EVERYTHING) as tx:
        held = await inbox.held_events(tx)
        [line] = await inbox.status(tx)
        assert [(one["event_id"], one["state"]) for one in held] == [(own[0], "failed"), (own[1], "blocked")]
        assert "is refused" in held[0]["reason"]
        assert (line["high_water"], line["held"], line["incidents"]) == (100, 2, 0)

        replayed = await inbox.replay_held(tx, "registry", held[1]["seq"], consumer.apply)
        assert (replayed.applied, replayed.remaining) == (0, 2)
        assert replayed.reason is not None
        consumer.refused = set()
        replayed = await inbox.replay_held(tx, "registry", held[0]["seq"], consumer.apply)
        assert replayed == inbox.Replay(2, 0, None)
        with pytest.raises(NotFound):
            await inbox.replay_held(tx, "registry", held[0]["seq"], consumer.apply)
    assert (await consumer.taken())[-2:] == own
    later = await publisher.write([poisoned])
    async with running(relay_of(publisher, nats).run):
        await eventually(publisher.all_numbered)
    await feed.catch_up()
    assert (await consumer.taken())[-1:] == later


async def test_lost_connections_and_parts_that_are_down_are_waited_for_and_never_held(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    troubles = ["terminate", "unavailable", "serialization"]

    async def apply(tx: Transaction, events: Sequence[Event]) -> None:
        await consumer.apply(tx, events)
        trouble = troubles.pop() if troubles else None
        if trouble == "terminate":
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        elif trouble == "unavailable":
            raise Unavailable("registry_unavailable", "登记服务不可用", "The register is unavailable")
        elif trouble == "serialization":
            await tx.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    written = await publisher.write(people(20))
    feed = FeedConsumer(
        consumer.database,
        "registry",
        apply,
        publisher.client(http),
        nats,
        "REGISTRY",
        "reporting-registry",
        idle_seconds=0.5,
    )
    async with running(nats.run, relay_of(publisher, nats).run, feed.run):
        await eventually(lambda: consumer.has_taken(20))
    assert not troubles
    assert await consumer.taken() == written
    assert not await consumer.rows("SELECT * FROM held_event")


async def test_two_copies_of_a_consumer_apply_each_event_once(
    publisher: Publisher, consumer: Consumer, nats: NatsClient, http: httpx.AsyncClient
) -> None:
    feeds = [consumer.of(publisher.client(http), nats) for _ in range(2)]
    async with running(nats.run, relay_of(publisher, nats).run, *(feed.run for feed in feeds)):
        written = []
        for _ in range(20):
            written += await publisher.write(people(10))
        await eventually(lambda: consumer.has_taken(200))
        await asyncio.gather(*(feed.catch_up() for feed in feeds))
    assert await consumer.taken() == written


def _envelope(event: Event) -> bytes:
    return complete_envelope(event.body, event.seq, event.content_hash).encode()


def _sealed(body: dict[str, object], seq: int) -> bytes:

    text = orjson.dumps(body)
    return complete_envelope(text.decode(), seq, sha256(text).digest()).encode()
