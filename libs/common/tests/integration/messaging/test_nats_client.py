"""The connection to NATS with the rights that services and districts really have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from renkou_common.messaging.hub import inbox_stream, reply_prefix
from renkou_common.messaging.nats_client import (
    BrokerUnavailable,
    Message,
    NatsClient,
    Outgoing,
    PublishRefused,
)
from renkou_local.hub.server import EmbeddedHub
from renkou_local.nats import EmbeddedNats
from renkou_local.nats_keys import seed_file

from .support import eventually, running

HOME, RESIDENCE = "340103", "310115"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[EmbeddedHub]:
    """A hub for two districts."""
    server = EmbeddedHub(tmp_path / "hub", {HOME: tmp_path / HOME, RESIDENCE: tmp_path / RESIDENCE})
    await server.start()
    yield server
    await server.stop()


def district(hub: EmbeddedHub, code: str) -> NatsClient:
    """A district's connection to the hub: own key and token, private inbox prefix."""
    return NatsClient(
        hub.url,
        name=code,
        seed_file=hub.seed(code),
        token_file=hub.token(code),
        inbox_prefix=reply_prefix(code),
    )


async def test_a_district_sends_to_another_and_reads_only_its_own(hub: EmbeddedHub) -> None:
    home, residence = district(hub, HOME), district(hub, RESIDENCE)
    async with running(home.run, residence.run):
        await home.wait_connected()
        await residence.wait_connected()
        first = await residence.publish(f"in.{HOME}.{RESIDENCE}", b"sealed", {"Nats-Msg-Id": "1"})
        again = await residence.publish(f"in.{HOME}.{RESIDENCE}", b"sealed", {"Nats-Msg-Id": "1"})
        assert (first.stream, first.duplicate) == (inbox_stream(HOME), False)
        assert (again.seq, again.duplicate) == (first.seq, True)

        own = await home.pull(inbox_stream(HOME), f"in-{HOME}")
        [message] = await own.fetch(10, 5)
        assert (message.subject, message.data) == (f"in.{HOME}.{RESIDENCE}", b"sealed")
        assert (message.stream_seq, message.delivered) == (first.seq, 1)
        await message.nak()
        [message] = await own.fetch(10, 5)
        assert message.delivered == 2
        await message.nak(0.3)
        assert await own.fetch(10, 0.1) == []
        [message] = await own.fetch(10, 5)
        await message.ack()

        foreign = await residence.pull(inbox_stream(HOME), f"in-{HOME}")
        assert await foreign.fetch(10, 0.5) == []
        with pytest.raises(BrokerUnavailable):
            await residence.publish(f"in.{HOME}.{HOME}", b"in another's name", timeout=0.5)


async def test_a_terminated_message_never_comes_again(hub: EmbeddedHub) -> None:
    home, residence = district(hub, HOME), district(hub, RESIDENCE)
    async with running(home.run, residence.run):
        await residence.wait_connected()
        await home.wait_connected()
        for number in range(3):
            await residence.publish(f"in.{HOME}.{RESIDENCE}", b"%d" % number)
        own = await home.pull(inbox_stream(HOME), f"in-{HOME}")
        messages: list[Message] = []
        while len(messages) < 3:
            messages += await own.fetch(10, 5)
        assert [message.data for message in messages] == [b"0", b"1", b"2"]
        await messages[0].term()
        await messages[1].ack()
        await messages[2].term()
        assert await own.fetch(10, 0.3) == []
        assert await home.pending(inbox_stream(HOME), f"in-{HOME}") == 0
        await own.close()


async def test_a_batch_is_stored_as_a_whole_or_not_at_all(nats: NatsClient) -> None:
    def message(number: int) -> Outgoing:
        return Outgoing("registry.test", b"%d" % number, {"Nats-Msg-Id": f"id-{number}"})

    async with running(nats.run):
        await nats.wait_connected()
        stored = await nats.publish_batch([message(number) for number in range(10)])
        assert stored.seq == 10
        with pytest.raises(PublishRefused) as refusal:
            await nats.publish_batch([message(number) for number in (10, 11, 5)])
        assert refusal.value.code == 10201
        stored = await nats.publish_batch([message(number) for number in (10, 11)])
        assert stored.seq == 12
        with pytest.raises(BrokerUnavailable):
            await nats.publish_batch([Outgoing("nobody.listens", b""), Outgoing("nobody.listens", b"")])
        subscription = await nats.pull("REGISTRY", "no-such-durable")
        with pytest.raises(BrokerUnavailable):
            await subscription.fetch(10, 1)


async def test_without_a_connection_everything_says_so_at_once() -> None:
    nats = NatsClient("nats://127.0.0.1:1", name="test")
    async with running(nats.run):
        assert not nats.connected
        with pytest.raises(BrokerUnavailable):
            await nats.publish("registry.test", b"")
        with pytest.raises(BrokerUnavailable):
            await nats.pull("REGISTRY", "reporting-registry")


async def test_a_connection_that_comes_back_goes_on(broker: EmbeddedNats, nats: NatsClient) -> None:
    async with running(nats.run):
        await nats.wait_connected()
        subscription = await nats.pull("REGISTRY", "reporting-registry")
        fetching = asyncio.create_task(subscription.fetch(10, 1))
        await broker.stop()
        with suppress(BrokerUnavailable):  # a server that is stopping may still say that the durable is gone
            assert await fetching == []
        await broker.start()
        await nats.wait_connected()
        await nats.publish("registry.test", b"after")
        fetched: list[Message] = []

        async def arrived() -> bool:
            # The server answers before it has its durables back; callers try again, as FeedConsumer does.
            with suppress(BrokerUnavailable):
                fetched.extend(await subscription.fetch(10, 1))
            return bool(fetched)

        await eventually(arrived)
        assert [message.data for message in fetched] == [b"after"]


async def test_a_durable_where_nothing_comes_is_asked_once_at_a_time(nats: NatsClient) -> None:
    async with running(nats.run):
        await nats.wait_connected()
        subscription = await nats.pull("REGISTRY", "reporting-registry")
        for _ in range(20):
            assert await subscription.fetch(10, 0.5) == []
        asked = await nats._request("$JS.API.CONSUMER.INFO.REGISTRY.reporting-registry", b"", None, 2.0)
        assert orjson.loads(asked)["num_waiting"] <= 1


async def test_a_key_that_the_server_does_not_know_is_reported_and_tried_again(
    broker: EmbeddedNats, tmp_path: Path
) -> None:
    stranger, _ = seed_file(tmp_path / "stranger_seed")
    nats = NatsClient(broker.url, name="test", seed_file=stranger)
    with capture_logs() as logs:
        async with running(nats.run):

            async def reported() -> bool:
                return any("Authorization" in line.get("error", "") for line in logs)

            await eventually(reported)
            assert not nats.connected
