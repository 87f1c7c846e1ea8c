"""A certificate over time, and certificates of a compromised key issued anew in bulk."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
import pytest_asyncio

from renkou_common.codes.area import AreaCode
from renkou_common.errors import Conflict, NotFound, Unavailable
from renkou_common.scope import AreaScope
from renkou_migrant.certificates import history
from renkou_migrant.certificates import service as certificates
from renkou_migrant.certificates.domain import CertificateState, Kind
from renkou_migrant.certificates.reasons import ReplacementReason
from renkou_migrant.certificates.records import Actor, ActorKind, StoredCertificate
from renkou_migrant.certificates.service import Order
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.own_keys import OwnKey
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.reissues import service
from renkou_migrant.runtime import Runtime

from ..support import EVERYTHING, HOME, Databases, MovableClock, Node, eventually, open_node
from .test_certificates import facts

FIRST, SECOND = (Actor(ActorKind.STAFF, uuid4()) for _ in range(2))
DISTRICT = AreaCode(HOME)
DAY = 86_400.0


@pytest_asyncio.fixture
async def home(
    databases: Databases, tmp_path: Path, anchor: SigningKey, clock: MovableClock
) -> AsyncIterator[Node]:
    made = await open_node(HOME, await databases(HOME), tmp_path / "home", anchor, clock=clock)
    yield made
    await made.close()


@pytest.fixture
def rotated(home: Node) -> Runtime:
    """The home district once another key signs."""
    keys = (OwnKey.from_jwk(SigningKey.generate(f"{HOME}-2").to_jwk()), *home.runtime.certificate_keys)
    return replace(home.runtime, certificate_keys=keys)


async def move(node: Node, clock: MovableClock, days: int) -> None:
    """Let ``days`` pass; every clock of the node looks at the file from time to time."""
    before = node.runtime.clock.today()
    clock.set(days * DAY)

    async def moved() -> bool:
        return node.runtime.clock.today() == before + timedelta(days=days)

    await eventually(moved)


async def issue(
    node: Node, told: PersonFacts, kind: Kind = Kind.FIRST, reason: ReplacementReason | None = None
) -> UUID:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        order = Order(uuid4(), ["person", "marital_status"], kind, reason, FIRST)
        return await certificates.issue(tx, node.runtime, order, told)


async def get(node: Node, certificate_id: UUID) -> StoredCertificate:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        return await certificates.get(tx, EVERYTHING, certificate_id)


async def told_steps(node: Node, certificate_id: UUID) -> list[tuple[str, date]]:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        found = await certificates.get(tx, EVERYTHING, certificate_id)
        return [(one.step, one.happened_on) for one in await history.of(tx, node.runtime, found)]


async def test_a_certificate_is_renewed_in_its_last_three_months(home: Node, clock: MovableClock) -> None:
    told = facts()
    old = await get(home, await issue(home, told))
    with pytest.raises(Conflict) as early:
        await issue(home, told, Kind.RENEWAL)
    assert early.value.code == "renewal_too_early"
    await move(home, clock, (old.valid_to - old.valid_from).days - 30)
    new = await get(home, await issue(home, told, Kind.RENEWAL))
    today = home.runtime.clock.today()
    assert (new.valid_from, new.valid_to > old.valid_to) == (today, True)
    old = await get(home, old.id)
    assert (old.state(today), old.successor_id) == (CertificateState.RENEWED, new.id)
    assert await told_steps(home, old.id) == [("issued", old.valid_from), ("renewed", today)]


async def test_one_that_ran_out_says_so_in_its_history_and_a_first_one_follows(
    home: Node, clock: MovableClock
) -> None:
    told = facts()
    old = await get(home, await issue(home, told))
    await move(home, clock, (old.valid_to - old.valid_from).days + 1)
    after_it = old.valid_to + timedelta(days=1)
    assert await told_steps(home, old.id) == [("issued", old.valid_from), ("expired", after_it)]
    with pytest.raises(Conflict) as none_stands:
        await issue(home, told, Kind.RENEWAL)
    assert none_stands.value.code == "no_certificate_stands"
    assert await issue(home, told)


async def request(runtime: Runtime, scope: AreaScope = EVERYTHING, kid: str = f"{HOME}-1") -> UUID:
    async with runtime.database.transaction(scope) as tx:
        return await service.request(tx, runtime, scope, FIRST, kid, DISTRICT)


async def approve(runtime: Runtime, reissue_id: UUID, actor: Actor) -> None:
    async with runtime.database.transaction(EVERYTHING) as tx:
        version = (await service.get(tx, EVERYTHING, reissue_id)).version
        await service.approve(tx, runtime, EVERYTHING, actor, reissue_id, version)


async def progress(runtime: Runtime, reissue_id: UUID) -> tuple[str, int, int, int]:
    async with runtime.database.transaction(EVERYTHING) as tx:
        found = await service.get(tx, EVERYTHING, reissue_id)
    return found.state, found.total, found.done, found.failed


async def test_what_a_compromised_key_signed_is_issued_anew_with_the_same_content_and_end(
    home: Node, rotated: Runtime, clock: MovableClock
) -> None:
    people = [facts() for _ in range(3)]
    old = [await get(home, await issue(home, told)) for told in people]
    for told in people[:2]:
        home.register.facts[told.person_ref] = orjson.loads(told.model_dump_json())
    await move(home, clock, 100)
    reissue_id = await request(rotated)
    with pytest.raises(Conflict) as oneself:
        await approve(rotated, reissue_id, FIRST)
    assert oneself.value.code == "same_person"
    assert not await service.step(rotated)
    await approve(rotated, reissue_id, SECOND)
    home.register.down = True
    with pytest.raises(Unavailable):
        await service.step(rotated)
    assert await progress(rotated, reissue_id) == ("running", 3, 0, 0)
    home.register.down = False
    while await service.step(rotated):
        pass
    assert await progress(rotated, reissue_id) == ("done", 3, 2, 1)
    async with rotated.database.transaction(EVERYTHING) as tx:
        (failed,) = await service.failures(tx, reissue_id)
    assert (failed.certificate_id, failed.code) == (old[2].id, "registry_404")
    for was in [await get(home, one.id) for one in old[:2]]:
        assert was.replacement_reason == "key_compromised"
        assert was.successor_id
        new = await get(home, was.successor_id)
        assert (new.kid, new.valid_to, new.groups) == (f"{HOME}-2", was.valid_to, was.groups)
    ended = await home.rows("SELECT ended FROM status_entry ORDER BY ended")
    assert [row["ended"] for row in ended] == [False, False, False, True, True]
    states = [
        event["data"]["state"]
        for event in (orjson.loads(row["body"]) for row in await home.rows("SELECT body FROM outbox"))
        if event["type"] == "migrant.certificate-reissue.changed.v1"
    ]
    assert sorted(states) == ["done", "requested", "running"]


async def test_a_reissue_is_asked_for_once_of_another_key_in_the_own_area(
    home: Node, rotated: Runtime
) -> None:
    with pytest.raises(Conflict) as in_use:
        await request(rotated, kid=f"{HOME}-2")
    assert in_use.value.code == "key_in_use"
    with pytest.raises(Conflict) as nothing:
        await request(rotated)
    assert nothing.value.code == "nothing_to_reissue"
    await issue(home, facts())
    with pytest.raises(NotFound):
        await request(rotated, AreaScope.of([AreaCode(f"{HOME}002").interval()]))
    reissue_id = await request(rotated)
    with pytest.raises(Conflict) as twice:
        await request(rotated)
    assert twice.value.code == "reissue_open"
    async with rotated.database.transaction(EVERYTHING) as tx:
        found = await service.withdraw(tx, rotated, EVERYTHING, reissue_id, 1)
    assert found.state == "withdrawn"
    assert await request(rotated)
