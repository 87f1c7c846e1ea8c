"""The relay: numbers without gaps, nothing lost, nothing doubled, one leader, a broker that may be away."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from renkou_common.messaging import relay as relay_module
from renkou_common.messaging.nats_client import NatsClient
from renkou_local.nats import EmbeddedNats

from .support import (
    DISTRICT,
    EVERYTHING,
    Publisher,
    eventually,
    people,
    relay_of,
    running,
    stored_numbers,
)


async def test_numbers_have_no_gap_while_many_write_and_some_roll_back(
    publisher: Publisher, nats: NatsClient
) -> None:
    async def roll_back() -> None:
        async with publisher.database.transaction(EVERYTHING) as tx:
            await tx.execute(
                "INSERT INTO outbox (event_id, type, subject, body, content_hash)"
                " VALUES (gen_random_uuid(), 't', 's', '{}', '')"
            )
            raise ZeroDivisionError

    async def write(worker: int) -> None:
        for turn in range(20):
            if (worker + turn) % 5:
                await publisher.write(people(3))
                continue
            with pytest.raises(ZeroDivisionError):
                await roll_back()

    relay = relay_of(publisher, nats)
    async with running(nats.run, relay.run):
        await asyncio.gather(*(write(worker) for worker in range(8)))
        await eventually(publisher.all_numbered)
        await eventually(publisher.all_published)
        numbers = await publisher.numbers()
        assert sorted(n for n in numbers if n is not None) == list(range(1, 8 * 16 * 3 + 1))
        assert await stored_numbers(nats, len(numbers)) == list(range(1, len(numbers) + 1))


async def test_events_of_one_subject_are_numbered_in_the_order_of_their_transactions(
    publisher: Publisher, nats: NatsClient
) -> None:
    subject = people(1)
    relay = relay_of(publisher, nats)
    async with running(relay.run):
        written: list[UUID] = []
        for _ in range(30):
            written += await publisher.write(subject)
        await eventually(publisher.all_numbered)
    async with publisher.database.transaction(EVERYTHING) as tx:
        rows = await tx.fetch("SELECT event_id FROM outbox ORDER BY feed_seq")
    assert [row["event_id"] for row in rows] == written


async def test_a_relay_killed_again_and_again_loses_and_doubles_nothing(
    publisher: Publisher, nats: NatsClient, broker: EmbeddedNats
) -> None:
    count = 0
    async with running(nats.run):
        await nats.wait_connected()
        for _ in range(6):
            process = await _start_relay_process(publisher, broker)
            before = await _published(publisher)
            for _ in range(15):
                await publisher.write(people(100))
                count += 100

            async def moved(before: int = before) -> bool:
                return await _published(publisher) > before

            await eventually(moved)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        process = await _start_relay_process(publisher, broker)
        await eventually(publisher.all_published)
        process.terminate()
        await process.wait()
        assert sorted(await publisher.numbers(), key=lambda n: n or 0) == list(range(1, count + 1))
        stored = await stored_numbers(nats, count)
        assert len(stored) == count
        assert sorted(stored) == list(range(1, count + 1))


async def test_a_batch_whose_acknowledgement_got_lost_is_not_stored_twice(
    publisher: Publisher, nats: NatsClient
) -> None:
    relay = relay_of(publisher, nats)
    async with running(nats.run):
        async with running(relay.run):
            await publisher.write(people(50))
            await eventually(publisher.all_published)
        async with publisher.database.transaction(EVERYTHING) as tx:
            await tx.execute("UPDATE outbox SET published_at = NULL WHERE feed_seq > 20")
        await publisher.write(people(50))
        async with running(relay.run):
            await eventually(publisher.all_published)
        assert await stored_numbers(nats, 100) == list(range(1, 101))


async def test_a_second_copy_waits_and_takes_over(publisher: Publisher, nats: NatsClient) -> None:
    first, second = relay_of(publisher, nats), relay_of(publisher, nats)
    async with running(nats.run, second.run):
        await second.leading.wait()
        async with running(first.run):
            await publisher.write(people(5))
            await eventually(publisher.all_published)
            assert not first.leading.is_set()
            async with publisher.database.transaction(EVERYTHING) as tx:
                await tx.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )

            async def somebody_leads() -> bool:
                return first.leading.is_set() or second.leading.is_set()

            async def only_one_leads() -> bool:
                return first.leading.is_set() != second.leading.is_set()

            await eventually(somebody_leads)
            await publisher.write(people(5))
            await eventually(publisher.all_published)
            await eventually(only_one_leads)  # whose connection was ended may be the last to learn of it
        assert await stored_numbers(nats, 10) == list(range(1, 11))


async def test_writes_go_on_and_the_http_feed_stays_current_without_the_broker(
    publisher: Publisher, nats: NatsClient, broker: EmbeddedNats, http: httpx.AsyncClient
) -> None:
    relay = relay_of(publisher, nats)
    async with running(nats.run, relay.run):
        await publisher.write(people(10))
        await eventually(publisher.all_published)
        await broker.stop()
        await publisher.write(people(10))
        await eventually(publisher.all_numbered)
        events, head = await publisher.client(http).read(0, 100)
        assert (len(events), head) == (20, 20)
        assert not await publisher.all_published()
        await broker.start()
        await eventually(publisher.all_published)
        assert await stored_numbers(nats, 20) == list(range(1, 21))


async def test_a_relay_started_without_a_broker_numbers_and_publishes_later(
    publisher: Publisher, nats: NatsClient, broker: EmbeddedNats
) -> None:
    await broker.stop()
    relay = relay_of(publisher, nats)
    async with running(nats.run, relay.run):
        await publisher.write(people(10))
        await eventually(publisher.all_numbered)
        assert not nats.connected
        await broker.start()
        await eventually(publisher.all_published)


async def test_batches_are_bounded_by_bytes(
    publisher: Publisher, nats: NatsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_BATCH_BYTES", 1000)
    await publisher.write(people(40))
    relay = relay_of(publisher, nats)
    async with running(nats.run, relay.run):
        await eventually(publisher.all_published)
        assert await stored_numbers(nats, 40) == list(range(1, 41))


async def test_trim_deletes_only_what_is_published_and_old(publisher: Publisher, nats: NatsClient) -> None:
    relay = relay_of(publisher, nats)
    await publisher.write(people(6))
    async with running(nats.run, relay.run):
        await eventually(publisher.all_published)
    async with publisher.database.transaction(EVERYTHING) as tx:
        await tx.execute("UPDATE outbox SET recorded_at = now() - interval '91 days' WHERE feed_seq <= 4")
        await tx.execute("UPDATE outbox SET published_at = NULL WHERE feed_seq = 4")
        assert await relay_module.trim(tx) == 3
        with pytest.raises(ValueError, match="90 days"):
            await relay_module.trim(tx, keep_days=89)
    assert await publisher.numbers() == [4, 5, 6]


async def _published(publisher: Publisher) -> int:
    async with publisher.database.transaction(EVERYTHING) as tx:
        return int(await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"))


async def _start_relay_process(publisher: Publisher, broker: EmbeddedNats) -> Process:
    script = Path(__file__).with_name("relay_process.py")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        publisher.database.dsn,
        broker.url,
        str(broker.node_seed(DISTRICT, "registry")),
        stdout=DEVNULL,
    )
