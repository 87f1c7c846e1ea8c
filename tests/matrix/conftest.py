"""One district in one process, for everything that is asked about who may see what."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from conftest import DatabaseFactory

from renkou_registry.auth import passwords

from .node import Node, make_node
from .world import World, people_of


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2id at its lowest cost: two dozen people sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def node(
    lasting_database_factory: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Node]:
    """The node with its databases; nothing runs."""
    yield await make_node(tmp_path_factory.mktemp("matrix"), lasting_database_factory)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(node: Node) -> AsyncIterator[World]:
    """The services, their people and records."""
    async with node.serving() as services:
        yield await people_of(services)
