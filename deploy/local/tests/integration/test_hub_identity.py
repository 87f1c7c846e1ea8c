"""Who is let in at the hub, for how long, and what happens to messages while keys change."""

import asyncio
import base64
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from renkou_common.messaging.hub import inbox_stream, reply_prefix
from renkou_common.messaging.nats_client import BrokerError, NatsClient
from renkou_local import nats_keys, secret_files
from renkou_local.hub import admin, tokens
from renkou_local.hub.authority import DAY, Authority, Signer
from renkou_local.hub.server import EmbeddedHub

from .hub_client import connected, is_refused, running

HOME, RESIDENCE = "340103", "310115"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[EmbeddedHub]:
    server = EmbeddedHub(tmp_path / "hub", {code: tmp_path / code for code in (HOME, RESIDENCE)})
    await server.start()
    yield server
    await server.stop()


def key_of(seed: Path) -> str:
    return nats_keys.public_key(secret_files.read(seed))


async def let_in(hub: EmbeddedHub, code: str) -> bool:
    return not await is_refused(hub.port, hub.seed(code), hub.token(code).read_text())


async def test_a_token_is_worth_nothing_without_its_seed(hub: EmbeddedHub) -> None:
    assert await is_refused(hub.port, hub.seed(HOME), hub.token(RESIDENCE).read_text())
    assert await is_refused(
        hub.port, nats_keys.seed_file(hub.folder / "stranger")[0], hub.token(HOME).read_text()
    )
    assert await let_in(hub, HOME)


async def test_a_token_that_another_authority_signed_is_refused(hub: EmbeddedHub, tmp_path: Path) -> None:
    other = Authority(tmp_path / "elsewhere")
    token = other.admit({HOME: key_of(hub.seed(HOME))})[HOME]
    assert await is_refused(hub.port, hub.seed(HOME), token)


async def test_a_token_that_was_changed_is_refused(hub: EmbeddedHub) -> None:
    head, _, signature = hub.token(HOME).read_text().split(".")
    claims = tokens.read(hub.token(HOME).read_text())
    claims["name"] = RESIDENCE
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert await is_refused(hub.port, hub.seed(HOME), f"{head}.{changed}.{signature}")
    with pytest.raises(tokens.TokenError):
        tokens.read(f"{head}.{changed}.{signature}")


async def test_a_stolen_signing_key_of_districts_makes_no_wider_user(hub: EmbeddedHub) -> None:
    record = hub.authority.record
    (stolen,) = record.signing[Signer.DISTRICT]
    seed, key = nats_keys.seed_file(hub.folder / "thief")
    wide = {"pub": {"allow": [">"]}, "sub": {"allow": [">"]}, "subs": -1, "data": -1, "payload": -1}
    token = tokens.sign(
        secret_files.read(hub.folder / "authority" / "keys" / f"{stolen}.seed"),
        subject=key,
        name="anything",
        kind="user",
        body={"issuer_account": record.exchange, **wide},
        issued=int(time.time()),
    )
    assert await is_refused(hub.port, seed, token)


async def test_who_is_revoked_is_cut_off_at_once_and_stays_out(hub: EmbeddedHub, tmp_path: Path) -> None:
    shutil.copyfile(hub.authority.trust, tmp_path / "trust-of-before")
    old = hub.token(HOME).read_text()
    async with (
        connected(hub.port, hub.seed(HOME), old) as home,
        connected(hub.port, hub.seed(RESIDENCE), hub.token(RESIDENCE).read_text()) as residence,
    ):
        hub.authority.revoke(HOME)
        await admin.push(hub.authority, hub.url)
        assert "revoked" in (await home.cut_off(2)).lower()
        assert await residence.settled() == []
    assert not await let_in(hub, HOME)

    await hub.stop()  # and an old configuration does not let it in again
    shutil.copyfile(tmp_path / "trust-of-before", hub.folder / "etc" / "hub-trust.conf")
    await hub.run()
    assert not await let_in(hub, HOME)
    assert await let_in(hub, RESIDENCE)

    again = hub.authority.admit({HOME: key_of(hub.seed(HOME))})[HOME]
    assert not await is_refused(hub.port, hub.seed(HOME), again)
    assert await is_refused(hub.port, hub.seed(HOME), old)


async def test_who_has_expired_is_cut_off_at_once(hub: EmbeddedHub) -> None:
    token = hub.authority.admit({HOME: key_of(hub.seed(HOME))}, days=2 / DAY)[HOME]
    async with connected(hub.port, hub.seed(HOME), token) as home:
        assert "expired" in (await home.cut_off(4)).lower()
    async with asyncio.timeout(2):  # times in tokens are whole seconds
        while not await is_refused(hub.port, hub.seed(HOME), token):
            pass


