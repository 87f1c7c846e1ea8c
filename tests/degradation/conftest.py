"""One start of both districts for all tests of degradation; each leaves them whole."""

from collections.abc import AsyncIterator

import pytest

from tests.degradation.node import Districts, districts


@pytest.fixture(scope="session")
async def two(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Districts]:
    """Two districts at work."""
    async with districts(tmp_path_factory.mktemp("degradation")) as running:
        yield running
