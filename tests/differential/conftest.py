"""A district of its own for each comparison."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio

from renkou_local.databases import DatabaseAccess
from tests.differential.district import DISTRICT, District, opened

DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]


@pytest_asyncio.fixture
async def district(database_factory: DatabaseFactory) -> AsyncIterator[District]:
    """Empty, with the packaged definitions."""
    async with opened(await database_factory("reporting", DISTRICT)) as district:
        yield district