@asynccontextmanager
async def messages(hub: EmbeddedHub) -> AsyncIterator[set[int]]:
    """Numbered messages from home to residence without end; yields the numbers that have arrived.

    At the end all that the hub had taken must have arrived.
    """
    sender, receiver = (
        NatsClient(
            hub.url,
            name=code,
            seed_file=hub.seed(code),
            token_file=hub.token(code),
            inbox_prefix=reply_prefix(code),
        )
        for code in (HOME, RESIDENCE)
    )
    arrived: set[int] = set()
    taken: set[int] = set()

    async def connect(client: NatsClient) -> None:
        while True:
            try:
                await client.run()
            except (BrokerError, OSError):
                await asyncio.sleep(0.1)

    async def send() -> None:
        number = 0
        while True:
            try:
                await sender.publish(
                    f"in.{RESIDENCE}.{HOME}", b"%d" % number, {"Nats-Msg-Id": str(number)}, timeout=1
                )
                taken.add(number)
                number += 1
            except BrokerError:
                await asyncio.sleep(0.05)

    async def receive() -> None:
        while True:
            try:
                own = await receiver.pull(inbox_stream(RESIDENCE), f"in-{RESIDENCE}")
                while receiver.connected:
                    for message in await own.fetch(100, 0.5):
                        arrived.add(int(message.data))
                        await message.ack()
            except BrokerError:
                await asyncio.sleep(0.05)

    async with running(lambda: connect(sender), lambda: connect(receiver), receive):
        async with running(send):
            await more(arrived)
            yield arrived
            await more(arrived)
        await until(lambda: taken <= arrived)


async def more(arrived: set[int]) -> None:
    """Wait until messages arrive (again)."""
    wanted = len(arrived) + 20
    await until(lambda: len(arrived) >= wanted)


async def until(check: Callable[[], bool]) -> None:
    """Wait until a check holds. Raises TimeoutError."""
    deadline = time.monotonic() + 30
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.02)


async def test_a_district_changes_its_key_and_no_message_is_lost(hub: EmbeddedHub) -> None:
    before = hub.token(HOME).read_text()
    old = hub.folder / "old_seed"
    async with messages(hub) as arrived:
        fresh = nats_keys.new_seed()
        token = hub.authority.admit({HOME: nats_keys.public_key(fresh)})[HOME]
        await more(arrived)  # both keys are good
        shutil.copyfile(hub.seed(HOME), old)
        hub.seed(HOME).write_text(fresh)
        hub.token(HOME).write_text(token)
        hub.authority.revoke(HOME, key_of(old))
        await admin.push(hub.authority, hub.url)
        await more(arrived)
    assert await is_refused(hub.port, old, before)
    assert hub.authority.record.members[HOME] == [key_of(hub.seed(HOME))]


async def test_the_signing_key_of_districts_changes_and_no_message_is_lost(hub: EmbeddedHub) -> None:
    left_out = hub.token(RESIDENCE).read_text()
    async with messages(hub) as arrived:
        hub.authority.rotate(Signer.DISTRICT)
        await admin.push(hub.authority, hub.url)
        await more(arrived)  # what the old one signed is good until it is retired
        for code in (HOME, RESIDENCE):
            hub.authority.keep_tokens({code: (hub.token(code), key_of(hub.seed(code)))})
        hub.authority.retire(Signer.DISTRICT)
        await admin.push(hub.authority, hub.url)
        await more(arrived)
    assert await is_refused(hub.port, hub.seed(RESIDENCE), left_out)


async def test_the_operators_keys_change_with_a_restart_and_no_message_is_lost(hub: EmbeddedHub) -> None:
    async with messages(hub) as arrived:
        for change in (
            lambda: hub.authority.rotate(Signer.OPERATOR),
            lambda: hub.authority.retire(Signer.OPERATOR),
            hub.authority.renew_identity,
        ):
            change()
            await hub.stop()
            hub.prepare()
            await hub.run()
            await more(arrived)
    assert await let_in(hub, HOME)


async def test_a_sender_that_floods_a_partner_is_refused_and_others_are_not(hub: EmbeddedHub) -> None:
    """The limit is that of a pair; a receiver that takes messages makes room again."""
    third = "110101"
    folder = hub.folder / third
    seed, key = nats_keys.seed_file(folder / "hub_seed")
    token = folder / "hub_token"
    hub.authority.keep_tokens({third: (token, key)})
    await hub.declare_streams()
    limit = 10_000
    async with connected(hub.port, hub.seed(HOME), hub.token(HOME).read_text()) as flooding:
        for _ in range(10):
            await flooding.refused([f"in.{RESIDENCE}.{HOME}"] * (limit // 10))
    clients = [
        NatsClient(hub.url, name=code, seed_file=one, token_file=two, inbox_prefix=reply_prefix(code))
        for code, one, two in (
            (HOME, hub.seed(HOME), hub.token(HOME)),
            (third, seed, token),
            (RESIDENCE, hub.seed(RESIDENCE), hub.token(RESIDENCE)),
        )
    ]
    flooder, other, receiver = clients
    async with running(*(client.run for client in clients)):
        for client in clients:
            await client.wait_connected()
        with pytest.raises(BrokerError, match="maximum messages per subject"):
            await flooder.publish(f"in.{RESIDENCE}.{HOME}", b"one too many")
        await other.publish(f"in.{RESIDENCE}.{third}", b"from another")
        own = await receiver.pull(inbox_stream(RESIDENCE), f"in-{RESIDENCE}")
        for message in await own.fetch(100, 5):
            await message.ack()
        async with asyncio.timeout(10):
            while True:
                try:
                    await flooder.publish(f"in.{RESIDENCE}.{HOME}", b"there is room")
                    break
                except BrokerError:
                    await asyncio.sleep(0.05)
