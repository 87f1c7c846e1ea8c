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

from renkou_common.messaging.nats_client import NatsClient
from renkou_local import nats_keys, secret_files, streams
from renkou_local.layout import STREAMS_FILE
from renkou_local.nats import EmbeddedNats
from renkou_local.nats_config import replies

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
    """Opens connections of a user of a district; beside each the queue of errors that the server reports."""
    async with AsyncExitStack() as stack:

        async def open_connection(district: str, user: str) -> tuple[Client, asyncio.Queue[str]]:
            errors: asyncio.Queue[str] = asyncio.Queue()

            async def on_error(error: Exception) -> None:
                errors.put_nowait(str(error))

            client = await nats.connect(
                nats_server.url,
                nkeys_seed_str=secret_files.read(seed_of(nats_server, district, user)),
                inbox_prefix=replies(user),
                error_cb=on_error,
            )
            stack.push_async_callback(client.close)
            return client, errors

        yield open_connection


def seed_of(server: EmbeddedNats, district: str, user: str) -> Path:
    if user == "operator":
        return server.node_operator_seed(district)
    return server.node_seed(district, user)


async def refusal(client: Client, errors: asyncio.Queue[str]) -> str:
    """The next permission error; the round trip makes sure that the server has seen what was sent."""
    await client.flush()
    async with asyncio.timeout(5):
        return await errors.get()


async def test_a_node_publishes_and_reads_its_events(nats_server: EmbeddedNats, connect: Connect) -> None:
    registry, _ = await connect("340103", "registry")
    await registry.jetstream().publish("registry.birth.recorded.v1", b"{}")
    client, _ = await connect("340103", "reporting")
    stream = client.jetstream()
    subscription = await stream.pull_subscribe_bind("reporting-registry", "REGISTRY")
    message = (await subscription.fetch(1, timeout=5))[0]
    await message.ack_sync()
    assert message.subject == "registry.birth.recorded.v1"


async def test_events_can_be_published_as_an_atomic_batch(
    nats_server: EmbeddedNats, connect: Connect
) -> None:
    client, _ = await connect("310115", "registry")
    headers = {"Nats-Batch-Id": "one"}
    for number in (1, 2):
        await client.publish(
            "registry.birth.recorded.v1", b"{}", headers=headers | {"Nats-Batch-Sequence": str(number)}
        )
    last = headers | {"Nats-Batch-Sequence": "3", "Nats-Batch-Commit": "1"}
    answer = json.loads((await client.request("registry.birth.recorded.v1", b"{}", headers=last)).data)
    assert (answer["batch"], answer["count"]) == ("one", 3)


async def test_nodes_do_not_see_each_other(nats_server: EmbeddedNats, connect: Connect) -> None:
    here, _ = await connect("340103", "migrant")
    there, _ = await connect("310115", "operator")
    before = (await there.jetstream().stream_info("MIGRANT")).state.messages
    await here.jetstream().publish("migrant.departure.recorded.v1", b"{}")
    assert (await there.jetstream().stream_info("MIGRANT")).state.messages == before


ADMINISTRATION = [
    *(
        f"$JS.API.STREAM.{verb}.{stream}"
        for stream in ("REGISTRY", "MIGRANT")
        for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "RESTORE", "SNAPSHOT", "MSG.GET", "MSG.DELETE")
    ),
    *(f"$JS.API.CONSUMER.DELETE.{durable}" for durable in ("REGISTRY.reporting-registry", "MIGRANT.x")),
    "$JS.API.CONSUMER.DURABLE.CREATE.REGISTRY.mine",
    "$JS.API.CONSUMER.CREATE.REGISTRY",
    "$JS.API.DIRECT.GET.REGISTRY",
    "$JS.API.ACCOUNT.PURGE.NODE",
    "$JS.API.INFO",
    "$SYS.REQ.SERVER.PING",
]
FOREIGN = {
    "registry": [
        "migrant.departure.recorded.v1",
        "$JS.API.CONSUMER.MSG.NEXT.REGISTRY.reporting-registry",
        "$JS.API.CONSUMER.MSG.NEXT.MIGRANT.reporting-migrant",
        "$JS.ACK.REGISTRY.migrant-registry.1.1.1.1.1",
        "$JS.API.CONSUMER.CREATE.MIGRANT.registry-migrant",
        "_INBOX_migrant.made-up",
    ],
    "migrant": [
        "registry.birth.recorded.v1",
        "$JS.API.CONSUMER.MSG.NEXT.REGISTRY.reporting-registry",
        "$JS.API.CONSUMER.MSG.NEXT.MIGRANT.registry-migrant",
        "$JS.ACK.MIGRANT.registry-migrant.1.1.1.1.1",
        "$JS.API.CONSUMER.CREATE.REGISTRY.migrant-registry",
        "_INBOX_reporting.made-up",
    ],
    "reporting": [
        "registry.birth.recorded.v1",
        "migrant.departure.recorded.v1",
        "$JS.API.CONSUMER.MSG.NEXT.REGISTRY.migrant-registry",
        "$JS.API.CONSUMER.MSG.NEXT.MIGRANT.registry-migrant",
        "$JS.API.CONSUMER.CREATE.REGISTRY.migrant-registry",
        "$JS.ACK.REGISTRY.migrant-registry.1.1.1.1.1",
        "_INBOX_registry.made-up",
    ],
    "operator": [
        "registry.birth.recorded.v1",
        "migrant.departure.recorded.v1",
        "$JS.API.CONSUMER.MSG.NEXT.REGISTRY.reporting-registry",
        *(
            f"$JS.API.STREAM.{verb}.REGISTRY"
            for verb in ("DELETE", "PURGE", "RESTORE", "SNAPSHOT", "MSG.GET", "MSG.DELETE")
        ),
    ],
}
"""Subjects that a user may not publish on, beside those of administration."""


