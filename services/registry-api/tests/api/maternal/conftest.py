"""Who works with services and checks, and people for them."""

import pytest
import pytest_asyncio

from ...support import Caller, Json, Registry
from ..people.people import HERE, People
from .desk import BORN, Desk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(registry: Registry) -> Caller:
    """A community worker of HERE."""
    return await registry.staff("community_worker", HERE)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def station(registry: Registry) -> Caller:
    """A service station of HERE's subdistrict."""
    return await registry.staff("service_station", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    """A clerk of HERE's subdistrict."""
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(registry: Registry) -> Caller:
    """Clerk and station of another subdistrict."""
    return await registry.staff("subdistrict_clerk", "340103002", "service_station", "340103002")


@pytest.fixture
def people(registry: Registry, clerk: Caller) -> People:
    """Enters people as the clerk."""
    return People(clerk, registry.runtime)


@pytest.fixture
async def woman(people: People) -> Json:
    """A woman registered and living in HERE."""
    return await people.enter(name="欧阳·𠮷娜", birth_date=BORN)


@pytest.fixture
async def man(people: People) -> Json:
    """A man who lives in HERE and is registered elsewhere."""
    arrival = {"kind": "arrival", "on": "2025-02-01"}
    return await people.enter(
        name="李强", sex=1, birth_date=BORN, registered_area="310115", region="310115", entry=arrival
    )


@pytest.fixture
def desk(registry: Registry) -> Desk:
    """Reads what was published and logged."""
    return Desk(registry.runtime)
