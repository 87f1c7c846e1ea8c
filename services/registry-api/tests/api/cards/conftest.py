"""A worker of HERE's subdistrict with women to work for."""

import pytest
import pytest_asyncio

from ...support import Caller, Registry
from .women import Women


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(registry: Registry) -> Caller:
    """A community worker."""
    return await registry.staff("community_worker", "340103001")


@pytest.fixture
def women(registry: Registry, worker: Caller) -> Women:
    """What a worker does for women."""
    return Women(registry, worker)