@pytest.mark.parametrize("user", ["registry", "migrant", "reporting"])
async def test_a_service_does_nothing_in_the_name_of_another_and_administrates_nothing(
    connect: Connect, user: str
) -> None:
    client, errors = await connect("340103", user)
    for subject in ADMINISTRATION + FOREIGN[user]:
        await client.publish(subject, b"{}")
        told = (await refusal(client, errors)).lower()
        assert "permissions violation" in told, subject
        assert subject.lower() in told


async def test_who_declares_the_streams_says_empties_and_deletes_nothing(connect: Connect) -> None:
    client, errors = await connect("340103", "operator")
    for subject in FOREIGN["operator"]:
        await client.publish(subject, b"{}")
        assert "permissions violation" in (await refusal(client, errors)).lower(), subject


@pytest.mark.parametrize("user", ["registry", "migrant", "reporting", "operator"])
async def test_nobody_listens_to_what_is_meant_for_another(connect: Connect, user: str) -> None:
    client, errors = await connect("340103", user)
    others = {"registry", "migrant", "reporting", "operator"} - {user}
    for subject in [
        ">",
        "registry.>",
        "migrant.>",
        "_INBOX.>",
        "$JS.>",
        *(f"_INBOX_{one}.>" for one in others),
    ]:
        await client.subscribe(subject)
        assert "permissions violation" in (await refusal(client, errors)).lower(), subject


async def test_a_copy_of_the_figures_worker_makes_a_passing_consumer_of_its_own(
    nats_server: EmbeddedNats,
) -> None:
    seed, inbox = nats_server.node_seed("340103", "reporting"), replies("reporting")
    client = NatsClient(nats_server.url, name="copy", seed_file=seed, inbox_prefix=inbox)
    running = asyncio.create_task(client.run())
    await client.wait_connected()
    await client.follow("MIGRANT", "reporting-migrant-copy")
    assert await client.pending("MIGRANT", "reporting-migrant-copy") == 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_streams_are_declared_as_written(nats_server: EmbeddedNats, connect: Connect) -> None:
    client, _ = await connect("340103", "operator")
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
    client = await nats.connect(
        server.url,
        nkeys_seed_str=server.node_seed("340103", "registry").read_text(),
        inbox_prefix=replies("registry"),
    )
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


async def test_a_stream_whose_description_was_damaged_is_declared_for_good(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path / "nats", {"340103": tmp_path / "secrets"})
    await server.start()
    await server.stop()
    descriptions = sorted(server.store.rglob("meta.inf"))
    assert len(descriptions) == 2 + 4
    for each in descriptions:
        each.write_bytes(each.read_bytes()[:-20])
    await server.start()
    await server.stop()
    await server.run()  # nobody declares anything when a server starts by itself
    try:
        seed = secret_files.read(server.node_operator_seed("340103"))
        client = await nats.connect(server.url, nkeys_seed_str=seed, inbox_prefix=replies("operator"))
        for stream in ("REGISTRY", "MIGRANT"):
            found = await streams.request(client, f"$JS.API.STREAM.INFO.{stream}", {})
            assert found["state"]["consumer_count"] == 2
        await client.close()
    finally:
        await server.stop()
