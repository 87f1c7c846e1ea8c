"""A node of two services."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from renkou_local.databases import DatabaseAccess
from renkou_local.nats import EmbeddedNats

from ..support import DISTRICT, DatabaseFactory
from .register import Node, running_node


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def node(
    lasting_database_factory: DatabaseFactory,
    migrated: DatabaseAccess,
    nats_server: EmbeddedNats,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Node]:
    """registry-api with its worker, and this service beside it."""
    register = await lasting_database_factory("registry", DISTRICT)
    figures = await lasting_database_factory("reporting", DISTRICT, template=migrated.name)
    async with running_node(tmp_path_factory.mktemp("node"), register, figures, nats_server) as started:
        yield started
