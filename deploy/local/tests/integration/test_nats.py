"""NATS with the accounts of two districts: who may say and read what, and what is declared."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from renkou_local import nats_keys, secret_files, streams
from renkou_local.layout import STREAMS_FILE
from renkou_local.nats import EmbeddedNats

Connect = Callable[..., Awaitable[tuple[Client, asyncio.Queue[str]]]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def nats_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedNats]:
    """A server of this module's own: other packages' tests leave messages on the shared one."""
    folder = tmp_path_factory.mktemp("nats")
    districts = ("340103", "310115")
    server = EmbeddedNats(folder / "nats", {code: folder / "secrets" / code for code in districts})
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def connect(nats_server: EmbeddedNats) -> AsyncIterator[Connect]:
    """Opens connections by seed file; beside each the queue of errors that the server reports."""
    async with AsyncExitStack() as stack:

        async def open_connection(seed: Path, inbox: str = "_INBOX") -> tuple[Client, asyncio.Queue[str]]:
            errors: asyncio.Queue[str] = asyncio.Queue()

            async def on_error(error: Exception) -> None:
                errors.put_nowait(str(error))

            client = await nats.connect(
                nats_server.url, nkeys_seed_str=secret_files.read(seed), inbox_prefix=inbox, error_cb=on_error
            )
            stack.push_async_callback(client.close)
            return client, errors

        yield open_connection


async def refusal(client: Client, errors: asyncio.Queue[str]) -> str:
    """The next permission error; the round trip makes sure that the server has seen what was sent."""
    await client.flush()
    async with asyncio.timeout(5):
        return await errors.get()


async def test_a_node_publishes_and_reads_its_events(nats_server: EmbeddedNats, connect: Connect) -> None:
    client, _ = await connect(nats_server.node_seed("340103"))
    stream = client.jetstream()
    await stream.publish("registry.birth.recorded.v1", b"{}")
    subscription = await stream.pull_subscribe_bind("reporting-registry", "REGISTRY")
    message = (await subscription.fetch(1, timeout=5))[0]
    await message.ack_sync()
    assert message.subject == "registry.birth.recorded.v1"


async def test_events_can_be_published_as_an_atomic_batch(
    nats_server: EmbeddedNats, connect: Connect
) -> None:
    client, _ = await connect(nats_server.node_seed("310115"))
    headers = {"Nats-Batch-Id": "one"}
    for number in (1, 2):
        await client.publish(
            "registry.birth.recorded.v1", b"{}", headers=headers | {"Nats-Batch-Sequence": str(number)}
        )
    last = headers | {"Nats-Batch-Sequence": "3", "Nats-Batch-Commit": "1"}
    answer = json.loads((await client.request("registry.birth.recorded.v1", b"{}", headers=last)).data)
    assert (answer["batch"], answer["count"]) == ("one", 3)


async def test_nodes_do_not_see_each_other(nats_server: EmbeddedNats, connect: Connect) -> None:
    here, _ = await connect(nats_server.node_seed("340103"))
    there, _ = await connect(nats_server.node_seed("310115"))
    before = (await there.jetstream().stream_info("MIGRANT")).state.messages
    await here.jetstream().publish("migrant.departure.recorded.v1", b"{}")
    assert (await there.jetstream().stream_info("MIGRANT")).state.messages == before


@pytest.mark.parametrize("verb", ["DELETE", "PURGE", "UPDATE", "CREATE"])
async def test_services_have_no_stream_administration(
    nats_server: EmbeddedNats, connect: Connect, verb: str
) -> None:
    client, errors = await connect(nats_server.node_seed("340103"))
    await client.publish(f"$JS.API.STREAM.{verb}.REGISTRY", b"{}")
    assert "permissions violation" in (await refusal(client, errors)).lower()


async def test_streams_are_declared_as_written(nats_server: EmbeddedNats, connect: Connect) -> None:
    client, _ = await connect(nats_server.node_operator_seed("340103"))
    config = (await streams.request(client, "$JS.API.STREAM.INFO.REGISTRY", {}))["config"]
    declared = json.loads(STREAMS_FILE.read_text())["node"][0]
    durables = {durable["durable_name"] for durable in declared.pop("durables")}
    assert {key: config.get(key) for key in declared} == streams.in_nanoseconds(declared)
    answer = await streams.request(client, "$JS.API.CONSUMER.NAMES.REGISTRY", {})
    assert set(answer["consumers"]) == durables


async def test_a_wiped_store_is_declared_anew(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path / "nats", {"340103": tmp_path / "secrets"})
    await server.start()
    await server.stop()
    server.wipe()
    await server.start()
    client = await nats.connect(server.url, nkeys_seed_str=server.node_seed("340103").read_text())
    try:
        info = await client.jetstream().consumer_info("MIGRANT", "registry-migrant")
        assert info.num_pending == 0
    finally:
        await client.close()
        await server.stop()


async def test_an_unknown_key_is_refused(nats_server: EmbeddedNats, tmp_path: Path) -> None:

    async def on_error(_: Exception) -> None:
        return None

    with pytest.raises((nats.errors.Error, NoRespondersError, NatsTimeoutError)):
        await nats.connect(
            nats_server.url, nkeys_seed_str=nats_keys.new_seed(), allow_reconnect=False, error_cb=on_error
        )
