"""Offices of two districts for the API tests: real registry-api processes, real databases, no hub.

async def test_something(home, residence): ...
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from renkou_local.databases import DatabaseAccess
from renkou_local.hub.server import EmbeddedHub
from renkou_local.nats import EmbeddedNats
from renkou_migrant.credentials.jws import SigningKey

from ..support import HOME, RESIDENCE, DatabaseFactory, trust_list
from .offices import Office, Staff, open_office, registry_environment, running_process, running_registry


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def offices(
    migrated: dict[str, DatabaseAccess],
    lasting_database_factory: DatabaseFactory,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[str, Office]]:
    """Both offices; they know each other's keys and have an agreement about everything."""
    anchor = SigningKey.generate("anchor-1", "EdDSA")
    async with AsyncExitStack() as stack:
        found: dict[str, Office] = {}
        for district in (HOME, RESIDENCE):
            folder = tmp_path_factory.mktemp(f"office-{district}")
            registry_access = await lasting_database_factory("registry", district)
            environment = registry_environment(folder / "registry", district, registry_access)
            url = await stack.enter_async_context(running_registry(environment))
            access = await lasting_database_factory("migrant", district, template=migrated[district].name)
            office = await open_office(stack, district, url, access, folder / "migrant", anchor)
            office.registry_environment = environment
            found[district] = office
        token = trust_list(anchor, [office.runtime for office in found.values()])
        for office in found.values():
            await office.trust(token)
        await found[RESIDENCE].agree(found[HOME])
        yield found


@pytest.fixture(scope="session")
def home(offices: dict[str, Office]) -> Office:
    """The district where people are registered."""
    return offices[HOME]


@pytest.fixture(scope="session")
def residence(offices: dict[str, Office]) -> Office:
    """The district where they have gone to live."""
    return offices[RESIDENCE]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(home: Office) -> Staff:
    """A clerk of the whole home district, with a colleague who approves."""
    made = await home.staff()
    made.colleague = await home.staff()
    return made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host(residence: Office) -> Staff:
    """A clerk of the whole residence district."""
    return await residence.staff()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def neighbour(home: Office) -> Staff:
    """A clerk of another subdistrict of the home district."""
    return await home.staff(area="340103013")


@pytest_asyncio.fixture
async def workers(home: Office, tmp_path: Path) -> AsyncIterator[None]:
    """A broker, and the workers of both services on it."""
    secrets = {HOME: tmp_path / "secrets"}
    async with AsyncExitStack() as stack:
        broker, meeting = EmbeddedNats(tmp_path / "nats", secrets), EmbeddedHub(tmp_path / "hub", secrets)
        for server in (broker, meeting):
            await server.start()
            stack.push_async_callback(server.stop)
        as_registry, as_migrant = (
            {"RENKOU_NATS_URL": broker.url, "RENKOU_NATS_SEED_FILE": str(broker.node_seed(HOME, service))}
            for service in ("registry", "migrant")
        )
        hub = {
            "RENKOU_HUB_URL": meeting.url,
            "RENKOU_HUB_SEED_FILE": str(meeting.seed(HOME)),
            "RENKOU_HUB_TOKEN_FILE": str(meeting.token(HOME)),
        }
        no_feed = {"RENKOU_MIGRANT_URL": "http://127.0.0.1:9"}
        await stack.enter_async_context(
            running_process("renkou_registry.worker", home.registry_environment | as_registry | no_feed)
        )
        await stack.enter_async_context(
            running_process("renkou_migrant.worker", home.environment | as_migrant | hub)
        )
        yield
