"""migrant-api on real servers: migrated databases, two districts, a hub of their own.

async def test_something(districts):  # home and residence with a hub, an agreement, each other's keys
async def test_something(pair):       # the same without a hub: messages are handed over by the test
async def test_something(node):       # one district by itself
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from renkou_local.databases import DatabaseAccess
from renkou_local.hub.server import EmbeddedHub
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.exchange.versions import Supported

from .districts import Districts, OpenDistricts, SignList
from .support import (
    HOME,
    RESIDENCE,
    THIRD,
    DatabaseFactory,
    Databases,
    MovableClock,
    Node,
    Until,
    eventually,
    open_node,
    trust_list,
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated(lasting_database_factory: DatabaseFactory) -> dict[str, DatabaseAccess]:
    """A migrated database of each district, to be the template of others."""
    found = {}
    for district in (HOME, RESIDENCE):
        access = await lasting_database_factory("migrant", district)
        environment = {
            "RENKOU_DISTRICT": district,
            "RENKOU_DATABASE_URL": access.app_url,
            "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
            "RENKOU_APP_ROLE": access.app_role,
        }
        # A process of its own: in this one another service's tables may be known under the same names.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "renkou_migrant.migrate", env=os.environ | environment
        )
        assert await process.wait() == 0
        found[district] = access
    return found


@pytest.fixture
def databases(migrated: dict[str, DatabaseAccess], database_factory: DatabaseFactory) -> Databases:
    """Makes a fresh migrated database of a district."""

    async def make(district: str) -> DatabaseAccess:
        return await database_factory("migrant", district, template=migrated[district].name)

    return make


@pytest.fixture
def anchor() -> SigningKey:
    """The key that signs trust lists."""
    return SigningKey.generate("anchor-1", "EdDSA")


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    """The domain's clock of all nodes of a test."""
    return MovableClock(tmp_path / "clock")


@pytest_asyncio.fixture
async def node(
    databases: Databases, tmp_path: Path, anchor: SigningKey, clock: MovableClock
) -> AsyncIterator[Node]:
    """The residence district by itself, without a hub."""
    made = await open_node(RESIDENCE, await databases(RESIDENCE), tmp_path / "node", anchor, clock=clock)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def lists(
    node: Node, databases: Databases, tmp_path: Path, anchor: SigningKey, clock: MovableClock
) -> AsyncIterator[SignList]:
    """Signs trust lists of the node and its partner: ``lists(sequence)``."""
    partner = await open_node(HOME, await databases(HOME), tmp_path / "partner", anchor, clock=clock)

    def sign(sequence: int, *, only_home: bool = False, signed_by: SigningKey | None = None) -> str:
        runtimes = [partner.runtime] if only_home else [partner.runtime, node.runtime]
        return trust_list(signed_by or anchor, runtimes, sequence)

    yield sign
    await partner.close()


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[EmbeddedHub]:
    """A hub with both districts' users, and that of a third without a node."""
    seeds = {district: tmp_path / "hub-secrets" / district for district in (HOME, RESIDENCE, THIRD)}
    server = EmbeddedHub(tmp_path / "hub", seeds)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def until() -> Until:
    """Waits until a check answers: ``await until(check)``."""
    return eventually


@pytest_asyncio.fixture
async def open_districts(
    databases: Databases, tmp_path: Path, anchor: SigningKey, clock: MovableClock
) -> AsyncIterator[OpenDistricts]:
    """Opens both districts, which know each other's keys; ``hub`` connects them."""
    async with AsyncExitStack() as stack:

        async def make(
            hub: EmbeddedHub | None = None, home_understands: Supported | None = None
        ) -> Districts:
            made = []
            for district in (HOME, RESIDENCE):
                access = await databases(district)
                folder = tmp_path / district
                address: dict[str, Any] = (
                    {"hub_url": hub.url, "hub_seed": hub.seed(district), "hub_token": hub.token(district)}
                    if hub
                    else {}
                )
                understands = home_understands if district == HOME else None
                one = await open_node(
                    district, access, folder, anchor, clock=clock, understands=understands, **address
                )
                stack.push_async_callback(one.close)
                made.append(one)
            both = Districts(made[0], made[1], clock, anchor, hub)
            await both.trust_again(1)
            return both

        yield make


@pytest_asyncio.fixture
async def strangers(open_districts: OpenDistricts) -> Districts:
    """Two districts without a hub that know each other's keys and have no agreement."""
    return await open_districts()


@pytest_asyncio.fixture
async def pair(strangers: Districts) -> Districts:
    """Two districts without a hub and with an agreement: the test hands messages over."""
    await strangers.agree()
    return strangers


@pytest_asyncio.fixture
async def districts(open_districts: OpenDistricts, hub: EmbeddedHub) -> Districts:
    """Two districts on a hub, with an agreement; nothing runs yet."""
    both = await open_districts(hub)
    await both.agree()
    return both
