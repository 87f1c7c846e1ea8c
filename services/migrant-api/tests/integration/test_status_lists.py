"""Status lists between two districts: signed, published over the hub, verified, never rolled back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from renkou_common.errors import Conflict
from renkou_common.messaging.nats_client import BrokerUnavailable
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.credentials.jws import SigningKey, decode_base64url, parse_json_object
from renkou_migrant.credentials.own_keys import OwnKey
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.status_list import StatusList, build_status_list, verify_status_list
from renkou_migrant.partners import service as partners
from renkou_migrant.status_lists import service
from renkou_migrant.status_lists.domain import subject_of
from renkou_migrant.status_lists.publication import Publisher, Reception

from ..districts import Districts
from ..support import EVERYTHING, HOME, RESIDENCE, Databases, Node, eventually, open_node

URI = f"renkou:{HOME}/status-lists/1"


@asynccontextmanager
async def running(*jobs: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run tasks while a test looks on."""
    tasks = [asyncio.create_task(job()) for job in jobs]
    try:
        yield
        assert not [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def joined(districts: Districts) -> Districts:
    """Both districts connected to the hub."""
    for node in (districts.home, districts.residence):
        node.start("hub")
        await node.connected()
    return districts


async def known(node: Node, uri: str = URI) -> StatusList | None:
    """The newest list that a node has under a name, verified."""
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        token = await service.token_by_uri(tx, node.runtime, uri)
        trust = await partners.trust_list(tx, node.runtime)
        assert trust is not None
    return None if token is None else verify_status_list(token, trust)


async def give_index(node: Node) -> tuple[int, int]:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        return await service.allocate(tx, node.runtime, uuid4(), f"{HOME}-1")


async def end(node: Node, number: int, index: int, ended: bool = True) -> None:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        await service.set_ended(tx, number, index, ended)


def newer_than(node: Node, sequence: int) -> Callable[[], Awaitable[StatusList | None]]:
    async def check() -> StatusList | None:
        found = await known(node)
        return found if found is not None and found.sequence > sequence else None

    return check


async def test_a_partner_learns_of_a_revocation_and_of_its_reversal(joined: Districts) -> None:
    home, residence = joined.home, joined.residence
    number, index = await give_index(home)
    async with running(
        Publisher(home.runtime, home.hub).run, Reception(residence.runtime, residence.hub).run
    ):
        first = await eventually(newer_than(residence, 0))
        assert not first.is_revoked(index)
        await end(home, number, index)
        second = await eventually(newer_than(residence, first.sequence))
        assert second.is_revoked(index)
        await end(home, number, index, False)
        third = await eventually(newer_than(residence, second.sequence))
        assert not third.is_revoked(index)


async def test_a_clock_that_jumps_a_month_brings_a_fresh_list_at_once(joined: Districts) -> None:
    home, residence = joined.home, joined.residence
    async with running(
        Publisher(home.runtime, home.hub).run, Reception(residence.runtime, residence.hub).run
    ):
        first = await eventually(newer_than(residence, 0))
        await joined.pass_days(31)
        fresh = await eventually(newer_than(residence, first.sequence), 5)
    assert fresh.issued_at - first.issued_at > timedelta(days=30)
    assert not fresh.is_stale(residence.runtime.clock.now())


async def test_a_clock_that_was_set_back_stops_nothing(joined: Districts) -> None:
    home, residence = joined.home, joined.residence
    await joined.pass_days(31)
    async with running(
        Publisher(home.runtime, home.hub).run, Reception(residence.runtime, residence.hub).run
    ):
        first = await eventually(newer_than(residence, 0))
        joined.clock.set(0.0)
        again = await eventually(newer_than(residence, first.sequence))
    assert first.issued_at - again.issued_at > timedelta(days=30)


async def test_an_unchanged_list_is_not_signed_again(joined: Districts) -> None:
    publisher = Publisher(joined.home.runtime, joined.home.hub)
    await publisher.step()
    first = await known(joined.home)
    await publisher.step()
    assert await known(joined.home) == first


async def test_lists_are_signed_while_the_hub_is_away(strangers: Districts) -> None:
    await Publisher(strangers.home.runtime, strangers.home.hub).step()
    found = await known(strangers.home)
    assert found
    assert found.issuer == f"renkou:{HOME}"
    with pytest.raises(BrokerUnavailable):
        await strangers.home.hub.publish("public.340103.status-list.1", b"")


def signed(
    node: Node,
    sequence: int,
    *,
    revoked: Iterable[int] = (),
    key: SigningKey | None = None,
    district: str = HOME,
) -> str:
    now = node.runtime.clock.now()
    return build_status_list(
        revoked,
        district=district,
        sequence=sequence,
        issued_at=now,
        expires_at=now + timedelta(days=7),
        key=key or node.runtime.certificate_keys[0].signing,
    )


async def keep(node: Node, token: str, district: str = HOME) -> bool:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        trust = await partners.trust_list(tx, node.runtime)
        assert trust is not None
        return await service.keep_partner_list(tx, node.runtime, trust, district, token)


async def test_an_older_list_never_replaces_a_newer_one(strangers: Districts) -> None:
    home, residence = strangers.home, strangers.residence
    old, new = signed(home, 1), signed(home, 2, revoked=[5])
    assert await keep(residence, new)
    assert not await keep(residence, old)
    assert not await keep(residence, new)
    found = await known(residence)
    assert found
    assert found.is_revoked(5)


async def test_a_district_cannot_publish_the_list_of_another(strangers: Districts) -> None:
    with pytest.raises(ValueError, match="published a list"):
        await keep(strangers.residence, signed(strangers.home, 1), district="320102")


async def test_forged_and_foreign_lists_are_dropped_and_good_ones_still_come(joined: Districts) -> None:
    home, residence = joined.home, joined.residence
    forged = signed(home, 99, revoked=[1], key=residence.runtime.certificate_keys[0].signing)
    await home.hub.publish(subject_of(HOME, 1), forged.encode())
    await home.hub.publish(subject_of(HOME, 2), b"\xff not a list")
    await home.hub.publish("public.340103.greeting", b"hello")
    async with running(Reception(residence.runtime, residence.hub).run):
        await home.hub.publish(subject_of(HOME, 1), signed(home, 3).encode())
        assert (await eventually(newer_than(residence, 0))).sequence == 3


async def test_the_material_of_a_verifier_is_open_to_everyone(joined: Districts) -> None:
    home, residence = joined.home, joined.residence
    async with running(
        Publisher(home.runtime, home.hub).run,
        Publisher(residence.runtime, residence.hub).run,
        Reception(residence.runtime, residence.hub).run,
    ):
        await eventually(newer_than(residence, 0))

        async def both() -> bool:
            shown = (await residence.client.get("/public/verification-material")).json()
            return len(shown["status_lists"]) == 2

        await eventually(both)
    material = (await residence.client.get("/public/verification-material")).json()
    assert material["trust_list"].count(".") == 2
    own = await residence.client.get("/public/status-lists/1")
    assert own.headers["content-type"] == "application/statuslist+jwt"
    assert own.text in material["status_lists"]
    partners_list = await residence.client.get(f"/public/status-lists/{HOME}-1")
    assert partners_list.text in material["status_lists"]
    assert partners_list.text != own.text
    assert (await residence.client.get(f"/public/status-lists/{RESIDENCE}-1")).text == own.text
    assert (await residence.client.get("/public/status-lists/7")).status_code == 404
    assert (await residence.client.get("/public/status-lists/x")).status_code == 404


async def test_a_full_list_gives_way_to_a_next_one_and_no_index_is_given_twice(
    databases: Databases, tmp_path: Path, anchor: SigningKey
) -> None:
    node = await open_node(HOME, await databases(HOME), tmp_path / "small", anchor, status_list_entries=64)
    try:
        given = [await give_index(node) for _ in range(200)]
        lists = {number: [index for at, index in given if at == number] for number, _ in given}
        assert sorted(lists) == list(range(1, len(lists) + 1))
        assert 3 < len(lists) < 8
        for indexes in list(lists.values())[:-1]:
            assert len(indexes) == len(set(indexes)) > 32
            assert indexes != sorted(indexes)
        last, index = given[-1]
        await end(node, last, index)
        await Publisher(node.runtime, node.hub).step()
        async with node.runtime.database.transaction(EVERYTHING) as tx:
            token = await service.token_by_name(tx, node.runtime, str(last))
        assert token
        claims = parse_json_object(decode_base64url(token.split(".")[1]))
        assert claims["sub"] == f"renkou:{HOME}/status-lists/{last}"
    finally:
        await node.close()


async def test_offices_that_issue_at_once_never_share_an_index(strangers: Districts) -> None:
    given = await asyncio.gather(*(give_index(strangers.home) for _ in range(100)))
    assert len(set(given)) == 100
    assert {number for number, _ in given} == {1}


def with_another_key(districts: Districts, **window: str) -> OwnKey:
    """A next key in the home district's key file."""
    node = districts.home
    key = OwnKey.from_jwk({**SigningKey.generate(f"{HOME}-2").to_jwk(), **window})
    node.runtime = replace(node.runtime, certificate_keys=(*node.runtime.certificate_keys, key))
    return key


async def signer(node: Node) -> str:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        return (await service.signing_key(tx, node.runtime)).kid


async def test_a_next_key_signs_once_the_trust_list_names_it_and_the_old_one_stays_good(
    strangers: Districts,
) -> None:
    home, residence = strangers.home, strangers.residence
    by_the_old = signed(home, 1, revoked=[5])
    key = with_another_key(strangers, valid_from="2024-01-01T00:00:00+08:00")
    assert await signer(home) == f"{HOME}-1"
    await strangers.trust_again(2)
    assert await signer(home) == f"{HOME}-2"
    assert await keep(residence, by_the_old)
    assert await keep(residence, signed(home, 2, key=key.signing))


async def test_a_compromised_key_ends_what_it_signed_and_signs_nothing_more(strangers: Districts) -> None:
    home, residence = strangers.home, strangers.residence
    number, index = await give_index(home)
    stolen = home.runtime.certificate_keys[0]
    spare = with_another_key(strangers)
    await strangers.trust_again(2)
    await Publisher(home.runtime, home.hub).step()
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        await certificate_keys.declare(tx, home.runtime, stolen.kid, "备份遗失", uuid4())
        assert await service.end_signed_with(tx, stolen.kid) == 1
    await Publisher(home.runtime, home.hub).step()
    assert await signer(home) == spare.kid
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        token = await service.token_by_name(tx, home.runtime, str(number))
        own = await partners.certificate_trust(tx, home.runtime)
    assert token
    assert own
    fresh = verify_status_list(token, own)
    assert fresh.is_revoked(index)
    assert await keep(residence, token)
    by_the_thief = signed(home, 99, key=stolen.signing)
    with pytest.raises(CredentialError) as caught:
        verify_status_list(by_the_thief, own)
    assert caught.value.reason is Reason.UNKNOWN_KEY
    description, _ = partners.own_description(home.runtime, {stolen.kid})
    assert [key["kid"] for key in description["certificate_keys"]] == [spare.kid]
    with pytest.raises(Conflict):
        partners.own_description(home.runtime, {stolen.kid, spare.kid})
